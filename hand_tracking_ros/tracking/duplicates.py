"""Whether two results show one hand: twice, as a finger taken for it, or with its arm."""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.hand import CONNECTIONS, PALM
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.region import overlap

# Two results are one hand if the middles of their palms are nearer than this fraction of the larger
# palm: so are 99.5 % of 650 pairs of results of one hand, in pictures of two hands that touch, and
# 0.8 % of 833 pairs of results of two hands.
SAME_PALM_DISTANCE = 0.5

# And if the median distance of their landmarks is less than this fraction of it, also where two
# tracks speak for two hands (MediaPipe Tasks counts 10 of the 21 landmarks).
SAME_LANDMARKS_DISTANCE = 0.2

# A result is a finger taken for a hand if its palm is smaller than this fraction of another one's,
# and its landmarks are nearer to the bones of that hand than this fraction of its palm: about half
# the width of a finger. So are 46 of 122 results that were none of two hands that touch, and 2 of
# 833 pairs of results of two hands; one hand seen small and whole, as around a cup, is found too.
FINGER_SIZE = 0.75
FINGER_DISTANCE = 0.1

# A result is an arm taken for a palm if its box holds this share of another hand's box, and its
# palm is larger than that hand's by this factor.
TAKEN_IN = 0.5
ARM_SIZE = 1.4


def is_same_hand(a: HandLandmarks, b: HandLandmarks) -> bool:
    """Whether two results show one hand."""
    away_px = _palm_middle(a) - _palm_middle(b)
    size_px = max(a.palm_extent_px, b.palm_extent_px)
    return bool(np.linalg.norm(away_px) < SAME_PALM_DISTANCE * size_px)


def has_same_landmarks(a: HandLandmarks, b: HandLandmarks) -> bool:
    """Whether two results show one hand in one posture."""
    away_px = np.linalg.norm(a.landmarks_px[:, :2] - b.landmarks_px[:, :2], axis=1)
    size_px = max(a.palm_extent_px, b.palm_extent_px)
    return bool(np.median(away_px) < SAME_LANDMARKS_DISTANCE * size_px)


def is_finger_of(a: HandLandmarks, b: HandLandmarks) -> bool:
    """Whether a result is only a finger, or another part, of the hand that a larger one shows."""
    if a.palm_extent_px > FINGER_SIZE * b.palm_extent_px:
        return False
    away_px = _distances_to_bones_px(a.landmarks_px[:, :2], b.landmarks_px[:, :2])
    return bool(away_px.mean() < FINGER_DISTANCE * b.palm_extent_px)


def takes_in(a: HandLandmarks, b: HandLandmarks) -> bool:
    """Whether a result takes another hand and its arm, or what it holds, for one large hand."""
    if a.palm_extent_px < ARM_SIZE * b.palm_extent_px:
        return False
    box_a, box_b = a.box_px, b.box_px
    shared = np.minimum(box_a[1], box_b[1]) - np.maximum(box_a[0], box_b[0])
    return bool(np.prod(np.maximum(shared, 0)) > TAKEN_IN * np.prod(box_b[1] - box_b[0]))


def overlaps_same_side(a: HandLandmarks, b: HandLandmarks, min_overlap: float) -> bool:
    """Whether two results of one side overlap by more than this: one of them is inaccurate."""
    return a.is_right == b.is_right and overlap(a.next_region, b.next_region) > min_overlap


def _palm_middle(hand: HandLandmarks) -> np.ndarray:
    """The mean of wrist and knuckles, (2,) pixels."""
    return hand.landmarks_px[PALM, :2].mean(axis=0)


def _distances_to_bones_px(points_px: np.ndarray, hand_px: np.ndarray) -> np.ndarray:
    """Of each point (N, 2), the distance to the nearest line that joins landmarks (21, 2)."""
    starts, ends = hand_px[np.array(CONNECTIONS).T]
    bones = ends - starts
    squares = np.maximum((bones**2).sum(axis=-1), np.finfo(np.float32).tiny)
    along = ((points_px[:, None] - starts) * bones).sum(axis=-1) / squares
    nearest = starts + np.clip(along, 0, 1)[..., None] * bones
    return np.linalg.norm(points_px[:, None] - nearest, axis=-1).min(axis=1)
