"""Which source of pictures a name means: files, a camera, or simulated hands.

`open_media` returns a `MediaSource`; every program that takes a SOURCE iterates over that and
knows nothing of files or cameras.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import cv2

from hand_tracking_ros.media.media_source import MediaSource
from hand_tracking_ros.media.opencv import silence_opencv
from hand_tracking_ros.media.opencv_camera import OpenCvCamera
from hand_tracking_ros.media.pictures import PICTURE_SUFFIXES, Pictures
from hand_tracking_ros.media.simulated_media import SIMULATED, SimulatedMedia
from hand_tracking_ros.media.video_file import VideoFile
from hand_tracking_ros.tracking.errors import UserError

# The first camera that delivers pictures.
CAMERA = 'camera'

SOURCE_HELP = (
    f'video file, folder of pictures, picture, camera index such as 0, {CAMERA} for the first '
    f'one, or {SIMULATED} for a simulated one ({SIMULATED}:SCENE for one scene)'
)


def open_media(source: str | os.PathLike) -> MediaSource:
    """Open files, a camera or a simulated one; `SOURCE_HELP` says how they are named.

    A file or folder that is named as one of the two words is opened as ./WORD.

    Raises:
        UserError: the source does not exist, or holds no picture that can be read.
    """
    silence_opencv()
    text = os.fspath(source)
    kind, _, scene = text.partition(':')
    if kind == SIMULATED:
        return SimulatedMedia(scene)
    if text == CAMERA:
        return OpenCvCamera.first()
    path = Path(os.path.expanduser(text))  # ~nobody stays as it is
    if path.is_dir():
        return Pictures.in_folder(path)
    if path.is_file():
        return _open_file(path)
    device = re.fullmatch(r'(?:/dev/video)?(\d+)', text)
    if device:
        return OpenCvCamera(int(device.group(1)))
    raise UserError(f'source {text!r}: no such file, folder or camera; expected a {SOURCE_HELP}')


def _open_file(path: Path) -> MediaSource:
    # A gif is read as the animation that it may be. A file that starts like a picture but ends
    # too early is still a picture, and says so; ffmpeg would make an odd video of it.
    is_picture = cv2.haveImageReader(str(path)) or path.suffix.lower() in PICTURE_SUFFIXES
    if is_picture and path.suffix.lower() != '.gif':
        return Pictures(path.name, [path])
    return VideoFile(path)
