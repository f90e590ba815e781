"""What a compressed picture says of itself, read before a decoder takes memory for it.

Decoders believe what they are told: a PNG of 100 kB may ask for gigabytes, and so may one flipped
bit in a length. Nothing here reads more than headers, or trusts a length before it is checked.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_JPEG_MAGIC = b'\xff\xd8\xff'
_PNG_MAGIC = b'\x89PNG\r\n\x1a\n'
# What else comes in messages and files, by the bytes at an offset.
_OTHER_MAGICS = (
    (8, b'WEBP', 'webp'),
    (0, b'II*\0', 'tiff'),
    (0, b'MM\0*', 'tiff'),
    (0, b'GIF8', 'gif'),
    (0, b'BM', 'bmp'),
    (4, b'ftypavif', 'avif'),
    (4, b'ftyphei', 'heic'),
    (4, b'ftyp', 'mp4'),
    (4, b'jP  ', 'jpeg 2000'),
    (0, b'\xff\x4f\xff\x51', 'jpeg 2000'),
    (0, b'\x76\x2f\x31\x01', 'openexr'),
    (0, b'#?RADIANCE', 'radiance hdr'),
    (0, b'\0\0\0\1', 'h264 or h265'),
    (12, _PNG_MAGIC, 'compressed depth'),
)
_LONGEST_MAGIC = 32

# JPEG, ITU-T T.81 table B.1: frame headers, which have the size, and markers without a length.
_FRAME_HEADERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_ALONE = {0x01, *range(0xD0, 0xD8)}
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
# Encoders write up to about ten. Each takes a decoder as long as the whole picture: 2000 empty ones
# (66 kB) in a picture of 8192x8192 took 35 s.
MAX_SCANS = 100
# PNG: length and type before a chunk's data, a checksum behind it.
_CHUNK_START, _CHUNK_CHECKSUM = 8, 4
# OpenCV's decoder of animations believes the sizes in these.
_ANIMATION_CHUNKS = (b'acTL', b'fcTL', b'fdAT')


class PictureError(ValueError):
    """A picture that no decoder should see; says what was found and what was expected."""


@dataclass(frozen=True)
class PictureHeader:
    """What a picture's header says.

    Attributes:
        kind: `jpeg` or `png`.
        width: px.
        height: px.
    """

    kind: str
    width: int
    height: int


def kind_of(data: bytes | memoryview) -> str:
    """`jpeg`, `png` or empty, by the first bytes."""
    start = bytes(data[:_LONGEST_MAGIC])
    if start.startswith(_JPEG_MAGIC):
        return 'jpeg'
    return 'png' if start.startswith(_PNG_MAGIC) else ''


def read_header(data: bytes | memoryview) -> PictureHeader:
    """Read the header of a jpeg or png picture.

    Raises:
        PictureError: the bytes are another kind of picture or none, they end before the size is
            told, the size is 0, or a PNG's chunks do not fit into them.
    """
    kind = kind_of(data)
    if not kind:
        start = bytes(data[:_LONGEST_MAGIC])
        others = (name for at, magic, name in _OTHER_MAGICS if start.startswith(magic, at))
        raise PictureError(f'it is {next(others, "of no kind that is known here")}')
    width, height = _jpeg_size(data) if kind == 'jpeg' else _png_size(data)
    if not (width and height):
        raise PictureError(f'the {kind} says width x height is {width}x{height}')
    return PictureHeader(kind, width, height)


def _jpeg_size(data: bytes | memoryview) -> tuple[int, int]:
    """Width and height in the frame header: the first segment that has them."""
    num_scans = bytes(data).count(bytes([0xFF, _START_OF_SCAN]))
    if num_scans > MAX_SCANS:
        raise PictureError(f'the jpeg has {num_scans} scans, expected at most {MAX_SCANS}')
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # any number of these may precede a marker
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in (_START_OF_SCAN, _END_OF_IMAGE):
            break
        elif marker in _FRAME_HEADERS and at + 9 <= len(data):
            height, width = struct.unpack_from('>HH', data, at + 5)
            return width, height
        else:
            at += 2 + struct.unpack_from('>H', data, at + 2)[0]
    raise PictureError('the jpeg ends or is damaged before it tells its size')


def _png_size(data: bytes | memoryview) -> tuple[int, int]:
    """Width and height in the first chunk, if all chunks up to the last one are there."""
    chunks = _png_chunks(data)
    name, at, length = next(chunks)
    if (name, length) != (b'IHDR', 13):
        raise PictureError(f'the png begins with chunk {name!r} of {length} bytes, expected IHDR')
    width, height = struct.unpack_from('>II', data, at)
    for name, _, _ in chunks:
        if name in _ANIMATION_CHUNKS:
            raise PictureError('the png is an animation')
    return width, height


def _png_chunks(data: bytes | memoryview) -> Iterator[tuple[bytes, int, int]]:
    """Type, offset and length of each chunk's data, up to the last chunk (IEND)."""
    at, name = len(_PNG_MAGIC), b''
    while name != b'IEND':
        left = len(data) - at - _CHUNK_START - _CHUNK_CHECKSUM
        length, name = struct.unpack_from('>I4s', data, at) if left >= 0 else (0, b'')
        if length > left:
            raise PictureError(
                f'the png has a chunk of {length} bytes where {max(left, 0)} are left: cut short '
                'or damaged'
            )
        yield name, at + _CHUNK_START, length
        at += _CHUNK_START + length + _CHUNK_CHECKSUM
