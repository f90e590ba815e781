"""Hands that touch: pictures of one hand, cut out and put beside its own mirror image.

The hands of one picture overlap by a share of the cut-out's width, the right one in front, and are
upright or lean towards each other or away. Only hands that are found when they are alone count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from evaluation.accuracy.degraded_hands import is_found
from evaluation.accuracy.picture_hands import MediaPipe, PictureHand, find_ours, read_bgr
from evaluation.results import Row
from hand_tracking_ros.tracking import HandModels

PICTURES = 'hand_signs/*/*.JPG'
# Of the 250 pictures every twelfth, from the fourth on: each sign and many people.
FIRST, STEP = 3, 12
OVERLAPS = (0.0, 0.2, 0.4)
TURNS_DEG = (0, 35, -35)
MAX_NUM_HANDS = 4
CANVAS = np.zeros((600, 1000, 3), np.float32)
TOP_PX = 100
HAND_SIZE_PX = 260


@dataclass(frozen=True)
class CutOut:
    """A hand: (H, W, 3) float32 BGR, and (H, W, 1) float32 where it covers what is behind it."""

    bgr: np.ndarray
    cover: np.ndarray

    def turned(self, turn_deg: float) -> CutOut:
        """The hand turned clockwise, without an empty border."""
        height, width = self.cover.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -turn_deg, 1.0)
        size = (2 * width, 2 * height)
        matrix[:, 2] += width / 2, height / 2
        bgr = cv2.warpAffine(self.bgr, matrix, size, borderMode=cv2.BORDER_REPLICATE)
        cover = cv2.warpAffine(self.cover, matrix, size)
        rows, columns = (np.flatnonzero((cover > 0.5).any(axis=axis)) for axis in (1, 0))
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return CutOut(bgr[box], cover[box][..., np.newaxis])

    def mirrored(self) -> CutOut:
        """Its mirror image: the other hand."""
        return CutOut(self.bgr[:, ::-1], self.cover[:, ::-1])

    def put_on(self, canvas: np.ndarray, left_px: int) -> None:
        """Draw the hand with its left edge at a column."""
        height, width = self.cover.shape[:2]
        place = canvas[TOP_PX : TOP_PX + height, left_px : left_px + width]
        place += (self.bgr - place) * self.cover


@dataclass(frozen=True)
class Pair:
    """A hand and its mirror image in one picture.

    Attributes:
        path: of the hand's picture.
        turn_deg: by which it is turned clockwise, its mirror image the other way.
        overlap: share of the hands' width.
        places: the landmarks (21, 2) of both, px.
    """

    path: Path
    turn_deg: int
    overlap: float
    places: Sequence[np.ndarray]

    @property
    def image(self) -> np.ndarray:
        """(H, W, 3) uint8 BGR."""
        hand, background = cut_out(read_bgr(self.path))
        return _draw(hand.turned(self.turn_deg), background, self.overlap)


@dataclass(frozen=True)
class Outcome:
    """What a tracker found of two hands that touch.

    Attributes:
        pair: the two hands.
        num_found: 0, 1 or 2 of them.
        num_further: reported hands that are none of them, or one of them again.
    """

    pair: Pair
    num_found: int
    num_further: int


def touching_tasks(data: Path) -> list[Path]:
    """The pictures that are put together, as far as they are there."""
    return sorted(data.glob(PICTURES))[FIRST::STEP]


def judge_ours(path: Path, models: HandModels) -> list[Outcome]:
    """What our tracker makes of a hand and its mirror image, in all positions."""
    return [
        judge(pair, find_ours(pair.image, MAX_NUM_HANDS, models)) for pair in _pairs(path, models)
    ]


def judge(pair: Pair, hands: Sequence[PictureHand]) -> Outcome:
    """Count how many of the two hands were found."""
    num_found = sum(is_found(hands, CANVAS, place) for place in pair.places)
    num_found = min(num_found, len(hands))
    return Outcome(pair, num_found, len(hands) - num_found)


def judge_mediapipe(pairs: Sequence[Pair], mediapipe: MediaPipe) -> list[Outcome]:
    """What MediaPipe makes of the same pictures."""
    return [judge(pair, mediapipe.find(pair.image, MAX_NUM_HANDS)) for pair in pairs]


def touching_rows(ours: Sequence[Outcome], theirs: Sequence[Outcome] | None) -> list[Row]:
    """The table's lines: for each overlap of how many pairs both hands were found."""
    rows = []
    for overlap in OVERLAPS:
        here = [each for each in ours if each.pair.overlap == overlap]
        counts = Counter(each.num_found for each in here)
        further = sum(each.num_further for each in here)
        beside = (
            'mediapipe not measured'
            if theirs is None
            else f'mediapipe {sum(e.num_found == 2 for e in theirs if e.pair.overlap == overlap)}'
        )
        rows.append(
            Row(
                f'two hands that overlap by {overlap:.0%}: both found',
                '',
                f'{counts[2]} of {len(here)}, one of {counts[1]}, {further} times a further one; '
                f'{beside}',
                None,
                {'both': counts[2], 'one': counts[1], 'none': counts[0], 'further': further},
                [_name(each.pair) for each in here if each.num_found < 2 or each.num_further],
            )
        )
    return rows


