"""Pictures from wherever a user has them: files, a camera, or one that is simulated.

`open_media` looks at the source and returns a `MediaSource`; every program that takes a SOURCE
iterates over that and knows nothing of files or cameras. No ROS in here.
"""

from __future__ import annotations

import logging
import math
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from hand_tracking_ros.media.media_source import Frame, MediaSource
from hand_tracking_ros.media.simulated_media import SIMULATED, SimulatedMedia
from hand_tracking_ros.tracking.errors import UserError

PICTURE_SUFFIXES = (
    '.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff', '.ppm', '.pgm',
)  # fmt: skip
# Slow enough to look at each picture.
PICTURE_RATE_HZ = 2.0
# For a video or camera that does not tell its own rate.
FALLBACK_RATE_HZ = 30.0
# Containers without a rate report their time base instead (1000 or 90000 per second).
MAX_PLAUSIBLE_RATE_HZ = 500.0

# Frames that may wait in a camera's driver since it was opened; they show the past.
NUM_STALE_FRAMES = 4

# The first camera that delivers pictures.
CAMERA = 'camera'

SOURCE_HELP = (
    f'video file, folder of pictures, picture, camera index such as 0, {CAMERA} for the first '
    f'one, or {SIMULATED} for a simulated one ({SIMULATED}:SCENE for one scene)'
)

_logger = logging.getLogger(__name__)


def open_media(source: str | os.PathLike) -> MediaSource:
    """Open files, a camera or a simulated one; `SOURCE_HELP` says how they are named.

    A file or folder that is named as one of the two words is opened as ./WORD.

    Raises:
        UserError: the source does not exist, or holds no picture that can be read.
    """
    silence_opencv()
    text = os.fspath(source)
    kind, _, scene = text.partition(':')
    if kind == SIMULATED:
        return SimulatedMedia(scene)
    if text == CAMERA:
        return _Camera(find_first_camera())
    path = Path(text).expanduser()
    if path.is_dir():
        return _Pictures.in_folder(path)
    if path.is_file():
        return _open_file(path)
    device = re.fullmatch(r'(?:/dev/video)?(\d+)', text)
    if device:
        return _Camera(int(device.group(1)))
    raise UserError(f'source {text!r}: no such file, folder or camera; expected a {SOURCE_HELP}')


def find_first_camera() -> int:
    """The index of the first camera that delivers pictures.

    Raises:
        UserError: there is none.
    """
    silence_opencv()
    # Only Linux lists its cameras; elsewhere the first index is tried.
    for index in _camera_indices() or ([] if sys.platform == 'linux' else [0]):
        try:
            _Camera(index).close()
        except UserError:
            continue
        return index
    raise UserError(f'no camera found ({_describe_cameras()}); {_CAMERA_ADVICE}')


class _Pictures(MediaSource):
    """Picture files, each a frame of its own size."""

    is_video = False

    def __init__(self, name: str, paths: list[Path]):
        first = next((image for image in map(_read_picture, paths) if image is not None), None)
        if first is None:
            raise UserError(
                f'source {name!r}: none of its {len(paths)} pictures can be read, '
                f'the first is {paths[0]}'
            )
        super().__init__(name, _size(first), PICTURE_RATE_HZ, len(paths))
        self._paths = paths

    @classmethod
    def in_folder(cls, folder: Path) -> _Pictures:
        files = [path for path in folder.iterdir() if path.is_file()]
        pictures = [path for path in files if path.suffix.lower() in PICTURE_SUFFIXES]
        if not pictures:
            looked_for = ', '.join(suffix[1:] for suffix in PICTURE_SUFFIXES)
            raise UserError(
                f'source {str(folder)!r}: no pictures in this folder (looked for {looked_for}; '
                f'found {len(files)} other files)'
            )
        return cls(folder.resolve().name, sorted(pictures, key=_natural_order))

    def __iter__(self) -> Iterator[Frame]:
        for index, path in enumerate(self._paths):
            image = _read_picture(path)
            if image is None:
                _logger.warning('%s cannot be read as a picture: left out', path)
                continue
            yield Frame(path.name, image, index / self.rate_hz)


