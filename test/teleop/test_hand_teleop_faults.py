"""What goes wrong around the teleoperation node: the target stands still, and the node says why."""

import contextlib
import math
import signal
import time

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from geometry_msgs.msg import Quaternion
from rcl_interfaces.srv import SetParameters
from rclpy.duration import Duration
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.parameter import Parameter
from rclpy.qos import LivelinessPolicy, QoSProfile
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

from support.node_process import NodeProcess
from support.teleop_client import camera_in_robot, place
from support.teleop_operator import FRAME_NS, HANDS, PATIENT, Operator, hand

# What the target does at once: no wrong value is hidden by a speed limit.
FAST = ['-p', 'max_linear_speed:=10.0', '-p', 'max_angular_speed:=20.0']
TOPIC = f'/{HANDS}'


@pytest.fixture
def start(tmp_path):
    """Starts the node, and somebody who shows it a hand."""
    with contextlib.ExitStack() as stack:

        def start(*arguments):
            process = NodeProcess(tmp_path, *FAST, *arguments, program='hand_teleop')
            node = stack.enter_context(process)
            operator = stack.enter_context(Operator(node))
            operator.connect()
            return operator, node

        yield start


def engage(operator):
    operator.show(hand())
    target = operator.show(hand(pinched=True))
    operator.said.wait_for_status('ENGAGED')
    return target


def test_a_wrong_message_costs_itself_and_moves_nothing(start):
    operator, node = start(*PATIENT)
    engaged = engage(operator)

    def with_wrong(spoil):
        message = operator.message(hand((0.05, 0.0, 0.6), pinched=True))
        spoil(message.hands[0])
        return message

    def zero_rotation(wrong):
        wrong.pose.pose.orientation = Quaternion(w=0.0)

    def no_number(wrong):
        wrong.pose.pose.position.z = math.nan

    def no_state(wrong):
        wrong.state = 99

    for spoil, complaint in (
        (zero_rotation, 'hands[0]: quaternion is (0.0, 0.0, 0.0, 0.0)'),
        (no_number, 'hands[0].pose.pose.position is [0.05, 0.0, nan]'),
        (no_state, 'hands[0].state is 99'),
    ):
        target = operator.send(with_wrong(spoil))
        np.testing.assert_array_equal(place(target), place(engaged))
        operator.said.wait_for_status(f'FAULT: {TOPIC}: {complaint}')
        assert f'{TOPIC}: {complaint}' in node.text()

    def before_1970():
        message = operator.message(hand(pinched=True))
        message.header.stamp.sec = -1
        return message

    operator.send_until(before_1970, f'FAULT: {TOPIC}: header.stamp is (-1, ')
    assert all(target.header.stamp.sec > 0 for target in operator.said.targets)

    crowd = [hand(track_id=number, pinched=True) for number in range(1, 301)]
    operator.show(*crowd)
    operator.said.wait_for_status('ENGAGED')
    moved = operator.show(hand((0.05, 0.0, 0.6), pinched=True))
    np.testing.assert_allclose(place(moved), np.add(place(engaged), [0.05, 0, 0]), atol=1e-6)


def test_a_hand_that_jumps_is_not_chased(start):
    operator, node = start(*PATIENT)
    engaged = engage(operator)
    jumped = operator.show(hand((0.0, 0.8, 0.6), pinched=True))
    operator.said.wait_for_status('RELEASED: the hand jumped by 0.80 m within 0.033 s')
    assert 'Stopped: the hand jumped by 0.80 m' in node.text()
    still = operator.show(hand((0.0, 0.7, 0.6), pinched=True))
    for target in (jumped, still):
        np.testing.assert_array_equal(place(target), place(engaged))
    np.testing.assert_array_equal(place(engage(operator)), place(engaged))


def test_stamps_that_run_too_fast_make_no_motion_faster(start):
    limit_m_s = 0.25
    operator, _ = start(*PATIENT, '-p', f'max_linear_speed:={limit_m_s}')
    operator.show(hand())
    begin_s = time.monotonic()
    engaged = operator.show(hand(pinched=True))
    for step in range(1, 11):
        operator.stamp_ns += 9 * FRAME_NS
        moved = operator.show(hand((0.05 * step, 0.0, 0.6), pinched=True))
    operator.said.wait_for_status('ENGAGED')
    moved_m = np.linalg.norm(place(moved) - place(engaged))
    assert 0.01 < moved_m <= limit_m_s * (time.monotonic() - begin_s)