def _name(pair: Pair) -> str:
    return f'{pair.path.parent.name}/{pair.path.name} turned by {pair.turn_deg}'


def _pairs(path: Path, models: HandModels) -> list[Pair]:
    """A hand and its mirror image in all positions, if both are found when they are alone."""
    hand, background = cut_out(read_bgr(path))
    pairs = []
    for turn_deg in TURNS_DEG:
        turned = hand.turned(turn_deg)
        alone = [
            find_ours(_draw(turned, background, 0.0, shown), MAX_NUM_HANDS, models)
            for shown in ('left', 'right')
        ]
        if any(len(hands) != 1 for hands in alone):
            continue
        left, right = (hands[0].landmarks * CANVAS.shape[1::-1] for hands in alone)
        for overlap in OVERLAPS:
            moved_px = np.subtract(_left_px(turned, overlap), _left_px(turned, 0.0))
            places = [
                points + np.array([by_px, 0])
                for points, by_px in zip((left, right), moved_px, strict=True)
            ]
            pairs.append(Pair(path, turn_deg, overlap, places))
    return pairs


def cut_out(bgr: np.ndarray) -> tuple[CutOut, np.ndarray]:
    """The hand of a picture with a light background, and the colour of that background."""
    size = (HAND_SIZE_PX, HAND_SIZE_PX)
    bgr = cv2.resize(bgr, size, interpolation=cv2.INTER_CUBIC)
    blue = cv2.GaussianBlur(bgr[..., 0], (7, 7), 0)  # in which skin is darkest
    _, mask = cv2.threshold(blue, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(mask)
    is_hand = labels == 1 + statistics[1:, cv2.CC_STAT_AREA].argmax()
    cover = cv2.GaussianBlur(is_hand.astype(np.float32), (3, 3), 0)
    return CutOut(bgr.astype(np.float32), cover), np.median(bgr[~is_hand], axis=0)


def _left_px(hand: CutOut, overlap: float) -> tuple[int, int]:
    """The columns where the hand and its mirror image begin."""
    width_px = hand.cover.shape[1]
    step_px = round(width_px * (1 - overlap))
    left_px = (CANVAS.shape[1] - width_px - step_px) // 2
    return left_px, left_px + step_px


def _draw(hand: CutOut, background: np.ndarray, overlap: float, shown: str = 'both') -> np.ndarray:
    """The hand, its mirror image beside it, or both."""
    canvas = CANVAS + np.float32(background)
    left_px, right_px = _left_px(hand, overlap)
    if shown != 'right':
        hand.put_on(canvas, left_px)
    if shown != 'left':
        hand.mirrored().put_on(canvas, right_px)
    return np.clip(canvas, 0, 255).astype(np.uint8)
