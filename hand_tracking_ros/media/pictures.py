"""Picture files, one or a folder of them, as a source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from hand_tracking_ros.media.media_source import Frame, MediaSource
from hand_tracking_ros.output_files import explained, replacing
from hand_tracking_ros.picture_header import PictureError, kind_of, read_header
from hand_tracking_ros.tracking.errors import UserError

PICTURE_SUFFIXES = (
    '.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff', '.ppm', '.pgm',
)  # fmt: skip
# More than any camera takes.
MAX_PIXELS = 16384 * 16384
# Slow enough to look at each picture.
PICTURE_RATE_HZ = 2.0


class Pictures(MediaSource):
    """Picture files, each a frame of its own size; those that cannot be read are left out.

    Args:
        name: of the source.
        paths: in the order in which they are shown.

    Raises:
        UserError: none of them can be read.
    """

    is_video = False

    def __init__(self, name: str, paths: list[Path]):
        first = next((image for image in map(_read_rgb, paths) if image is not None), None)
        if first is None:
            raise UserError(
                f'source {name!r}: none of its {len(paths)} pictures can be read, '
                f'the first is {paths[0]}'
            )
        super().__init__(name, first.shape, PICTURE_RATE_HZ, len(paths), paths)

    @classmethod
    def in_folder(cls, folder: Path) -> Pictures:
        """All pictures of a folder, in the order of their names and the numbers in these.

        Raises:
            UserError: it holds no picture that can be read.
        """
        # Hidden ones are no pictures of the user's, though they may be called so.
        files = [
            path for path in folder.iterdir() if path.is_file() and not path.name.startswith('.')
        ]
        pictures = [path for path in files if path.suffix.lower() in PICTURE_SUFFIXES]
        if not pictures:
            expected = ', '.join(suffix[1:] for suffix in PICTURE_SUFFIXES)
            raise UserError(
                f'source {str(folder)!r}: no pictures in this folder (looked for {expected}; '
                f'found {len(files)} other files)'
            )
        return cls(folder.resolve().name, sorted(pictures, key=_natural_order))

    def __iter__(self) -> Iterator[Frame]:
        for index, path in enumerate(self.paths):
            image = _read_rgb(path)
            if image is None:
                self._report(f'{path} cannot be read as a picture: left out')
                continue
            yield Frame(path.name, image, index / self.rate_hz)


def write_picture(option: str, path: Path, image: np.ndarray) -> None:
    """Write an (H, W, 3) uint8 RGB picture in place of what was there; makes its folder.

    `option` is where the user named the file, such as '--output'.

    Raises:
        UserError: it cannot be written, or is no kind of picture.
    """
    try:
        encoded = cv2.imencode(path.suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1]
    except cv2.error as error:
        raise UserError(f'{option} {path}: OpenCV does not write such pictures') from error
    with replacing(option, path) as unfinished, explained(option, path):
        unfinished.write_bytes(encoded.tobytes())


def _read_rgb(path: Path) -> np.ndarray | None:
    """The picture; None if it cannot be decoded, or asks for more memory than pictures need."""
    try:
        data = path.read_bytes()
        if kind_of(data):
            header = read_header(data)
            if header.width * header.height > MAX_PIXELS:
                return None
    except (OSError, PictureError):
        return None
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _natural_order(path: Path) -> list:
    """Sort key by name, with numbers by value: frame_2 before frame_10."""
    parts = re.split(r'(\d+)', path.name.lower())
    return [int(part) if part.isdecimal() else part for part in parts]
