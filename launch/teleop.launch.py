"""Start the hand tracker and the teleoperation node: a hand moves a robot's target pose.

Takes the arguments of hands.launch.py too, for the camera (of several the first moves the target):
    ros2 launch hand_tracking_ros teleop.launch.py robot_frame:=base_link image_topic:=...
    ros2 launch hand_tracking_ros teleop.launch.py source:=simulated:teleop
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from ament_index_python.packages import get_package_share_directory
from launch.actions import IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from hand_tracking_ros.ros.launch_arguments import (
    Argument,
    checked_params_file,
    declarations,
    enclave,
    is_true,
    warn_of_unknown,
)
from hand_tracking_ros.ros.launch_exit import guarded_node
from hand_tracking_ros.ros.launch_topics import topics_of_cameras
from launch import LaunchContext, LaunchDescription

PACKAGE = 'hand_tracking_ros'
SHARE = Path(get_package_share_directory(PACKAGE))

AS_FILE_SAYS = 'Empty: as teleop_params_file says.'
ARGUMENTS = (
    Argument(
        'teleop_params_file',
        str(SHARE / 'config' / 'teleop.yaml'),
        'Parameters of the teleoperation node (YAML). Copy the default one to change them.',
    ),
    Argument('hand', '', f'The hand that moves the target. {AS_FILE_SAYS}', ('', 'left', 'right')),
    Argument(
        'robot_frame',
        '',
        f'TF frame of the target; TF has to connect it to camera_frame. {AS_FILE_SAYS}',
    ),
    Argument('tool_frame', '', f'TF frame of the tool, where the target begins. {AS_FILE_SAYS}'),
    Argument('clutch', '', f'What engages. {AS_FILE_SAYS}', ('', 'pinch', 'fist')),
)


def generate_launch_description() -> LaunchDescription:
    """Return what `ros2 launch` starts."""
    hands = PythonLaunchDescriptionSource(str(SHARE / 'launch' / 'hands.launch.py'))
    description = LaunchDescription(declarations(ARGUMENTS))
    description.add_action(
        OpaqueFunction(function=warn_of_unknown, args=[Path(__file__).name, description])
    )
    description.add_action(OpaqueFunction(function=check))
    description.add_action(IncludeLaunchDescription(hands))
    description.add_action(OpaqueFunction(function=hand_teleop))
    return description


def check(context: LaunchContext) -> None:
    """Check what hands.launch.py does not, before it starts the hand tracker.

    Raises:
        RuntimeError: an argument is wrong; `ros2 launch` prints the text and exits with 1.
    """
    checked_params_file('teleop_params_file', context.launch_configurations['teleop_params_file'])


def hand_teleop(context: LaunchContext) -> list[Node]:
    """Return the teleoperation node, with what the arguments say over what the file says.

    Of several cameras it follows the hands that the first one sees.
    """
    values = context.launch_configurations
    params_file = checked_params_file('teleop_params_file', values['teleop_params_file'])
    overrides = {
        name: ParameterValue(values[name], value_type=str)
        for name, *_ in ARGUMENTS[1:]
        if values[name]
    }
    # Declared by hands.launch.py.
    overrides['use_sim_time'] = is_true(values['use_sim_time'])
    arguments = ('cameras', 'image_topic', 'camera_info_topic', 'depth_topic')
    first_camera = next(iter(topics_of_cameras(*(values[name] for name in arguments))))
    hands_topic = PurePosixPath('hand_tracker', first_camera, 'hands')
    return [
        guarded_node(
            respawn=is_true(values['respawn']),
            package=PACKAGE,
            executable='hand_teleop',
            namespace=values['namespace'],
            parameters=[params_file, overrides],
            remappings=[('hand_tracker/hands', str(hands_topic))],
            ros_arguments=['--log-level', values['log_level'], *enclave('hand_teleop')],
            output='screen',
        )
    ]
