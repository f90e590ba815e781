"""A robot's target pose that follows a hand while a clutch is closed; needs no ROS.

    teleop = Teleop(start_position_m, start_rotation)
    target = teleop.update(sample_hand(hand, to_robot), stamp_s)  # or teleop.lose()

Time comes with the input, there is no clock. What holds whatever the input:
- The target moves only while the clutch is closed and the hand is tracked.
- It moves no faster than the speed limits, and not out of the workspace.
- Closing the clutch never moves it: motion counts from where hand and target are then.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from hand_tracking_ros.tracking.hand import Hand
from hand_tracking_ros.tracking.rotations import matrix_from_rotation_vector, rotation_vector

CLUTCHES = ('pinch', 'fist')

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


@dataclass(frozen=True)
class TeleopOptions:
    """How the target follows the hand.

    Attributes:
        clutch: `pinch`, thumb and index finger engage and the other fingers' curl moves the
            gripper; `fist`, the curl of middle, ring and little finger engages and the pinch
            moves the gripper.
        engage_above: the clutch closes at and above this, 0 to 1.
        release_below: it opens at and below this.
        position_scale: motion of the target over motion of the hand.
        follow_rotation: the target turns with the hand; else it keeps its orientation.
        workspace_min_m, workspace_max_m: corners of the box that the target stays in.
        max_linear_speed_m_s, max_angular_speed_rad_s: of the target.
        max_gripper_speed_s: full strokes of the gripper per second.
        resume_within_s: a hand that was lost for no longer, and still is the same track, goes on
            with its clutch closed; any other has to open it first.

    Raises:
        ValueError: options contradict each other.
    """

    clutch: str = 'pinch'
    engage_above: float = 0.8
    release_below: float = 0.5
    position_scale: float = 1.0
    follow_rotation: bool = True
    workspace_min_m: tuple[float, float, float] = (-1.0, -1.0, -1.0)
    workspace_max_m: tuple[float, float, float] = (1.0, 1.0, 1.0)
    max_linear_speed_m_s: float = 0.25
    max_angular_speed_rad_s: float = 1.0
    max_gripper_speed_s: float = 2.0
    resume_within_s: float = 0.3

    def __post_init__(self) -> None:
        if self.clutch not in CLUTCHES:
            raise ValueError(f"clutch is '{self.clutch}', expected one of {', '.join(CLUTCHES)}")
        if not self.release_below < self.engage_above:
            raise ValueError(
                f'the clutch opens below {self.release_below} and closes above '
                f'{self.engage_above}: the first must be the smaller one'
            )
        if not all(np.less(self.workspace_min_m, self.workspace_max_m)):
            raise ValueError(
                f'the workspace reaches from {list(self.workspace_min_m)} to '
                f'{list(self.workspace_max_m)} m: each number must be smaller in the first'
            )


@dataclass(frozen=True)
class HandSample:
    """What teleoperation needs of a tracked hand.

    Attributes:
        track_id: the same hand over time.
        position_m: (3,) the wrist, in the robot's frame.
        rotation: (3, 3) axes of the hand in the robot's frame.
        pinch: 0 open to 1 closed.
        curl: 0 to 1, of middle, ring and little finger.
    """

    track_id: int
    position_m: np.ndarray
    rotation: np.ndarray
    pinch: float
    curl: float

    @property
    def is_usable(self) -> bool:
        """Whether all of it is finite, and the rotation is one."""
        numbers = [*self.position_m, *np.ravel(self.rotation), self.pinch, self.curl]
        if not np.isfinite(numbers).all():
            return False
        square = self.rotation @ np.transpose(self.rotation)
        return np.allclose(square, np.eye(3), atol=1e-3) and np.linalg.det(self.rotation) > 0


@dataclass(frozen=True)
class TeleopTarget:
    """Where the robot is to be.

    Attributes:
        position_m: (3,) in the robot's frame.
        rotation: (3, 3) axes of the tool in the robot's frame.
        gripper: 0 open to 1 closed; None until the clutch was closed for the first time.
        state: whether it follows the hand.
        waits_for_release: the clutch of this hand is closed, and has to open before it counts.
    """

    position_m: np.ndarray
    rotation: np.ndarray
    gripper: float | None
    state: TeleopState
    waits_for_release: bool


def sample_hand(hand: Hand, to_robot: np.ndarray) -> HandSample:
    """A hand that has a pose, for `Teleop.update`.

    Args:
        hand: seen in an image.
        to_robot: (4, 4) transform from the camera's frame to the robot's.
    """
    turn = to_robot[:3, :3]
    return HandSample(
        track_id=hand.track_id,
        position_m=turn @ hand.pose.position_m + to_robot[:3, 3],
        rotation=turn @ hand.pose.rotation,
        pinch=hand.pinch,
        curl=float(hand.finger_curl[2:].mean()),
    )


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
        self._stamp_s = -np.inf  # of the last image in which the hand was seen
        self._track_id: int | None = None
        # The clutch of this hand was open before, so that closing it is meant.
        self._is_armed = False
        self._is_closed = False
        self._anchor: _Anchor | None = None

    def lose(self) -> TeleopTarget:
        """The target after an image without the hand, or when no image came."""
        self._anchor = None
        return self._target(TeleopState.HAND_LOST)

    def update(self, sample: HandSample, stamp_s: float) -> TeleopTarget:
        """The target after the next image in which the hand was seen.

        Args:
            sample: the hand; counts as lost if it holds anything not finite.
            stamp_s: when the image was taken. A time that is not finite loses the hand; one before
                the last makes another hand of it, which has to open the clutch first.
        """
        if not (sample.is_usable and np.isfinite(stamp_s)):
            return self.lose()
        step_s, self._stamp_s = stamp_s - self._stamp_s, stamp_s
        if sample.track_id != self._track_id or not 0 <= step_s <= self.options.resume_within_s:
            self._track_id, self._anchor = sample.track_id, None
            self._is_armed = self._is_closed = False
        step_s = min(step_s, MAX_STEP_S)
        clutch, grip = sample.pinch, sample.curl
        if self.options.clutch == 'fist':
            clutch, grip = grip, clutch
        self._move_clutch(clutch)
        if not (self._is_armed and self._is_closed):
            self._anchor = None
            return self._target(TeleopState.RELEASED)
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

    def _target(self, state: TeleopState) -> TeleopTarget:
        waits = state == TeleopState.RELEASED and self._is_closed
        return TeleopTarget(self._position_m, self._rotation, self._gripper, state, waits)


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
