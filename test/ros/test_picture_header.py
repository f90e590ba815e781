"""A compressed picture's size is told, and nothing dubious reaches a decoder."""

import struct
import zlib

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from sensor_msgs.msg import CompressedImage

from hand_tracking_ros.picture_header import PictureError, PictureHeader, read_header
from hand_tracking_ros.ros.compressed_images import compressed_to_rgb
from hand_tracking_ros.ros.image_conversion import MAX_IMAGE_PIXELS, ImageError

PNG_MAGIC = b'\x89PNG\r\n\x1a\n'


def encoded(extension, width=32, height=24, *options):
    image = np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)
    return cv2.imencode(extension, image, list(options))[1].tobytes()


def chunk(name, data):
    return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))


def png(width, height, *chunks, pixels=b''):
    """A gray PNG that claims a size, and has what pixels it likes."""
    header = chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0))
    data = chunk(b'IDAT', zlib.compress(pixels))
    return PNG_MAGIC + header + b''.join(chunks) + data + chunk(b'IEND', b'')


def jpeg_claiming(width, height):
    whole = bytearray(encoded('.jpg'))
    at = whole.index(b'\xff\xc0') + 5
    struct.pack_into('>HH', whole, at, height, width)
    return bytes(whole)


@pytest.fixture
def no_decoder(monkeypatch):
    """Fail if OpenCV is asked to decode anything."""

    def decoded(*_arguments):
        raise AssertionError('the picture reached the decoder')

    monkeypatch.setattr(cv2, 'imdecode', decoded)


@pytest.mark.parametrize('size', [(1, 1), (33, 24), (640, 480)])
@pytest.mark.parametrize(
    ('extension', 'options'),
    [
        ('.png', ()),
        ('.jpg', ()),
        ('.jpg', (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)),
        ('.jpg', (cv2.IMWRITE_JPEG_RST_INTERVAL, 2)),
    ],
)
def test_the_header_tells_the_size(extension, options, size):
    kind = {'.png': 'png', '.jpg': 'jpeg'}[extension]
    assert read_header(encoded(extension, *size, *options)) == PictureHeader(kind, *size)


def test_a_jpeg_with_other_segments_and_fill_bytes_before_its_size_is_read():
    whole = encoded('.jpg')
    comment = b'\xff\xfe' + struct.pack('>H', 2 + 4) + b'\xff\xc0\xff\xc0'
    read = read_header(whole[:2] + comment + b'\xff\xff\xff' + whole[2:])
    assert (read.width, read.height) == (32, 24)


@pytest.mark.parametrize('data', [png(30000, 30000), jpeg_claiming(60000, 60000)])
def test_a_picture_that_claims_too_many_pixels_is_refused_undecoded(no_decoder, data):
    message = CompressedImage(format='', data=data)
    with pytest.raises(ImageError, match=r'width x height is (\d+)x\1, .*max_image_pixels'):
        compressed_to_rgb(message)


@pytest.mark.parametrize('extension', ['.png', '.jpg'])
def test_the_limit_is_the_parameters(extension):
    message = CompressedImage(format='', data=encoded(extension))
    assert compressed_to_rgb(message, max_pixels=32 * 24).shape == (24, 32, 3)
    with pytest.raises(ImageError, match='at most 767 pixels'):
        compressed_to_rgb(message, max_pixels=32 * 24 - 1)


def test_a_picture_of_the_largest_size_allowed_is_no_error():
    read = read_header(png(8192, 8192))
    assert read.width * read.height == MAX_IMAGE_PIXELS


@pytest.mark.parametrize('bit', range(32))
def test_a_png_with_a_flipped_bit_in_a_length_is_refused_undecoded(no_decoder, bit):
    damaged = bytearray(encoded('.png'))
    length_at = damaged.index(b'IDAT') - 4
    damaged[length_at + bit // 8] ^= 0x80 >> bit % 8
    with pytest.raises(ImageError, match=r'cannot be decoded \(the png'):
        compressed_to_rgb(CompressedImage(format='png', data=bytes(damaged)))


@pytest.mark.parametrize('extension', ['.png', '.jpg'])
def test_a_header_that_is_cut_short_is_refused_undecoded(no_decoder, extension):
    whole = encoded(extension)
    size_at = whole.index(b'\xff\xc0') + 9 if extension == '.jpg' else len(whole)
    for length in range(size_at):
        with pytest.raises(ImageError, match=rf'data has {length} bytes which cannot be decoded'):
            compressed_to_rgb(CompressedImage(format='', data=whole[:length]))


@pytest.mark.parametrize(
    ('data', 'what_it_says'),
    [
        (png(4, 4, chunk(b'acTL', bytes(8))), 'animation'),
        (PNG_MAGIC + chunk(b'PLTE', bytes(13)), "begins with chunk b'PLTE' of 13 bytes"),
        (png(0, 4), 'width x height is 0x4'),
        (encoded('.jpg') + 100 * b'\xff\xda\0\x08', 'the jpeg has 101 scans'),
        (jpeg_claiming(4, 0), 'width x height is 4x0'),
        (b'\xff\xd8\xff\xda', 'before it tells its size'),
        (b'\xff\xd8\xff\xe0\0\0', 'before it tells its size'),
    ],
)
def test_what_no_decoder_should_see_is_named(data, what_it_says):
    with pytest.raises(PictureError, match=what_it_says):
        read_header(data)


@pytest.mark.parametrize(
    ('start', 'name'),
    [
        (b'RIFF\0\0\0\0WEBPVP8 ', 'webp'),
        (b'II*\0', 'tiff'),
        (b'BM', 'bmp'),
        (b'GIF89a', 'gif'),
        (b'\0\0\0\x0cjP  \r\n', 'jpeg 2000'),
        (b'\0\0\0\x1cftypavif', 'avif'),
        (b'\0\0\0\1\x67\x42', 'h264 or h265'),
        (bytes(12) + PNG_MAGIC, 'compressed depth'),
        (b'%PDF', 'of no kind that is known here'),
    ],
)
def test_other_kinds_of_pictures_are_refused_by_their_bytes(no_decoder, start, name):
    message = CompressedImage(format='jpeg', data=start + bytes(100))
    with pytest.raises(ImageError, match=rf'\(it is {name}\), expected a jpeg or png'):
        compressed_to_rgb(message)


@pytest.mark.parametrize(
    ('text', 'name'),
    [
        ('bgr8; webp compressed bgr8', 'webp'),
        ('rgb8; TIFF compressed rgb8', 'tiff'),
        ('h264', 'h264'),
        ('16UC1; compressedDepth png', 'compresseddepth'),
    ],
)
def test_other_kinds_of_pictures_are_refused_by_their_format(no_decoder, text, name):
    message = CompressedImage(format=text, data=encoded('.png'))
    with pytest.raises(
        ImageError, match=f"format is '{text}', which names {name}; expected a jpeg"
    ):
        compressed_to_rgb(message)
