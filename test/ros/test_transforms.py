"""Names and places of the TF frames of hands."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')

from std_msgs.msg import Header

from hand_tracking_ros.ros.message_conversion import hand_frames
from hand_tracking_ros.ros.transforms import hand_transforms, oldest_of_each_side
from hand_tracking_ros.tracking.hand import Handedness, HandPose, PoseSource, TrackingState
from support.synthetic_hand import hand_points, hand_seen

HEADER = Header(frame_id='camera')
LEFT, RIGHT, UNKNOWN = Handedness.LEFT, Handedness.RIGHT, Handedness.UNKNOWN


def hand(track_id, side, age_s=1.0, **fields):
    """A hand whose distance, in metres, is its track id."""
    points = np.add(hand_points(), [0.0, 0.0, track_id])
    pose = HandPose(points[0], np.eye(3), points, np.eye(6), 0.5, PoseSource.HAND_SIZE)
    seen = hand_seen(np.zeros((21, 2)), (640, 480), points, side)
    return replace(seen, track_id=track_id, age_s=age_s, **{'pose': pose, **fields})


def frames(*hands, **options):
    """Distance of every frame, by name."""
    transforms = hand_transforms(hands, hand_frames(hands), HEADER, **options)
    assert all(transform.header == HEADER for transform in transforms)
    places = {each.child_frame_id: each.transform.translation.z for each in transforms}
    assert len(places) == len(transforms)
    return places


def test_every_hand_has_a_frame_and_each_side_that_of_its_oldest_hand():
    hands = hand(1, RIGHT, 2.0), hand(2, RIGHT, 3.0), hand(3, RIGHT, 1.0), hand(4, UNKNOWN, 9.0)
    assert frames(*hands) == {'hand_1': 1, 'hand_2': 2, 'hand_3': 3, 'hand_4': 4, 'right_hand': 2}


def test_the_prefix_stands_before_every_frame():
    hands = hand(1, LEFT), hand(2, RIGHT)
    plain = frames(*hands, with_landmarks=True)
    prefixed = frames(*hands, with_landmarks=True, prefix='robot_')
    assert {'left_hand', 'right_hand', 'hand_1_wrist', 'hand_2_pinky_tip'} < set(plain)
    assert prefixed == {f'robot_{name}': place for name, place in plain.items()}


@pytest.mark.parametrize(
    'fields', [{'state': TrackingState.HELD}, {'pose': None}], ids=['held', 'no pose']
)
def test_a_hand_whose_place_is_not_known_now_has_no_frame_and_is_no_sides_oldest(fields):
    unplaced = hand(1, RIGHT, 5.0, **fields)
    assert frames(unplaced, hand(2, RIGHT)) == {'hand_2': 2, 'right_hand': 2}
    assert oldest_of_each_side([unplaced]) == {}
