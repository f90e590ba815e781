"""What a robot would have been told to do while the scenes were played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from evaluation.accuracy.sequences import Recording
from evaluation.results import Row
from hand_tracking_ros.teleop.teleop import (
    HandSample,
    Teleop,
    TeleopOptions,
    TeleopState,
    TeleopTarget,
    sample_hand,
)
from hand_tracking_ros.tracking.fingers.finger_values import with_finger_values
from hand_tracking_ros.tracking.hand import Hand, Handedness, TrackingState
from hand_tracking_ros.tracking.rotations import rotation_vector
from hand_tracking_ros.tracking.smoothing import HandSmoother

# The clutch is held closed from this age of a track on, whatever the fingers do: the target is to
# behave in every scene, not only where somebody pinches.
CLUTCH_OPEN_S = 0.1
_NUMERIC = 1e-9


@dataclass
class _Ride:
    """How the target moved in one recording."""

    seconds: float = 0.0
    engaged_s: float = 0.0
    jumps: list[str] = field(default_factory=list)
    frames_until_stop: int | None = None


def teleop_rows(recordings: Sequence[Recording]) -> list[Row]:
    """Jumps beyond the speed limit, and how soon the target stops when the hand is lost."""
    rides = [_ride(recording) for recording in recordings]
    jumps = [jump for ride in rides for jump in ride.jumps]
    minutes = sum(ride.seconds for ride in rides) / 60
    engaged = sum(ride.engaged_s for ride in rides) / 60
    stops = [ride.frames_until_stop for ride in rides if ride.frames_until_stop is not None]
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


def _ride(recording: Recording) -> _Ride:
    ride = _Ride()
    options = TeleopOptions()
    smoother = HandSmoother()
    teleop = Teleop(np.zeros(3), np.eye(3), options)
    size = (recording.camera.width, recording.camera.height)
    last, last_s, was_moving = None, 0.0, False
    for frame in recording.frames:
        hands = smoother.smooth(frame.hands, frame.stamp_s, *size)
        hand = _followed(hands, frame.truths[0].handedness)
        target = teleop.lose() if hand is None else teleop.update(_sample(hand), frame.stamp_s)
        if last is not None:
            step_s = frame.stamp_s - last_s
            moved_m, turned_rad = _step(last, target)
            too_far = moved_m > options.max_linear_speed_m_s * step_s + _NUMERIC
            too_much = turned_rad > options.max_angular_speed_rad_s * step_s + _NUMERIC
            if too_far or too_much:
                ride.jumps.append(recording.take.at(frame.stamp_s))
            moves = moved_m > _NUMERIC or turned_rad > _NUMERIC
            if frame.stamp_s < recording.take.covered_s:
                was_moving = moves
            elif was_moving:
                ride.frames_until_stop = (ride.frames_until_stop or 0) + moves
            ride.seconds += step_s
            ride.engaged_s += step_s * (target.state == TeleopState.ENGAGED)
        last, last_s = target, frame.stamp_s
    return ride


def _followed(hands: Sequence[Hand], side: Handedness) -> Hand | None:
    """The first hand of a side that is seen now and has a pose."""
    for hand in hands:
        if hand.state == TrackingState.TRACKED and hand.handedness == side and hand.pose:
            return hand
    return None


def _sample(hand: Hand) -> HandSample:
    sample = sample_hand(with_finger_values(hand), np.eye(4))
    return replace(sample, pinch=0.0 if hand.age_s < CLUTCH_OPEN_S else 1.0)


def _step(before: TeleopTarget, after: TeleopTarget) -> tuple[float, float]:
    """Metres and radians from one target to the next."""
    moved_m = float(np.linalg.norm(after.position_m - before.position_m))
    return moved_m, float(np.linalg.norm(rotation_vector(after.rotation @ before.rotation.T)))
