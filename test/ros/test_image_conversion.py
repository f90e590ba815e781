"""Pictures of every encoding become RGB, broken ones become an ImageError, nothing else happens."""

import array

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from sensor_msgs.msg import Image

from hand_tracking_ros.ros.image_conversion import ImageError, depth_to_metres, to_rgb
from support.pictures import (
    BAYER,
    BLUE,
    ENCODINGS,
    GREEN,
    RED,
    YUV_OF,
    assert_is_rgb,
    image_message,
    mosaic,
    random_message,
)


@pytest.mark.parametrize(
    ('encoding', 'pixels'),
    [
        ('rgb8', [[1, 2, 3], [4, 5, 6]]),
        ('bgr8', [[3, 2, 1], [6, 5, 4]]),
        ('8UC3', [[3, 2, 1], [6, 5, 4]]),
        ('rgba8', [[1, 2, 3, 0], [4, 5, 6, 255]]),
        ('bgra8', [[3, 2, 1, 0], [6, 5, 4, 255]]),
        ('8UC4', [[3, 2, 1, 0], [6, 5, 4, 255]]),
    ],
)
def test_packed_colours_keep_their_values(encoding, pixels):
    image = to_rgb(image_message(encoding, 2, 1, np.uint8(pixels).tobytes()))
    assert image.tolist() == [[[1, 2, 3], [4, 5, 6]]]


@pytest.mark.parametrize('encoding', ['mono8', '8UC1'])
def test_gray_becomes_three_equal_channels(encoding):
    image = to_rgb(image_message(encoding, 3, 1, [0, 100, 255]))
    assert image.tolist() == [[[0] * 3, [100] * 3, [255] * 3]]


@pytest.mark.parametrize('encoding', ['mono16', '16UC1'])
@pytest.mark.parametrize(('is_bigendian', 'dtype'), [(0, '<u2'), (1, '>u2')])
def test_sixteen_bit_gray_keeps_its_more_significant_byte(encoding, is_bigendian, dtype):
    samples = np.array([0, 0x12FF, 0x80FF, 0xFFFF], dtype)
    image = to_rgb(image_message(encoding, 4, 1, samples.tobytes(), is_bigendian=is_bigendian))
    assert image[0, :, 0].tolist() == [0, 0x12, 0x80, 0xFF]
    assert image[0, :, 1].tolist() == image[0, :, 2].tolist() == image[0, :, 0].tolist()


@pytest.mark.parametrize(
    ('encoding', 'pixel'),
    [
        ('rgb16', [0x01FF, 0x02FF, 0x03FF]),
        ('bgr16', [0x03FF, 0x02FF, 0x01FF]),
        ('16UC3', [0x03FF, 0x02FF, 0x01FF]),
        ('rgba16', [0x01FF, 0x02FF, 0x03FF, 0xFFFF]),
        ('bgra16', [0x03FF, 0x02FF, 0x01FF, 0xFFFF]),
        ('16UC4', [0x03FF, 0x02FF, 0x01FF, 0xFFFF]),
    ],
)
@pytest.mark.parametrize(('is_bigendian', 'dtype'), [(0, '<u2'), (1, '>u2')])
def test_sixteen_bit_colours_keep_their_more_significant_bytes(
    encoding, pixel, is_bigendian, dtype
):
    message = image_message(
        encoding, 1, 1, np.array(pixel, dtype).tobytes(), is_bigendian=is_bigendian
    )
    assert to_rgb(message).tolist() == [[[1, 2, 3]]]


def test_byte_order_does_not_matter_to_eight_bit_samples():
    message = image_message('bgr8', 1, 1, [3, 2, 1], is_bigendian=1)
    assert to_rgb(message).tolist() == [[[1, 2, 3]]]


@pytest.mark.parametrize('rgb', YUV_OF)
@pytest.mark.parametrize(
    ('encoding', 'order'),
    [('yuv422', 'uyvy'), ('uyvy', 'uyvy'), ('yuv422_yuy2', 'yuyv'), ('yuyv', 'yuyv')],
)
def test_yuv422_becomes_the_colour_in_both_orders(encoding, order, rgb):
    two_pixels = [dict(zip('yuv', YUV_OF[rgb], strict=True))[letter] for letter in order]
    image = to_rgb(image_message(encoding, 4, 2, two_pixels * 4))
    np.testing.assert_allclose(image, np.full((2, 4, 3), rgb), atol=3)


