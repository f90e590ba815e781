"""Pictures of every encoding become RGB, broken ones become an ImageError, nothing else happens."""
# ruff: noqa: E402 (what the imports need is looked for first)

import array

import cv2
import numpy as np
import pytest

for package in ('rclpy', 'sensor_msgs', 'tf2_msgs'):
    pytest.importorskip(package, reason=f'needs ROS 2 ({package} is not installed)')

from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from hand_tracking_ros.ros.image_conversion import (
    ImageError,
    compressed_from_rgb,
    compressed_to_rgb,
    from_rgb,
    to_rgb,
)

RED, GREEN, BLUE, WHITE, BLACK = (
    (255, 0, 0),
    (0, 255, 0),
    (0, 0, 255),
    (255, 255, 255),
    (0, 0, 0),
)
# ITU-R BT.601 with Y from 16 to 235: Y = 16 + 65.5 R + 128.6 G + 25 B for R, G, B from 0 to 1, ...
YUV_OF = {
    RED: (81, 90, 240),
    GREEN: (145, 54, 34),
    BLUE: (41, 240, 110),
    WHITE: (235, 128, 128),
    BLACK: (16, 128, 128),
}
BAYER = ('bayer_rggb8', 'bayer_bggr8', 'bayer_gbrg8', 'bayer_grbg8')

# Bytes per pixel in one row, rows per line, smallest (width, height) of every encoding.
ENCODINGS = {
    **dict.fromkeys(('mono8', '8UC1'), (1, 1, (1, 1))),
    **dict.fromkeys(('rgb8', 'bgr8', '8UC3'), (3, 1, (1, 1))),
    **dict.fromkeys(('rgba8', 'bgra8', '8UC4'), (4, 1, (1, 1))),
    **dict.fromkeys(('mono16', '16UC1'), (2, 1, (1, 1))),
    **dict.fromkeys(('rgb16', 'bgr16', '16UC3'), (6, 1, (1, 1))),
    **dict.fromkeys(('rgba16', 'bgra16', '16UC4'), (8, 1, (1, 1))),
    **dict.fromkeys(BAYER, (1, 1, (3, 3))),
    **dict.fromkeys((f'{name[:-1]}16' for name in BAYER), (2, 1, (3, 3))),
    **dict.fromkeys(('yuv422', 'uyvy', 'yuv422_yuy2', 'yuyv'), (2, 1, (2, 1))),
    **dict.fromkeys(('nv12', 'nv21'), (1, 1.5, (2, 2))),
    'nv24': (1, 3, (1, 1)),
}


def image_message(encoding, width, height, rows, *, row_padding=0, is_bigendian=0):
    """An Image of these rows of bytes, each followed by padding that must not be looked at."""
    rows = np.frombuffer(bytes(rows), np.uint8).reshape(
        int(height * ENCODINGS[encoding][1]), width * ENCODINGS[encoding][0]
    )
    padded = np.pad(rows, ((0, 0), (0, row_padding)), constant_values=0xA5)
    return Image(
        encoding=encoding,
        width=width,
        height=height,
        step=padded.shape[1],
        is_bigendian=is_bigendian,
        data=array.array('B', padded.tobytes()),
    )


def random_message(encoding, width, height, **how):
    row_bytes, rows_per_line, _ = ENCODINGS[encoding]
    size = int(width * row_bytes * height * rows_per_line)
    samples = np.random.default_rng(4).integers(0, 256, size, np.uint8)
    return image_message(encoding, width, height, samples.tobytes(), **how)


def assert_is_rgb(image, width, height):
    assert image.dtype == np.uint8
    assert image.shape == (height, width, 3)
    assert image.flags.c_contiguous


def mosaic(encoding, rgb, width=6, height=4):
    """What a sensor with this colour filter sees of an even surface."""
    tile = encoding.removeprefix('bayer_')[:4]
    channels = np.array(['rgb'.index(letter) for letter in tile]).reshape(2, 2)
    return np.array(rgb, np.uint8)[np.tile(channels, (height // 2, width // 2))]


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


def patches(size_px=16):
    """Four even surfaces side by side, large enough for jpeg to keep their colours."""
    return (
        np.repeat([[RED, GREEN, BLUE, (10, 100, 200)]], size_px, axis=1)
        .repeat(size_px, axis=0)
        .astype(np.uint8)
    )


def assert_middles_are_the_patches(image):
    np.testing.assert_allclose(image[8, 8::16], patches()[8, 8::16], atol=6)


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


def test_picture_of_floating_point_samples_is_refused():
    message = compressed_message('.tiff', np.ones((4, 4), np.float32), '32FC1; tiff compressed ')
    with pytest.raises(ImageError, match=r"^data .*, expected .*'32FC1; tiff"):
        compressed_to_rgb(message)


@pytest.mark.parametrize('extension', ['.jpg', '.png'])
def test_no_damaged_picture_does_anything_but_decode_or_raise_image_error(extension):
    rng = np.random.default_rng(6)
    whole = cv2.imencode(extension, rng.integers(0, 256, (24, 32, 3), np.uint8))[1]
    # The sizes in the headers are left alone: a flipped bit there may ask for gigabytes of memory.
    first_changed = {'.jpg': 300, '.png': 41}[extension]
    for _ in range(500):
        damaged = whole.copy()
        for index in rng.integers(first_changed, len(whole), rng.integers(1, 20)):
            damaged[index] = rng.integers(0, 256)
        damaged = damaged[: rng.integers(0, len(whole) + 1)]
        try:
            image = compressed_to_rgb(CompressedImage(format='jpeg', data=damaged.tobytes()))
        except ImageError:
            continue
        assert_is_rgb(image, 32, 24)


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
