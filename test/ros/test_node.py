"""The node as users run it, a process of its own: images in, hands out."""

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from hand_tracking_ros.msg import Hand
from hand_tracking_ros.ros.image_conversion import from_rgb
from support.tracker_client import FOCAL_PX, STAMPS, ask_with_pose, empty_image, later, status_where

pytest_plugins = ('support.tracker_fixtures',)


def test_an_image_without_hands_is_answered_with_no_hands(client):
    image = empty_image()
    answer = client.ask(image)
    assert answer.header == image.header
    assert (answer.image_width, answer.image_height, answer.hands) == (320, 240, [])


def test_a_hand_is_answered_with_its_landmarks_side_and_pose(client, hand_image):
    answer = ask_with_pose(client, hand_image)
    (hand,) = answer.hands
    assert (hand.handedness, hand.state, hand.pose_source) == (
        Hand.RIGHT,
        Hand.TRACKED,
        Hand.HAND_SIZE,
    )
    assert hand.track_id > 0
    assert all(0 < point.x < 1 and 0 < point.y < 1 for point in hand.landmarks)
    assert max(abs(point.x) for point in hand.world_landmarks) < 0.15
    # The wrist lies on the ray on which it is seen.
    wrist, seen = hand.camera_landmarks[Hand.WRIST], hand.landmarks[Hand.WRIST]
    width = hand_image.shape[1]
    x_px = FOCAL_PX * wrist.x / wrist.z + width / 2
    assert x_px == pytest.approx(seen.x * width, abs=width / 10)
    assert 0.1 < wrist.z < 3
    position = hand.pose.pose.position
    assert (position.x, position.y, position.z) == pytest.approx((wrist.x, wrist.y, wrist.z))
    assert 0 < hand.reprojection_error_px < width / 10


def test_a_lost_hand_is_held_then_gone(client, hand_image):
    for _ in range(15):  # half a second earns it one image
        seen = client.ask(from_rgb(hand_image, STAMPS.next())).hands[0]
    (held,) = client.ask(from_rgb(np.zeros_like(hand_image), STAMPS.next())).hands
    assert (held.state, held.track_id) == (Hand.HELD, seen.track_id)
    assert held.landmarks == seen.landmarks
    later(1)
    assert client.ask(from_rgb(np.zeros_like(hand_image), STAMPS.next())).hands == []


def test_stamps_that_run_backwards_begin_a_new_track(client, hand_image):
    before = client.ask(from_rgb(hand_image, STAMPS.next())).hands[0]
    later(-5)
    after = client.ask(from_rgb(hand_image, STAMPS.next())).hands[0]
    later(5)
    assert after.state == Hand.TRACKED
    assert after.track_id != before.track_id


@pytest.mark.parametrize('encoding', ['bgr8', 'rgb8'])
def test_the_order_of_colours_does_not_matter(client, hand_image, encoding):
    answer = client.ask(from_rgb(hand_image, STAMPS.next(), encoding))
    assert len(answer.hands) == 1


@pytest.mark.parametrize('size', [(1, 1), (3840, 2160)])
def test_any_size_of_image_is_answered(client, size):
    answer = client.ask(empty_image(size))
    assert (answer.image_width, answer.image_height) == size


BAD_IMAGES = {
    'step too small': ({'step': 100}, 'step is 100'),
    'data too short': ({'data': b'\x00' * 99}, 'data has 99 bytes'),
    'no data': ({'data': b''}, 'data'),
    'unknown encoding': ({'encoding': 'rgb9'}, 'rgb9'),
    'no width': ({'width': 0}, 'width is 0'),
    'no height': ({'height': 0}, 'height is 0'),
    'before 1970': ({'header': Header(stamp=Time(sec=-1))}, 'header.stamp.sec is -1'),
    'no nanoseconds': ({'header': Header(stamp=Time(nanosec=10**9))}, 'header.stamp.nanosec is'),
}


@pytest.mark.parametrize(('fields', 'complaint'), BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_a_bad_image_costs_only_itself_and_is_explained(client, fields, complaint):
    bad = empty_image(**fields)

    def explained():
        client.publish('image', bad)
        return status_where(client, lambda status: status.level == b'\x02')

    status = client.wait_for(explained, 'ERROR in the diagnostics')
    assert '/image' in status.message
    assert complaint in status.message
    assert client.ask(empty_image()).hands == []
    assert bad.header not in [answer.header for answer in client.hands]


def test_the_diagnostics_count_every_image(client):
    client.ask(empty_image())

    def counts_add_up(status):
        values = {pair.key: pair.value for pair in status.values}
        ended = ['frames processed', 'frames dropped', 'frames with errors']
        return int(values['frames received']) == sum(int(values[key]) for key in ended)

    assert status_where(client, counts_add_up).name == 'hand_tracker: camera'


def test_a_parameter_changed_at_run_time_counts_from_the_next_image(client, hand_image):
    client.set_parameters(image_mirrored=True)
    answer = client.ask(from_rgb(hand_image, STAMPS.next()))
    client.set_parameters(image_mirrored=False)
    assert answer.hands[0].handedness == Hand.LEFT


@pytest.mark.parametrize(
    ('name', 'value', 'reason'),
    [
        ('max_num_hands', 0, 'max_num_hands'),
        ('pose_convention', 'enu', 'rep103, openxr, mano'),
        ('model_complexity', 0, 'read-only'),
        ('max_num_hands', 'two', 'type'),
    ],
)
def test_a_wrong_parameter_is_refused_with_the_reason(client, name, value, reason):
    (result,) = client.set_parameters(**{name: value})
    assert not result.successful
    assert reason in result.reason
