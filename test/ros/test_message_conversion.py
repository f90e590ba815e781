"""Every value of a hand survives the way into a message and back."""

from dataclasses import fields, replace

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')

from std_msgs.msg import Header

from hand_tracking_ros.ros.message_conversion import (
    hand_frames,
    hands_from_message,
    hands_to_message,
)
from hand_tracking_ros.tracking.fingers.hand_frame import convert_pose_convention
from hand_tracking_ros.tracking.hand import (
    Hand,
    Handedness,
    HandPose,
    PoseSource,
    TrackingState,
)
from hand_tracking_ros.tracking.region import Region
from hand_tracking_ros.tracking.rotations import matrix_from_rotation_vector

HEADER = Header(frame_id='camera')
HEADER.stamp.sec, HEADER.stamp.nanosec = 12, 345


def random_hand():
    """A hand in which no two values are alike."""
    random = np.random.default_rng(4)
    pose = HandPose(
        position_m=random.normal(size=3),
        rotation=matrix_from_rotation_vector(np.array([0.3, -0.5, 0.9])),
        camera_landmarks_m=random.normal(size=(21, 3)),
        covariance=random.normal(size=(6, 6)),
        reprojection_error_px=2.5,
        source=PoseSource.DEPTH,
    )
    return Hand(
        track_id=7,
        handedness=Handedness.LEFT,
        handedness_score=0.75,
        state=TrackingState.HELD,
        presence=0.625,
        age_s=3.25,
        landmarks=random.normal(size=(21, 3)).astype(np.float32),
        world_landmarks=random.normal(size=(21, 3)).astype(np.float32),
        region=Region(101.5, 52.25, 33.0, -0.5),
        pose=pose,
        finger_curl=np.array([0.125, 0.25, 0.375, 0.5, 0.75]),
        pinch=0.875,
    )


def there_and_back(*hands, pose_convention='rep103'):
    poses = hand_frames(hands, pose_convention)
    message = hands_to_message(hands, poses, HEADER, 640, 480)
    assert message.header == HEADER
    assert (message.image_width, message.image_height) == (640, 480)
    return hands_from_message(message)


def test_every_field_of_a_hand_comes_back():
    hand = random_hand()
    (found,) = there_and_back(hand)
    for field in fields(Hand):
        if field.name != 'pose':
            expected = getattr(hand, field.name)
            np.testing.assert_equal(getattr(found, field.name), expected, field.name)
    for field in fields(HandPose):
        expected = getattr(hand.pose, field.name)
        np.testing.assert_allclose(
            getattr(found.pose, field.name), expected, atol=1e-12, err_msg=field.name
        )


def test_a_hand_without_a_pose_comes_back_without_one():
    with_pose = random_hand()
    found = there_and_back(replace(with_pose, track_id=8, pose=None), with_pose)
    assert [hand.pose is None for hand in found] == [True, False]
    assert [hand.track_id for hand in found] == [8, 7]


@pytest.mark.parametrize('convention', ['rep103', 'openxr', 'mano'])
def test_the_pose_has_the_axes_of_the_convention(convention):
    hand = random_hand()
    (found,) = there_and_back(hand, pose_convention=convention)
    expected = convert_pose_convention(hand.pose.rotation, convention)
    np.testing.assert_allclose(found.pose.rotation, expected, atol=1e-12)
    np.testing.assert_allclose(found.pose.position_m, hand.pose.position_m)
