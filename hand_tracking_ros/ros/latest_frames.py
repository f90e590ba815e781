"""Between the thread that receives images and the one that processes them: newest wins."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Key = TypeVar('Key')
Frame = TypeVar('Frame')


class LatestFrames(Generic[Key, Frame]):
    """Keeps the newest frame of each camera until somebody has time for it."""

    def __init__(self) -> None:
        self._frames: dict[Key, Frame] = {}
        self._changed = threading.Condition()

    def put(self, camera: Key, frame: Frame) -> bool:
        """Leave a frame; true if it took the place of one that nobody had taken."""
        with self._changed:
            replaced = camera in self._frames
            self._frames[camera] = frame
            self._changed.notify()
        return replaced

    def take(self) -> list[tuple[Key, Frame]]:
        """Wait for frames, and take those of all cameras."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames)
            frames, self._frames = self._frames, {}
        return list(frames.items())
