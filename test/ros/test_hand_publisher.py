"""Nothing that is not finite leaves the node, on any of its topics."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

import rclpy
from geometry_msgs.msg import PoseStamped
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.compat import TransformBroadcaster
from hand_tracking_ros.ros.hand_publisher import HandPublisher
from hand_tracking_ros.ros.hand_tracker_parameters import HandTrackerSettings
from hand_tracking_ros.tracking.fingers.finger_values import with_finger_values
from hand_tracking_ros.tracking.hand import Handedness, HandPose, PoseSource
from support.synthetic_hand import hand_points, hand_seen

POINTS_M = hand_points((0.3, 0.2, 0.3, 0.4, 0.5)) + np.array([0.0, 0.0, 0.5])
IMAGE = np.zeros((48, 64, 3), np.uint8)


def located_hand(track_id, **pose_fields):
    pose = HandPose(POINTS_M[0], np.eye(3), POINTS_M, np.eye(6), 1.0, PoseSource.HAND_SIZE)
    seen = hand_seen(POINTS_M[:, :2] * 900, (64, 48), POINTS_M, Handedness.RIGHT)
    seen = replace(seen, track_id=track_id, pose=replace(pose, **pose_fields))
    with np.errstate(all='ignore'):
        return with_finger_values(seen)


@pytest.fixture
def publish():
    """Publishes hands, and returns what a listener hears: HandArray, TFMessages, PoseStampeds."""
    context = Context()
    rclpy.init(context=context)
    node = rclpy.create_node('hand_tracker', context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    publisher = HandPublisher(node, '', TransformBroadcaster(node))
    hands, transforms, poses = [], [], []
    node.create_subscription(HandArray, '~/hands', hands.append, 10)
    node.create_subscription(TFMessage, '/tf', transforms.append, 10)
    node.create_subscription(PoseStamped, '~/right/pose', poses.append, 10)

    def publish_and_listen(*tracked):
        while not all(map(node.count_subscribers, ('/hand_tracker/hands', '/tf'))):
            executor.spin_once(timeout_sec=0.05)
        header = Header(frame_id='camera')
        for header.stamp.sec in range(1, 100):
            num_unsound = publisher.publish(IMAGE, tracked, header, HandTrackerSettings())
            # All other messages of this image were sent with it or not at all.
            for _ in range(20):
                executor.spin_once(timeout_sec=0.02)
            if hands:
                return num_unsound, hands[-1].hands, transforms, poses
        raise AssertionError('nothing was heard')

    yield publish_and_listen
    executor.shutdown()
    node.destroy_node()
    context.try_shutdown()


@pytest.mark.parametrize(
    'wrong',
    [
        {'position_m': np.array([0.0, np.nan, 0.5])},
        {'rotation': np.full((3, 3), np.nan)},
        {'covariance': -np.eye(6)},
    ],
)
def test_a_hand_without_a_sound_pose_has_none_on_any_topic(publish, wrong):
    num_unsound, hands, transforms, poses = publish(located_hand(7, **wrong))
    assert num_unsound == 1
    assert [(hand.track_id, hand.has_pose) for hand in hands] == [(7, False)]
    assert not transforms
    assert not poses


def test_a_hand_that_is_not_finite_is_left_out_and_the_others_stay(publish):
    bad = replace(located_hand(1), landmarks=np.full((21, 3), np.nan, np.float32))
    num_unsound, hands, transforms, poses = publish(bad, located_hand(2))
    assert num_unsound == 1
    assert [(hand.track_id, hand.has_pose) for hand in hands] == [(2, True)]
    names = {each.child_frame_id for message in transforms for each in message.transforms}
    assert names == {'hand_2', 'right_hand'}
    assert poses
