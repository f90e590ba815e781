"""The simulated camera as a process of its own, heard over DDS: do its messages fit together?"""

import re
import signal

import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from hand_tracking_ros.cameras.simulated_messages import depth_message, hand_from_truth  # noqa: E402
from hand_tracking_ros.msg import Hand, HandArray  # noqa: E402
from hand_tracking_ros.ros.message_conversion import hands_from_message  # noqa: E402
from hand_tracking_ros.simulation.camera_simulator import (  # noqa: E402
    CameraSimulator,
    SimulatorOptions,
)
from hand_tracking_ros.simulation.sensor import SensorOptions  # noqa: E402
from hand_tracking_ros.tracking.fingers.hand_frame import hand_axes  # noqa: E402
from hand_tracking_ros.tracking.hand import Handedness, Landmark, TrackingState  # noqa: E402
from support.camera_process import (  # noqa: E402
    TIMEOUT_S,
    listen_to_all,
    listen_until,
    listening,
    pixels,
    run,
    stamps_ns,
    start,
)

PROGRAM = 'simulated_camera'
WIDTH, HEIGHT = 96, 72
NUM_FRAMES = 5
SMALL = (
    '--ros-args', '-p', f'width:={WIDTH}', '-p', f'height:={HEIGHT}', '-p', 'rate:=10.0',
)  # fmt: skip
SHORT = (*SMALL, '-p', f'duration:={NUM_FRAMES / 10}')


@pytest.fixture
def listener():
    with listening(PROGRAM, {'depth': Image, 'ground_truth': HandArray}) as node:
        yield node


def depth_m(message: Image) -> np.ndarray:
    dtype = {'16UC1': np.uint16, '32FC1': np.float32}[message.encoding]
    depth = np.frombuffer(message.data, dtype).reshape(message.height, message.width)
    return depth / 1000.0 if message.encoding == '16UC1' else depth


def test_all_messages_of_a_frame_come_with_one_stamp_and_size(listener, tmp_path):
    log = listen_to_all(listener, PROGRAM, tmp_path, *SHORT, '-p', 'frame_id:=head_camera')
    assert f'Published {NUM_FRAMES} frames' in log
    assert [count.data for count in listener.counts] == list(range(1, NUM_FRAMES + 1))
    stamps = stamps_ns(listener.images)
    assert len(stamps) == NUM_FRAMES and stamps == sorted(set(stamps))
    depths, truths = listener.heard['depth'], listener.heard['ground_truth']
    for messages in (listener.infos, listener.compressed, depths, truths):
        assert stamps_ns(messages) == stamps
        assert {message.header.frame_id for message in messages} == {'head_camera'}
    for message in (listener.images[0], listener.infos[0], depths[0]):
        assert (message.width, message.height) == (WIDTH, HEIGHT)
    assert (truths[0].image_width, truths[0].image_height) == (WIDTH, HEIGHT)


def test_the_truth_is_where_image_depth_and_camera_info_say(listener, tmp_path):
    arguments = ('-p', 'handedness:=left', '-p', 'depth_noise:=0.0', '-p', 'seed:=3')
    listen_to_all(listener, PROGRAM, tmp_path, *SHORT, *arguments)
    info, depth = listener.infos[-1], depth_m(listener.heard['depth'][-1])
    (message,) = listener.heard['ground_truth'][-1].hands
    assert (message.track_id, message.state, message.has_pose) == (1, Hand.TRACKED, True)
    (hand,) = hands_from_message(listener.heard['ground_truth'][-1])
    assert hand.handedness == Handedness.LEFT
    landmarks_m = hand.pose.camera_landmarks_m

    projected = landmarks_m @ np.reshape(info.k, (3, 3)).T
    landmarks_px = hand.landmarks_px(WIDTH, HEIGHT)
    np.testing.assert_allclose(projected[:, :2] / projected[:, 2:], landmarks_px, atol=1e-3)
    np.testing.assert_allclose(hand.pose.position_m, landmarks_m[Landmark.WRIST], atol=1e-9)
    axes = hand_axes(landmarks_m, Handedness.LEFT)
    np.testing.assert_allclose(hand.pose.rotation, axes, atol=1e-6)

    # Skin lies in front of the knuckle's centre, by less than a finger is thick.
    column, row = landmarks_px[Landmark.MIDDLE_FINGER_MCP].round().astype(int)
    skin_to_joint_m = landmarks_m[Landmark.MIDDLE_FINGER_MCP, 2] - depth[row, column]
    assert 0.0 < skin_to_joint_m < 0.03


