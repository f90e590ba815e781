"""Pictures that no one took for a hand tracker: how many hands are found, and how much is no hand.

`labels.json` of the test data marks what trackers found in them, judged by eye, and says how many
clear hands none of them found; `wild_hands.json` marks those, and further hands: `extra` ones are
right but not asked for (small, hidden, at the border), `unclear` places count neither way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from evaluation.accuracy.boxes import Box, assign_boxes, is_on
from evaluation.accuracy.picture_hands import PictureHand, find_ours, read_bgr
from evaluation.results import Row
from hand_tracking_ros.tracking import Handedness, HandModels

PICTURES = Path('wild')
LABELS = PICTURES / 'labels.json'
FURTHER_HANDS = Path(__file__).with_name('wild_hands.json')
# Pictures without a hand are named so.
NONE_PREFIX = 'none_'
MAX_NUM_HANDS = 10

MIN_RECALL = 0.85
MIN_PRECISION = 0.97
MAX_NONE_WITH_HAND = 0.01
MIN_SIDES = 0.98


@dataclass(frozen=True)
class Mark:
    """A place in a picture that a person judged: label, box, and whose hand it is."""

    label: str
    box: Box
    side: Handedness = Handedness.UNKNOWN


@dataclass(frozen=True)
class PictureTruth:
    """What a picture shows: the marks, and how many hands have to be found."""

    marks: Sequence[Mark]
    num_clear: int


@dataclass
class PictureCounts:
    """What was found in pictures; lists say where.

    Attributes:
        clear: hands that had to be found.
        found: of those, found.
        extra: further hands found.
        sides: found hands whose side is known.
        none: pictures without a hand.
        missed: marked hands that were not found.
        false: what is no hand, or one a second time.
        none_with_hand: pictures without a hand in which one was reported.
        wrong_sides: found hands of the other side.
    """

    clear: int = 0
    found: int = 0
    extra: int = 0
    sides: int = 0
    none: int = 0
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    none_with_hand: list[str] = field(default_factory=list)
    wrong_sides: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """Share of the clear hands that was found."""
        return self.found / max(self.clear, 1)

    @property
    def precision(self) -> float:
        """Share of the reported hands that are hands."""
        true = self.found + self.extra
        return true / max(true + len(self.false), 1)

    def add(self, name: str, truth: PictureTruth, hands: Sequence[PictureHand]) -> None:
        """Count what was found in a picture."""
        real = [mark for mark in truth.marks if mark.label in ('hand', 'extra')]
        assigned = assign_boxes([hand.box for hand in hands], [mark.box for mark in real])
        self.clear += truth.num_clear
        for index, hand in enumerate(hands):
            if index in assigned:
                self._add_found(name, real[assigned[index]], hand)
            else:
                self._add_other(name, truth, hand)
        self.missed += [
            f'{name}: {_place(mark.box)}'
            for number, mark in enumerate(real)
            if mark.label == 'hand' and number not in assigned.values()
        ]
        if name.startswith(NONE_PREFIX):
            self.none += 1
            self.none_with_hand += [name] * bool(hands)

    def _add_found(self, name: str, mark: Mark, hand: PictureHand) -> None:
        if mark.label == 'hand':
            self.found += 1
        else:
            self.extra += 1
        if Handedness.UNKNOWN not in (mark.side, hand.side):
            self.sides += 1
            if mark.side != hand.side:
                self.wrong_sides.append(f'{name}: {_place(hand.box)} is {hand.side.name}')

    def _add_other(self, name: str, truth: PictureTruth, hand: PictureHand) -> None:
        """A reported hand that is not one of the marked ones, each of which counts once."""
        labels = {mark.label for mark in truth.marks if is_on(hand.box, mark.box)}
        if labels & {'hand', 'extra', 'duplicate'}:
            self.false.append(f'{name}: {_place(hand.box)} a second time')
        elif 'no hand' in labels or name.startswith(NONE_PREFIX):
            self.false.append(f'{name}: {_place(hand.box)} no hand')
        elif 'unclear' not in labels:
            self.false.append(f'{name}: {_place(hand.box)} unlabelled: look at it')


def load_labels(data: Path) -> dict[str, PictureTruth]:
    """By the name of each picture that is there, what it shows."""
    if not (data / LABELS).is_file():
        return {}
    further = json.loads(FURTHER_HANDS.read_text())
    labels = json.loads((data / LABELS).read_text())
    truths = {}
    for name, entry in labels.items():
        marks = [_mark(each) for each in (*entry['hands'], *further.get(name, ()))]
        num_labelled = sum(each['label'] == 'hand' for each in entry['hands'])
        truths[name] = PictureTruth(marks, num_labelled + entry['clear_hands_missed_by_all'])
    return {name: truth for name, truth in truths.items() if (data / PICTURES / name).is_file()}


def find_in_picture(path: Path, models: HandModels) -> tuple[str, list[PictureHand]]:
    """The picture's name and the hands that our tracker finds in it."""
    return path.name, find_ours(read_bgr(path), MAX_NUM_HANDS, models)