def test_yuv422_pixels_have_their_own_luma():
    image = to_rgb(image_message('yuyv', 2, 1, [16, 128, 235, 128]))
    assert image.tolist() == [[[0, 0, 0], [255, 255, 255]]]


@pytest.mark.parametrize('rgb', YUV_OF)
@pytest.mark.parametrize(('encoding', 'chroma'), [('nv12', 'uv'), ('nv21', 'vu'), ('nv24', 'uv')])
def test_planar_yuv_becomes_the_colour(encoding, chroma, rgb):
    width, height = 4, 2
    sample_of = dict(zip('yuv', YUV_OF[rgb], strict=True))
    num_chroma_pairs = width * height // (1 if encoding == 'nv24' else 4)
    rows = [sample_of['y']] * (width * height)
    rows += [sample_of[letter] for letter in chroma] * num_chroma_pairs
    image = to_rgb(image_message(encoding, width, height, rows))
    np.testing.assert_allclose(image, np.full((height, width, 3), rgb), atol=3)


def test_planar_colours_lie_over_their_own_pixels():
    red, blue = YUV_OF[RED], YUV_OF[BLUE]
    luma = [red[0], red[0], blue[0], blue[0]] * 2
    image = to_rgb(image_message('nv12', 4, 2, [*luma, *red[1:], *blue[1:]]))
    np.testing.assert_allclose(image, [[RED, RED, BLUE, BLUE]] * 2, atol=3)


def test_nv24_colours_lie_over_their_own_pixels():
    (red_y, *red_uv), (blue_y, *blue_uv) = YUV_OF[RED], YUV_OF[BLUE]
    rows = [red_y, blue_y, blue_y, red_y, *red_uv, *blue_uv, *blue_uv, *red_uv]
    image = to_rgb(image_message('nv24', 2, 2, rows))
    np.testing.assert_allclose(image, [[RED, BLUE], [BLUE, RED]], atol=3)


@pytest.mark.parametrize('rgb', [RED, GREEN, BLUE, (10, 100, 200)])
@pytest.mark.parametrize('encoding', BAYER)
def test_bayer_mosaic_becomes_the_colour(encoding, rgb):
    samples = mosaic(encoding, rgb)
    expected = np.full((4, 6, 3), rgb)
    np.testing.assert_array_equal(
        to_rgb(image_message(encoding, 6, 4, samples.tobytes())), expected
    )
    for is_bigendian, dtype in ((0, '<u2'), (1, '>u2')):
        wide = (samples.astype(np.uint16) << 8).astype(dtype)
        message = image_message(
            f'{encoding[:-1]}16', 6, 4, wide.tobytes(), is_bigendian=is_bigendian
        )
        np.testing.assert_array_equal(to_rgb(message), expected)


@pytest.mark.parametrize('encoding', ENCODINGS)
@pytest.mark.parametrize('row_padding', [1, 2, 13, 64])
def test_row_padding_changes_nothing(encoding, row_padding):
    plain = random_message(encoding, 6, 4)
    padded = random_message(encoding, 6, 4, row_padding=row_padding)
    image = to_rgb(padded)
    assert_is_rgb(image, 6, 4)
    np.testing.assert_array_equal(image, to_rgb(plain))


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_smallest_picture_is_converted(encoding):
    width, height = ENCODINGS[encoding][2]
    assert_is_rgb(to_rgb(random_message(encoding, width, height)), width, height)


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_4k_picture_is_converted(encoding):
    assert_is_rgb(to_rgb(random_message(encoding, 3840, 2160)), 3840, 2160)


@pytest.mark.parametrize('encoding', [*BAYER, 'rgb8', 'mono8', 'mono16', 'nv24'])
def test_odd_sizes_are_converted_where_pixels_share_nothing(encoding):
    assert_is_rgb(to_rgb(random_message(encoding, 7, 5)), 7, 5)


def test_rgb8_is_not_copied():
    message = random_message('rgb8', 6, 4)
    assert np.shares_memory(to_rgb(message), np.frombuffer(message.data, np.uint8))


@pytest.mark.parametrize('data', [b'\x01\x02\x03', [1, 2, 3], bytearray([1, 2, 3])])
def test_data_may_be_set_from_any_kind_of_bytes(data):
    message = Image(encoding='bgr8', width=1, height=1, step=3, data=data)
    assert to_rgb(message).tolist() == [[[3, 2, 1]]]