def test_the_same_seed_gives_the_same_frames_as_without_ros(listener, tmp_path):
    arguments = ('-p', 'scene:=wave', '-p', 'seed:=7', '-p', 'depth_encoding:=32FC1')
    listen_to_all(listener, PROGRAM, tmp_path, *SHORT, *arguments, '-p', 'depth_holes:=0.3')
    assert len(listener.images) == NUM_FRAMES
    options = SimulatorOptions('wave', 7, WIDTH, HEIGHT, sensor=SensorOptions(depth_holes=0.3))
    simulator = CameraSimulator(options)
    for index in (0, NUM_FRAMES - 1):
        expected = simulator.render(index / 10)
        assert (pixels(listener.images[index]) == expected.image).all()
        depth = depth_m(listener.heard['depth'][index])
        assert np.isnan(depth).mean() > 0.2
        np.testing.assert_array_equal(np.nan_to_num(depth), expected.depth_m)


def test_another_seed_is_another_take():
    first, second = (
        CameraSimulator(SimulatorOptions(seed=seed, width=WIDTH, height=HEIGHT)).render(0.0).image
        for seed in (1, 2)
    )
    assert (first != second).mean() > 0.5


def test_a_hand_that_the_image_does_not_show_is_held():
    simulator = CameraSimulator(
        SimulatorOptions('leave_and_return', width=WIDTH, height=HEIGHT, person=False)
    )
    truths = [truth for t_s in np.arange(0, 5, 0.25) for truth in simulator.render(t_s).hands]
    hands = [hand_from_truth(truth, WIDTH, HEIGHT, 0.0) for truth in truths]
    assert {hand.state for hand in hands} == {TrackingState.TRACKED, TrackingState.HELD}
    for hand in hands:
        inside = ((hand.landmarks[:, :2] > 0) & (hand.landmarks[:, :2] < 1)).all(axis=1)
        assert (hand.state == TrackingState.TRACKED) == (inside.mean() >= 0.5)


def test_depth_that_is_missing_or_too_far_is_marked_as_rep_118_has_it():
    depth = np.array([[0.0, 0.5004, 70.0]], np.float32)
    millimetres = depth_message(depth, Header(), '16UC1')
    assert np.frombuffer(millimetres.data, np.uint16).tolist() == [0, 500, 0]
    metres = np.frombuffer(depth_message(depth, Header(), '32FC1').data, np.float32)
    np.testing.assert_array_equal(metres, np.float32([np.nan, 0.5004, 70.0]))


def test_it_goes_on_until_a_signal_ends_it_cleanly(listener, tmp_path):
    process = start(PROGRAM, tmp_path, *SMALL)
    listen_until(listener, lambda: len(listener.images) > NUM_FRAMES)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, output
    assert 'Traceback' not in output and re.search(r'Published \d+ frames', output)


@pytest.mark.parametrize(
    ('argument', 'complaint'),
    [
        ('scene:=juggle', "scene: 'juggle' is not one of still, wave"),
        ('depth_encoding:=8UC1', "'8UC1' is not one of 16UC1, 32FC1"),
        ('width:=0', 'parameter width'),
    ],
)
def test_a_user_s_mistake_is_one_plain_line(tmp_path, argument, complaint):
    exit_status, output = run(PROGRAM, tmp_path, '--ros-args', '-p', argument)
    assert exit_status == 1
    assert complaint in output and 'error: ' in output and 'Traceback' not in output


def test_help_tells_of_every_parameter(tmp_path):
    exit_status, output = run(PROGRAM, tmp_path, '--help')
    assert exit_status == 0
    for name in ('scene', 'seed', 'hand_length', 'depth_encoding', 'wait_for_subscribers'):
        assert re.search(rf'^  {name} \(', output, re.MULTILINE)
