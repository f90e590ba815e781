"""Where the hands of the wild videos are, by eye: `wild_videos.json`.

For each video a list of hands. `boxes` are key frames (number of the frame, from 0): boxes as
fractions of the picture, interpolated between two of them; from a null on the hand is hidden or
outside. `near` are the first and last frames of the spans in which the hand is large and clear, so
that missing it is a fault. `ignored` are places, with their first and last frames, where a hand may
or may not be seen.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.accuracy.boxes import Box
from hand_tracking_ros.tracking import Handedness

TRUTH = Path(__file__).with_name('wild_videos.json')


@dataclass(frozen=True)
class MarkedHand:
    """A hand of a video.

    Attributes:
        name: for people.
        side: the person's; UNKNOWN where it cannot be told.
        keys: number of a frame and the box there, None while hidden; rising.
        near: first and last frames in which it has to be found.
    """

    name: str
    side: Handedness
    keys: Sequence[tuple[int, Box | None]]
    near: Sequence[tuple[int, int]] = ()

    def box(self, frame: int) -> Box | None:
        """The box in a frame, None where the hand is not to be seen."""
        before = [key for key in self.keys if key[0] <= frame]
        after = [key for key in self.keys if key[0] > frame]
        if not before or before[-1][1] is None:
            return None
        if not after or after[0][1] is None:
            return before[-1][1]
        (first, start), (last, end) = before[-1], after[0]
        share = (frame - first) / (last - first)
        return tuple(a + share * (b - a) for a, b in zip(start, end, strict=True))

    def is_near(self, frame: int) -> bool:
        """Whether missing the hand in a frame is a fault."""
        return any(first <= frame <= last for first, last in self.near)


@dataclass(frozen=True)
class VideoTruth:
    """The hands of a video, and places (first frame, last frame, box) that do not count."""

    hands: Sequence[MarkedHand]
    ignored: Sequence[tuple[int, int, Box]] = ()

    def shown(self, frame: int) -> dict[int, Box]:
        """By the index of each hand that a frame shows, its box."""
        boxes = {number: hand.box(frame) for number, hand in enumerate(self.hands)}
        return {number: box for number, box in boxes.items() if box is not None}

    def ignored_boxes(self, frame: int) -> list[Box]:
        """Where a reported hand is neither right nor wrong."""
        return [box for first, last, box in self.ignored if first <= frame <= last]


def load_truth(path: Path = TRUTH) -> dict[str, VideoTruth]:
    """By the name of each video, its hands."""
    return {name: _read_video(entry) for name, entry in json.loads(path.read_text()).items()}


def _read_video(entry: dict) -> VideoTruth:
    hands = [
        MarkedHand(
            hand['name'],
            Handedness[hand['side'] or 'UNKNOWN'],
            sorted((int(frame), box) for frame, box in hand['boxes'].items()),
            [tuple(span) for span in hand['near']],
        )
        for hand in entry['hands']
    ]
    return VideoTruth(hands, [(*each['frames'], each['box']) for each in entry['ignored']])
