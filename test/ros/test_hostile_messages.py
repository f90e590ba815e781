"""Hands of any numbers become messages and come back; messages of any numbers are refused."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from geometry_msgs.msg import Quaternion
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from evaluation.faults.hand_invariants import not_finite
from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.joint_states import joint_state
from hand_tracking_ros.ros.landmark_poses import LANDMARK_ORDERS, landmark_poses
from hand_tracking_ros.ros.markers import HandMarkers
from hand_tracking_ros.ros.message_conversion import (
    hand_frames,
    hands_from_message,
    hands_to_message,
    rotation_from_message,
)
from hand_tracking_ros.ros.transforms import hand_transforms
from hand_tracking_ros.tracking.fingers.finger_values import with_finger_values
from hand_tracking_ros.tracking.fingers.hand_frame import POSE_CONVENTIONS
from hand_tracking_ros.tracking.hand import Hand, Handedness, HandPose
from hand_tracking_ros.tracking.hand_check import sound_hand
from support.hostile import NUMBERS, ORDINARY, examples, hands

HEADER = Header(frame_id='camera')
CONVENTIONS = st.sampled_from(sorted(POSE_CONVENTIONS))


def sound(hand):
    """What the node would publish of a hand: maybe nothing."""
    with np.errstate(all='ignore'):
        return sound_hand(with_finger_values(hand))[0]


@st.composite
def hands_with_covariance(draw):
    """Hands that the check at the way out lets pass with their poses."""
    hand = draw(hands())
    if hand.pose is not None:
        half = hand.pose.covariance
        hand = replace(hand, pose=replace(hand.pose, covariance=half @ half.T))
    return hand


def message_of(hand, convention='rep103'):
    return hands_to_message([hand], hand_frames([hand], convention), HEADER, 640, 480)


@examples(40)
@given(hands(NUMBERS) | hands_with_covariance(), CONVENTIONS)
def test_whatever_passes_the_check_is_a_finite_message(hand, convention):
    kept = sound(hand)
    if kept is not None:
        assert not_finite(message_of(kept, convention)) == []


@examples(40)
@given(hands_with_covariance())
def test_a_hand_comes_back_from_the_bytes_of_its_message(hand):
    kept = sound(hand)
    assume(kept is not None)
    data = serialize_message(message_of(kept))
    (back,) = hands_from_message(deserialize_message(data, HandArray))
    for field in fields(Hand):
        if field.name not in ('pose', 'age_s', 'finger_curl', 'pinch'):
            np.testing.assert_equal(getattr(back, field.name), getattr(kept, field.name))
    assert back.age_s == pytest.approx(kept.age_s, abs=1e-9)
    assert (back.pose is None) == (kept.pose is None)
    for field in fields(HandPose) if kept.pose is not None else ():
        np.testing.assert_allclose(
            getattr(back.pose, field.name), getattr(kept.pose, field.name), rtol=1e-6, atol=1e-6
        )


@examples(40)
@given(
    hands_with_covariance(),
    CONVENTIONS,
    st.sampled_from(LANDMARK_ORDERS),
    st.booleans(),
    st.sampled_from([Handedness.LEFT, Handedness.RIGHT]),
)
def test_all_that_is_published_of_a_hand_is_finite(hand, convention, order, mirrored, side):
    hand = sound(replace(hand, handedness=side))
    assume(hand is not None and hand.pose is not None)
    frames = hand_frames([hand], convention)
    for message in (
        *hand_transforms([hand], frames, HEADER, with_landmarks=True),
        HandMarkers().update([hand], HEADER),
        joint_state(hand, HEADER, mirrored),
        landmark_poses(hand, HEADER, 'left_hand', convention, order, mirrored),
    ):
        assert message is None or not_finite(message) == []


@examples(40)
@given(hands(), st.sampled_from(['handedness', 'state', 'pose_source']), st.integers(3, 255))
def test_a_hand_of_no_side_state_or_source_is_refused(hand, field, number):
    hand = sound(hand)
    assume(hand is not None and (field != 'pose_source' or hand.pose is not None))
    message = message_of(hand)
    setattr(message.hands[0], field, number)
    with pytest.raises(ValueError, match=str(number)):
        hands_from_message(message)


@examples(100)
@given(st.tuples(*[NUMBERS | ORDINARY | st.floats(-1.0, 1.0)] * 4))
def test_any_quaternion_of_a_message_is_a_rotation_or_refused(values):
    x, y, z, w = values
    try:
        rotation = rotation_from_message(Quaternion(x=x, y=y, z=z, w=w))
    except ValueError as error:
        assert 'quaternion' in str(error)
        return
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
