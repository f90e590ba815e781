"""sensor_msgs/Image to RGB arrays or metres, and back.

Cameras publish in many encodings, some of them broken; the tracker wants one: (height, width, 3)
uint8 RGB. A message that contradicts itself raises `ImageError`, never anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from rclpy.time import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from hand_tracking_ros.ros.compat import CvBridge

# What a picture may claim to have, in all; the default of the parameter max_image_pixels.
MAX_IMAGE_PIXELS = 8192 * 8192
NANOSECONDS = 10**9


class ImageError(ValueError):
    """A picture that cannot be converted; says which field, what was found, what was expected."""


@dataclass(frozen=True)
class _Encoding:
    """How a picture lies in `Image.data`, and how it becomes RGB.

    Attributes:
        samples_per_pixel: in one row.
        to_rgb: from (rows, width, samples_per_pixel) uint8 to (height, width, 3) uint8 RGB.
        bytes_per_sample: of two bytes, only the more significant one goes to `to_rgb`.
        rows_per_line: rows in `data` for every line of the picture; planar encodings have their
            colour samples in further rows below it.
        width_multiple, height_multiple: what a colour sample that pixels share asks for.
        min_side_px: the smallest width and height.
    """

    samples_per_pixel: int
    to_rgb: Callable[[np.ndarray], np.ndarray]
    bytes_per_sample: int = 1
    rows_per_line: float = 1
    width_multiple: int = 1
    height_multiple: int = 1
    min_side_px: int = 1


def _by_opencv(code: int) -> Callable[[np.ndarray], np.ndarray]:
    return partial(cv2.cvtColor, code=code)


def _nv24_to_rgb(rows: np.ndarray) -> np.ndarray:
    """Convert height rows of Y, then 2 * height rows of alternating U and V, for every pixel."""
    height, width = rows.shape[0] // 3, rows.shape[1]
    luma = rows[:height].reshape(height, width)
    chroma = rows[height:].reshape(height, width, 2)
    # ITU-R BT.601 with Y from 16 to 235, as OpenCV has it for the other YUV encodings.
    yuv_to_rgb = np.array([[1.164, 0, 1.596], [1.164, -0.391, -0.813], [1.164, 2.018, 0]])
    offset = -yuv_to_rgb @ [16, 128, 128]
    return cv2.transform(cv2.merge([luma, chroma]), np.column_stack([yuv_to_rgb, offset]))


# OpenCV names a Bayer mosaic by its second row, from the second pixel; ROS by the first two rows.
# It leaves pictures without an inner pixel black.
_BAYER_CODES = {
    'bayer_rggb8': cv2.COLOR_BayerBG2RGB,
    'bayer_bggr8': cv2.COLOR_BayerRG2RGB,
    'bayer_gbrg8': cv2.COLOR_BayerGR2RGB,
    'bayer_grbg8': cv2.COLOR_BayerGB2RGB,
}
_EIGHT_BIT = {
    'rgb8': _Encoding(3, np.ascontiguousarray),  # copies only what has row padding
    'bgr8': _Encoding(3, _by_opencv(cv2.COLOR_BGR2RGB)),
    'rgba8': _Encoding(4, _by_opencv(cv2.COLOR_RGBA2RGB)),
    'bgra8': _Encoding(4, _by_opencv(cv2.COLOR_BGRA2RGB)),
    'mono8': _Encoding(1, _by_opencv(cv2.COLOR_GRAY2RGB)),
    **{name: _Encoding(1, _by_opencv(code), min_side_px=3) for name, code in _BAYER_CODES.items()},
}
# The whole range of 16 bits becomes the whole range of 8: the more significant byte is kept. A
# range taken from each picture's own extremes would flicker. Cameras that fill only the lower 12
# bits look dark.
_SIXTEEN_BIT = {
    f'{name[:-1]}16': replace(encoding, bytes_per_sample=2) for name, encoding in _EIGHT_BIT.items()
}
# OpenCV's types name no colours; like OpenCV itself and RViz, they are taken for BGR.
_OPENCV_TYPES = {
    '8UC1': _EIGHT_BIT['mono8'],
    '8UC3': _EIGHT_BIT['bgr8'],
    '8UC4': _EIGHT_BIT['bgra8'],
    '16UC1': _SIXTEEN_BIT['mono16'],
    '16UC3': _SIXTEEN_BIT['bgr16'],
    '16UC4': _SIXTEEN_BIT['bgra16'],
}
_UYVY = _Encoding(2, _by_opencv(cv2.COLOR_YUV2RGB_UYVY), width_multiple=2)
_YUYV = _Encoding(2, _by_opencv(cv2.COLOR_YUV2RGB_YUYV), width_multiple=2)
_NV12 = _Encoding(
    1, _by_opencv(cv2.COLOR_YUV2RGB_NV12), rows_per_line=1.5, width_multiple=2, height_multiple=2
)
_YUV = {
    'uyvy': _UYVY,
    'yuv422': _UYVY,  # the names of the two before Iron
    'yuyv': _YUYV,
    'yuv422_yuy2': _YUYV,
    'nv12': _NV12,
    'nv21': replace(_NV12, to_rgb=_by_opencv(cv2.COLOR_YUV2RGB_NV21)),
    'nv24': _Encoding(1, _nv24_to_rgb, rows_per_line=3),
}
_ENCODINGS = {**_EIGHT_BIT, **_SIXTEEN_BIT, **_OPENCV_TYPES, **_YUV}

_FROM_RGB = {
    'rgb8': np.ascontiguousarray,
    'bgr8': _by_opencv(cv2.COLOR_RGB2BGR),
    'mono8': _by_opencv(cv2.COLOR_RGB2GRAY),
}

# Encodings of depth images (REP 118).
_DEPTH_TYPES = {'16UC1': 'uint16', 'mono16': 'uint16', '32FC1': 'float32'}
MILLIMETRE_M = 1e-3

_bridge = CvBridge()


def image_stamp(header: Header) -> Time:
    """When an image was taken.

    Raises:
        ImageError: the stamp is none that a clock can have.
    """
    stamp = header.stamp
    if stamp.sec < 0:
        raise ImageError(f'header.stamp.sec is {stamp.sec}, expected 0 or more')
    if stamp.nanosec >= NANOSECONDS:
        raise ImageError(f'header.stamp.nanosec is {stamp.nanosec}, expected below {NANOSECONDS}')
    return Time.from_msg(stamp)


def to_rgb(msg: Image, max_pixels: int = MAX_IMAGE_PIXELS) -> np.ndarray:
    """Convert an Image to a contiguous (height, width, 3) uint8 RGB array.

    16-bit samples keep their more significant byte. An `rgb8` picture without row padding is not
    copied: the array is the message's own memory, so draw on a copy.

    Raises:
        ImageError: the encoding is unknown, size, step and data disagree, or the picture has more
            than `max_pixels`.
    """
    encoding = _find(_ENCODINGS, msg.encoding)
    _check_size(msg.width, msg.height, msg.encoding, encoding)
    row_bytes = msg.width * encoding.samples_per_pixel * encoding.bytes_per_sample
    num_rows = int(msg.height * encoding.rows_per_line)
    _check_data(msg, row_bytes, num_rows)
    check_num_pixels(msg.width, msg.height, max_pixels)

    # Not by cv_bridge: it knows no nv12, and takes row padding that is no whole number of pixels
    # for another width.
    rows = np.ndarray((num_rows, row_bytes), np.uint8, buffer=msg.data, strides=(msg.step, 1))
    if encoding.bytes_per_sample == 2:
        significant_byte = 0 if msg.is_bigendian else 1
        rows = cv2.extractChannel(rows.reshape(num_rows, -1, 2), significant_byte)
    return encoding.to_rgb(rows.reshape(num_rows, msg.width, encoding.samples_per_pixel))


def samples_to_rgb(samples: np.ndarray, encoding: str) -> np.ndarray:
    """Convert the more significant bytes of a picture, (height, width[, channels]) uint8, to RGB.

    Raises:
        ImageError: the encoding is unknown, or pictures of this size cannot have it.
    """
    height, width = samples.shape[:2]
    found = _find(_ENCODINGS, encoding)
    _check_size(width, height, encoding, found)
    return found.to_rgb(samples)


def depth_to_metres(msg: Image, max_pixels: int = MAX_IMAGE_PIXELS) -> np.ndarray:
    """Convert a depth Image to (height, width) float32 metres; 0 or NaN where there is no depth.

    REP 118: `16UC1` (also called mono16) holds millimetres, `32FC1` metres. A `32FC1` image without
    row padding, in this machine's byte order, is not copied: the array is the message's own memory.

    Raises:
        ImageError: the encoding is another one, size, step and data disagree, or the picture has
            more than `max_pixels`.
    """
    type_name = _find(_DEPTH_TYPES, msg.encoding)
    dtype = np.dtype(type_name).newbyteorder('>' if msg.is_bigendian else '<')
    if not (msg.width and msg.height):
        raise ImageError(f'width x height is {msg.width}x{msg.height}, expected at least 1x1')
    _check_data(msg, msg.width * dtype.itemsize, msg.height)
    check_num_pixels(msg.width, msg.height, max_pixels)
    rows = np.ndarray(
        (msg.height, msg.width), dtype, buffer=msg.data, strides=(msg.step, dtype.itemsize)
    )
    if dtype.kind == 'f':
        return np.ascontiguousarray(rows, np.float32)
    return np.multiply(rows, MILLIMETRE_M, dtype=np.float32)


def from_rgb(image: np.ndarray, header: Header, encoding: str = 'rgb8') -> Image:
    """Make an Image of a (height, width, 3) uint8 RGB array, as rgb8, bgr8 or mono8.

    Raises:
        ImageError: the array is not of this kind, or the encoding is another one.
    """
    check_rgb(image)
    return _bridge.cv2_to_imgmsg(_find(_FROM_RGB, encoding)(image), encoding, header)


def _find(table: dict, encoding: str):
    if encoding not in table:
        raise ImageError(f"encoding is '{encoding}', expected one of: {', '.join(table)}")
    return table[encoding]


def _check_size(width: int, height: int, name: str, encoding: _Encoding) -> None:
    for field, length_px, multiple in (
        ('width', width, encoding.width_multiple),
        ('height', height, encoding.height_multiple),
    ):
        smallest_px = max(encoding.min_side_px, multiple)
        if length_px < smallest_px:
            expected = f'at least {smallest_px}'
        elif length_px % multiple:
            expected = f'a multiple of {multiple}'
        else:
            continue
        raise ImageError(f"{field} is {length_px}, expected {expected} for encoding '{name}'")


def _check_data(msg: Image, row_bytes: int, num_rows: int) -> None:
    if msg.step < row_bytes:
        raise ImageError(
            f'step is {msg.step} bytes, expected at least {row_bytes} for width {msg.width} and '
            f"encoding '{msg.encoding}'"
        )
    if len(msg.data) != num_rows * msg.step:
        raise ImageError(
            f'data has {len(msg.data)} bytes, expected {num_rows * msg.step}: {num_rows} rows '
            f"(height {msg.height}, encoding '{msg.encoding}') of step {msg.step}"
        )


def check_num_pixels(width: int, height: int, max_pixels: int) -> None:
    """Raise an ImageError for a picture with more pixels."""
    if width * height > max_pixels:
        raise ImageError(
            f'width x height is {width}x{height}, expected at most {max_pixels} pixels in all '
            '(parameter max_image_pixels)'
        )


def check_rgb(image: np.ndarray) -> None:
    """Raise an ImageError for anything but a (height, width, 3) uint8 array."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ImageError(
            f'the array is {image.dtype} of shape {image.shape}, expected uint8 of shape '
            '(height, width, 3)'
        )
