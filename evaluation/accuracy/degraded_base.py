"""Chooses the pictures that are degraded, and records where their hands are: `degraded_base.json`.

    environment/run python3 -m evaluation.accuracy.degraded_base

Pictures, and mirror images of those of gestures, in which our tracker and MediaPipe find the
same largest hand. They are recorded, with MediaPipe's landmarks, so that the figures of one day
compare with those of another.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation.accuracy.degradations import hand_size
from evaluation.accuracy.picture_hands import MediaPipe, PictureHand, find_ours, read_bgr
from evaluation.accuracy.wild_pictures import PICTURES, load_labels
from evaluation.paths import data_folder
from hand_tracking_ros.command_line import run_program, write_json
from hand_tracking_ros.tracking import HandModels, TrackerOptions

BASE = Path(__file__).with_name('degraded_base.json')
NUM_PICTURES = 62
MAX_NUM_HANDS = TrackerOptions().max_num_hands
# Both find the same hand if their landmarks are nearer than this share of the hand.
MAX_APART = 0.1
DECIMALS = 5
# Smaller ones are degraded already.
MIN_SIDE_PX = 200


@dataclass(frozen=True)
class BasePicture:
    """A picture that is degraded.

    Attributes:
        file: below the folder of the test data.
        landmarks: (21, 2) fractions of it where its hand is; None if it has none.
        is_mirrored: its mirror image is taken.
    """

    file: str
    landmarks: np.ndarray | None = None
    is_mirrored: bool = False

    @property
    def name(self) -> str:
        """For people, and for what is random."""
        return self.file + ' mirrored' * self.is_mirrored

    def read(self, data: Path) -> np.ndarray:
        """The picture as (H, W, 3) uint8 BGR."""
        bgr = read_bgr(data / self.file)
        return np.ascontiguousarray(bgr[:, ::-1]) if self.is_mirrored else bgr


def load_base() -> list[BasePicture]:
    """The pictures that were chosen."""
    return [
        BasePicture(each['file'], np.array(each['landmarks']), each['is_mirrored'])
        for each in json.loads(BASE.read_text())
    ]


def largest_hand(bgr: np.ndarray, hands: list[PictureHand]) -> np.ndarray | None:
    """The landmarks of the largest hand in px; None if there is none."""
    size = bgr.shape[1::-1]
    return max((hand.landmarks * size for hand in hands), key=hand_size, default=None)


def candidates(data: Path) -> Iterator[BasePicture]:
    """Pictures that may be chosen, the preferred ones first."""
    files = {
        folder: sorted(path for path in (data / folder).iterdir() if path.suffix != '.json')
        for folder in ('gestures', 'annotated')
    }
    for folder, is_mirrored in (('gestures', False), ('annotated', False), ('gestures', True)):
        for path in files[folder]:
            yield BasePicture(path.relative_to(data).as_posix(), is_mirrored=is_mirrored)
    truths = load_labels(data)
    for name in sorted(truths, key=lambda name: truths[name].num_clear):
        if 0 < truths[name].num_clear <= MAX_NUM_HANDS:
            yield BasePicture((PICTURES / name).as_posix())


def choose(data: Path) -> list[dict]:
    """The chosen pictures with MediaPipe's landmarks.

    Raises:
        UserError: MediaPipe cannot be set up, or a model file is missing.
    """
    models = HandModels.load(num_threads=1)
    chosen: list[dict] = []
    with MediaPipe() as mediapipe:
        for picture in candidates(data):
            bgr = picture.read(data)
            if min(bgr.shape[:2]) < MIN_SIDE_PX:
                continue
            ours = largest_hand(bgr, find_ours(bgr, MAX_NUM_HANDS, models))
            theirs = largest_hand(bgr, mediapipe.find(bgr, MAX_NUM_HANDS))
            if ours is None or theirs is None:
                continue
            apart = np.linalg.norm(ours - theirs, axis=1).mean()
            if apart < MAX_APART * hand_size(theirs):
                points = np.round(theirs / bgr.shape[1::-1], DECIMALS).tolist()
                chosen.append(
                    {
                        'file': picture.file,
                        'is_mirrored': picture.is_mirrored,
                        'landmarks': points,
                    }
                )
            if len(chosen) == NUM_PICTURES:
                break
    return chosen


if __name__ == '__main__':
    sys.exit(run_program(lambda: write_json('degraded_base', BASE, choose(data_folder()))))
