"""The teleoperation node as users run it: a process of its own, heard and spoken to over DDS."""

import signal

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from geometry_msgs.msg import TransformStamped
from tf2_msgs.msg import TFMessage

from hand_tracking_ros.tracking.hand import TrackingState
from support.node_process import NodeProcess
from support.teleop_client import LATCHED, camera_in_robot, place
from support.teleop_operator import FRAME_NS, HANDS, PATIENT, Operator, hand

MAX_SPEED_M_S = 0.3
START = ['-p', 'start_position:=[0.1, 0.2, 0.3]', '-p', f'max_linear_speed:={MAX_SPEED_M_S}']
START_M = np.array([0.1, 0.2, 0.3])


@pytest.fixture
def operator(tmp_path):
    with (
        NodeProcess(tmp_path, *START, *PATIENT, program='hand_teleop') as node,
        Operator(node) as operator,
    ):
        operator.connect()
        yield operator
        assert node.stop() == 0, node.text()
        assert 'Traceback' not in node.text()


def test_the_target_engages_follows_stops_on_loss_and_never_jumps(operator):
    released = operator.show(hand())
    assert released.header.frame_id == 'camera'
    np.testing.assert_allclose(place(released), START_M)
    operator.said.wait_for_status('RELEASED')
    assert not operator.said.grippers

    engaged = operator.show(hand(pinched=True))
    operator.said.wait_for_status('ENGAGED')
    np.testing.assert_allclose(place(engaged), START_M)
    operator.wait_for(lambda: operator.said.grippers, 'gripper command')

    moved = operator.show(hand((0.005, 0.0, 0.6), pinched=True))
    np.testing.assert_allclose(place(moved), np.add(START_M, [0.005, 0.0, 0.0]), atol=1e-6)

    # Lost in mid-motion: this very message stops the target.
    held = hand((0.5, 0.0, 0.6), pinched=True, state=TrackingState.HELD)
    stopped = operator.show(held)
    np.testing.assert_array_equal(place(stopped), place(moved))
    operator.said.wait_for_status('HAND_LOST: the right hand is held')
    gone = operator.show()
    np.testing.assert_array_equal(place(gone), place(moved))
    operator.said.wait_for_status('HAND_LOST: no right hand')

    # Back elsewhere, the clutch still closed: on from where the target is, at the speed limit.
    back = operator.show(hand((0.1, 0.0, 0.6), pinched=True))
    operator.said.wait_for_status('ENGAGED')
    np.testing.assert_array_equal(place(back), place(moved))
    fast = operator.show(hand((0.2, 0.0, 0.6), pinched=True))
    step_m = place(fast) - place(back)
    np.testing.assert_allclose(step_m, [MAX_SPEED_M_S * FRAME_NS / 1e9, 0, 0], atol=1e-6)


def test_the_log_says_when_and_why_it_stopped(operator):
    operator.show(hand())
    operator.show(hand(pinched=True))
    operator.show(hand(state=TrackingState.HELD))
    operator.wait_for(lambda: 'Stopped: the right hand is held' in operator._log(), 'log')


def test_silence_counts_as_a_loss(tmp_path):
    with (
        NodeProcess(tmp_path, *PATIENT, '-p', 'timeout:=0.1', program='hand_teleop') as node,
        Operator(node) as operator,
    ):
        operator.connect()
        operator.show(hand())
        operator.said.wait_for_status(f'HAND_LOST: no message on /{HANDS} any more')


def test_the_target_moves_in_the_robots_frame_once_tf_knows_it(tmp_path):
    with (
        NodeProcess(
            tmp_path, *PATIENT, '-p', 'robot_frame:=base', '-p', 'tool_frame:=tool',
            program='hand_teleop',
        ) as node,
        Operator(node) as operator,
    ):  # fmt: skip
        operator.connect()

        no_transform = "no transform from 'camera' to 'base'"
        operator.send_until(lambda: operator.message(hand()), f'FAULT: {no_transform}')
        assert not operator.said.targets
        # Somebody has to mend it: a warning, with what TF has and the parameter to set.
        (warning,) = [line for line in node.text().splitlines() if no_transform in line]
        assert 'WARN' in warning
        assert 'nothing comes on /tf' in warning
        assert 'the parameter robot_frame' in warning

        tool = TransformStamped(child_frame_id='tool')
        tool.header.frame_id = 'base'
        tool.transform.translation.x = 0.5
        publisher = operator.node.create_publisher(TFMessage, '/tf_static', LATCHED)
        publisher.publish(TFMessage(transforms=[camera_in_robot('camera'), tool]))
        operator.send_until(lambda: operator.message(hand()), 'RELEASED')
        first = operator.show(hand(pinched=True))
        assert first.header.frame_id == 'base'
        np.testing.assert_allclose(place(first), [0.5, 0.0, 0.0], atol=1e-6)
        # Away from the camera is forward for the robot.
        moved = operator.show(hand((0.0, 0.0, 0.605), pinched=True))
        np.testing.assert_allclose(place(moved), [0.505, 0.0, 0.0], atol=1e-6)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_the_node_ends_quietly_when_told_to(tmp_path, number):
    with NodeProcess(tmp_path, program='hand_teleop') as node, Operator(node) as operator:
        operator.connect()
        assert node.stop(number) == 0, node.text()
        assert 'Traceback' not in node.text()


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        (['-p', 'clutch:=wink'], 'pinch, fist'),
        (['-p', 'clutch_engage:=0.3'], 'the clutch opens below'),
        (['-p', 'workspace_min:=[2.0, 0.0, 0.0]'], 'workspace'),
        (['-p', 'start_position:=[1.0, 0.0]'], '3 finite numbers'),
        (['-p', 'start_orientation:=[0.0, 0.0, 0.0, 0.0]'], 'start_orientation'),
    ],
)
def test_a_wrong_start_is_explained_in_one_line(tmp_path, arguments, complaint):
    with NodeProcess(tmp_path, *arguments, program='hand_teleop') as node:
        assert node.wait() == 1
        assert complaint in node.text()
        assert 'Traceback' not in node.text()
