"""RGB pictures become messages, raw and compressed."""

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from std_msgs.msg import Header

from hand_tracking_ros.ros.compressed_images import compressed_from_rgb, compressed_to_rgb
from hand_tracking_ros.ros.image_conversion import ImageError, from_rgb, to_rgb
from support.pictures import assert_middles_are_the_patches, patches


@pytest.mark.parametrize('encoding', ['rgb8', 'bgr8'])
def test_image_made_from_rgb_becomes_the_same_again(encoding):
    header = Header(frame_id='camera')
    header.stamp.sec = 12
    message = from_rgb(patches(), header, encoding)
    assert message.header == header
    assert (message.encoding, message.width, message.height, message.step) == (
        encoding,
        64,
        16,
        64 * 3,
    )
    np.testing.assert_array_equal(to_rgb(message), patches())


def test_default_encoding_is_rgb8():
    assert from_rgb(patches(), Header()).encoding == 'rgb8'


def test_bgr8_message_holds_blue_first():
    message = from_rgb(np.full((1, 1, 3), (1, 2, 3), np.uint8), Header(), 'bgr8')
    assert list(message.data) == [3, 2, 1]


def test_mono8_message_holds_luma():
    message = from_rgb(np.full((1, 2, 3), 90, np.uint8), Header(), 'mono8')
    assert (message.step, list(message.data)) == (2, [90, 90])


def test_view_that_is_not_contiguous_becomes_a_message():
    mirrored = patches()[:, ::-1]
    np.testing.assert_array_equal(to_rgb(from_rgb(mirrored, Header())), mirrored)


def test_message_does_not_change_with_the_array_it_was_made_from():
    image = patches()
    message = from_rgb(image, Header())
    image[:] = 0
    np.testing.assert_array_equal(to_rgb(message), patches())


def test_compressed_message_is_what_image_transport_writes():
    header = Header(frame_id='camera')
    message = compressed_from_rgb(patches(), header)
    assert message.header == header
    assert message.format == 'rgb8; jpeg compressed bgr8'
    assert bytes(message.data[:3]) == b'\xff\xd8\xff'
    assert_middles_are_the_patches(compressed_to_rgb(message))


@pytest.mark.parametrize(
    'image',
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_array_that_is_no_rgb_picture_is_refused(image):
    with pytest.raises(ImageError, match='expected uint8 of shape'):
        from_rgb(image, Header())
    with pytest.raises(ImageError, match='expected uint8 of shape'):
        compressed_from_rgb(image, Header())


def test_encoding_that_no_message_is_made_in_is_refused():
    with pytest.raises(ImageError, match="encoding is 'nv12', expected one of: rgb8, bgr8, mono8"):
        from_rgb(patches(), Header(), 'nv12')
