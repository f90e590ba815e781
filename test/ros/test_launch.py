"""hands.launch.py as users start it: real launch, real processes, heard over DDS."""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('launch_pytest', reason='the ROS package launch_pytest is not installed')

import launch_pytest
from ament_index_python.packages import (
    PackageNotFoundError,
    get_package_share_directory,
)
from launch.actions import (
    IncludeLaunchDescription,
    RegisterEventHandler,
    SetEnvironmentVariable,
)
from launch.event_handlers import OnProcessExit, OnProcessStart
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_pytest.actions import ReadyToTest
from sensor_msgs.msg import Image

from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.tracking.errors import ModelError
from hand_tracking_ros.tracking.networks.model_files import find_model
from launch import LaunchDescription
from support.node_process import TIMEOUT_S, Client
from support.teleop_client import TeleopOutputs, place

# One domain for each launch: it hears neither the one before nor anybody else.
DOMAIN_IDS = (1 + number % 100 for number in itertools.count(os.getpid()))
WIDTH, HEIGHT = 64, 48
PICTURE = np.full((HEIGHT, WIDTH, 3), 127, np.uint8)
IMAGE_TOPIC = '/robot/camera/image_raw'

try:
    SHARE = Path(get_package_share_directory('hand_tracking_ros'))
    find_model('hand_landmark_full')
except (PackageNotFoundError, ModelError) as missing:
    pytest.skip(str(missing), allow_module_level=True)
LAUNCH_FILE = SHARE / 'launch' / 'hands.launch.py'


class LaunchedProcesses:
    """What launch tells of its processes: their events by the names of their programs."""

    def __init__(self):
        self.domain_id = next(DOMAIN_IDS)
        self.started, self.exited = {}, {}

    def event_handlers(self):
        return [
            RegisterEventHandler(OnProcessStart(on_start=self._keeper(self.started))),
            RegisterEventHandler(OnProcessExit(on_exit=self._keeper(self.exited))),
        ]

    @property
    def is_running(self):
        return not self.exited

    def text(self):
        return 'see the output of launch'

    @staticmethod
    def _keeper(events):
        def keep(event, _context):
            program, _, _number = event.process_name.rpartition('-')
            events[program] = event

        return keep


