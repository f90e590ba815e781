"""The hands that our tracker finds in a picture, and those that MediaPipe does.

MediaPipe runs in an environment of its own, as in the benchmark, and one picture after the other:
what it found is kept by the picture's checksum, because it never changes.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from evaluation.paths import CHECKOUT
from evaluation.speed.child_process import ChildProcess
from evaluation.speed.mediapipe_environment import LEGACY, prepare_mediapipe
from hand_tracking_ros.tracking import Handedness, HandModels, HandTracker, TrackerOptions

WORKER = Path(__file__).with_name('mediapipe_pictures.py')
KEPT = CHECKOUT / '.environment' / f'mediapipe-{LEGACY.version}-pictures.json'


@dataclass(frozen=True)
class PictureHand:
    """A hand in a picture.

    Attributes:
        landmarks: (21, 2) fractions of the picture's width and height.
        side: the person's; UNKNOWN if the tracker does not say.
    """

    landmarks: np.ndarray
    side: Handedness = Handedness.UNKNOWN

    @property
    def box(self) -> tuple[float, ...]:
        """x0, y0, x1, y1 of the landmarks."""
        return tuple(map(float, (*self.landmarks.min(axis=0), *self.landmarks.max(axis=0))))


def read_bgr(path: Path) -> np.ndarray:
    """A picture as (H, W, 3) uint8 BGR."""
    return cv2.imread(str(path), cv2.IMREAD_COLOR)


def find_ours(bgr: np.ndarray, max_num_hands: int, models: HandModels) -> list[PictureHand]:
    """Our tracker's hands: in static image mode, everything else as by default."""
    options = TrackerOptions(static_image_mode=True, max_num_hands=max_num_hands)
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    hands = HandTracker(options, models).track(rgb, 0.0)
    return [PictureHand(hand.landmarks[:, :2], hand.handedness) for hand in hands]


class MediaPipe:
    """MediaPipe's hands, static and everything else as by default.

    It is set up and started for the first picture that it has not seen in an earlier run.

        with MediaPipe() as mediapipe:
            hands = mediapipe.find(bgr, 2)
    """

    def __init__(self) -> None:
        self._started = ExitStack()
        self._process: ChildProcess | None = None
        self._path = Path()
        self._kept: dict[str, list] = json.loads(KEPT.read_text()) if KEPT.is_file() else {}

    def __enter__(self) -> MediaPipe:
        return self

    def __exit__(self, *_exception) -> None:
        """Keep what was found for the next run, and end the process."""
        if self._process:
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_text(json.dumps(self._kept))
        self._started.close()

    def find(self, bgr: np.ndarray, max_num_hands: int) -> list[PictureHand]:
        """The hands of one picture.

        Raises:
            UserError: MediaPipe cannot be set up or started, or its process failed.
        """
        content = f'{max_num_hands} {bgr.shape}'.encode() + np.ascontiguousarray(bgr).tobytes()
        key = hashlib.sha256(content).hexdigest()
        if key not in self._kept:
            process = self._process or self._start()
            np.save(self._path, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
            self._kept[key] = process.ask(json.dumps([str(self._path), max_num_hands]))['hands']
        return [PictureHand(np.array(points)) for points in self._kept[key]]

    def _start(self) -> ChildProcess:
        command = [prepare_mediapipe(LEGACY), '-I', WORKER]
        folder = self._started.enter_context(tempfile.TemporaryDirectory())
        process = ChildProcess(f'mediapipe {LEGACY.version}', command)
        self._started.enter_context(process)
        process.wait_until_ready()
        self._path, self._process = Path(folder) / 'picture.npy', process
        return process
