"""A robot's target pose that follows a hand while a clutch is closed; needs no ROS.

    teleop = Teleop(start_position_m, start_rotation)
    target = teleop.update(sample_hand(hand, to_robot), stamp_s, now_s)  # or teleop.lose()

Time comes with the input, there is no clock. What holds whatever the input:
- The target moves only while the clutch is closed and the hand is tracked.
- It moves no faster than the speed limits, and not out of the workspace.
- Closing the clutch never moves it: motion counts from where hand and target are then.
- It never chases a hand that jumps farther than a hand can move.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from hand_tracking_ros.teleop.hand_sample import HandSample, jump_between
from hand_tracking_ros.teleop.teleop_options import TeleopOptions
from hand_tracking_ros.tracking.rotations import matrix_from_rotation_vector, rotation_vector

# One input moves the target by no more than its speed limits allow in this time: after a gap, the
# robot is not sent far in one go.
MAX_STEP_S = 0.1
# The gripper follows the fingers once they have come this close to its position, or passed it.
TAKEOVER_DISTANCE = 0.1


class TeleopState(Enum):
    """Whether the target follows the hand, and if not, why."""

    ENGAGED = 'engaged'
    RELEASED = 'released'
    HAND_LOST = 'hand lost'
    # Something is wrong that a person has to mend.
    FAULT = 'fault'
    # The node is told not to move anything.
    INACTIVE = 'inactive'


@dataclass(frozen=True)
class TeleopTarget:
    """Where the robot is to be.

    Attributes:
        position_m: (3,) in the robot's frame.
        rotation: (3, 3) axes of the tool in the robot's frame.
        gripper: 0 open to 1 closed; None until the clutch was closed for the first time.
        state: whether it follows the hand.
        reason: why it does not follow the hand; empty where the state says it all.
    """

    position_m: np.ndarray
    rotation: np.ndarray
    gripper: float | None
    state: TeleopState
    reason: str


class Teleop:
    """Moves a target with one hand.

    Args:
        position_m: (3,) where the target begins.
        rotation: (3, 3) how it is turned there.
        options: how to follow; may be replaced between two inputs.
    """

    def __init__(
        self, position_m: np.ndarray, rotation: np.ndarray, options: TeleopOptions | None = None
    ) -> None:
        self.options = options or TeleopOptions()
        self._position_m = np.array(position_m, np.float64)
        self._rotation = np.array(rotation, np.float64)
        self._gripper: float | None = None
        # Fingers minus gripper when the clutch closed; 0 once the gripper follows the fingers.
        self._gripper_gap = 0.0
        # The hand as it was seen last, in an image of this time, at this time of the clock.
        self._last: HandSample | None = None
        self._stamp_s = self._now_s = -np.inf
        # The clutch of this hand was open before, so that closing it is meant.
        self._is_armed = False
        self._is_closed = False
        self._anchor: _Anchor | None = None

    def lose(self, reason: str = '', state: TeleopState = TeleopState.HAND_LOST) -> TeleopTarget:
        """The target after an image without the hand, or when no image came."""
        self._anchor = None
        return self._target(state, reason)

    def disengage(
        self, reason: str = '', state: TeleopState = TeleopState.HAND_LOST
    ) -> TeleopTarget:
        """As `lose`, and the hand has to open its clutch before it engages again."""
        self._is_armed = self._is_closed = False
        return self.lose(reason, state)

    def update(
        self, sample: HandSample, stamp_s: float, now_s: float | None = None
    ) -> TeleopTarget:
        """The target after the next image in which the hand was seen.

        Args:
            sample: the hand; counts as lost if it holds anything not finite.
            stamp_s: when the image was taken. A time that is not finite loses the hand; one before
                the last makes another hand of it, which has to open the clutch first.
            now_s: a clock that only ever runs forwards. The speed limits hold by the image's time
                and by this one, so that wrong stamps make no motion faster. None: there are only
                the stamps, as in a recording.
        """
        if not (sample.is_usable and np.isfinite(stamp_s)):
            return self.lose('its pose is not finite')
        now_s = stamp_s if now_s is None else now_s
        steps_s = (stamp_s - self._stamp_s, now_s - self._now_s)
        break_reason = self._why_another(sample, *steps_s)
        was_engaged = self._anchor is not None
        if break_reason:
            self._anchor = None
            self._is_armed = self._is_closed = False
        self._last, self._stamp_s, self._now_s = sample, stamp_s, now_s
        step_s = min(*steps_s, MAX_STEP_S)
        clutch, grip = sample.pinch, sample.curl
        if self.options.clutch == 'fist':
            clutch, grip = grip, clutch
        self._move_clutch(clutch)
        if not (self._is_armed and self._is_closed):
            self._anchor = None
            reasons = [break_reason] if was_engaged and break_reason else []
            if self._is_closed:
                reasons.append(f'open the {self.options.clutch} once to engage')
            return self._target(TeleopState.RELEASED, '; '.join(reasons))
        if self._anchor is None:
            self._anchor = _Anchor(
                hand_m=np.array(sample.position_m),
                target_m=self._position_m,
                hand_to_target=sample.rotation.T @ self._rotation,
                scale=self.options.position_scale,
            )
            if self._gripper is None:
                self._gripper = float(np.clip(grip, 0.0, 1.0))
            self._gripper_gap = grip - self._gripper
        else:
            self._follow(sample, self._anchor, step_s)
            self._move_gripper(grip, step_s)
        return self._target(TeleopState.ENGAGED)

    def _why_another(self, sample: HandSample, image_step_s: float, clock_step_s: float) -> str:
        """Why this is not the hand of the last image, which could go on; empty if it is."""
        if self._last is None:
            return 'no hand was seen before'
        if sample.track_id != self._last.track_id:
            return f'track {sample.track_id} took the place of track {self._last.track_id}'
        if min(image_step_s, clock_step_s) < 0:
            return f'the images went back in time by {-image_step_s:.3g} s'
        longest_s = max(image_step_s, clock_step_s)
        if longest_s > self.options.resume_within_s:
            return f'the hand was not seen for {longest_s:.3g} s'
        step_s = min(image_step_s, MAX_STEP_S)
        return jump_between(self._last, sample, step_s, self.options.follow_rotation)

    def _move_clutch(self, clutch: float) -> None:
        if clutch >= self.options.engage_above:
            self._is_closed = True
        elif clutch <= self.options.release_below:
            self._is_closed, self._is_armed = False, True

    def _follow(self, sample: HandSample, anchor: _Anchor, step_s: float) -> None:
        """Move towards where the hand's motion since the clutch closed points to."""
        options = self.options
        moved_m = sample.position_m - anchor.hand_m
        # A target that starts outside the workspace gets no farther out.
        lowest_m = np.minimum(options.workspace_min_m, anchor.target_m)
        highest_m = np.maximum(options.workspace_max_m, anchor.target_m)
        goal_m = np.clip(anchor.target_m + anchor.scale * moved_m, lowest_m, highest_m)
        way_m = goal_m - self._position_m
        step_m = options.max_linear_speed_m_s * step_s
        self._position_m = self._position_m + _shortened(way_m, step_m)
        if options.follow_rotation:
            goal = sample.rotation @ anchor.hand_to_target
            turn = rotation_vector(goal @ self._rotation.T)
            step_rad = options.max_angular_speed_rad_s * step_s
            step = matrix_from_rotation_vector(_shortened(turn, step_rad))
            self._rotation = step @ self._rotation

    def _move_gripper(self, grip: float, step_s: float) -> None:
        """Follow the fingers once they have been where the gripper is.

        So a gripper that holds something does not open when an open hand closes the clutch.
        """
        gap = grip - self._gripper
        if abs(gap) <= TAKEOVER_DISTANCE or gap * self._gripper_gap <= 0:
            self._gripper_gap = 0.0
        if self._gripper_gap == 0:
            step = self.options.max_gripper_speed_s * step_s
            self._gripper = float(np.clip(self._gripper + np.clip(gap, -step, step), 0.0, 1.0))

    def _target(self, state: TeleopState, reason: str = '') -> TeleopTarget:
        return TeleopTarget(self._position_m, self._rotation, self._gripper, state, reason)


@dataclass(frozen=True)
class _Anchor:
    """Where hand and target were when the clutch closed, and the scale of motion from there."""

    hand_m: np.ndarray
    target_m: np.ndarray
    hand_to_target: np.ndarray
    scale: float


def _shortened(vector: np.ndarray, longest: float) -> np.ndarray:
    """A vector (3,) with its length limited."""
    length = np.linalg.norm(vector)
    return vector * (longest / length) if length > longest else vector