def test_images_of_another_frame_disengage_and_do_not_move_the_targets_frame(start):
    operator, _ = start(*PATIENT)
    engaged = engage(operator)
    other = operator.show(hand(pinched=True), frame_id='other_camera')
    operator.said.wait_for_status(
        f"FAULT: {TOPIC}: header.frame_id is 'other_camera', but the target is in 'camera'"
    )
    assert 'robot_frame' in operator.said.statuses[-1]
    back = operator.show(hand((0.05, 0.0, 0.6), pinched=True))
    operator.said.wait_for_status('RELEASED: open the pinch once')
    for target in (other, back):
        assert target.header.frame_id == 'camera'
        np.testing.assert_array_equal(place(target), place(engaged))


def test_a_wrong_transform_or_one_that_jumps_moves_nothing(start):
    operator, node = start(*PATIENT, '-p', 'robot_frame:=base')
    publisher = operator.node.create_publisher(TFMessage, '/tf', 10)

    def tell(aside_m=0.0, **rotation):
        transform = camera_in_robot('camera')
        transform.transform.translation.x = aside_m
        for name, value in rotation.items():
            setattr(transform.transform.rotation, name, value)
        publisher.publish(TFMessage(transforms=[transform]))

    def show_until(status, pinched=True, **transform):
        def message():
            tell(**transform)
            return operator.message(hand(pinched=pinched))

        operator.send_until(message, status)

    show_until('RELEASED', pinched=False)
    show_until('ENGAGED')
    wrong = "FAULT: /tf: transform from 'camera' to 'base': "
    show_until(wrong + 'translation is (nan, 0.0, 1.0)', aside_m=math.nan)
    show_until('ENGAGED')
    show_until(wrong + 'rotation: quaternion is (0.0, 0.0', **dict.fromkeys('xyzw', 0.0))
    show_until('ENGAGED')
    show_until(wrong + 'rotation: quaternion is (-0.5, nan', y=math.nan)
    show_until('ENGAGED')
    show_until('RELEASED: ', aside_m=0.8)
    assert any('the hand jumped by 0.80 m' in status for status in operator.said.statuses)
    assert {tuple(place(target)) for target in operator.said.targets} == {(0.0, 0.0, 0.0)}
    assert 'Traceback' not in node.text()


def test_an_old_image_engages_nothing_and_is_said_with_its_age(start):
    operator, node = start('-p', 'timeout:=10.0')

    def of_age(age_s, pinched=False):
        operator.stamp_ns = time.time_ns() - int(age_s * 1e9) - FRAME_NS
        return operator.message(hand(pinched=pinched))

    operator.send_until(lambda: of_age(20.0), 'FAULT: the image is 20')
    assert 'WARN' in next(line for line in node.text().splitlines() if 'the image is 20' in line)
    operator.send_until(
        lambda: of_age(-20.0), "FAULT: the image's stamp is 20 s ahead of the clock"
    )
    assert not operator.said.targets
    operator.send_until(lambda: of_age(0.0), 'RELEASED')
    operator.send_until(lambda: of_age(0.0, pinched=True), 'ENGAGED')
    operator.send_until(lambda: of_age(3600.0), 'FAULT: the image is 3.6e+03 s old')


def test_a_shorter_timeout_counts_at_once(start):
    operator, _ = start(*PATIENT)
    operator.show(hand())
    heard_s = time.monotonic()
    change = Parameter('timeout', value=0.05).to_parameter_msg()
    request = SetParameters.Request(parameters=[change])
    answer = operator.call(SetParameters, 'hand_teleop/set_parameters', request)
    assert answer.results[0].successful
    operator.said.wait_for_status(f'HAND_LOST: no message on {TOPIC} any more')
    assert time.monotonic() - heard_s < 10.0, 'the timeout before was waited for'


def test_a_robot_can_tell_a_dead_node_from_a_quiet_one(start):
    operator, node = start(*PATIENT)
    said, said_to_anybody, alive = [], [], []
    demanding = QoSProfile(
        depth=1,
        deadline=Duration(seconds=0.2),
        liveliness=LivelinessPolicy.MANUAL_BY_TOPIC,
        liveliness_lease_duration=Duration(seconds=0.2),
    )
    events = SubscriptionEventCallbacks(liveliness=lambda event: alive.append(event.alive_count))
    operator.node.create_subscription(
        String, 'hand_teleop/status', said.append, demanding, event_callbacks=events
    )
    operator.listen(String, 'hand_teleop/status', said_to_anybody)
    # Nothing comes in, and the same status goes out again and again.
    operator.wait_for(lambda: min(len(said), len(said_to_anybody)) > 5, 'status without any input')
    assert {message.data for message in said} == {f'HAND_LOST: no message on {TOPIC} yet'}
    operator.wait_for(lambda: alive[-1:] == [1], 'life')
    node.send_signal(signal.SIGSTOP)
    operator.wait_for(lambda: alive[-1] == 0, 'end of life')
    node.send_signal(signal.SIGCONT)
    operator.wait_for(lambda: alive[-1] == 1, 'life again')
