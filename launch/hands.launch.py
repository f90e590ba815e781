"""Start the hand tracker; with source:=... a publisher that feeds it, with rviz:=true a view of it.

The arguments stand in one table below; this prints it:
    ros2 launch hand_tracking_ros hands.launch.py --show-args
"""

from __future__ import annotations

import os
from copy import deepcopy
from pathlib import Path, PurePosixPath

import yaml
from ament_index_python.packages import (
    PackageNotFoundError,
    get_package_prefix,
    get_package_share_directory,
)
from launch.actions import OpaqueFunction
from launch.logging import launch_config
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from hand_tracking_ros.ros.fast_dds import image_profile
from hand_tracking_ros.ros.launch_arguments import (
    TRUE_OR_FALSE,
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
CONFIG = Path(get_package_share_directory(PACKAGE)) / 'config'
# Topics that hands.rviz shows of a camera, beside those of the node.
RVIZ_IMAGE_TOPIC = PurePosixPath('/image_raw')
RVIZ_NODE = PurePosixPath('/hand_tracker')

# By the name of a camera its inputs, by the node's names for them, and their topics.
Cameras = dict[str, dict[str, str]]

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
        '',
        'Topic of depth images registered to the camera images; camera_info beside it, where it '
        'differs. Empty: depth. '
        'realsense2_camera: /camera/camera/aligned_depth_to_color/image_raw.',
    ),
    Argument(
        'cameras',
        '',
        'Several cameras in one node, each by a name of your choice: front,wrist for cameras on '
        'front/image_raw and wrist/image_raw (image_topic and depth_topic then lie below each '
        "name); front:=/head/image,wrist:=/arm/image for any other topics. A camera's own "
        'front/camera_info:=TOPIC and front/depth:=TOPIC may be added. Results: '
        '~/front/hands and so on. Empty: one camera without a name.',
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
    Argument(
        'respawn',
        'false',
        'Start a program again 2 s after it failed. false: the launch ends with exit code 1.',
        TRUE_OR_FALSE,
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
    description = LaunchDescription(declarations(ARGUMENTS))
    description.add_action(
        OpaqueFunction(function=warn_of_unknown, args=[Path(__file__).name, description])
    )
    description.add_action(OpaqueFunction(function=start))
    return description


def start(context: LaunchContext) -> list[Node]:
    """Return the nodes that the arguments ask for.

    Raises:
        RuntimeError, UserError: an argument is wrong; `ros2 launch` prints the text and exits
            with 1.
    """
    values = {argument.name: context.launch_configurations[argument.name] for argument in ARGUMENTS}
    cameras = topics_of_cameras(
        values['cameras'], values['image_topic'], values['camera_info_topic'], values['depth_topic']
    )
    nodes = [hand_tracker(values, cameras)]
    if values['source']:
        nodes.append(video_publisher(values, cameras))
    if is_true(values['rviz']):
        nodes.append(rviz(values, cameras))
    return nodes


def hand_tracker(values: dict[str, str], cameras: Cameras) -> Node:
    """Return the node that the rest is for."""
    params_file = checked_params_file('params_file', values['params_file'])
    overrides = {'use_sim_time': is_true(values['use_sim_time'])}
    if list(cameras) != ['']:
        overrides['cameras'] = list(cameras)
    if values['image_transport']:
        overrides['image_transport'] = values['image_transport']
    remappings = {
        str(PurePosixPath(name, input_name)): topic
        for name, topics in cameras.items()
        for input_name, topic in topics.items()
    }
    return guarded_node(
        parameters=[params_file, overrides], **_common('hand_tracker', values, remappings)
    )


def video_publisher(values: dict[str, str], cameras: Cameras) -> Node:
    """Return the bundled stand-in for a camera driver."""
    if len(cameras) > 1:
        raise RuntimeError(
            f"source is '{values['source']}', but there are {len(cameras)} cameras; start a "
            'publisher for each: ros2 run hand_tracking_ros video_publisher SOURCE --ros-args '
            '-r image:=TOPIC -r camera_info:=TOPIC'
        )
    (topics,) = cameras.values()
    parameters = {
        # As text: a camera index would arrive as a number, and ~ is not expanded after ':='.
        'source': ParameterValue(os.path.expanduser(values['source']), value_type=str),
        'frame_id': ParameterValue(values['camera_frame'], value_type=str),
        'loop': is_true(values['loop']),
        # Networks take a moment to load: the first frames would be lost.
        'wait_for_subscribers': 1,
        'use_sim_time': is_true(values['use_sim_time']),
    }
    return guarded_node(parameters=[parameters], **_common('video_publisher', values, topics))


def rviz(values: dict[str, str], cameras: Cameras) -> Node:
    """Return RViz with a view of the topics that are really used."""
    try:
        get_package_prefix('rviz2')
    except PackageNotFoundError as error:
        distribution = os.environ.get('ROS_DISTRO', '<distribution>')
        raise RuntimeError(
            'rviz is true, but rviz2 is not installed; install it '
            f'(apt install ros-{distribution}-rviz2), or leave rviz:=true out'
        ) from error
    view = Path(launch_config.get_log_file_path('hands.rviz'))
    view.write_text(yaml.safe_dump(rviz_view(values['namespace'], cameras), sort_keys=False))
    return Node(
        package='rviz2',
        executable='rviz2',
        namespace=values['namespace'],
        arguments=['-d', str(view), '-f', values['camera_frame']],
        parameters=[{'use_sim_time': is_true(values['use_sim_time'])}],
        additional_env=image_profile(),
        output='log',
    )


def rviz_view(namespace: str, cameras: Cameras) -> dict:
    """Return hands.rviz with its displays of a camera's topics once for each camera."""
    view = yaml.safe_load((CONFIG / 'hands.rviz').read_text())
    manager = view['Visualization Manager']
    displays, manager['Displays'] = manager['Displays'], []
    for display in displays:
        if 'Topic' not in display:
            manager['Displays'].append(display)
            continue
        for name, topics in cameras.items():
            shown = deepcopy(display)
            shown['Name'] += f' ({name})' if name else ''
            topic = PurePosixPath(shown['Topic']['Value'])
            if topic == RVIZ_IMAGE_TOPIC:
                topic = topics['image']
            else:
                topic = PurePosixPath('hand_tracker', name, topic.relative_to(RVIZ_NODE))
            shown['Topic']['Value'] = str(PurePosixPath('/', namespace, topic))
            manager['Displays'].append(shown)
    return view


def _common(program: str, values: dict[str, str], remappings: dict[str, str]) -> dict:
    return {
        'package': PACKAGE,
        'executable': program,
        'namespace': values['namespace'],
        'remappings': list(remappings.items()),
        'ros_arguments': ['--log-level', values['log_level'], *enclave(program)],
        'respawn': is_true(values['respawn']),
        'output': 'screen',
    }
