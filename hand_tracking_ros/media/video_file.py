"""A video file as a source, read by OpenCV."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import cv2

from hand_tracking_ros.media.media_source import Frame, MediaSource
from hand_tracking_ros.media.opencv import frame_rate
from hand_tracking_ros.tracking.errors import UserError

# What the end of a whole video may lack: containers round their length, and sound may be longer.
_TOLERANCE_S = 0.1


class VideoFile(MediaSource):
    """Every frame of a video, with the times of its container.

    Raises:
        UserError: OpenCV cannot read it.
    """

    def __init__(self, path: Path):
        capture = cv2.VideoCapture(str(path))
        is_read, first = capture.read()
        if not is_read:
            raise UserError(
                f'source {str(path)!r}: neither a picture nor a video that OpenCV can read'
            )
        num_frames = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        super().__init__(path.name, first.shape, frame_rate(capture), num_frames, [path])
        capture.release()

    def __iter__(self) -> Iterator[Frame]:
        capture = cv2.VideoCapture(str(self.paths[0]))
        try:
            start_s, previous_s = 0.0, -1.0 / self.rate_hz
            for index in itertools.count():
                is_read, image = capture.read()
                if not is_read:
                    break
                container_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
                if index == 0:
                    start_s = container_s
                stamp_s = container_s - start_s
                # Some containers carry no times, and OpenCV then repeats the last one.
                if stamp_s <= previous_s:
                    stamp_s = previous_s + 1.0 / self.rate_hz
                yield Frame(f'{self.name}#{index}', cv2.cvtColor(image, cv2.COLOR_BGR2RGB), stamp_s)
                previous_s = stamp_s
            self._check_end(index, previous_s + 1.0 / self.rate_hz)
        finally:
            capture.release()

    def _check_end(self, num_read: int, end_s: float) -> None:
        """Report a video that ended before its container says; OpenCV itself says nothing."""
        # Where the frame rate varies, some containers know the length only: num_frames is a guess.
        length_s = self.num_frames / self.rate_hz
        if num_read < self.num_frames and end_s < length_s - _TOLERANCE_S:
            self._report(
                f'{self.paths[0]}: only {num_read} of {self.num_frames} frames can be read; the '
                'video is damaged or cut off (or was trimmed without encoding it anew)'
            )
