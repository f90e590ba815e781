"""Which reported hand shows which one that a person marked with a box.

Boxes are x0, y0, x1, y1 in fractions of the picture's width and height.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hand_tracking_ros.tracking import Hand
from hand_tracking_ros.tracking.region import box_overlaps

Box = Sequence[float]

# A reported hand is on a marked one if they share this much of the smaller of the two boxes: boxes
# are drawn by eye, and a hand that is half hidden is reported whole.
MIN_SHARED = 0.3


def hand_box(hand: Hand) -> tuple[float, ...]:
    """The box of a hand's landmarks."""
    points = hand.landmarks[:, :2]
    return tuple(map(float, (*points.min(axis=0), *points.max(axis=0))))


def shared_part(a: Box, b: Box) -> float:
    """How much of the smaller of two boxes they share, 0 to 1."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return width * height / max(smaller, np.finfo(float).tiny)


def is_on(box: Box, marked: Box) -> bool:
    """Whether a reported hand is on a marked one."""
    return shared_part(box, marked) >= MIN_SHARED


def assign_boxes(boxes: Sequence[Box], marked: Sequence[Box]) -> dict[int, int]:
    """By the index of a reported box, the index of the marked one that it shows.

    Each at most once; the pairs that overlap most (intersection over union) first.
    """
    corners = np.reshape(np.array(marked, float), (-1, 2, 2))
    pairs = [
        (overlap, b, m)
        for b, box in enumerate(boxes)
        for m, overlap in enumerate(box_overlaps(np.reshape(box, (2, 2)), corners))
        if is_on(box, marked[m])
    ]
    assigned: dict[int, int] = {}
    for _, b, m in sorted(pairs, reverse=True):
        if b not in assigned and m not in assigned.values():
            assigned[b] = m
    return assigned
