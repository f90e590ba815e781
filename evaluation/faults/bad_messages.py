"""What cameras and their drivers get wrong in a message: tables from a name to what does it.

Each function changes a good message, or its header, in place.
"""

from __future__ import annotations

import array
import math
import random
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

Fault = Callable[[Any, random.Random], None]
NANOSECONDS = 1_000_000_000
HUGE_PX = 30_000


def shift_stamp(header: Header, seconds: float) -> None:
    """Move a stamp."""
    stamp = header.stamp
    total_ns = stamp.sec * NANOSECONDS + stamp.nanosec + round(seconds * NANOSECONDS)
    stamp.sec, stamp.nanosec = divmod(total_ns, NANOSECONDS)


def _fields(**values: Any) -> Fault:
    def change(message: Any, _chance: random.Random) -> None:
        for name, value in values.items():
            setattr(message, name, value)

    return change


def _stamp(**values: int) -> Fault:
    def change(header: Header, _chance: random.Random) -> None:
        for name, value in values.items():
            setattr(header.stamp, name, value)

    return change


def _stamp_shifted(least_s: float, most_s: float) -> Fault:
    def change(header: Header, chance: random.Random) -> None:
        shift_stamp(header, chance.uniform(least_s, most_s))

    return change


def _of_header(fault: Fault) -> Fault:
    def change(message: Any, chance: random.Random) -> None:
        fault(message.header, chance)

    return change


def _matrix(entries: Mapping[int, float]) -> Fault:
    """Other entries of K, by their place in it."""

    def change(info: CameraInfo, _chance: random.Random) -> None:
        for place, value in entries.items():
            info.k[place] = value

    return change


def _depth(value_m: float) -> Fault:
    def change(message: Image, _chance: random.Random) -> None:
        values = np.full(message.width * message.height, value_m, np.float32)
        message.encoding, message.step = '32FC1', 4 * message.width
        message.data = array.array('B', values.tobytes())

    return change


def _cut(message: Image | CompressedImage, chance: random.Random) -> None:
    message.data = message.data[: chance.randrange(1, len(message.data))]


def _lengthen(message: Image, chance: random.Random) -> None:
    message.data = message.data + array.array('B', bytes(chance.randrange(1, 5000)))


def _damage(message: CompressedImage, chance: random.Random) -> None:
    for _ in range(20):
        message.data[chance.randrange(len(message.data))] ^= 1 << chance.randrange(8)


def _shorten_step(message: Image, chance: random.Random) -> None:
    message.step = chance.randrange(message.step)


def _claim_much(message: CompressedImage, _chance: random.Random) -> None:
    """A few bytes of a png that claim 900 million pixels."""
    header = b'IHDR' + struct.pack('>IIBBBBB', HUGE_PX, HUGE_PX, 8, 2, 0, 0, 0)
    chunk = struct.pack('>I', 13) + header + struct.pack('>I', zlib.crc32(header))
    message.format = 'png'
    message.data = array.array('B', b'\x89PNG\r\n\x1a\n' + chunk + bytes(1000))


def _random_bytes(message: CompressedImage, chance: random.Random) -> None:
    message.data = array.array('B', chance.randbytes(1000))


IMAGE: Mapping[str, Fault] = {
    'step too small': _shorten_step,
    'data cut': _cut,
    'data too long': _lengthen,
    'no data': _fields(data=array.array('B')),
    'width 0': _fields(width=0),
    'unknown encoding': _fields(encoding='h264'),
    'empty encoding': _fields(encoding=''),
    'float encoding': _fields(encoding='32FC1'),
    'claims 30000x30000': _fields(width=HUGE_PX, height=HUGE_PX, step=3 * HUGE_PX),
    'one pixel': _fields(width=1, height=1, step=3, data=array.array('B', bytes(3))),
}
COMPRESSED_IMAGE: Mapping[str, Fault] = {
    'jpeg cut': _cut,
    'jpeg damaged': _damage,
    'no data': _fields(data=array.array('B')),
    'random bytes': _random_bytes,
    'png claims 30000x30000': _claim_much,
    'unknown format': _fields(format='h264'),
}
STAMP: Mapping[str, Fault] = {
    'stamp negative': _stamp(sec=-5),
    'stamp 0': _stamp(sec=0, nanosec=0),
    'stamp of too many nanoseconds': _stamp(nanosec=2**32 - 1),
    'stamp at the end of time': _stamp(sec=2**31 - 1),
    'stamp back': _stamp_shifted(-100.0, -0.1),
    'stamp ahead': _stamp_shifted(0.1, 100.0),
}
CAMERA_INFO: Mapping[str, Fault] = {
    'focal length 0': _matrix({0: 0.0, 4: 0.0}),
    'focal length NaN': _matrix({0: math.nan}),
    'focal length negative': _matrix({0: -300.0}),
    'focal length 1e6': _matrix({0: 1e6, 4: 1e6}),
    'skew': _matrix({1: 1e6}),
    'centre infinite': _matrix({2: math.inf}),
    'distortion 1e30': _fields(d=[1e30] * 5),
    'distortion NaN': _fields(d=[math.nan] * 5),
    'distortion of 3 numbers': _fields(d=[0.1] * 3),
    'unknown distortion model': _fields(distortion_model='magic'),
    'fisheye': _fields(distortion_model='equidistant', d=[0.1, 0.01, 0.0, 0.0]),
    'size of another camera': _fields(width=17, height=3000),
}
DEPTH: Mapping[str, Fault] = {
    'depth NaN': _depth(math.nan),
    'depth infinite': _depth(math.inf),
    'depth negative': _depth(-1.0),
    'depth 0': _depth(0.0),
    'depth 1e30': _depth(1e30),
    'depth cut': _cut,
    'depth of unknown encoding': _fields(encoding='rgb8'),
    **{f'depth {name}': _of_header(fault) for name, fault in STAMP.items()},
}