@pytest.fixture(autouse=True)
def restored_environment():
    """What launch sets and unsets is this process's own environment, which other tests need."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def processes():
    return LaunchedProcesses()


@launch_pytest.fixture
def camera_in_a_namespace(processes):
    """The hand tracker of robot's camera; the camera itself is the test's client."""
    arguments = {'namespace': 'robot', 'image_topic': 'camera/image_raw'}
    return LaunchDescription(
        [
            SetEnvironmentVariable('ROS_DOMAIN_ID', str(processes.domain_id)),
            *processes.event_handlers(),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(str(LAUNCH_FILE)),
                launch_arguments=arguments.items(),
            ),
            ReadyToTest(),
        ]
    )


@pytest.fixture
def client(processes):
    with Client(processes, namespace='/robot') as client:
        client.add_publisher(Image, IMAGE_TOPIC)
        yield client


def picture_message():
    image = Image(height=HEIGHT, width=WIDTH, encoding='rgb8', step=3 * WIDTH)
    image.header.frame_id = 'robot_camera'
    image.header.stamp.sec = 1
    image.data = PICTURE.tobytes()
    return image


@pytest.mark.launch(fixture=camera_in_a_namespace)
def test_every_topic_lies_in_the_namespace(client):
    names = ('hands', 'markers', 'annotated_image', 'left/pose', 'right/pose')
    expected = {*(f'/robot/hand_tracker/{name}' for name in names), '/tf', '/diagnostics'}

    inputs = (IMAGE_TOPIC, '/robot/camera/camera_info')

    def is_complete():
        return all(map(client.node.count_publishers, expected)) and all(
            map(client.node.count_subscribers, inputs)
        )

    client.wait_for(is_complete, f'publishers of {sorted(expected)}, subscribers of {inputs}')
    for topic in inputs:
        assert client.node.count_subscribers(topic) == 1, topic


@pytest.mark.launch(fixture=camera_in_a_namespace)
def test_a_published_picture_gives_a_hand_array_of_its_size(client):
    client.wait_for_node(IMAGE_TOPIC)
    answer = client.ask(picture_message(), IMAGE_TOPIC)
    assert (answer.image_width, answer.image_height) == (WIDTH, HEIGHT)
    assert list(answer.hands) == []


@pytest.mark.launch(fixture=camera_in_a_namespace)
def test_without_a_source_only_the_hand_tracker_runs_and_it_ends_cleanly(client, processes):
    client.wait_for_node(IMAGE_TOPIC)
    assert list(processes.started) == ['hand_tracker']
    yield
    assert [event.returncode for event in processes.exited.values()] == [0]


class Ros2Launch:
    """`ros2 launch hand_tracking_ros hands.launch.py ...`, as in a terminal of its own."""

    def __init__(self, folder, *arguments, file='hands.launch.py', package='hand_tracking_ros'):
        self.domain_id = next(DOMAIN_IDS)
        self._log = folder / 'output.txt'
        environment = {
            **os.environ,
            'ROS_DOMAIN_ID': str(self.domain_id),
            'ROS_LOG_DIR': str(folder),
        }
        with self._log.open('w') as output:
            self._process = subprocess.Popen(
                ['ros2', 'launch', *([package] if package else []), file, *arguments],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def is_running(self):
        return self._process.poll() is None

    def text(self):
        return self._log.read_text()

    def wait(self):
        return self._process.wait(TIMEOUT_S)

    def press_ctrl_c(self):
        """A terminal sends the signal to every process in it."""
        os.killpg(self._process.pid, signal.SIGINT)

    def still_running(self):
        """The command lines of its programs, which are to end with it."""
        found = []
        for process in Path('/proc').glob('[0-9]*'):
            with contextlib.suppress(OSError):  # it ended meanwhile
                state, _parent, group = (
                    (process / 'stat').read_text().rpartition(')')[2].split()[:3]
                )
                if int(group) == self._process.pid and state != 'Z':
                    found.append((process / 'cmdline').read_text().replace('\0', ' '))
        return found

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@pytest.fixture
def ros2_launch(tmp_path):
    if shutil.which('ros2') is None:
        pytest.skip('the command ros2 (ROS package ros2launch) is not installed')
    started = []

    def start(*arguments, **options):
        started.append(Ros2Launch(tmp_path, *arguments, **options))
        return started[-1]

    yield start
    for launched in started:
        launched.kill()


def test_compressed_images_are_taken_beside_the_image_topic(ros2_launch):
    launched = ros2_launch('image_topic:=/camera/image_raw', 'image_transport:=compressed')
    with Client(launched) as client:
        topic = '/camera/image_raw/compressed'
        client.wait_for(lambda: client.node.count_subscribers(topic), f'subscription to {topic}')


def test_named_cameras_are_heard_where_they_were_said_to_be(ros2_launch):
    launched = ros2_launch(
        'cameras:=front,wrist:=/arm/image_raw,wrist/depth:=/arm/depth/image', 'namespace:=robot'
    )
    topics = (
        '/robot/front/image_raw', '/robot/front/camera_info', '/robot/front/depth',
        '/robot/front/depth/camera_info', '/arm/image_raw', '/arm/camera_info', '/arm/depth/image',
        '/arm/depth/camera_info',
    )  # fmt: skip
    with Client(launched) as client:
        for topic in topics:
            client.wait_for(
                lambda t=topic: client.node.count_subscribers(t), f'listener to {topic}'
            )
        client.listen(HandArray, '/robot/hand_tracker/wrist/hands', client.hands)
        client.add_publisher(Image, '/arm/image_raw')
        answer = client.ask(picture_message(), '/arm/image_raw')
        assert (answer.image_width, answer.image_height) == (WIDTH, HEIGHT)
        advice = 'No image on /robot/front/image_raw (0 publishers)'
        client.wait_for(lambda: advice in launched.text(), 'advice for the other camera')


def test_the_teleoperation_of_a_simulated_hand_moves_its_target(ros2_launch):
    launched = ros2_launch('source:=simulated:teleop', 'cameras:=front', file='teleop.launch.py')
    with Client(launched) as client:
        said = TeleopOutputs(client)

        def follows():
            places = np.array([place(target) for target in said.targets])
            moves = len(places) and np.ptp(places, axis=0).max() > 0.05
            return moves and said.statuses[-1] == 'ENGAGED'

        client.wait_for(follows, 'motion of an engaged target')
    launched.press_ctrl_c()
    assert launched.wait() == 0, launched.text()
    assert launched.text().count('process has finished cleanly') == 3, launched.text()
    assert 'Traceback' not in launched.text()


def test_a_source_is_published_and_ctrl_c_ends_everything_cleanly(ros2_launch, tmp_path):
    picture = tmp_path / 'picture.png'
    cv2.imwrite(str(picture), PICTURE)
    launched = ros2_launch(f'source:={picture}', 'loop:=true', 'image_topic:=/camera/image_raw')
    with Client(launched) as client:
        hands = client.wait_for(lambda: client.hands, 'hands in the picture')[0]
        assert hands.header.frame_id == 'camera_optical_frame'
        calibration = '/camera/camera_info'
        client.wait_for(lambda: client.node.count_publishers(calibration), calibration)
    launched.press_ctrl_c()
    assert launched.wait() == 0, launched.text()
    assert launched.text().count('process has finished cleanly') == 2, launched.text()
    assert 'Traceback' not in launched.text()


def test_a_wrong_parameter_in_params_file_ends_the_launch_with_the_reason(ros2_launch, tmp_path):
    params_file = tmp_path / 'mine.yaml'
    params_file.write_text('/**: {ros__parameters: {max_num_hands: 99}}')
    launched = ros2_launch(f'params_file:={params_file}')
    assert launched.wait() == 1
    assert 'error: parameter max_num_hands' in launched.text()
    assert 'hand_tracker-1 failed with exit code 1' in launched.text()


def test_a_wrong_parameter_for_teleoperation_ends_the_launch_with_the_reason(ros2_launch, tmp_path):
    params_file = tmp_path / 'mine.yaml'
    params_file.write_text('/**: {ros__parameters: {clutch: wink}}')
    launched = ros2_launch(f'teleop_params_file:={params_file}', file='teleop.launch.py')
    assert launched.wait() == 1
    assert 'error: parameter clutch' in launched.text()
    assert 'hand_teleop-2 failed with exit code 1' in launched.text()
    assert launched.still_running() == []


@pytest.mark.parametrize(
    ('argument', 'complaint'),
    [
        ('params_file:=/nowhere/hands.yaml', "params_file is '/nowhere/hands.yaml'"),
        ('teleop_params_file:=/nowhere/t.yaml', "teleop_params_file is '/nowhere/t.yaml'"),
        ('teleop_params_file:=/bin/sh', "'/bin/sh', which is not YAML"),
        ('cameras:=front-left', "'front-left' is none of NAME, NAME:=IMAGE_TOPIC"),
        ('log_level:=loud', 'Argument "log_level" provided value "loud" is not valid'),
        ('clutch:=wink', 'Argument "clutch" provided value "wink" is not valid'),
    ],
)
def test_a_wrong_argument_ends_the_launch_before_it_starts_anything(
    ros2_launch, argument, complaint
):
    launched = ros2_launch(argument, file='teleop.launch.py')
    assert launched.wait() == 1
    assert complaint in launched.text()
    assert 'Traceback' not in launched.text()
    assert launched.still_running() == []


def test_a_source_that_is_missing_ends_the_launch_and_all_its_programs(ros2_launch):
    launched = ros2_launch('source:=/nowhere/video.mp4')
    assert launched.wait() == 1
    assert "source '/nowhere/video.mp4': no such file" in launched.text()
    assert 'video_publisher-2 failed with exit code 1' in launched.text()
    assert 'Traceback' not in launched.text()
    assert launched.still_running() == []


def test_forgotten_models_end_the_launch_with_one_error(ros2_launch, tmp_path):
    params_file = tmp_path / 'mine.yaml'
    params_file.write_text(f'/**: {{ros__parameters: {{model_directory: {tmp_path}}}}}')
    launched = ros2_launch('source:=simulated', f'params_file:={params_file}')
    assert launched.wait() == 1
    assert launched.text().count('error: ') == 1, launched.text()
    assert 'prepare_models' in launched.text()
    assert 'hand_tracker-1 failed with exit code 1' in launched.text()
    for mishap in ('Traceback', 'escalating'):  # launch sends stronger signals
        assert mishap not in launched.text()
    assert launched.still_running() == []


def test_misspelt_arguments_are_named_with_a_guess(ros2_launch):
    arguments = ('robotframe:=base', 'soruce:=0', 'emulate_tty:=true', 'cameras:=front-left')
    launched = ros2_launch(*arguments, file='teleop.launch.py')
    assert launched.wait() == 1  # of the last argument, so that nothing starts
    assert 'There is no argument robotframe; did you mean robot_frame?' in launched.text()
    assert 'There is no argument soruce; did you mean source?' in launched.text()
    assert launched.text().count('There is no argument') == 2


def test_the_arguments_of_a_launch_file_that_includes_ours_are_its_own(ros2_launch, tmp_path):
    mine = tmp_path / 'mine.launch.xml'
    mine.write_text(f'<launch><include file="{LAUNCH_FILE}"/></launch>')
    launched = ros2_launch('soruce:=0', 'cameras:=front-left', package=None, file=str(mine))
    assert launched.wait() == 1
    assert "'front-left' is none of NAME" in launched.text()
    assert 'There is no argument' not in launched.text()


def test_with_respawn_a_program_that_failed_starts_again(ros2_launch, tmp_path):
    models, params_file = tmp_path / 'models', tmp_path / 'mine.yaml'
    models.mkdir()
    params_file.write_text(f'/**: {{ros__parameters: {{model_directory: {models}}}}}')
    launched = ros2_launch('respawn:=true', f'params_file:={params_file}')
    with Client(launched) as client:
        client.wait_for(
            lambda: 'hand_tracker-1 failed with exit code 1; starts again' in launched.text(),
            'failure without models',
        )
        for name in ('palm_detection_full', 'hand_landmark_full'):
            (models / f'{name}.onnx').symlink_to(find_model(name))
        client.wait_for(lambda: client.node.count_publishers('hand_tracker/hands'), 'new start')
    launched.press_ctrl_c()
    assert launched.wait() == 0, launched.text()
