"""Messages for teleoperation, made from hands of known shape."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')

from std_msgs.msg import Header

from hand_tracking_ros.ros.joint_states import joint_state
from hand_tracking_ros.ros.landmark_poses import landmark_poses
from hand_tracking_ros.ros.message_conversion import hand_frames, hands_to_message
from hand_tracking_ros.teleop.hand_sample import sample_hand
from hand_tracking_ros.tracking.fingers.finger_values import (
    finger_curl,
    metric_landmarks,
    pinch,
    with_finger_values,
)
from hand_tracking_ros.tracking.fingers.hand_frame import POSE_CONVENTIONS, hand_axes
from hand_tracking_ros.tracking.fingers.joint_angles import JOINT_NAMES, joint_angles
from hand_tracking_ros.tracking.hand import Handedness, HandPose, PoseSource
from support.synthetic_hand import hand_points, hand_seen

HEADER = Header(frame_id='camera')
HEADER.stamp.sec = 7
BENDS_RAD = (0.3, 0.2, 0.5, 0.8, 1.1)
SIDES = pytest.mark.parametrize('side', [Handedness.LEFT, Handedness.RIGHT])


def located_hand(side):
    rotation, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    points = hand_points(BENDS_RAD, side) @ rotation.T + [0.1, 0.2, 0.6]
    pose = HandPose(
        points[0], hand_axes(points, side), points, np.eye(6), 0.5, PoseSource.HAND_SIZE
    )
    seen = hand_seen(np.zeros((21, 2)), (640, 480), points - points.mean(axis=0), side)
    return replace(seen, pose=pose)


def array(poses):
    return np.array([(p.position.x, p.position.y, p.position.z) for p in poses])


@SIDES
def test_joint_states_carry_every_joint_under_the_name_of_its_side(side):
    hand = located_hand(side)
    message = joint_state(hand, HEADER)
    assert message.header == HEADER
    assert list(message.name) == [f'{side.name.lower()}_{name}' for name in JOINT_NAMES]
    np.testing.assert_allclose(message.position, joint_angles(metric_landmarks(hand), side))


@SIDES
def test_a_mirrored_image_changes_the_name_of_the_side_alone(side):
    shown = located_hand(side)
    named = replace(shown, handedness=side.mirrored)
    message = joint_state(named, HEADER, image_mirrored=True)
    assert message.name[0].startswith(side.mirrored.name.lower())
    np.testing.assert_allclose(message.position, joint_state(shown, HEADER).position)


def test_landmarks_that_span_no_hand_have_no_joint_states():
    flat = np.zeros((21, 3), np.float32)
    hand = replace(located_hand(Handedness.LEFT), world_landmarks=flat, pose=None)
    assert joint_state(hand, HEADER) is None


def finger_values(hand):
    """All that says what the fingers do, wherever it is published or used."""
    hand = with_finger_values(hand)
    (message,) = hands_to_message([hand], hand_frames([hand]), HEADER, 640, 480).hands
    sample = sample_hand(hand, np.eye(4)) if hand.pose else None
    return {
        'joints': np.array(joint_state(hand, HEADER).position),
        'curl': np.array(message.finger_curl),
        'pinch': message.pinch,
        'clutch': sample and (sample.pinch, sample.curl),
    }


def test_what_the_fingers_do_is_read_from_the_pose_where_there_is_one():
    bent, straight = hand_points((0.5,) * 5), hand_points()
    located = located_hand(Handedness.RIGHT)
    pose = replace(located.pose, camera_landmarks_m=bent + np.array([0.1, 0.2, 0.6]))
    with_pose = replace(located, world_landmarks=straight, pose=pose)
    found = finger_values(with_pose)
    np.testing.assert_allclose(found['joints'], joint_angles(bent, Handedness.RIGHT))
    np.testing.assert_allclose(found['curl'], finger_curl(bent), rtol=1e-6)
    assert found['pinch'] == pytest.approx(pinch(bent), rel=1e-6)
    assert found['clutch'] == pytest.approx((pinch(bent), finger_curl(bent)[2:].mean()))
    found = finger_values(replace(with_pose, pose=None))
    np.testing.assert_allclose(found['joints'], joint_angles(straight, Handedness.RIGHT))
    np.testing.assert_allclose(found['curl'], finger_curl(straight), atol=1e-6)


@SIDES
def test_landmarks_are_given_in_the_hands_frame(side):
    message = landmark_poses(located_hand(side), HEADER, 'a_hand')
    assert message.header == Header(stamp=HEADER.stamp, frame_id='a_hand')
    np.testing.assert_allclose(array(message.poses), hand_points(BENDS_RAD, side), atol=1e-3)
    for pose in message.poses:
        assert pose.orientation.w == pytest.approx(1.0)


@pytest.mark.parametrize('convention', POSE_CONVENTIONS)
@pytest.mark.parametrize('order', ['mediapipe', 'openxr'])
def test_every_convention_describes_the_same_points(convention, order):
    hand = located_hand(Handedness.RIGHT)
    expected = array(landmark_poses(hand, HEADER, 'h', 'rep103', order).poses)
    found = array(landmark_poses(hand, HEADER, 'h', convention, order).poses)
    np.testing.assert_allclose(found @ POSE_CONVENTIONS[convention].T, expected, atol=1e-9)


@SIDES
def test_openxr_order_has_26_joints_whose_wrist_is_the_openxr_frame(side):
    poses = landmark_poses(located_hand(side), HEADER, 'h', 'openxr', 'openxr').poses
    assert len(poses) == 26
    wrist = poses[1]
    np.testing.assert_allclose(array([wrist]), 0.0, atol=1e-9)
    assert wrist.orientation.w == pytest.approx(1.0, abs=1e-6)


def test_an_unknown_order_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match='mediapipe, openxr'):
        landmark_poses(located_hand(Handedness.LEFT), HEADER, 'h', landmark_order='leap')
