"""Start the hand tracker; with source:=... a publisher that feeds it, with rviz:=true a view of it.

The arguments stand in one table below; this prints it:
    ros2 launch hand_tracking_ros hands.launch.py --show-args
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ament_index_python.packages import (
    PackageNotFoundError,
    get_package_prefix,
    get_package_share_directory,
)
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.events.process import ProcessExited
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from launch import LaunchContext, LaunchDescription

PACKAGE = 'hand_tracking_ros'
CONFIG = Path(get_package_share_directory(PACKAGE)) / 'config'
# Fast DDS 2 (up to Jazzy) reads the first, Fast DDS 3 the second.
PROFILE_VARIABLES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')
# Topics that hands.rviz shows, beside those of the node.
RVIZ_IMAGE_TOPIC = '/image_raw'
RVIZ_NODE_TOPICS = ('annotated_image', 'markers')
TRUE_OR_FALSE = ('true', 'false', 'True', 'False')
# How a program ends that did what it was told, Ctrl-C included.
CLEAN_EXIT_CODES = (0, -signal.SIGINT, 128 + signal.SIGINT)


class Argument(NamedTuple):
    """An argument of this launch file; all values are text, as launch hands them over."""

    name: str
    default: str
    description: str
    choices: Sequence[str] | None = None


ARGUMENTS = (
    Argument(
        'image_topic',
        'image_raw',
        'Topic of the camera images. Without a leading slash it lies in `namespace`. '
        'usb_cam: /image_raw; realsense2_camera: /camera/camera/color/image_raw.',
    ),
    Argument(
        'camera_info_topic',
        '',
        "Topic of the camera's calibration. Empty: camera_info beside image_topic, where camera "
        'drivers publish it.',
    ),
    Argument(
        'depth_topic',
        'depth',
        'Topic of depth images registered to the camera images; camera_info beside it, where it '
        'differs. realsense2_camera: /camera/camera/aligned_depth_to_color/image_raw.',
    ),
    Argument(
        'image_transport',
        '',
        'raw: image_topic itself; compressed: image_topic/compressed. Empty: as params_file says.',
        ('', 'raw', 'compressed'),
    ),
    Argument(
        'params_file',
        str(CONFIG / 'hands.yaml'),
        'Parameters of the hand tracker (YAML). Copy the default one to change them.',
    ),
    Argument('namespace', '', 'Namespace of the nodes and of topics without a leading slash.'),
    Argument(
        'source',
        '',
        'Video file, folder of pictures, picture, camera index (0) or simulated hands (simulated, '
        'simulated:SCENE) for the bundled publisher to send on image_topic. Empty: no publisher, '
        'your own camera driver sends images.',
    ),
    Argument('loop', 'false', 'Play the source again and again.', TRUE_OR_FALSE),
    Argument(
        'camera_frame',
        'camera_optical_frame',
        "TF frame of the camera's images (their header.frame_id): fixed frame of RViz, and what "
        'the bundled publisher writes.',
    ),
    Argument('rviz', 'false', 'Show images, markers and TF frames in RViz.', TRUE_OR_FALSE),
    Argument('use_sim_time', 'false', 'Take the time from /clock.', TRUE_OR_FALSE),
    Argument(
        'log_level',
        'info',
        'Least severe messages to show of the hand tracker and the publisher.',
        ('debug', 'info', 'warn', 'error', 'fatal'),
    ),
)


def generate_launch_description() -> LaunchDescription:
    """Return what `ros2 launch` starts."""
    declarations = [
        DeclareLaunchArgument(name, default_value=default, description=text, choices=choices)
        for name, default, text, choices in ARGUMENTS
    ]
    return LaunchDescription([*declarations, OpaqueFunction(function=start)])


def start(context: LaunchContext) -> list[Node]:
    """Return the nodes that the arguments ask for.

    Raises:
        RuntimeError: an argument is wrong; `ros2 launch` prints the text and exits with 1.
    """
    values = {argument.name: context.launch_configurations[argument.name] for argument in ARGUMENTS}
    topics = camera_topics(values['image_topic'], values['camera_info_topic'])
    depth_topic = values['depth_topic']
    topics['depth'] = depth_topic
    if depth_topic != 'depth':
        topics['depth/camera_info'] = str(PurePosixPath(depth_topic).with_name('camera_info'))
    nodes = [hand_tracker(values, topics)]
    if values['source']:
        nodes.append(video_publisher(values, topics))
    if is_true(values['rviz']):
        nodes.append(rviz(values))
    return nodes


def hand_tracker(values: dict[str, str], topics: dict[str, str]) -> Node:
    """Return the node that the rest is for."""
    params_file = Path(values['params_file']).expanduser()
    if not params_file.is_file():
        raise RuntimeError(
            f"params_file is '{params_file}', where no file is; give the YAML file with the "
            'parameters, or leave it out to get the defaults'
        )
    overrides = {'use_sim_time': is_true(values['use_sim_time'])}
    if values['image_transport']:
        overrides['image_transport'] = values['image_transport']
    return Node(
        executable='hand_tracker',
        parameters=[str(params_file), overrides],
        **_common(values, topics),
    )


def video_publisher(values: dict[str, str], topics: dict[str, str]) -> Node:
    """Return the bundled stand-in for a camera driver."""
    parameters = {
        # As text: a camera index would arrive as a number, and ~ is not expanded after ':='.
        'source': ParameterValue(os.path.expanduser(values['source']), value_type=str),
        'frame_id': ParameterValue(values['camera_frame'], value_type=str),
        'loop': is_true(values['loop']),
        # Networks take a moment to load: the first frames would be lost.
        'wait_for_subscribers': 1,
        'use_sim_time': is_true(values['use_sim_time']),
    }
    return Node(executable='video_publisher', parameters=[parameters], **_common(values, topics))


def rviz(values: dict[str, str]) -> Node:
    """Return RViz with this package's view, on the topics that are really used."""
    try:
        get_package_prefix('rviz2')
    except PackageNotFoundError as error:
        distribution = os.environ.get('ROS_DISTRO', '<distribution>')
        raise RuntimeError(
            'rviz is true, but rviz2 is not installed; install it '
            f'(apt install ros-{distribution}-rviz2), or leave rviz:=true out'
        ) from error
    remappings = [(f'/hand_tracker/{name}', f'hand_tracker/{name}') for name in RVIZ_NODE_TOPICS]
    return Node(
        package='rviz2',
        executable='rviz2',
        namespace=values['namespace'],
        arguments=['-d', str(CONFIG / 'hands.rviz'), '-f', values['camera_frame']],
        parameters=[{'use_sim_time': is_true(values['use_sim_time'])}],
        remappings=[(RVIZ_IMAGE_TOPIC, values['image_topic']), *remappings],
        additional_env=image_profile(),
        output='log',
    )


