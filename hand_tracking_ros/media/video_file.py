"""A video file as a source, read by OpenCV."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import cv2

from hand_tracking_ros.media.media_source import Frame, MediaSource
from hand_tracking_ros.media.opencv import frame_rate
from hand_tracking_ros.tracking.errors import UserError


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
        super().__init__(path.name, first.shape, frame_rate(capture), num_frames)
        self._path = path
        capture.release()

    def __iter__(self) -> Iterator[Frame]:
        capture = cv2.VideoCapture(str(self._path))
        try:
            start_s, previous_s = 0.0, -1.0 / self.rate_hz
            for index in itertools.count():
                is_read, image = capture.read()
                if not is_read:
                    return
                container_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
                if index == 0:
                    start_s = container_s
                stamp_s = container_s - start_s
                # Some containers carry no times, and OpenCV then repeats the last one.
                if stamp_s <= previous_s:
                    stamp_s = previous_s + 1.0 / self.rate_hz
                yield Frame(f'{self.name}#{index}', cv2.cvtColor(image, cv2.COLOR_BGR2RGB), stamp_s)
                previous_s = stamp_s
        finally:
            capture.release()
