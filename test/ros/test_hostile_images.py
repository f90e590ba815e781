"""Any image message is converted to what it says, or refused with an ImageError."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from builtin_interfaces.msg import Time
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from hand_tracking_ros.picture_header import PictureError, read_header
from hand_tracking_ros.ros.compressed_images import compressed_from_rgb, compressed_to_rgb
from hand_tracking_ros.ros.image_conversion import (
    ImageError,
    depth_to_metres,
    from_rgb,
    image_stamp,
    to_rgb,
)
from support.hostile import examples
from support.pictures import ENCODINGS, assert_is_rgb, random_message

SIDES_PX = st.integers(0, 9) | st.sampled_from([255, 2**16, 2**31, 2**32 - 1])
ENCODING_NAMES = st.sampled_from([*ENCODINGS, '32FC1', '', 'RGB8']) | st.text(max_size=12)
RGB = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))
MAX_PIXELS = 10**6
DEPTH_TYPES = {'16UC1': '<u2', 'mono16': '<u2', '32FC1': '<f4'}


@st.composite
def image_messages(draw):
    """Images whose fields often agree: a step and data that belong to size and encoding."""
    encoding, width, height = draw(ENCODING_NAMES), draw(SIDES_PX), draw(SIDES_PX)
    row_bytes, rows_per_line, _ = ENCODINGS.get(encoding, (4, 1, None))
    step = min(2**32 - 1, width * row_bytes + draw(st.sampled_from([0, 0, 1, 7])))
    size = int(step * height * rows_per_line) + draw(st.sampled_from([0, 0, 0, -1, 1]))
    return Image(
        encoding=encoding.replace('\0', ''),
        width=width,
        height=height,
        step=step,
        is_bigendian=draw(st.integers(0, 255)),
        data=bytes(range(256)) * 4 if not 0 <= size <= 5000 else bytes(size),
    )


@examples(120)
@given(image_messages())
def test_any_image_is_converted_or_refused(message):
    try:
        image = to_rgb(message, MAX_PIXELS)
    except ImageError:
        return
    assert_is_rgb(image, message.width, message.height)


@examples(100)
@given(image_messages(), st.sampled_from([*DEPTH_TYPES, '8UC1', '']))
def test_any_depth_image_is_converted_or_refused(message, encoding):
    message.encoding = encoding
    try:
        depth_m = depth_to_metres(message, MAX_PIXELS)
    except ImageError:
        return
    assert (depth_m.dtype, depth_m.shape) == (np.float32, (message.height, message.width))


@examples(50)
@given(
    st.sampled_from(sorted(ENCODINGS)),
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(0, 9),
    st.integers(0, 1),
)
def test_every_encoding_of_any_size_is_converted(encoding, columns, rows, padding, is_bigendian):
    smallest = ENCODINGS[encoding][2]
    width, height = columns * smallest[0], rows * smallest[1]
    message = random_message(encoding, width, height, row_padding=padding)
    message.is_bigendian = is_bigendian
    assert_is_rgb(to_rgb(message), width, height)


@examples(100)
@given(RGB, st.sampled_from(['rgb8', 'bgr8']))
def test_a_picture_comes_back_from_its_message(image, encoding):
    message = from_rgb(image, Header(), encoding)
    np.testing.assert_array_equal(to_rgb(message), image)


@examples(100)
@given(RGB)
def test_a_picture_comes_back_from_a_png(image):
    data = cv2.imencode('.png', image[..., ::-1])[1].tobytes()
    message = CompressedImage(format='rgb8; png compressed bgr8', data=data)
    np.testing.assert_array_equal(compressed_to_rgb(message), image)


@examples(50)
@given(RGB)
def test_a_picture_has_its_size_after_a_jpeg(image):
    read = compressed_to_rgb(compressed_from_rgb(image, Header()))
    assert read.shape == image.shape


@examples(100)
@given(
    arrays(np.float32, (2, 3), elements=st.floats(0.0, 60.0, width=32)),
    st.sampled_from(sorted(DEPTH_TYPES)),
)
def test_depth_comes_back_from_its_message(depth_m, encoding):
    dtype = np.dtype(DEPTH_TYPES[encoding])
    data = depth_m.astype(dtype) if dtype.kind == 'f' else np.round(1000 * depth_m).astype(dtype)
    message = Image(encoding=encoding, width=3, height=2, step=3 * dtype.itemsize)
    message.data = data.tobytes()
    tolerance_m = 0 if dtype.kind == 'f' else 5.1e-4
    np.testing.assert_allclose(depth_to_metres(message), depth_m, atol=tolerance_m)


@examples(120)
@given(st.sampled_from([b'', b'\xff\xd8\xff', b'\x89PNG\r\n\x1a\n']), st.binary(max_size=200))
def test_any_bytes_have_a_header_or_are_refused(start, rest):
    try:
        header = read_header(start + rest)
    except PictureError as error:
        assert str(error)
        return
    assert header.width > 0 < header.height


def png_chunk(name, data):
    return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))


@examples(100)
@given(
    st.integers(0, 2**32 - 1) | st.integers(0, 40),
    st.integers(0, 2**32 - 1) | st.integers(0, 40),
    st.tuples(*[st.integers(0, 255)] * 5) | st.tuples(st.just(8), st.just(2), *[st.just(0)] * 3),
    st.lists(
        st.tuples(
            st.sampled_from([b'PLTE', b'tRNS', b'gAMA', b'acTL', b'xxxx']), st.binary(max_size=20)
        ),
        max_size=3,
    ),
    st.binary(max_size=400),
)
def test_any_png_is_decoded_or_refused(width, height, kind, chunks, pixels):
    data = b'\x89PNG\r\n\x1a\n' + png_chunk(b'IHDR', struct.pack('>II5B', width, height, *kind))
    data += b''.join(png_chunk(*chunk) for chunk in chunks)
    data += png_chunk(b'IDAT', zlib.compress(pixels)) + png_chunk(b'IEND', b'')
    try:
        image = compressed_to_rgb(CompressedImage(format='png', data=data), MAX_PIXELS)
    except ImageError:
        return
    assert_is_rgb(image, width, height)


@examples(100)
@given(st.text(max_size=20), st.binary(max_size=40))
def test_any_format_and_any_bytes_are_decoded_or_refused(text, data):
    message = CompressedImage(format=text.replace('\0', ''), data=data)
    with pytest.raises(ImageError):
        compressed_to_rgb(message)


@examples(100)
@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**32 - 1))
def test_any_stamp_is_a_time_or_refused(sec, nanosec):
    stamp = Time(sec=sec, nanosec=nanosec)
    if sec >= 0 and nanosec < 10**9:
        assert image_stamp(Header(stamp=stamp)).nanoseconds == sec * 10**9 + nanosec
    else:
        with pytest.raises(ImageError, match=r'header\.stamp\.'):
            image_stamp(Header(stamp=stamp))
