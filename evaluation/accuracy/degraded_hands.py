"""Hands in degraded pictures: in how many they are still found, and what is found where none is."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation.accuracy.degradations import CONDITIONS, Degraded, hand_size
from evaluation.accuracy.degraded_base import MAX_NUM_HANDS, BasePicture, load_base
from evaluation.accuracy.picture_hands import MediaPipe, PictureHand, find_ours
from evaluation.accuracy.wild_pictures import NONE_PREFIX, PICTURES, load_labels
from evaluation.results import Row
from hand_tracking_ros.tracking import HandModels

# A hand is found if the mean landmark is nearer to its place than this share of the hand.
MAX_DISTANCE = 0.35
SEED = 0
# Pictures without a hand are blurred as if one of this share of their longer side were there.
NO_HAND_SHARE = 0.25

Find = Callable[[np.ndarray], Sequence[PictureHand]]


@dataclass(frozen=True)
class Outcome:
    """Whether a tracker found the hand of a degraded picture, or any hand where there is none."""

    condition: str
    name: str
    has_hand: bool
    is_found: bool


def base_pictures(data: Path) -> list[BasePicture]:
    """The recorded pictures with a hand and those of the wild without, as far as they are there."""
    without = [
        BasePicture((PICTURES / name).as_posix())
        for name in load_labels(data)
        if name.startswith(NONE_PREFIX)
    ]
    return [each for each in (*load_base(), *without) if (data / each.file).is_file()]


def degraded(picture: BasePicture, data: Path) -> Iterator[tuple[str, Degraded]]:
    """The picture and its landmarks (px) in every condition that it is for."""
    bgr = picture.read(data)
    width, height = bgr.shape[1::-1]
    if picture.landmarks is None:
        center, half = np.array([width, height]) / 2, NO_HAND_SHARE * max(width, height) / 2
        points = np.stack([center - half, center + half])
    else:
        points = picture.landmarks * (width, height)
    for name, condition in CONDITIONS.items():
        if picture.landmarks is not None or condition.max_none is not None:
            rng = np.random.default_rng([SEED, zlib.crc32(f'{picture.name} {name}'.encode())])
            yield name, condition.degrade(bgr, points, rng)


def is_found(hands: Iterable[PictureHand], image: np.ndarray, points: np.ndarray) -> bool:
    """Whether one of the hands is where the landmarks are (px)."""
    size = image.shape[1::-1]
    distances = [np.linalg.norm(hand.landmarks * size - points, axis=1).mean() for hand in hands]
    return bool(min(distances, default=np.inf) < MAX_DISTANCE * hand_size(points))


def judge(picture: BasePicture, data: Path, find: Find) -> list[Outcome]:
    """What a tracker makes of a picture in every condition."""
    has_hand = picture.landmarks is not None
    outcomes = []
    for condition, (image, points) in degraded(picture, data):
        hands = find(image)
        result = is_found(hands, image, points) if has_hand else bool(hands)
        outcomes.append(Outcome(condition, picture.name, has_hand, result))
    return outcomes


def judge_ours(task: tuple[BasePicture, Path], models: HandModels) -> list[Outcome]:
    """What our tracker makes of a picture in every condition."""
    picture, data = task
    return judge(picture, data, lambda image: find_ours(image, MAX_NUM_HANDS, models))


def judge_mediapipe(
    pictures: Sequence[BasePicture], data: Path, mediapipe: MediaPipe
) -> list[Outcome]:
    """What MediaPipe makes of pictures in every condition."""

    def find(image: np.ndarray) -> list[PictureHand]:
        return mediapipe.find(image, MAX_NUM_HANDS)

    return [outcome for picture in pictures for outcome in judge(picture, data, find)]


def degraded_rows(ours: Sequence[Outcome], theirs: Sequence[Outcome] | None) -> list[Row]:
    """The table's lines: of each condition the hands found, and the pictures without any."""
    return [*_found_rows(ours, theirs), *_none_rows(ours, theirs)]


def _found_rows(ours: Sequence[Outcome], theirs: Sequence[Outcome] | None) -> list[Row]:
    rows = []
    for name, condition in CONDITIONS.items():
        outcomes = _of(ours, name, has_hand=True)
        found = sum(each.is_found for each in outcomes)
        # Of fewer pictures than were recorded the target is the same share.
        target = condition.target and condition.target * len(outcomes) / len(load_base())
        rows.append(
            Row(
                f'{name}: hands found',
                f'≥ {target:.0f}' if target else '',
                f'{found} of {len(outcomes)}; {_beside(theirs, name, has_hand=True)}',
                found >= target if target else None,
                {'found': found, 'hands': len(outcomes)},
                [each.name for each in outcomes if not each.is_found],
            )
        )
    return rows


def _none_rows(ours: Sequence[Outcome], theirs: Sequence[Outcome] | None) -> list[Row]:
    rows = []
    for name, condition in CONDITIONS.items():
        if condition.max_none is None:
            continue
        outcomes = _of(ours, name, has_hand=False)
        wrong = [each.name for each in outcomes if each.is_found]
        most = int(condition.max_none * len(outcomes))
        rows.append(
            Row(
                f'{name}: pictures without hands in which one is reported',
                f'≤ {most}',
                f'{len(wrong)} of {len(outcomes)}; {_beside(theirs, name, has_hand=False)}',
                len(wrong) <= most,
                {'none_with_hand': len(wrong), 'none': len(outcomes)},
                wrong,
            )
        )
    return rows


def _of(outcomes: Sequence[Outcome], condition: str, *, has_hand: bool) -> list[Outcome]:
    return [each for each in outcomes if each.condition == condition and each.has_hand == has_hand]


def _beside(theirs: Sequence[Outcome] | None, condition: str, *, has_hand: bool) -> str:
    if theirs is None:
        return 'mediapipe not measured'
    found = sum(each.is_found for each in _of(theirs, condition, has_hand=has_hand))
    return f'mediapipe {found}'
