"""How teleoperation follows a hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CLUTCHES = ('pinch', 'fist')


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
