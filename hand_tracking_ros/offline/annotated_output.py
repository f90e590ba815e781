"""Writes each input picture or video with its hands drawn in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from hand_tracking_ros.drawing.skeleton import draw_hands
from hand_tracking_ros.media.media_source import Frame, MediaSource
from hand_tracking_ros.media.video_writer import VideoWriter
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.hand import Hand

VIDEO_SUFFIX = '.mp4'


class AnnotatedOutput:
    """Writes the frames of one source with their hands; a context manager.

    Args:
        path: a .mp4 file for a video, a picture file for a picture, or a folder that gets a file
            named as the source's; None writes nothing.
        source: where the frames come from.

    Raises:
        UserError: the video cannot be written.
    """

    def __init__(self, path: Path | None, source: MediaSource) -> None:
        self._path = path
        self._video: VideoWriter | None = None
        if path and source.is_video:
            if path.suffix.lower() != VIDEO_SUFFIX:
                path = path / f'{Path(source.name).stem}{VIDEO_SUFFIX}'
            self._video = VideoWriter.open(path, source.width, source.height, source.rate_hz)

    def __enter__(self) -> AnnotatedOutput:
        return self

    def __exit__(self, *_exception) -> None:
        if self._video:
            self._video.close()

    def write(self, frame: Frame, hands: Sequence[Hand]) -> None:
        """Append a frame.

        Raises:
            UserError: the file cannot be written.
        """
        if self._path is None:
            return
        drawing = frame.image.copy()
        draw_hands(drawing, hands)
        if self._video:
            self._video.write(drawing)
        else:
            self._write_picture(drawing, frame.name)

    def _write_picture(self, image: np.ndarray, name: str) -> None:
        path = self._path if self._path.suffix else self._path / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            is_written = cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        except (OSError, cv2.error) as error:
            raise UserError(f'{path}: cannot be written ({error})') from error
        if not is_written:
            raise UserError(f'{path}: cannot be written')


def check_output(path: Path | None, sources: Sequence[MediaSource]) -> None:
    """Refuse an output file that several frames would overwrite, or of the wrong kind.

    Raises:
        UserError: the output should be a folder, or a file of another kind.
    """
    if path is None or not path.suffix or path.is_dir():
        return
    is_video_file = path.suffix.lower() == VIDEO_SUFFIX
    if len(sources) > 1 or (not sources[0].is_video and sources[0].num_frames != 1):
        raise UserError(f'--output {path}: there are several results, expected a folder')
    if sources[0].is_video != is_video_file:
        expected = 'a .mp4 file' if sources[0].is_video else 'a picture file (.jpg, .png)'
        raise UserError(f'--output {path}: expected {expected}, or a folder')