def camera_topics(image_topic: str, camera_info_topic: str) -> dict[str, str]:
    """Return the camera's topics by the names that the nodes know them by.

    The calibration lies beside the images unless it is named, as image_transport has it.
    """
    if image_topic.endswith('/compressed'):
        raw_topic = image_topic.removesuffix('/compressed')
        raise RuntimeError(
            f"image_topic is '{image_topic}'; for compressed images give image_topic:={raw_topic} "
            'image_transport:=compressed'
        )
    if not image_topic.strip('/'):
        raise RuntimeError(f"image_topic is '{image_topic}', which names no topic")
    neighbour = PurePosixPath(image_topic).with_name('camera_info')
    return {
        'image': image_topic,
        'image/compressed': f'{image_topic}/compressed',
        'camera_info': camera_info_topic or str(neighbour),
    }


def image_profile() -> dict[str, str]:
    """Return environment variables that let Fast DDS send whole images, unless the user set them.

    With its own defaults a third of the images would be lost on the way.
    """
    if any(os.environ.get(name) for name in PROFILE_VARIABLES):
        return {}
    return dict.fromkeys(PROFILE_VARIABLES, str(CONFIG / 'fastdds_shm.xml'))


def is_true(value: str) -> bool:
    """Return the truth of one of TRUE_OR_FALSE."""
    return value.lower() == 'true'


def stop_if_failed(event: ProcessExited, context: LaunchContext) -> None:
    """End the whole launch, and let its exit code say so, when one of its programs fails."""
    if event.returncode not in CLEAN_EXIT_CODES and not context.is_shutdown:
        raise RuntimeError(
            f'{event.process_name} failed with exit code {event.returncode}; its error is above'
        )


def _common(values: dict[str, str], topics: dict[str, str]) -> dict:
    return {
        'package': PACKAGE,
        'namespace': values['namespace'],
        'remappings': list(topics.items()),
        'ros_arguments': ['--log-level', values['log_level']],
        'additional_env': image_profile(),
        'on_exit': stop_if_failed,
        'output': 'screen',
    }
