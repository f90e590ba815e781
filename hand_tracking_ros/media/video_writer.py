"""Video files that open wherever the machine can: H.264 where there is an encoder for it."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from hand_tracking_ros.media.opencv import silence_opencv
from hand_tracking_ros.output_files import explained, replacing

H264, MPEG4 = 'H.264', 'MPEG-4'
# For the user of a file that is not H.264.
CODEC_ADVICE = 'browsers play only H.264, which is written where the Python package av is installed'
# Of libx264: quick, and no visible loss on screen.
H264_OPTIONS = {'preset': 'veryfast', 'crf': '21'}
# OpenCV's own choices, best first: H.264 (only where its ffmpeg has an encoder), then MPEG-4.
OPENCV_CODECS = {'avc1': H264, 'mp4v': MPEG4}
MAX_RATE_DENOMINATOR = 1001


class VideoWriter:
    """Writes frames of one size into an .mp4 file.

    with VideoWriter.open(path, 640, 480, 30.0) as video:
        video.write(image)
    """

    def __init__(self, option: str, path: Path, encoder: _Encoder) -> None:
        self._option, self._path, self._encoder = option, path, encoder

    @staticmethod
    @contextlib.contextmanager
    def open(
        path: Path, width: int, height: int, rate_hz: float, option: str = ''
    ) -> Iterator[VideoWriter]:
        """A writer for frames of this size; the file appears once the block has ended well.

        `option` is where the user named the file, such as '--output'.

        Raises:
            UserError: the file cannot be written, at its beginning or at its end.
        """
        # Colours at half the resolution, the only form that all players take, want even sizes.
        even_size = width + width % 2, height + height % 2
        with replacing(option, path) as unfinished:
            with explained(option, path):
                encoder = _open_encoder(unfinished, *even_size, rate_hz)
            try:
                yield VideoWriter(option, path, encoder)
            except BaseException:
                encoder.abandon()
                raise
            with explained(option, path):
                encoder.close()

    @property
    def codec(self) -> str:
        """'H.264', which browsers and editors play, or 'MPEG-4', which only players do."""
        return self._encoder.codec

    def write(self, image: np.ndarray) -> None:
        """Append a frame, (height, width, 3) uint8 RGB.

        Raises:
            UserError: the file cannot be written.
        """
        height, width = image.shape[:2]
        if width % 2 or height % 2:
            image = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        with explained(self._option, self._path):
            self._encoder.encode(image)


class _Encoder(Protocol):
    """Frames to a file of this codec; all of it raises OSError where the file cannot be written."""

    codec: str

    def encode(self, image: np.ndarray) -> None:
        """Append an RGB frame of even size."""

    def close(self) -> None:
        """Make the file complete."""

    def abandon(self) -> None:
        """Let go of a file that will not be completed; raises nothing."""


def _open_encoder(path: Path, width: int, height: int, rate_hz: float) -> _Encoder:
    try:
        import av

        av.Codec('libx264', 'w')
    except (ImportError, ValueError):  # no PyAV, or one whose ffmpeg has no such encoder
        return _OpenCvEncoder(path, width, height, rate_hz)
    return _PyAvEncoder(path, width, height, rate_hz)


class _PyAvEncoder:
    codec = H264

    def __init__(self, path: Path, width: int, height: int, rate_hz: float) -> None:
        import av

        self._container = av.open(str(path), 'w', options={'movflags': '+faststart'})
        rate = Fraction(rate_hz).limit_denominator(MAX_RATE_DENOMINATOR)
        self._stream = self._container.add_stream('libx264', rate=rate, options=H264_OPTIONS)
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = 'yuv420p'

    def encode(self, image: np.ndarray) -> None:
        from av import VideoFrame

        frame = VideoFrame.from_ndarray(image, format='rgb24')
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        try:
            self._container.mux(self._stream.encode())
        except OSError:
            self.abandon()
            raise
        self._container.close()

    def abandon(self) -> None:
        # Without the frames that the encoder still holds: where writing the file's header has
        # failed, PyAV (17.1) would try it again with the next frame, and crash.
        with contextlib.suppress(OSError):
            self._container.close()


class _OpenCvEncoder:
    def __init__(self, path: Path, width: int, height: int, rate_hz: float) -> None:
        silence_opencv()
        self._path, self._num_frames = path, 0
        for code, codec in OPENCV_CODECS.items():
            self._writer = cv2.VideoWriter(
                str(path), cv2.VideoWriter_fourcc(*code), rate_hz, (width, height)
            )
            if self._writer.isOpened():
                self.codec = codec
                return
        raise OSError(errno.ENOTSUP, 'this OpenCV has no encoder for .mp4 files')

    def encode(self, image: np.ndarray) -> None:
        self._writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        self._num_frames += 1

    def abandon(self) -> None:
        self._writer.release()

    def close(self) -> None:
        self._writer.release()
        # OpenCV tells nobody when the disk is full: the file lacks its index then, or frames.
        capture = cv2.VideoCapture(str(self._path))
        num_frames = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        capture.release()
        if num_frames != self._num_frames:
            found = f'{max(0, num_frames)} of {self._num_frames} frames'
            raise OSError(errno.EIO, f'{found} are in the file: is the disk full?')