class _VideoFile(MediaSource):
    def __init__(self, path: Path):
        capture = cv2.VideoCapture(str(path))
        is_read, first = capture.read()
        if not is_read:
            raise UserError(
                f'source {str(path)!r}: neither a picture nor a video that OpenCV can read; '
                f'expected a {SOURCE_HELP}'
            )
        num_frames = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        super().__init__(path.name, _size(first), _rate_of(capture), max(0, int(num_frames)))
        self._path = path
        capture.release()

    def __iter__(self) -> Iterator[Frame]:
        capture = cv2.VideoCapture(str(self._path))
        try:
            first_s = previous_s = -math.inf
            index = 0
            while True:
                is_read, image = capture.read()
                if not is_read:
                    return
                container_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
                if index == 0:
                    first_s, stamp_s = container_s, 0.0
                else:
                    stamp_s = container_s - first_s
                # Some containers carry no times, and OpenCV then repeats the last one.
                if stamp_s <= previous_s:
                    stamp_s = previous_s + 1.0 / self.rate_hz
                yield Frame(f'{self.name}#{index}', _to_rgb(image), stamp_s)
                previous_s = stamp_s
                index += 1
        finally:
            capture.release()


class _Camera(MediaSource):
    is_live = True

    def __init__(self, index: int):
        backend = cv2.CAP_V4L2 if sys.platform == 'linux' else cv2.CAP_ANY
        self._capture = cv2.VideoCapture(index, backend)
        # The newest frame wins: none waits in the driver's queue.
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        is_read, first = self._capture.read()
        if not is_read:
            self._capture.release()
            raise UserError(
                f'no camera {index} that delivers pictures ({_describe_cameras()}); '
                f'{_CAMERA_ADVICE}'
            )
        super().__init__(f'camera {index}', _size(first), _rate_of(self._capture), 0)

    def __iter__(self) -> Iterator[Frame]:
        for _ in range(NUM_STALE_FRAMES):
            self._capture.grab()
        start_s = None
        index = 0
        while self._capture.grab():
            # Taken between grab and retrieve: the moment of capture, without the decoding.
            now_s = time.monotonic()
            start_s = now_s if start_s is None else start_s
            is_read, image = self._capture.retrieve()
            if is_read:
                yield Frame(f'{self.name}#{index}', _to_rgb(image), now_s - start_s)
                index += 1
        _logger.warning('%s stopped delivering pictures: is it still connected?', self.name)

    def close(self) -> None:
        self._capture.release()


_CAMERA_ADVICE = f'connect one, or give SOURCE=<video file | folder of pictures | {SIMULATED}>'


def _open_file(path: Path) -> MediaSource:
    # A gif is read as the animation that it may be. A file that starts like a picture but ends
    # too early is still a picture, and says so; ffmpeg would make an odd video of it.
    is_picture = cv2.haveImageReader(str(path)) or path.suffix.lower() in PICTURE_SUFFIXES
    if is_picture and path.suffix.lower() != '.gif':
        return _Pictures(path.name, [path])
    return _VideoFile(path)


def _read_picture(path: Path) -> np.ndarray | None:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    return None if image is None else _to_rgb(image)


def _size(image: np.ndarray) -> tuple[int, int]:
    """(width, height), px."""
    return image.shape[1], image.shape[0]


def _to_rgb(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _rate_of(capture: cv2.VideoCapture) -> float:
    rate_hz = capture.get(cv2.CAP_PROP_FPS)
    return rate_hz if 0.0 < rate_hz <= MAX_PLAUSIBLE_RATE_HZ else FALLBACK_RATE_HZ


def _natural_order(path: Path) -> list:
    """Sort key by name, with numbers by value: frame_2 before frame_10."""
    parts = re.split(r'(\d+)', path.name.lower())
    return [int(part) if part.isdecimal() else part for part in parts]


def _camera_indices() -> list[int]:
    devices = (re.fullmatch(r'video(\d+)', path.name) for path in Path('/dev').glob('video*'))
    return sorted(int(device.group(1)) for device in devices if device)


def _describe_cameras() -> str:
    indices = _camera_indices()
    return (
        f'found /dev/video{", /dev/video".join(map(str, indices))}'
        if indices
        else ('there is no /dev/video*')
    )


def silence_opencv() -> None:
    """Keep OpenCV and ffmpeg from explaining every failed attempt on stderr.

    What matters to the user is in this module's errors. ffmpeg reads the variable at its first
    use in the process.
    """
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
    # Where the function lives depends on the version of OpenCV; 0 is silent in all of them.
    logging_module = getattr(cv2.utils, 'logging', cv2)
    if hasattr(logging_module, 'setLogLevel'):
        logging_module.setLogLevel(0)