@pytest.mark.parametrize(
    ('encoding', 'changes', 'what_it_says'),
    [
        ('rgb8', {'encoding': 'jpeg'}, "encoding is 'jpeg', expected one of: rgb8, bgr8"),
        ('rgb8', {'encoding': ''}, "encoding is '', expected one of: rgb8, bgr8"),
        ('rgb8', {'width': 0}, 'width is 0, expected at least 1'),
        ('rgb8', {'height': 0}, 'height is 0, expected at least 1'),
        ('rgb8', {'width': 0, 'height': 0, 'step': 0, 'data': b''}, 'width is 0'),
        ('rgb8', {'step': 17}, "step is 17 bytes, expected at least 18 for width 6 and .*'rgb8'"),
        ('mono16', {'step': 0}, 'step is 0 bytes, expected at least 12'),
        ('rgb8', {'step': 19}, r'data has 72 bytes, expected 76: 4 rows \(height 4.* of step 19'),
        ('rgb8', {'height': 2**32 - 1}, 'data has 72 bytes, expected 77309411310'),
        ('rgb8', {'data': b''}, 'data has 0 bytes, expected 72'),
        ('rgb8', {'data': bytes(71)}, 'data has 71 bytes, expected 72'),
        ('rgb8', {'data': bytes(73)}, 'data has 73 bytes, expected 72'),
        ('nv12', {'data': bytes(24)}, r'data has 24 bytes, expected 36: 6 rows \(height 4, .*nv12'),
        ('yuv422', {'width': 5}, "width is 5, expected a multiple of 2 for encoding 'yuv422'"),
        ('yuyv', {'width': 1}, 'width is 1, expected at least 2'),
        ('nv12', {'width': 3}, 'width is 3, expected a multiple of 2'),
        ('nv21', {'height': 3}, 'height is 3, expected a multiple of 2'),
        ('bayer_rggb8', {'width': 2}, 'width is 2, expected at least 3'),
    ],
)
def test_contradictions_are_named(encoding, changes, what_it_says):
    message = random_message(encoding, 6, 4)
    for field, value in changes.items():
        setattr(message, field, value)
    with pytest.raises(ImageError, match=what_it_says):
        to_rgb(message)


def test_no_image_message_does_anything_but_convert_or_raise_image_error():
    rng = np.random.default_rng(5)
    sizes = [0, 1, 2, 3, 4, 5, 8, 255, 2**16, 2**31, 2**32 - 1]
    num_converted = 0
    for _ in range(5000):
        message = Image(
            encoding=str(rng.choice([*ENCODINGS, '', 'RGB8', '32FC1', 'bayer_rggb32', 'é\n'])),
            width=int(rng.choice(sizes[:6] if rng.random() < 0.8 else sizes)),
            height=int(rng.choice(sizes[:6] if rng.random() < 0.8 else sizes)),
            is_bigendian=int(rng.integers(0, 256)),
        )
        row_bytes, rows_per_line, _ = ENCODINGS.get(message.encoding, (1, 1, None))
        message.step = int(
            min(2**32 - 1, message.width * row_bytes + rng.choice([0, 1, 2]))
            if rng.random() < 0.8
            else rng.choice(sizes)
        )
        size = int(message.step * message.height * rows_per_line) + int(
            rng.choice([0, 0, 0, 0, -1, 1])
        )
        message.data = array.array('B', rng.bytes(max(0, min(size, 5000))))
        try:
            image = to_rgb(message)
        except ImageError:
            continue
        assert_is_rgb(image, message.width, message.height)
        num_converted += 1
    assert num_converted > 1000


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_a_picture_of_more_pixels_than_allowed_is_refused(encoding):
    message = random_message(encoding, 6, 4)
    assert_is_rgb(to_rgb(message, max_pixels=24), 6, 4)
    with pytest.raises(ImageError, match=r'width x height is 6x4, .* 23 .*max_image_pixels'):
        to_rgb(message, max_pixels=23)


@pytest.mark.parametrize(('encoding', 'dtype'), [('16UC1', '<u2'), ('32FC1', '<f4')])
def test_a_depth_image_of_more_pixels_than_allowed_is_refused(encoding, dtype):
    data = np.ones((4, 6), dtype)
    message = Image(encoding=encoding, width=6, height=4, step=data.strides[0], data=data.tobytes())
    assert depth_to_metres(message, max_pixels=24).shape == (4, 6)
    with pytest.raises(ImageError, match=r'width x height is 6x4, .* 23 .*max_image_pixels'):
        depth_to_metres(message, max_pixels=23)
