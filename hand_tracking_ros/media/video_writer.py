"""Video files that open wherever the machine can: H.264 where there is an encoder for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from hand_tracking_ros.media.opencv import silence_opencv
from hand_tracking_ros.tracking.errors import UserError

# Of libx264: quick, and no visible loss on screen.
H264_OPTIONS = {'preset': 'veryfast', 'crf': '21'}
# OpenCV's own choices, best first: H.264 (only where its ffmpeg has an encoder), then MPEG-4.
OPENCV_CODECS = {'avc1': 'H.264', 'mp4v': 'MPEG-4'}
MAX_RATE_DENOMINATOR = 1001


class VideoWriter(ABC):
    """Writes frames of one size into an .mp4 file; a context manager.

    Attributes:
        codec: 'H.264', which browsers and editors play, or 'MPEG-4', which only players do.
    """

    codec: str

    @staticmethod
    def open(path: Path, width: int, height: int, rate_hz: float) -> VideoWriter:
        """A writer for frames of this size.

        Raises:
            UserError: the file cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b'')
        except OSError as error:
            raise UserError(f'{path}: cannot be written ({error.strerror})') from error
        # Colours at half the resolution, the only form that all players take, want even sizes.
        even_size = width + width % 2, height + height % 2
        try:
            import av

            av.Codec('libx264', 'w')
        except (ImportError, ValueError):  # no PyAV, or one whose ffmpeg has no such encoder
            return _OpenCvWriter(path, *even_size, rate_hz)
        return _PyAvWriter(path, *even_size, rate_hz)

    def write(self, image: np.ndarray) -> None:
        """Append a frame, (height, width, 3) uint8 RGB."""
        height, width = image.shape[:2]
        if width % 2 or height % 2:
            image = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        self._encode(image)

    @abstractmethod
    def close(self) -> None:
        """Make the file complete."""

    @abstractmethod
    def _encode(self, image: np.ndarray) -> None: ...

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, *_exception) -> None:
        self.close()


class _PyAvWriter(VideoWriter):
    codec = 'H.264'

    def __init__(self, path: Path, width: int, height: int, rate_hz: float) -> None:
        import av

        self._container = av.open(str(path), 'w', options={'movflags': '+faststart'})
        rate = Fraction(rate_hz).limit_denominator(MAX_RATE_DENOMINATOR)
        self._stream = self._container.add_stream('libx264', rate=rate, options=H264_OPTIONS)
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = 'yuv420p'

    def close(self) -> None:
        self._container.mux(self._stream.encode())
        self._container.close()

    def _encode(self, image: np.ndarray) -> None:
        from av import VideoFrame

        frame = VideoFrame.from_ndarray(image, format='rgb24')
        self._container.mux(self._stream.encode(frame))


class _OpenCvWriter(VideoWriter):
    def __init__(self, path: Path, width: int, height: int, rate_hz: float) -> None:
        silence_opencv()
        for code, codec in OPENCV_CODECS.items():
            self._writer = cv2.VideoWriter(
                str(path), cv2.VideoWriter_fourcc(*code), rate_hz, (width, height)
            )
            if self._writer.isOpened():
                self.codec = codec
                return
        raise UserError(f'{path}: this OpenCV has no encoder for .mp4 files')

    def close(self) -> None:
        self._writer.release()

    def _encode(self, image: np.ndarray) -> None:
        self._writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
