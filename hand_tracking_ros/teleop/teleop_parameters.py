"""Parameters of the teleoperation node."""

from __future__ import annotations

from dataclasses import dataclass

from hand_tracking_ros.ros.parameters import Parameter
from hand_tracking_ros.teleop.teleop import CLUTCHES, TeleopOptions

_OPTIONS = TeleopOptions()

TELEOP_PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        'hand',
        'right',
        'The hand that moves the target.',
        choices=('left', 'right'),
        read_only=True,
    ),
    Parameter(
        'robot_frame',
        '',
        "Frame of the target, of the workspace and of the start. Empty: the camera's own frame. "
        'Any other needs a TF chain to the camera; its newest transforms count.',
        read_only=True,
    ),
    Parameter(
        'tool_frame',
        '',
        'TF frame of the tool: the target begins where it is. Empty: at start_position.',
        read_only=True,
    ),
    Parameter(
        'start_position',
        [0.0, 0.0, 0.0],
        'Where the target begins, x, y, z in m.',
        read_only=True,
    ),
    Parameter(
        'start_orientation',
        [0.0, 0.0, 0.0, 1.0],
        'How it is turned there, a quaternion x, y, z, w.',
        read_only=True,
    ),
    Parameter(
        'clutch',
        _OPTIONS.clutch,
        'What engages: pinch, thumb and index finger, while the other fingers move the gripper; '
        'fist, the curl of middle, ring and little finger, while the pinch moves the gripper.',
        choices=CLUTCHES,
        read_only=True,
    ),
    Parameter(
        'clutch_engage',
        _OPTIONS.engage_above,
        'Pinch or curl from which the clutch is closed.',
        minimum=0.0,
        maximum=1.0,
        read_only=True,
    ),
    Parameter(
        'clutch_release',
        _OPTIONS.release_below,
        'Pinch or curl down to which it stays closed.',
        minimum=0.0,
        maximum=1.0,
        read_only=True,
    ),
    Parameter(
        'position_scale',
        _OPTIONS.position_scale,
        'Motion of the target over motion of the hand; counts from the next engagement on.',
        minimum=0.0,
        maximum=100.0,
    ),
    Parameter(
        'follow_rotation',
        _OPTIONS.follow_rotation,
        'The target turns with the hand. Else it keeps its orientation.',
    ),
    Parameter(
        'workspace_min',
        list(_OPTIONS.workspace_min_m),
        'Lowest x, y, z of the target, m.',
        read_only=True,
    ),
    Parameter(
        'workspace_max',
        list(_OPTIONS.workspace_max_m),
        'Highest x, y, z of the target, m.',
        read_only=True,
    ),
    Parameter(
        'max_linear_speed',
        _OPTIONS.max_linear_speed_m_s,
        'The target moves no faster, m/s.',
        minimum=0.0,
        maximum=10.0,
    ),
    Parameter(
        'max_angular_speed',
        _OPTIONS.max_angular_speed_rad_s,
        'The target turns no faster, rad/s.',
        minimum=0.0,
        maximum=20.0,
    ),
    Parameter(
        'max_gripper_speed',
        _OPTIONS.max_gripper_speed_s,
        'The gripper moves no faster, full strokes per second.',
        minimum=0.0,
        maximum=100.0,
    ),
    Parameter(
        'resume_within',
        _OPTIONS.resume_within_s,
        'Seconds after which a hand that was lost has to open the clutch before it engages again.',
        minimum=0.0,
        maximum=10.0,
    ),
    Parameter(
        'timeout',
        0.3,
        'Seconds without any message from the hand tracker after which the hand counts as lost.',
        minimum=0.02,
        maximum=10.0,
    ),
)


@dataclass(frozen=True)
class TeleopSettings:
    """The values of all parameters, each field named as its parameter."""

    hand: str
    robot_frame: str
    tool_frame: str
    start_position: list[float]
    start_orientation: list[float]
    clutch: str
    clutch_engage: float
    clutch_release: float
    position_scale: float
    follow_rotation: bool
    workspace_min: list[float]
    workspace_max: list[float]
    max_linear_speed: float
    max_angular_speed: float
    max_gripper_speed: float
    resume_within: float
    timeout: float

    @property
    def teleop_options(self) -> TeleopOptions:
        """The part that teleoperation itself understands.

        Raises:
            ValueError: the values contradict each other.
        """
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
