"""What the node makes of depth images, good ones and others."""

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from builtin_interfaces.msg import Time
from sensor_msgs.msg import CameraInfo, Image

from hand_tracking_ros.msg import Hand
from hand_tracking_ros.ros.image_conversion import from_rgb
from support.tracker_client import (
    STAMPS,
    ask_with_pose,
    camera_info_for,
    depth_image,
    later,
    status_where,
)

pytest_plugins = ('support.tracker_fixtures',)


@pytest.fixture
def depth_client(client):
    client.add_publisher(Image, 'depth')
    client.wait_for(lambda: client.node.count_subscribers('depth'), 'subscription to depth')
    return client


def ask_with_depth(client, hand_image, depth_m, encoding='32FC1', delay_s=0.0):
    """An answer to the hand's picture that was sent with a depth image."""
    client.publish('camera_info', camera_info_for(hand_image))
    image = from_rgb(hand_image, STAMPS.next())
    stamp = STAMPS.later_stamp(delay_s)
    client.publish('depth', depth_image(depth_m, stamp, encoding))
    return client.ask(image)


def wait_for_distance(client, hand_image, depth_m, encoding='32FC1'):
    """Send images with depth until the hand is where depth shows something."""

    def is_there():
        (hand,) = ask_with_depth(client, hand_image, depth_m, encoding).hands
        is_near = hand.pose.pose.position.z == pytest.approx(0.8, abs=0.06)
        return is_near and hand.pose_source == Hand.DEPTH

    client.wait_for(is_there, 'hand 0.8 m away by depth')


@pytest.mark.parametrize('encoding', ['32FC1', '16UC1'])
def test_depth_tells_the_distance(depth_client, hand_image, encoding):
    wait_for_distance(depth_client, hand_image, np.full(hand_image.shape[:2], 0.8), encoding)


@pytest.mark.parametrize('scale', [0.5, 2.0])
def test_depth_of_another_size_of_the_same_shape_tells_the_distance(
    depth_client, hand_image, scale
):
    height, width = (round(scale * side) for side in hand_image.shape[:2])
    wait_for_distance(depth_client, hand_image, np.full((height, width), 0.8))


BAD_DEPTHS = {
    'only zeros': ({'depth_m': np.zeros((224, 224))}, 'empty'),
    'only zeros in mm': ({'depth_m': np.zeros((224, 224)), 'encoding': '16UC1'}, 'empty'),
    'only infinite': ({'depth_m': np.full((224, 224), np.inf)}, 'empty'),
    'only NaN': ({'depth_m': np.full((224, 224), np.nan)}, 'empty'),
    'another shape': ({'depth_m': np.full((100, 224), 0.8)}, '224x100'),
    'too late': ({'depth_m': np.full((224, 224), 0.8), 'delay_s': 1.0}, 'depth_tolerance'),
}


@pytest.mark.parametrize(('depth', 'complaint'), BAD_DEPTHS.values(), ids=BAD_DEPTHS)
def test_depth_that_cannot_be_used_is_explained_and_size_is_used(
    depth_client, hand_image, depth, complaint
):
    ask_with_pose(depth_client, hand_image)

    def explained(status):
        later(10)  # no depth image that was sent before is near
        (hand,) = ask_with_depth(depth_client, hand_image, **depth).hands
        assert hand.pose_source == Hand.HAND_SIZE
        return complaint in status.message

    assert '/depth' in status_where(depth_client, explained).message


@pytest.mark.parametrize(
    ('stamp', 'complaint'),
    [
        (Time(sec=-1), 'header.stamp.sec is -1, expected'),
        (Time(sec=1, nanosec=2**32 - 1), 'header.stamp.nanosec is 4294967295, expected'),
    ],
)
def test_depth_of_an_impossible_time_costs_itself_only(
    running, depth_client, hand_image, stamp, complaint
):
    node, _ = running
    depth_m = np.full(hand_image.shape[:2], 0.8)

    def refused():
        depth_client.publish('depth', depth_image(depth_m, stamp))
        depth_client.ask(from_rgb(hand_image, STAMPS.next()))
        return f'/depth: {complaint}' in node.text()

    depth_client.wait_for(refused, 'complaint about the depth image')
    # The next good one counts.
    wait_for_distance(depth_client, hand_image, depth_m)
    values = status_where(depth_client, lambda status: True).values
    assert '0' in [pair.value for pair in values if pair.key == 'frames with errors']


def test_a_bad_calibration_of_depth_costs_depth_not_the_pose(depth_client, hand_image):
    depth_client.add_publisher(CameraInfo, 'depth/camera_info')
    depth_m = np.full(hand_image.shape[:2], 0.8)

    def explained(status):
        depth_client.publish('depth/camera_info', camera_info_for(hand_image, focal_px=0.0))
        (hand,) = ask_with_depth(depth_client, hand_image, depth_m).hands
        return '/depth/camera_info' in status.message and hand.has_pose

    status = status_where(depth_client, explained)
    assert 'k[0] (fx) is 0' in status.message
    assert 'the distance of hands rests on their size' in status.message
    assert 'no pose' not in status.message
