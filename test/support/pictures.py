"""Pictures of known colours, and sensor_msgs/Image of every encoding."""

import array

import numpy as np
from sensor_msgs.msg import Image

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


def patches(size_px=16):
    """Four even surfaces side by side, large enough for jpeg to keep their colours."""
    return (
        np.repeat([[RED, GREEN, BLUE, (10, 100, 200)]], size_px, axis=1)
        .repeat(size_px, axis=0)
        .astype(np.uint8)
    )


def assert_middles_are_the_patches(image):
    np.testing.assert_allclose(image[8, 8::16], patches()[8, 8::16], atol=6)