def count_pictures(
    truths: dict[str, PictureTruth], hands_of: Callable[[str], Sequence[PictureHand]]
) -> PictureCounts:
    """Count what a tracker found in all pictures."""
    counts = PictureCounts()
    for name, truth in sorted(truths.items()):
        counts.add(name, truth, hands_of(name))
    return counts


def picture_rows(ours: PictureCounts, theirs: PictureCounts | None) -> list[Row]:
    """The table's lines; what MediaPipe reaches stands beside, if it was measured."""
    beside = partial(_beside, theirs)
    share_none = len(ours.none_with_hand) / max(ours.none, 1)
    right_sides = 1 - len(ours.wrong_sides) / max(ours.sides, 1)
    true = ours.found + ours.extra
    return [
        Row(
            'pictures: recall of clear hands',
            f'≥ {MIN_RECALL}',
            f'{ours.recall:.2f} of {ours.clear}{beside(lambda it: f"{it.recall:.2f}")}',
            ours.recall >= MIN_RECALL,
            {'recall': ours.recall, 'found': ours.found, 'clear': ours.clear},
            ours.missed,
        ),
        Row(
            'pictures: precision',
            f'≥ {MIN_PRECISION}',
            f'{ours.precision:.3f} of {true + len(ours.false)}'
            + beside(lambda it: f'{it.precision:.3f}'),
            ours.precision >= MIN_PRECISION,
            {'precision': ours.precision, 'true': true, 'false': len(ours.false)},
            ours.false,
        ),
        Row(
            'pictures without hands in which one is reported',
            f'≤ {MAX_NONE_WITH_HAND:.0%}',
            f'{len(ours.none_with_hand)} of {ours.none}'
            + beside(lambda it: str(len(it.none_with_hand))),
            share_none <= MAX_NONE_WITH_HAND,
            {'none_with_hand': len(ours.none_with_hand), 'none': ours.none},
            ours.none_with_hand,
        ),
        Row(
            'pictures: right sides',
            f'≥ {MIN_SIDES:.0%}',
            f'{ours.sides - len(ours.wrong_sides)} of {ours.sides}',
            right_sides >= MIN_SIDES,
            {'sides': ours.sides, 'wrong_sides': len(ours.wrong_sides)},
            ours.wrong_sides,
        ),
    ]


def _beside(theirs: PictureCounts | None, text: Callable[[PictureCounts], str]) -> str:
    return f'; mediapipe {"not measured" if theirs is None else text(theirs)}'


def _mark(entry: dict) -> Mark:
    return Mark(entry['label'], entry['box'], Handedness[entry['side'] or 'UNKNOWN'])


def _place(box: Box) -> str:
    return '[' + ', '.join(f'{value:.2f}' for value in np.asarray(box)) + ']'
