"""Frames that a robot has already are not silently sent a second time."""

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from hand_tracking_ros.ros.taken_frames import is_hand_frame


@pytest.mark.parametrize(
    ('frame', 'tf_prefix', 'cameras', 'expected'),
    [
        ('left_hand', '', [''], True),
        ('right_hand', '', [''], True),
        ('hand_7', '', [''], True),
        ('hand_camera', '', [''], False),
        ('my_left_hand', '', [''], False),
        ('left_hand', 'person_', [''], False),
        ('person_left_hand', 'person_', [''], True),
        ('front_left_hand', '', ['front', 'back'], True),
        ('left_hand', '', ['front', 'back'], False),
        ('xleft_hand', '.', [''], False),
    ],
)
def test_a_frame_is_a_hands_if_the_node_would_call_it_so(frame, tf_prefix, cameras, expected):
    assert is_hand_frame(frame, tf_prefix, cameras) == expected
