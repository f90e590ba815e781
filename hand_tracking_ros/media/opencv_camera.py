"""A camera as a source, opened by OpenCV: webcams and all other /dev/video*."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2

from hand_tracking_ros.media.media_source import Frame, MediaSource
from hand_tracking_ros.media.opencv import frame_rate
from hand_tracking_ros.tracking.errors import UserError

# Frames that may wait in a camera's driver since it was opened; they show the past.
NUM_STALE_FRAMES = 4

_ADVICE = 'connect one, or name another source: a video file, a folder of pictures, or simulated'


class OpenCvCamera(MediaSource):
    """A live camera.

    Args:
        index: as OpenCV counts them; on Linux that of /dev/video<index>.

    Raises:
        UserError: there is none, or it delivers no pictures.
    """

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
                f'no camera {index} that delivers pictures ({_describe_cameras()}); {_ADVICE}'
            )
        super().__init__(f'camera {index}', first.shape, frame_rate(self._capture), 0)

    @classmethod
    def first(cls) -> OpenCvCamera:
        """The first camera that delivers pictures.

        Raises:
            UserError: there is none.
        """
        # Only Linux lists its cameras; elsewhere the first index is tried.
        for index in _camera_indices() if sys.platform == 'linux' else [0]:
            with contextlib.suppress(UserError):
                return cls(index)
        raise UserError(f'no camera found ({_describe_cameras()}); {_ADVICE}')

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
                image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
                yield Frame(f'{self.name}#{index}', image, now_s - start_s)
                index += 1
        self._report(f'{self.name} stopped delivering pictures: is it still connected?')

    def close(self) -> None:
        self._capture.release()


def _camera_indices() -> list[int]:
    devices = (re.fullmatch(r'video(\d+)', path.name) for path in Path('/dev').glob('video*'))
    return sorted(int(device.group(1)) for device in devices if device)


def _describe_cameras() -> str:
    devices = ', '.join(f'/dev/video{index}' for index in _camera_indices())
    return f'found {devices}' if devices else 'there is no /dev/video*'
