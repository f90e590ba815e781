"""The parameters of the teleoperation node, and the options that they become.

After a change run `make docs`: it writes config/teleop.yaml and docs/teleoperation.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_tracking_ros.ros.managed_node import autostart
from hand_tracking_ros.ros.parameters import fixed, parameter
from hand_tracking_ros.teleop.teleop_options import CLUTCHES, TeleopOptions
from hand_tracking_ros.tracking.errors import UserError

# Shorter ones have no direction.
MIN_QUATERNION_LENGTH = 1e-3

_OPTIONS = TeleopOptions()


@dataclass(frozen=True)
class TeleopSettings:
    """The values of all parameters of the teleoperation node."""

    hand: str = fixed('right', 'The hand that moves the target.', choices=('left', 'right'))
    robot_frame: str = fixed(
        '',
        "Frame of the target, of the workspace and of the start. Empty: the camera's own frame. "
        'Any other needs a TF chain to the camera; its newest transforms count.',
    )
    tool_frame: str = fixed(
        '', 'TF frame of the tool: the target begins where it is. Empty: at start_position.'
    )
    start_position: list[float] = fixed([0.0, 0.0, 0.0], 'Where the target begins, x, y, z in m.')
    start_orientation: list[float] = fixed(
        [0.0, 0.0, 0.0, 1.0], 'How it is turned there, a quaternion x, y, z, w.'
    )
    clutch: str = fixed(
        _OPTIONS.clutch,
        'What closes the clutch. pinch: thumb and index finger; the other fingers move the '
        'gripper. fist: the curl of middle, ring and little finger; the pinch moves the gripper.',
        choices=CLUTCHES,
    )
    clutch_engage: float = fixed(
        _OPTIONS.engage_above, 'Pinch or curl from which the clutch is closed.', within=(0.0, 1.0)
    )
    clutch_release: float = fixed(
        _OPTIONS.release_below, 'Pinch or curl down to which it stays closed.', within=(0.0, 1.0)
    )
    position_scale: float = parameter(
        _OPTIONS.position_scale,
        'Motion of the target over motion of the hand; counts from the next engagement on.',
        within=(0.0, 100.0),
    )
    follow_rotation: bool = parameter(
        _OPTIONS.follow_rotation, 'The target turns with the hand. Else it keeps its orientation.'
    )
    workspace_min: list[float] = fixed(
        list(_OPTIONS.workspace_min_m), 'Lowest x, y, z of the target, m.'
    )
    workspace_max: list[float] = fixed(
        list(_OPTIONS.workspace_max_m), 'Highest x, y, z of the target, m.'
    )
    max_linear_speed: float = parameter(
        _OPTIONS.max_linear_speed_m_s, 'Speed limit of the target, m/s.', within=(0.0, 10.0)
    )
    max_angular_speed: float = parameter(
        _OPTIONS.max_angular_speed_rad_s, 'Speed limit of its rotation, rad/s.', within=(0.0, 20.0)
    )
    max_gripper_speed: float = parameter(
        _OPTIONS.max_gripper_speed_s,
        'Speed limit of the gripper, full strokes per second.',
        within=(0.0, 100.0),
    )
    resume_within: float = parameter(
        _OPTIONS.resume_within_s,
        'A hand that was lost for longer, seconds, has to open the clutch before it engages again.',
        within=(0.0, 10.0),
    )
    timeout: float = parameter(
        0.3,
        'Seconds without any message from the hand tracker after which the hand counts as lost.',
        within=(0.02, 10.0),
    )

    max_image_age: float = parameter(
        0.5,
        "Largest difference between an image's stamp and the clock, seconds; an older image moves "
        'nothing. The clock is /clock with use_sim_time.',
        within=(0.02, 3600.0),
    )
    autostart: bool = autostart()

    def teleop_options(self) -> TeleopOptions:
        """The part that teleoperation itself understands.

        Raises:
            UserError: the values contradict each other, or the start has no orientation.
        """
        if np.linalg.norm(self.start_orientation) < MIN_QUATERNION_LENGTH:
            raise UserError(
                f'parameter start_orientation is {self.start_orientation}, expected a quaternion '
                'x, y, z, w of length 1'
            )
        try:
            return TeleopOptions(
                clutch=self.clutch,
                engage_above=self.clutch_engage,
                release_below=self.clutch_release,
                position_scale=self.position_scale,
                follow_rotation=self.follow_rotation,
                workspace_min_m=tuple(self.workspace_min),
                workspace_max_m=tuple(self.workspace_max),
                max_linear_speed_m_s=self.max_linear_speed,
                max_angular_speed_rad_s=self.max_angular_speed,
                max_gripper_speed_s=self.max_gripper_speed,
                resume_within_s=self.resume_within,
            )
        except ValueError as error:
            raise UserError(f'parameters: {error}') from error
