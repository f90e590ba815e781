"""What every source of pictures gives, wherever the pictures come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Frame:
    """One picture of a source.

    Attributes:
        name: of the picture file, or `<video>#<index>`.
        image: (H, W, 3) uint8 RGB, contiguous, as `cv2.imread` shows it (EXIF orientation
            applied, transparency dropped, 16 bits reduced to 8).
        stamp_s: time since the source's first frame.
    """

    name: str
    image: np.ndarray
    stamp_s: float


class MediaSource(ABC):
    """An iterable of `Frame`s; each iteration over a file or folder starts at its beginning.

    Attributes:
        name: short name for titles and file entries.
        is_video: the frames follow each other in time, so tracking between them makes sense.
        is_live: frames come when the camera has them, and never end by themselves.
        rate_hz: frames per second of the source itself.
        num_frames: how many frames there are; 0 = unknown.
        width, height: of the first frame, px; pictures in a folder may differ from it.
        horizontal_fov_deg: of an ideal pinhole camera that took all frames; None = unknown.
    """

    is_video = True
    is_live = False
    horizontal_fov_deg: float | None = None

    def __init__(self, name: str, shape: tuple[int, ...], rate_hz: float, num_frames: int):
        self.name = name
        self.rate_hz = rate_hz
        self.num_frames = num_frames
        self.height, self.width = shape[:2]  # of the first frame

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames in order."""

    def close(self) -> None:  # noqa: B027 (only a camera holds anything open)
        """Release what the source holds open."""

    def __enter__(self) -> MediaSource:
        return self

    def __exit__(self, *_exception) -> None:
        self.close()
