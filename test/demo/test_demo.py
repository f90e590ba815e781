"""The demo as users run it: real node, real publisher, real DDS; and what it leaves behind."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from support import test_data as external_data

rclpy = pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from rosbags.rosbag2 import Reader  # noqa: E402

from hand_tracking_ros.demo.session import network_environment  # noqa: E402
from hand_tracking_ros.output_files import replacing_all  # noqa: E402
from hand_tracking_ros.simulation.camera_simulator import (  # noqa: E402
    CameraSimulator,
    SimulatorOptions,
)
from hand_tracking_ros.tracking.errors import ModelError  # noqa: E402
from hand_tracking_ros.tracking.hand import Handedness  # noqa: E402
from hand_tracking_ros.tracking.networks.model_files import find_model  # noqa: E402
from support.checkout import CHECKOUT  # noqa: E402
from support.full_disk import full_disk  # noqa: E402

TIMEOUT_S = 60.0
NUM_FRAMES = 20
WIDTH, HEIGHT = 160, 120
COUNTS = re.compile(
    r'(\d+) published = (\d+) processed \+ (\d+) dropped \+ (\d+) with errors '
    r'\+ (-?\d+) lost in transport'
)


@pytest.fixture(autouse=True)
def models():
    try:
        find_model('palm_detection_full')
        find_model('hand_landmark_full')
    except ModelError as error:
        pytest.skip(str(error))


def write_video(path: Path, num_frames: int) -> Path:
    """A video without any hand."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 30.0, (WIDTH, HEIGHT))
    assert writer.isOpened()
    for index in range(num_frames):
        writer.write(np.full((HEIGHT, WIDTH, 3), index % 200, np.uint8))
    writer.release()
    return path


def start(folder: Path, *arguments: str, stderr=subprocess.STDOUT) -> subprocess.Popen:
    """Start the demo; not from the checkout, whose folder would hide the installed package."""
    return subprocess.Popen(
        [sys.executable, '-m', 'hand_tracking_ros', 'demo', *arguments],
        cwd=folder,
        env={**os.environ, 'ROS_LOG_DIR': str(folder / 'ros_log')},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    process = start(folder, *arguments)
    output, _ = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, output


def child_of(pid: int, program: str) -> int:
    """Process id of a program that a process started."""
    for child in Path(f'/proc/{pid}/task/{pid}/children').read_text().split():
        if f'\0{program}\0' in Path(f'/proc/{child}/cmdline').read_text():
            return int(child)
    raise AssertionError(f'{program} does not run')


class Watched:
    """A demo on a terminal, so that its progress bar can be followed; a context manager."""

    def __init__(self, folder: Path, *arguments: str):
        self._master, slave = pty.openpty()
        rows_and_columns = struct.pack('HHHH', 24, 80, 0, 0)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, rows_and_columns)
        self.process = start(folder, *arguments, stderr=slave)
        os.close(slave)
        self.terminal = ''

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        os.close(self._master)

    def wait_for(self, words: str) -> None:
        """Wait until the terminal shows these words."""
        deadline_s = time.monotonic() + TIMEOUT_S
        while words not in self.terminal:
            assert time.monotonic() < deadline_s, self.terminal
            self._read()

    def finish(self) -> tuple[int, str]:
        """Wait for the end; returns exit status and stdout."""
        while self._read():
            pass
        output, _ = self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode, output

    def child(self, program: str) -> int:
        """Process id of a program that the demo started."""
        return child_of(self.process.pid, program)

    def _read(self) -> bool:
        try:
            text = os.read(self._master, 65536).decode(errors='replace')
        except OSError:  # how Linux says that nobody has the other end any more
            return False
        self.terminal += text
        return bool(text)


def read_counts(output: str) -> dict[str, int]:
    names = ('published', 'processed', 'dropped', 'with_errors', 'lost')
    match = COUNTS.search(output)
    assert match, output
    return dict(zip(names, map(int, match.groups()), strict=True))


