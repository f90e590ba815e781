"""Between the thread that receives images and the one that processes them: newest wins, in turn."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Camera = TypeVar('Camera')
Frame = TypeVar('Frame')


class LatestFrames(Generic[Camera, Frame]):
    """Keeps the newest frame of each camera, and serves the cameras in turn."""

    def __init__(self) -> None:
        # In the order in which the cameras began to wait: a newer frame keeps its camera's place,
        # so that a fast camera neither waits longer nor starves a slow one.
        self._frames: dict[Camera, Frame] = {}
        self._changed = threading.Condition()

    def put(self, camera: Camera, frame: Frame) -> bool:
        """Leave a frame; true if it took the place of one that nobody had taken."""
        with self._changed:
            replaced = camera in self._frames
            self._frames[camera] = frame
            self._changed.notify()
        return replaced

    def remove(self, camera: Camera) -> bool:
        """Take back a camera's frame; true if it had one."""
        with self._changed:
            return self._frames.pop(camera, None) is not None

    def take(self) -> tuple[Camera, Frame]:
        """Wait for a frame, and take that of the camera that has waited longest."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames)
            camera = next(iter(self._frames))
            return camera, self._frames.pop(camera)
