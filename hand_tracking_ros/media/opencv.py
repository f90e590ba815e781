"""What readers and writers of OpenCV share: no noise on stderr, and frame rates that make sense."""

from __future__ import annotations

import os

import cv2

# For a video or camera that does not tell its own rate.
FALLBACK_RATE_HZ = 30.0
# Containers without a rate report their time base instead (1000 or 90000 per second).
MAX_PLAUSIBLE_RATE_HZ = 500.0


def silence_opencv() -> None:
    """Keep OpenCV and ffmpeg from explaining every failed attempt on stderr.

    What matters to the user is in this package's errors. ffmpeg reads the variable at its first
    use in the process.
    """
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
    # Where the function lives depends on the version of OpenCV; 0 is silent in all of them.
    logging_module = getattr(cv2.utils, 'logging', cv2)
    if hasattr(logging_module, 'setLogLevel'):
        logging_module.setLogLevel(0)


def frame_rate(capture: cv2.VideoCapture) -> float:
    """Frames per second of an opened video or camera."""
    rate_hz = capture.get(cv2.CAP_PROP_FPS)
    return rate_hz if 0.0 < rate_hz <= MAX_PLAUSIBLE_RATE_HZ else FALLBACK_RATE_HZ