def count_video_frames(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    count = 0
    while capture.read()[0]:
        count += 1
    return count


def assert_all_accounted_for(counts: dict[str, int]) -> None:
    assert counts['lost'] >= 0
    assert counts['published'] == sum(counts.values()) - counts['published']


def test_every_frame_is_accounted_for_and_everything_is_written(tmp_path):
    video = write_video(tmp_path / 'grey.avi', NUM_FRAMES)
    exit_status, output = run(tmp_path, '--source', str(video), '--output', 'results')
    assert exit_status == 0, output
    assert f'grey.avi: {NUM_FRAMES} frames, {WIDTH}x{HEIGHT}, 30 Hz' in output
    assert 'warning' not in output
    counts = read_counts(output)
    assert counts['published'] == NUM_FRAMES
    assert_all_accounted_for(counts)

    results = tmp_path / 'results'
    assert count_video_frames(results / 'annotated.mp4') == NUM_FRAMES
    assert cv2.imread(str(results / 'contact_sheet.png')).shape[1] > 1000

    hands = json.loads((results / 'hands.json').read_text())
    assert hands['source'] == 'grey.avi' and hands['counts']['published'] == NUM_FRAMES
    assert len(hands['frames']) == NUM_FRAMES
    assert sum(frame['processed'] for frame in hands['frames']) == counts['processed']
    assert all(frame['hands'] == [] for frame in hands['frames'])

    with Reader(results / 'recording') as bag:
        recorded = {connection.topic: connection.msgcount for connection in bag.connections}
    assert recorded['/image/compressed'] == NUM_FRAMES
    assert recorded['/hand_tracker/hands'] == counts['processed']
    assert recorded['/diagnostics'] >= 2


def test_a_damaged_video_is_said_to_end_early(tmp_path):
    video = write_video(tmp_path / 'cut.avi', NUM_FRAMES)
    video.write_bytes(video.read_bytes()[: video.stat().st_size * 2 // 3])
    exit_status, output = run(tmp_path, '--source', str(video), '--output', 'results')
    assert exit_status == 0, output
    num_published = read_counts(output)['published']
    assert 0 < num_published < NUM_FRAMES
    warning = f'only {num_published} of {NUM_FRAMES} frames came: is cut.avi damaged?'
    assert re.search(f'^warning +{re.escape(warning)}$', output, re.M)


def test_frames_that_come_too_fast_are_counted_as_dropped_or_lost(tmp_path):
    video = write_video(tmp_path / 'fast.avi', 400)
    exit_status, output = run(tmp_path, '--source', str(video), '--rate', '1000')
    assert exit_status == 0, output
    counts = read_counts(output)
    assert counts['published'] == 400 and counts['dropped'] + counts['lost'] > 0
    assert_all_accounted_for(counts)
    hands = json.loads((tmp_path / 'demo_output' / 'hands.json').read_text())
    assert sum(not frame['processed'] for frame in hands['frames']) > 0


def test_hands_in_pictures_are_found_and_drawn(tmp_path):
    pictures = external_data.need('gestures')
    exit_status, output = run(tmp_path, '--source', str(pictures), '--rate', '4')
    assert exit_status == 0, output
    results = tmp_path / 'demo_output'
    frames = json.loads((results / 'hands.json').read_text())['frames']
    # MediaPipe itself finds none in two of the twenty; a busy machine drops some of them.
    processed = [frame for frame in frames if frame['processed']]
    assert sum(not frame['hands'] for frame in processed) <= 3 < len(processed)
    hand = next(hand for frame in frames for hand in frame['hands'])
    assert hand['handedness'] in ('LEFT', 'RIGHT') and hand['state'] == 'TRACKED'
    assert np.shape(hand['landmarks']) == np.shape(hand['world_landmarks']) == (21, 3)
    assert len(hand['finger_curl']) == 5
    # camera_info comes with every picture, so there is a pose.
    assert 0.05 < hand['pose']['position_m'][2] < 20.0
    assert np.linalg.norm(hand['pose']['orientation_xyzw']) == pytest.approx(1.0, abs=1e-5)
    with Reader(results / 'recording') as bag:
        recorded = {connection.topic: connection.msgcount for connection in bag.connections}
    assert recorded['/tf'] > 0 and recorded['/hand_tracker/markers'] > 0


def test_ctrl_c_ends_the_recording_and_shows_what_there_is(tmp_path):
    video = write_video(tmp_path / 'long.avi', 3000)
    with Watched(tmp_path, '--source', str(video)) as demo:
        demo.wait_for('latency')
        environment = Path(f'/proc/{demo.child("hand_tracker")}/environ').read_text().split('\0')
        assert f'ROS_DOMAIN_ID={os.environ["ROS_DOMAIN_ID"]}' in environment  # the user's own
        demo.process.send_signal(signal.SIGINT)
        exit_status, output = demo.finish()
    assert exit_status == 0, output + demo.terminal
    counts = read_counts(output)
    assert 0 < counts['processed'] <= counts['published'] < 3000
    assert_all_accounted_for(counts)
    assert count_video_frames(tmp_path / 'demo_output' / 'annotated.mp4') > 0
    assert (tmp_path / 'demo_output' / 'recording' / 'metadata.yaml').is_file()


def test_it_stops_after_the_duration(tmp_path):
    video = write_video(tmp_path / 'long.avi', 3000)
    exit_status, output = run(tmp_path, '--source', str(video), '--duration', '1')
    assert exit_status == 0, output
    assert 0 < read_counts(output)['published'] < 3000


@pytest.mark.parametrize('program', ['hand_tracker', 'video_publisher'])
def test_a_program_that_dies_on_the_way_is_named_and_the_rest_is_saved(tmp_path, program):
    video = write_video(tmp_path / 'long.avi', 3000)
    with Watched(tmp_path, '--source', str(video)) as demo:
        demo.wait_for('latency')
        other = 'video_publisher' if program == 'hand_tracker' else 'hand_tracker'
        other_pid = demo.child(other)
        os.kill(demo.child(program), signal.SIGKILL)
        exit_status, _ = demo.finish()
    assert exit_status == 1
    assert f'error: {program} was ended by SIGKILL' in demo.terminal
    assert f'{program}.log' in demo.terminal and 'Traceback' not in demo.terminal
    assert (tmp_path / 'demo_output' / 'annotated.mp4').stat().st_size > 0
    assert not Path(f'/proc/{other_pid}').exists()


def test_a_node_that_cannot_start_is_an_error_with_its_own_words(tmp_path, monkeypatch):
    video = write_video(tmp_path / 'grey.avi', NUM_FRAMES)
    (tmp_path / 'demo_output').mkdir()
    (tmp_path / 'demo_output' / 'hands.json').write_text('of an earlier run')
    monkeypatch.setenv('HAND_TRACKING_ROS_MODELS', str(tmp_path / 'broken'))
    (tmp_path / 'broken').mkdir()
    (tmp_path / 'broken' / 'palm_detection_full.onnx').write_bytes(b'not a model')
    exit_status, output = run(tmp_path, '--source', str(video))
    assert exit_status == 1
    assert 'error: hand_tracker ended with exit status 1' in output
    assert 'palm_detection_full.onnx' in output and 'Traceback' not in output
    # What there was is replaced by new results only.
    assert (tmp_path / 'demo_output' / 'hands.json').read_text() == 'of an earlier run'
    assert {path.name for path in (tmp_path / 'demo_output').iterdir()} == {'hands.json', 'logs'}


def test_two_demos_do_not_write_into_one_folder(tmp_path):
    video = write_video(tmp_path / 'grey.avi', 2)
    with replacing_all('--output', tmp_path / 'results'):
        exit_status, output = run(tmp_path, '--source', str(video), '--output', 'results')
    assert exit_status == 1
    assert output == 'error: --output: results: another program is writing there\n'


@pytest.mark.parametrize('words', ['tracking', 'latency'], ids=['while it starts', 'on the way'])
@pytest.mark.parametrize(
    ('number', 'expected_status'),
    [(signal.SIGINT, 130), (signal.SIGHUP, 129), (signal.SIGKILL, -signal.SIGKILL)],
    ids=['Ctrl-C again and again', 'closed terminal', 'killed'],
)
def test_a_demo_that_is_ended_leaves_no_program_and_the_earlier_results(
    tmp_path, words, number, expected_status
):
    video, results = write_video(tmp_path / 'long.avi', 3000), tmp_path / 'demo_output'
    results.mkdir()
    (results / 'hands.json').write_text('of an earlier run')
    with Watched(tmp_path, '--source', str(video)) as demo:
        demo.wait_for(words)
        children = [os.pidfd_open(demo.child(name)) for name in ('hand_tracker', 'video_publisher')]
        demo.process.send_signal(number)
        for child in children:
            for _ in range(int(TIMEOUT_S / 0.1)):
                if select.select([child], [], [], 0.1)[0]:
                    break
                if number == signal.SIGINT:
                    demo.process.send_signal(number)
            else:
                pytest.fail('a program lives on')
            os.close(child)
        exit_status, _ = demo.finish()
    assert exit_status == expected_status, demo.terminal
    assert 'Traceback' not in demo.terminal
    assert (results / 'hands.json').read_text() == 'of an earlier run'
    if number != signal.SIGKILL:
        assert {path.name for path in results.iterdir()} == {'hands.json', 'logs'}


def test_a_demo_ends_with_the_make_that_started_it(tmp_path):
    video = write_video(tmp_path / 'long.avi', 3000)
    # The recipe of our own Makefile, in the environment of this test.
    lines = (CHECKOUT / 'Makefile').read_text().splitlines()
    recipe = lines[next(index for index, line in enumerate(lines) if line.startswith('demo:')) + 1]
    assert 'environment/run demo' in recipe
    recipe = recipe.replace('environment/run', f'{sys.executable} -m hand_tracking_ros')
    (tmp_path / 'Makefile').write_text(f'demo:\n{recipe}\n')
    log = (tmp_path / 'log').open('w+')
    make = subprocess.Popen(
        ['make', 'demo'],
        cwd=tmp_path,
        env={**os.environ, 'SOURCE': str(video)},
        stdout=log,
        stderr=log,
    )
    deadline_s = time.monotonic() + TIMEOUT_S
    while 'long.avi' not in (tmp_path / 'log').read_text():
        assert time.monotonic() < deadline_s and make.poll() is None
        time.sleep(0.05)
    demo = os.pidfd_open(child_of(make.pid, 'demo'))
    make.kill()
    make.wait()
    has_ended = select.select([demo], [], [], TIMEOUT_S)[0]
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(demo, signal.SIGKILL)
    os.close(demo)
    log.close()
    assert has_ended, 'it lives on'


def test_a_full_disk_is_told_in_a_sentence(tmp_path):
    video, results = write_video(tmp_path / 'grey.avi', NUM_FRAMES), tmp_path / 'demo_output'
    results.mkdir()
    (results / 'hands.json').write_text('of an earlier run')
    with full_disk(free_bytes=20_000):
        exit_status, output = run(tmp_path, '--source', str(video))
    assert exit_status == 1
    assert re.search(r'^error: .*recording cannot be written \(File too large\)$', output, re.M)
    assert 'Traceback' not in output
    assert {path.name for path in results.iterdir()} == {'hands.json', 'logs'}


@pytest.mark.parametrize(
    ('environment', 'expected'),
    [
        (
            {'ROS_DISTRO': 'jazzy', 'ROS_DOMAIN_ID': '7'},
            {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'},
        ),
        ({'ROS_DISTRO': 'humble', 'ROS_DOMAIN_ID': '7'}, {'ROS_LOCALHOST_ONLY': '1'}),
        ({'ROS_DOMAIN_ID': '7', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}, {}),
        ({'ROS_DOMAIN_ID': '7', 'ROS_LOCALHOST_ONLY': '0'}, {}),
        ({'ROS_DOMAIN_ID': '7', 'ROS_STATIC_PEERS': '10.0.0.2'}, {}),
    ],
)
def test_the_demo_keeps_to_this_computer_unless_told_otherwise(environment, expected):
    assert network_environment(environment) == expected


def test_without_a_domain_the_demo_takes_one_of_its_own():
    chosen = network_environment({'ROS_LOCALHOST_ONLY': '1'})
    assert list(chosen) == ['ROS_DOMAIN_ID'] and 0 < int(chosen['ROS_DOMAIN_ID']) <= 101


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        (['--source', 'no/film.mp4'], "source 'no/film.mp4': no such file"),
        (['--source', '987'], 'no camera 987 that delivers pictures'),
        (['--source', '{video}', '--output', '{video}'], '--output'),
    ],
)
def test_a_user_s_mistake_is_one_plain_line(tmp_path, arguments, complaint):
    video = write_video(tmp_path / 'grey.avi', 2)
    exit_status, output = run(tmp_path, *(text.format(video=video) for text in arguments))
    assert exit_status == 1
    assert complaint in output and 'Traceback' not in output and 'tracking' not in output


@pytest.mark.skipif(any(Path('/dev').glob('video*')), reason='there is a camera')
def test_a_camera_that_is_not_there_says_what_to_do(tmp_path):
    exit_status, output = run(tmp_path, '--source', 'camera')
    assert exit_status == 1
    assert output.startswith('error: no camera found')
    assert 'name another source: a video file, a folder of pictures, or simulated' in output
    assert not (tmp_path / 'demo_output').exists()


def test_without_a_source_it_tracks_simulated_hands_in_their_true_place(tmp_path):
    exit_status, output = run(tmp_path, '--duration', '2')
    assert exit_status == 0, output
    assert 'simulated hands: 600 frames, 640x480, 30 Hz' in output
    frames = json.loads((tmp_path / 'demo_output' / 'hands.json').read_text())['frames']
    processed = [frame for frame in frames if frame['processed']]
    assert sum(bool(frame['hands']) for frame in processed) >= 0.9 * len(processed) > 0
    simulator = CameraSimulator(SimulatorOptions('wave', handedness=Handedness.RIGHT))
    (truth,) = simulator.render(0.0).hands
    hand = processed[0]['hands'][0]
    assert hand['handedness'] == 'RIGHT'
    miss = np.linalg.norm(np.subtract(hand['landmarks'], truth.landmarks)[:, :2], axis=1)
    assert np.median(miss) < 0.05  # of the image; the hand measures 0.3


def test_help_tells_what_it_writes(tmp_path):
    exit_status, output = run(tmp_path, '--help')
    assert exit_status == 0
    for name in ('annotated.mp4', 'contact_sheet.png', 'hands.json', 'recording/', '--duration'):
        assert name in output
