"""Compressed pictures become RGB, damaged ones an ImageError."""

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from sensor_msgs.msg import CompressedImage

from hand_tracking_ros.ros.compressed_images import compressed_to_rgb
from hand_tracking_ros.ros.image_conversion import ImageError
from support.pictures import (
    BAYER,
    BLUE,
    assert_is_rgb,
    assert_middles_are_the_patches,
    mosaic,
    patches,
)


def compressed_message(extension, stored, format_name):
    """A CompressedImage of an array in OpenCV's channel order."""
    return CompressedImage(format=format_name, data=cv2.imencode(extension, stored)[1].tobytes())


@pytest.mark.parametrize(
    'format_name',
    ['jpeg', 'jpg', '', 'nonsense', 'rgb8; jpeg compressed bgr8', 'bgr8; jpeg compressed bgr8'],
)
def test_jpeg_becomes_rgb_whatever_the_format_is_called(format_name):
    message = compressed_message('.jpg', patches()[..., ::-1], format_name)
    image = compressed_to_rgb(message)
    assert_is_rgb(image, 64, 16)
    assert_middles_are_the_patches(image)


def test_png_keeps_every_value():
    message = compressed_message('.png', patches()[..., ::-1], 'rgb8; png compressed bgr8')
    np.testing.assert_array_equal(compressed_to_rgb(message), patches())


def test_picture_that_was_compressed_in_rgb_order_is_not_swapped():
    message = compressed_message('.png', patches(), 'rgb8; png compressed rgb8')
    np.testing.assert_array_equal(compressed_to_rgb(message), patches())


def test_png_with_alpha_loses_it():
    stored = cv2.cvtColor(patches(), cv2.COLOR_RGB2BGRA)
    stored[..., 3] = 7
    message = compressed_message('.png', stored, 'bgra8; png compressed ')
    np.testing.assert_array_equal(compressed_to_rgb(message), patches())


def test_gray_pictures_become_three_equal_channels():
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for message in (
        compressed_message('.png', gray, 'mono8; png compressed '),
        compressed_message('.png', gray.astype(np.uint16) * 257, 'mono16; png compressed '),
    ):
        image = compressed_to_rgb(message)
        assert_is_rgb(image, 16, 16)
        np.testing.assert_array_equal(image, np.dstack([gray] * 3))


def test_sixteen_bit_png_keeps_its_more_significant_bytes():
    stored = (patches()[..., ::-1].astype(np.uint16) << 8) + 255
    message = compressed_message('.png', stored, 'rgb16; png compressed bgr16')
    np.testing.assert_array_equal(compressed_to_rgb(message), patches())


@pytest.mark.parametrize('encoding', BAYER)
def test_bayer_mosaic_in_a_png_becomes_the_colour(encoding):
    message = compressed_message('.png', mosaic(encoding, BLUE), f'{encoding}; png compressed ')
    np.testing.assert_array_equal(compressed_to_rgb(message), np.full((4, 6, 3), BLUE))


def test_bayer_camera_in_a_jpeg_is_gray_already():
    gray = np.tile(np.arange(0, 256, 16, np.uint8), (16, 1))
    message = compressed_message('.jpg', gray, 'bayer_rggb8; jpeg compressed mono8')
    image = compressed_to_rgb(message)
    np.testing.assert_allclose(image, np.dstack([gray] * 3), atol=4)
    assert (image == image[..., :1]).all()


@pytest.mark.parametrize('data', [b'', b'\xff\xd8\xff', b'no picture', bytes(1000)])
def test_data_that_is_no_picture_is_named(data):
    message = CompressedImage(format='jpeg', data=data)
    with pytest.raises(
        ImageError, match=rf"data has {len(data)} bytes which cannot be decoded.*'jpeg'"
    ):
        compressed_to_rgb(message)


@pytest.mark.parametrize('extension', ['.jpg', '.png'])
def test_no_damaged_picture_does_anything_but_decode_or_raise_image_error(extension):
    rng = np.random.default_rng(6)
    whole = cv2.imencode(extension, rng.integers(0, 256, (24, 32, 3), np.uint8))[1]
    for _ in range(500):
        damaged = whole.copy()
        for index in rng.integers(0, len(whole), rng.integers(1, 20)):
            damaged[index] = rng.integers(0, 256)
        damaged = damaged[: rng.integers(0, len(whole) + 1)]
        try:
            image = compressed_to_rgb(CompressedImage(format='jpeg', data=damaged.tobytes()), 10**6)
        except ImageError:
            continue
        assert_is_rgb(image, *image.shape[1::-1])
        assert image.size <= 3 * 10**6
