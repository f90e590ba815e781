"""sensor_msgs/CompressedImage to RGB arrays and back."""

from __future__ import annotations

import re

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import Header

from hand_tracking_ros.picture_header import PictureError, PictureHeader, read_header
from hand_tracking_ros.ros.compat import CvBridge
from hand_tracking_ros.ros.image_conversion import (
    MAX_IMAGE_PIXELS,
    ImageError,
    check_num_pixels,
    check_rgb,
    samples_to_rgb,
)

EXPECTED = 'expected a jpeg or png picture'
# Words in `format` that name other pictures and streams.
_OTHER_FORMATS = {
    'apng', 'av1', 'avif', 'bmp', 'compresseddepth', 'exr', 'gif', 'h264', 'h265', 'hdr', 'heic',
    'hevc', 'jp2', 'jpeg2000', 'jpegxl', 'jxl', 'pbm', 'pgm', 'pnm', 'ppm', 'rvl', 'theora', 'tif',
    'tiff', 'vp8', 'vp9', 'webp', 'zdepth',
}  # fmt: skip
# By the number of channels of a decoded picture.
_DECODED_ENCODINGS = {1: 'mono8', 3: 'bgr8', 4: 'bgra8'}

_bridge = CvBridge()


def compressed_to_rgb(msg: CompressedImage, max_pixels: int = MAX_IMAGE_PIXELS) -> np.ndarray:
    """Convert a CompressedImage (jpeg, png) to a contiguous (height, width, 3) uint8 RGB array.

    Its header is read first: nothing is decoded that is of another kind, cut short, or larger than
    `max_pixels` in all.

    Raises:
        ImageError: the data is no such picture, or too large.
    """
    header = _checked_header(msg, max_pixels)
    try:
        decoded = _bridge.compressed_imgmsg_to_cv2(msg)
    except cv2.error:
        decoded = None
    if decoded is None or decoded.shape[:2] != (header.height, header.width):
        raise _not_decodable(msg, f'a damaged {header.kind}')
    if decoded.dtype == np.uint16:
        decoded = (decoded >> 8).astype(np.uint8)
    num_channels = 1 if decoded.ndim == 2 else decoded.shape[2]
    # image_transport writes '<encoding of the camera>; <codec> compressed <order of the channels>'.
    camera_encoding, _, compression = msg.format.partition(';')
    if num_channels == 3 and 'compressed rgb' in compression:
        return decoded
    if num_channels == 1 and camera_encoding.startswith('bayer_') and 'png' in compression:
        return samples_to_rgb(decoded, camera_encoding)  # its jpeg codec makes it gray
    return samples_to_rgb(decoded, _DECODED_ENCODINGS[num_channels])


def compressed_from_rgb(image: np.ndarray, header: Header) -> CompressedImage:
    """Make a CompressedImage (jpeg) of a (height, width, 3) uint8 RGB array.

    Raises:
        ImageError: the array is not of this kind.
    """
    check_rgb(image)
    message = _bridge.cv2_to_compressed_imgmsg(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), 'jpg')
    message.header = header
    message.format = 'rgb8; jpeg compressed bgr8'  # as image_transport writes it
    return message


def _checked_header(msg: CompressedImage, max_pixels: int) -> PictureHeader:
    """The picture's header, if a decoder may see the picture."""
    words = re.split(r'[^a-z0-9]+', msg.format.lower())
    other = next((word for word in words if word in _OTHER_FORMATS), None)
    if other:
        raise ImageError(f"format is '{msg.format}', which names {other}; {EXPECTED}")
    try:
        header = read_header(memoryview(msg.data))
    except PictureError as error:
        raise _not_decodable(msg, str(error)) from error
    check_num_pixels(header.width, header.height, max_pixels)
    return header


def _not_decodable(msg: CompressedImage, why: str) -> ImageError:
    return ImageError(
        f'data has {len(msg.data)} bytes which cannot be decoded ({why}), {EXPECTED} (format is '
        f"'{msg.format}')"
    )
