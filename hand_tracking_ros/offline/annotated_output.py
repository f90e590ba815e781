"""Writes each input picture or video with its hands drawn in."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import cv2

from hand_tracking_ros.drawing.skeleton import draw_hands
from hand_tracking_ros.media.media_source import Frame, MediaSource
from hand_tracking_ros.media.pictures import write_picture
from hand_tracking_ros.media.video_writer import VideoWriter
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.hand import Hand

OPTION = '--output'
VIDEO_SUFFIX = '.mp4'


class AnnotatedOutput:
    """Writes the frames of one source with their hands; a context manager.

    A picture is there once it is written, a video once the context has ended well.

    Args:
        path: a .mp4 file for a video, a picture file for a picture, or a folder that gets a file
            named as the source's; None writes nothing.
        source: where the frames come from.

    Attributes:
        video: which is being written; None if the source is no video.
    """

    def __init__(self, path: Path | None, source: MediaSource) -> None:
        self._path, self._source = path, source
        self._stack = contextlib.ExitStack()
        self.video: VideoWriter | None = None

    def __enter__(self) -> AnnotatedOutput:
        source = self._source
        if self._path and source.is_video:
            (path,) = output_files(self._path, source)
            self.video = self._stack.enter_context(
                VideoWriter.open(path, source.width, source.height, source.rate_hz, OPTION)
            )
        return self

    def __exit__(self, *exception) -> None:
        self._stack.__exit__(*exception)

    def write(self, frame: Frame, hands: Sequence[Hand]) -> None:
        """Append a frame.

        Raises:
            UserError: the file cannot be written.
        """
        if self._path is None:
            return
        drawing = frame.image.copy()
        draw_hands(drawing, hands)
        if self.video:
            self.video.write(drawing)
        else:
            write_picture(OPTION, _file_in(self._path, frame.name), drawing)


def output_files(path: Path | None, source: MediaSource) -> list[Path]:
    """Every file that `AnnotatedOutput` writes for a source."""
    if path is None:
        return []
    if not source.is_video:
        return [_file_in(path, picture.name) for picture in source.paths]
    return [_file_in(path, f'{Path(source.name).stem}{VIDEO_SUFFIX}')]


def check_output(path: Path | None, sources: Sequence[MediaSource]) -> None:
    """Refuse an output file that several frames would overwrite, or of the wrong kind.

    Raises:
        UserError: the output should be a folder, or a file of another kind.
    """
    if path is None or _is_folder(path):
        return
    is_video_file = path.suffix.lower() == VIDEO_SUFFIX
    if len(sources) > 1 or (not sources[0].is_video and sources[0].num_frames != 1):
        raise UserError(f'{OPTION} {path}: there are several results, expected a folder')
    if sources[0].is_video:
        is_fine, expected = is_video_file, 'a .mp4 file'
    else:
        is_fine, expected = cv2.haveImageWriter(str(path)), 'a picture file (.jpg, .png)'
    if not is_fine:
        raise UserError(f'{OPTION} {path}: expected {expected}, or a folder')


def _file_in(path: Path, name: str) -> Path:
    return path / name if _is_folder(path) else path


def _is_folder(path: Path) -> bool:
    return not path.suffix or path.is_dir()
