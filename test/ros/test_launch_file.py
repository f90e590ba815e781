"""What hands.launch.py makes of its arguments, without starting anything."""

import importlib.util
from pathlib import Path

import pytest
import yaml

pytest.importorskip('launch_ros', reason='the ROS package launch_ros is not installed')

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from launch.utilities import perform_substitutions

from hand_tracking_ros.ros.launch_topics import topics_of_cameras
from hand_tracking_ros.tracking.errors import UserError
from launch import LaunchContext

try:
    SHARE = Path(get_package_share_directory('hand_tracking_ros'))
except PackageNotFoundError as missing:
    pytest.skip(str(missing), allow_module_level=True)


@pytest.fixture
def launch_file():
    """The launch file as a module."""
    spec = importlib.util.spec_from_file_location(
        'hands_launch', SHARE / 'launch' / 'hands.launch.py'
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def nodes(launch_file, **arguments):
    """Return what launch would start, without starting it."""
    context = LaunchContext()
    context.launch_configurations.update(arguments)
    started = []
    for entity in launch_file.generate_launch_description().entities:
        started += entity.visit(context) or []
    return started


def test_a_compressed_topic_is_refused_with_the_right_arguments(launch_file):
    with pytest.raises(UserError, match='image_topic:=/image_raw image_transport:=compressed'):
        nodes(launch_file, image_topic='/image_raw/compressed')


def test_rviz_that_is_missing_is_named(launch_file, monkeypatch):
    def not_found(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(launch_file, 'get_package_prefix', not_found)
    with pytest.raises(RuntimeError, match='rviz2 is not installed'):
        nodes(launch_file, rviz='true')


def test_a_source_for_several_cameras_is_refused(launch_file):
    with pytest.raises(RuntimeError, match='start a publisher for each'):
        nodes(launch_file, source='0', cameras='front,wrist')


def test_rviz_is_started_with_its_view_when_asked_for(launch_file, monkeypatch, tmp_path):
    monkeypatch.setattr(launch_file, 'get_package_prefix', lambda name: '/opt/ros')
    view = tmp_path / 'hands.rviz'
    monkeypatch.setattr(
        launch_file.launch_config, 'get_log_file_path', lambda name: str(tmp_path / name)
    )
    started = nodes(launch_file, rviz='true', cameras='front,wrist', namespace='robot')
    assert [node.node_package for node in started] == ['hand_tracking_ros', 'rviz2']
    command = [perform_substitutions(LaunchContext(), part) for part in started[1].cmd[1:3]]
    assert command == ['-d', str(view)]
    assert '/robot/hand_tracker/wrist/markers' in view.read_text()


def shown_topics(view):
    displays = view['Visualization Manager']['Displays']
    return [display['Topic']['Value'] for display in displays if 'Topic' in display]


def test_rviz_shows_the_topics_in_use_of_every_camera(launch_file):
    view = launch_file.rviz_view(
        'robot', topics_of_cameras('front:=/head/rgb,arm', 'image', '', '')
    )
    assert shown_topics(view) == [
        '/head/rgb',
        '/robot/arm/image',
        '/robot/hand_tracker/front/annotated_image',
        '/robot/hand_tracker/arm/annotated_image',
        '/robot/hand_tracker/front/markers',
        '/robot/hand_tracker/arm/markers',
    ]
    names = [display['Name'] for display in view['Visualization Manager']['Displays']]
    assert len(set(names)) == len(names) == 8


def test_rviz_shows_one_camera_as_its_file_says(launch_file):
    file = yaml.safe_load((SHARE / 'config' / 'hands.rviz').read_text())
    assert launch_file.rviz_view('', topics_of_cameras('', 'image_raw', '', '')) == file


def test_every_argument_is_documented(launch_file):
    declared = launch_file.generate_launch_description().get_launch_arguments()
    assert {argument.name for argument in declared} >= {
        'image_topic',
        'camera_info_topic',
        'params_file',
        'namespace',
        'rviz',
        'use_sim_time',
        'source',
    }
    assert all(argument.description and argument.default_value for argument in declared)
