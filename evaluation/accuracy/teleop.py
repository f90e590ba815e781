"""What a robot would have been told to do in the simulated sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from evaluation.accuracy.sequences import SMOOTHED, TrackedFrame, TrackedSequence
from evaluation.results import Row
from hand_tracking_ros.teleop.hand_sample import sample_hand
from hand_tracking_ros.teleop.teleop import Teleop, TeleopState, TeleopTarget
from hand_tracking_ros.teleop.teleop_options import TeleopOptions
from hand_tracking_ros.tracking import TrackingState
from hand_tracking_ros.tracking.rotations import rotation_vector

# The clutch is held closed from this age of a track on, whatever the fingers do: the target is to
# behave in every scene, not only where somebody pinches.
CLUTCH_OPEN_S = 0.1
_NUMERIC = 1e-9


@dataclass
class TargetMotion:
    """How the target moved in one sequence."""

    seconds: float = 0.0
    engaged_s: float = 0.0
    jumps: list[str] = field(default_factory=list)
    frames_until_stop: int | None = None


def teleop_rows(sequences: Sequence[TrackedSequence]) -> list[Row]:
    """Jumps beyond the speed limit, and how soon the target stops when the hand is lost."""
    motions = [follow_target(sequence) for sequence in sequences]
    jumps = [jump for motion in motions for jump in motion.jumps]
    minutes = sum(motion.seconds for motion in motions) / 60
    engaged = sum(motion.engaged_s for motion in motions) / 60
    rows = [
        Row(
            f'teleoperation, {minutes:.1f} min ({engaged:.1f} engaged): jumps beyond the limit',
            '0',
            str(len(jumps)),
            not jumps,
            {'jumps': len(jumps), 'minutes': minutes, 'engaged_minutes': engaged},
            jumps,
        )
    ]
    stops = [each.frames_until_stop for each in motions if each.frames_until_stop is not None]
    if stops:
        rows.append(
            Row(
                f'teleoperation: frames until the target stops, lens covered {len(stops)} times',
                '≤ 1',
                f'{max(stops)} at most',
                max(stops) <= 1,
                {'frames_until_stop': max(stops)},
            )
        )
    return rows


def follow_target(sequence: TrackedSequence) -> TargetMotion:
    """Teleoperate a robot with the first true hand of a sequence."""
    motion, plan = TargetMotion(), sequence.plan
    options = TeleopOptions()
    teleop = Teleop(np.zeros(3), np.eye(3), options)
    targets = [(frame.stamp_s, _next_target(teleop, frame)) for frame in sequence.frames]
    was_moving = False
    for (before_s, before), (stamp_s, target) in pairwise(targets):
        step_s = stamp_s - before_s
        moved_m = float(np.linalg.norm(target.position_m - before.position_m))
        turned_rad = float(np.linalg.norm(rotation_vector(target.rotation @ before.rotation.T)))
        too_far = moved_m > options.max_linear_speed_m_s * step_s + _NUMERIC
        too_much = turned_rad > options.max_angular_speed_rad_s * step_s + _NUMERIC
        if too_far or too_much:
            motion.jumps.append(plan.at(stamp_s))
        moves = moved_m > _NUMERIC or turned_rad > _NUMERIC
        if stamp_s < plan.covered_s:
            was_moving = moves
        elif was_moving:
            motion.frames_until_stop = (motion.frames_until_stop or 0) + moves
        motion.seconds += step_s
        motion.engaged_s += step_s * (target.state == TeleopState.ENGAGED)
    return motion


def _next_target(teleop: Teleop, frame: TrackedFrame) -> TeleopTarget:
    side = frame.truths[0].handedness
    for hand in frame.hands_of_variants[SMOOTHED]:
        if hand.state == TrackingState.TRACKED and hand.handedness == side and hand.pose:
            pinch = 0.0 if hand.age_s < CLUTCH_OPEN_S else 1.0
            return teleop.update(replace(sample_hand(hand, np.eye(4)), pinch=pinch), frame.stamp_s)
    return teleop.lose()
