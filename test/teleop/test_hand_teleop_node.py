"""The teleoperation node as users run it: a process of its own, heard and spoken to over DDS."""

import signal
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from geometry_msgs.msg import TransformStamped
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.message_conversion import hand_frames, hands_to_message
from hand_tracking_ros.tracking.fingers.finger_values import with_finger_values
from hand_tracking_ros.tracking.fingers.hand_frame import hand_axes
from hand_tracking_ros.tracking.hand import (
    Handedness,
    HandPose,
    Landmark,
    PoseSource,
    TrackingState,
)
from support.node_process import Client, NodeProcess
from support.synthetic_hand import hand_points, hand_seen
from support.teleop_client import LATCHED, TeleopOutputs, camera_in_robot, place

HANDS = 'hand_tracker/hands'
FRAME_MS = 33
MAX_SPEED_M_S = 0.3
START = ['-p', 'start_position:=[0.1, 0.2, 0.3]', '-p', f'max_linear_speed:={MAX_SPEED_M_S}']
START_M = np.array([0.1, 0.2, 0.3])
# Nobody waits for the next message longer than a test's own.
PATIENT = ['-p', 'timeout:=10.0', '-p', 'resume_within:=1.0']


class Operator(Client):
    """Shows a hand to the node, and keeps what it answers."""

    def __init__(self, node):
        super().__init__(node)
        self.said = TeleopOutputs(self)
        self.add_publisher(HandArray, HANDS)
        self._stamp_ms = 1000

    def connect(self):
        publisher = self._publishers[HANDS]
        self.wait_for(publisher.get_subscription_count, f'subscription to {HANDS}')
        self.said.wait_until_heard()

    def message(self, *hands):
        """The next image's message, with these hands."""
        self._stamp_ms += FRAME_MS
        header = Header(frame_id='camera')
        header.stamp.sec, milliseconds = divmod(self._stamp_ms, 1000)
        header.stamp.nanosec = milliseconds * 1_000_000
        hands = [with_finger_values(hand) for hand in hands]
        return hands_to_message(hands, hand_frames(hands), header, 640, 480)

    def show(self, *hands):
        """The target that answers the next image, with these hands."""
        message = self.message(*hands)

        def answered():
            # Best effort may lose it; a message that repeats its stamp moves nothing.
            self.publish(HANDS, message)
            for _ in range(20):
                self._executor.spin_once(timeout_sec=0.05)
                for target in self.said.targets:
                    if target.header.stamp == message.header.stamp:
                        return target
            return None

        return self.wait_for(answered, f'target for {[hand.state for hand in hands]}')


def hand(position_m=(0.0, 0.0, 0.6), pinched=False, side=Handedness.RIGHT, **fields):
    """A hand with its index finger's tip on the thumb's, or not."""
    points = hand_points(side=side)
    if pinched:
        points[Landmark.INDEX_FINGER_TIP] = points[Landmark.THUMB_TIP]
    seen = hand_seen(np.zeros((21, 2)), (640, 480), points - points.mean(axis=0), side)
    points = points + position_m
    pose = HandPose(
        points[0], hand_axes(points, side), points, np.eye(6), 0.0, PoseSource.HAND_SIZE
    )
    return replace(seen, **{'pose': pose, **fields})


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
    back = operator.show(hand((0.4, 0.3, 0.9), pinched=True))
    operator.said.wait_for_status('ENGAGED')
    np.testing.assert_array_equal(place(back), place(moved))
    fast = operator.show(hand((0.9, 0.3, 0.9), pinched=True))
    step_m = place(fast) - place(back)
    np.testing.assert_allclose(step_m, [MAX_SPEED_M_S * FRAME_MS / 1000, 0, 0], atol=1e-6)


def test_the_log_says_when_and_why_it_stopped(operator):
    operator.show(hand())
    operator.show(hand(pinched=True))
    operator.show(hand(state=TrackingState.HELD))
    operator.wait_for(lambda: 'Stopped: the right hand is held' in operator._log(), 'log')


@pytest.mark.parametrize(
    ('hands', 'reason'),
    [
        ([hand(side=Handedness.LEFT)], 'no right hand'),
        ([hand(pose=None)], 'camera_info'),
        ([replace(hand(), pose=replace(hand().pose, position_m=[np.nan] * 3))], 'not finite'),
    ],
    ids=['the other hand', 'no pose', 'not finite'],
)
def test_a_hand_that_cannot_be_followed_is_named_with_the_reason(operator, hands, reason):
    operator.show(hand())
    operator.show(*hands)
    operator.wait_for(lambda: reason in operator.said.statuses[-1], reason)


def test_silence_counts_as_a_loss(tmp_path):
    with (
        NodeProcess(tmp_path, '-p', 'timeout:=0.1', program='hand_teleop') as node,
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

        def send_until(says):
            def said():
                operator.publish(HANDS, operator.message(hand()))
                operator._executor.spin_once(timeout_sec=0.05)
                return operator.said.statuses[-1].startswith(says)

            operator.wait_for(said, says)

        send_until("HAND_LOST: no transform from 'camera' to 'base'")
        assert not operator.said.targets

        tool = TransformStamped(child_frame_id='tool')
        tool.header.frame_id = 'base'
        tool.transform.translation.x = 0.5
        publisher = operator.node.create_publisher(TFMessage, '/tf_static', LATCHED)
        publisher.publish(TFMessage(transforms=[camera_in_robot('camera'), tool]))
        send_until('RELEASED')
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
