"""What must be true of the target that hand_teleop publishes, whatever hands it is sent.

`TeleopJudge` takes messages in the order in which they were published, and returns what is wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from geometry_msgs.msg import PoseStamped

from evaluation.faults.hand_invariants import not_finite

# The target may move for this long at full speed before a moment at which it was published late.
SLACK_S = 0.5
STILL = 1e-6
WORKSPACE_TOLERANCE_M = 1e-9


@dataclass
class SpeedLimit:
    """Holds motion against a speed limit: what was not used is saved up, for SLACK_S at most."""

    per_s: float
    _saved: float = field(init=False)

    def __post_init__(self) -> None:
        self._saved = self.per_s * SLACK_S

    def exceeded_by(self, way: float, seconds: float) -> float:
        """Count a way and the time since the last one; returns by how much it is too long."""
        saved = min(self._saved + self.per_s * seconds, self.per_s * SLACK_S)
        self._saved = max(0.0, saved - way)
        return max(0.0, way - saved)


class TeleopJudge:
    """Judges target, gripper and status of one teleoperation node.

    Args:
        workspace_m: corners of the box, 2 x 3 numbers.
        max_linear_speed_m_s, max_angular_speed_rad_s, max_gripper_speed_s: its parameters.

    Attributes:
        num_targets, num_engaged: targets so far, and those sent while engaged.
        path_m: that the target has moved.
    """

    def __init__(
        self,
        workspace_m: tuple[tuple[float, float, float], tuple[float, float, float]],
        max_linear_speed_m_s: float,
        max_angular_speed_rad_s: float,
        max_gripper_speed_s: float,
    ) -> None:
        self.num_targets = self.num_engaged = 0
        self.path_m = 0.0
        self._workspace_m = workspace_m
        self._linear = SpeedLimit(max_linear_speed_m_s)
        self._angular = SpeedLimit(max_angular_speed_rad_s)
        self._strokes = SpeedLimit(max_gripper_speed_s)
        self._is_engaged = False
        self._last: tuple[float, np.ndarray, np.ndarray] | None = None
        self._last_gripper: tuple[float, float] | None = None

    def begin_anew(self) -> None:
        """The node was started again: its target begins where it always does."""
        self._is_engaged, self._last, self._last_gripper = False, None, None

    def status(self, text: str) -> None:
        """It says what it does."""
        self._is_engaged = text.startswith('ENGAGED')

    def target(self, message: PoseStamped, published_s: float) -> list[str]:
        """Judge a target; `published_s` is when it was published, by the clock."""
        self.num_targets += 1
        self.num_engaged += self._is_engaged
        if wrong := not_finite(message):
            return wrong
        p, q = message.pose.position, message.pose.orientation
        position_m, quaternion = np.array([p.x, p.y, p.z]), np.array([q.x, q.y, q.z, q.w])
        low_m, high_m = np.array(self._workspace_m)
        if (position_m < low_m - WORKSPACE_TOLERANCE_M).any() or (
            position_m > high_m + WORKSPACE_TOLERANCE_M
        ).any():
            wrong.append(f'target {position_m} m is outside the workspace')
        if self._last:
            last_s, last_m, last_quaternion = self._last
            way_m = float(np.linalg.norm(position_m - last_m))
            turn_rad = _angle_rad(quaternion, last_quaternion)
            self.path_m += way_m
            seconds = published_s - last_s
            if not self._is_engaged and max(way_m, turn_rad) > STILL:
                wrong.append(f'target moved {way_m:.6f} m, {turn_rad:.6f} rad while not engaged')
            if (excess_m := self._linear.exceeded_by(way_m, seconds)) > STILL:
                wrong.append(f'target moved {excess_m:.4f} m more than its speed limit allows')
            if (excess_rad := self._angular.exceeded_by(turn_rad, seconds)) > STILL:
                wrong.append(f'target turned {excess_rad:.4f} rad more than its limit allows')
        self._last = published_s, position_m, quaternion
        return wrong

    def gripper(self, value: float, published_s: float) -> list[str]:
        """Judge a position of the gripper."""
        if not 0 <= value <= 1:
            return [f'gripper is {value}']
        wrong = []
        if self._last_gripper:
            last_s, last = self._last_gripper
            excess = self._strokes.exceeded_by(abs(value - last), published_s - last_s)
            if excess > STILL:
                wrong.append(f'gripper moved {excess:.3f} strokes more than its limit allows')
        self._last_gripper = published_s, value
        return wrong


def _angle_rad(first: np.ndarray, second: np.ndarray) -> float:
    """Between two orientations (4,); exact for small angles, where arccos is not."""
    apart = np.linalg.norm(first - second), np.linalg.norm(first + second)
    return 4 * math.atan2(min(apart), max(apart))
