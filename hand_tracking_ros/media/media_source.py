"""What every source of pictures gives, wherever the pictures come from."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_logger = logging.getLogger(__name__)


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
        paths: the files that are read; none of a camera.
        problems: a sentence for all that an iteration could not read; logged as a warning too.
    """

    is_video = True
    is_live = False
    horizontal_fov_deg: float | None = None

    def __init__(
        self,
        name: str,
        shape: tuple[int, ...],
        rate_hz: float,
        num_frames: int,
        paths: Sequence[Path] = (),
    ):
        self.name = name
        self.rate_hz = rate_hz
        self.num_frames = num_frames
        self.height, self.width = shape[:2]  # of the first frame
        self.paths = tuple(paths)
        self.problems: list[str] = []

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames in order."""

    def prepare(self) -> None:  # noqa: B027 (only a simulated source has to)
        """Do now what takes seconds before the first frame.

        Otherwise the first iteration does it, maybe in a thread that no signal interrupts.
        """

    def close(self) -> None:  # noqa: B027 (only a camera holds anything open)
        """Release what the source holds open."""

    def _report(self, problem: str) -> None:
        if problem not in self.problems:  # the next iteration finds the same
            self.problems.append(problem)
            _logger.warning(problem)

    def __enter__(self) -> MediaSource:
        return self

    def __exit__(self, *_exception) -> None:
        self.close()
