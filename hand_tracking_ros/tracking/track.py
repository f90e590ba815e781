"""One hand over time: its last landmarks, its side, and whether it is seen or lost."""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.hand import (
    CONNECTIONS,
    Hand,
    Handedness,
    TrackingState,
)
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.region import Region, box_overlaps

# Handedness is the mean over about this many of the last images.
HANDEDNESS_WINDOW = 30
# How far that mean must cross 0.5 before the reported side changes.
HANDEDNESS_HYSTERESIS = 0.1

# Two results are one hand if this many landmarks are nearer than this fraction of the larger
# palm, and their boxes overlap by more than this (MediaPipe Tasks' deduplication).
SAME_HAND_LANDMARKS = 10
SAME_HAND_DISTANCE = 0.2
SAME_HAND_OVERLAP = 0.2

# A result is a finger taken for a hand if its palm is smaller than this fraction of another
# one's, and its landmarks are nearer to the bones of that than this fraction of it: about half the
# width of a finger.
FINGER_SIZE = 0.5
FINGER_DISTANCE = 0.1

# A hand that reappears is the one lost there if it is nearer than this many of its region's
# sides (about two hand lengths each) and not larger or smaller by more than this factor.
REAPPEAR_DISTANCE = 0.75
REAPPEAR_SIZE_RATIO = 2.0
# A hand of the other side counts as one that is so many region sides away.
SIDE_WEIGHT = 0.5
# So does a lost track: a hand that is being followed is not given away for a little less distance.
LOST_WEIGHT = 0.25
# Difference of the probability of a side from which on it is another one.
CONTRADICTION = 0.25


class Track:
    """A hand that is followed from image to image."""

    def __init__(self, track_id: int, landmarks: HandLandmarks, stamp_s: float) -> None:
        self.track_id = track_id
        self.started_s = stamp_s
        self._num_updates = 0
        self._right_probability = 0.5
        self._handedness = Handedness.UNKNOWN
        self.update(landmarks, stamp_s)

    def update(self, landmarks: HandLandmarks, stamp_s: float) -> None:
        """The hand was seen."""
        self.landmarks = landmarks
        self.next_region: Region = landmarks.next_region
        self.seen_s = stamp_s
        self.is_tracked = True
        self._gather_handedness(landmarks.right_probability)

    def lose(self) -> None:
        """The hand was not seen where it was expected."""
        self.is_tracked = False

    def may_be(self, landmarks: HandLandmarks) -> bool:
        """Whether this can be the track's hand: in its own region it can always be."""
        if landmarks.region == self.next_region and self.is_tracked:
            return True
        size_px = landmarks.next_region.size_px
        ratio = max(size_px, self.next_region.size_px) / min(size_px, self.next_region.size_px)
        return self._distance(landmarks) < REAPPEAR_DISTANCE and ratio < REAPPEAR_SIZE_RATIO

    def mismatch(self, landmarks: HandLandmarks) -> float:
        """How badly this hand continues the track; 0 is perfect."""
        other_side = abs(landmarks.right_probability - self._right_probability)
        lost = not self.is_tracked
        return self._distance(landmarks) + SIDE_WEIGHT * other_side + LOST_WEIGHT * lost

    def contradicts(self, landmarks: HandLandmarks) -> bool:
        """Whether this hand clearly shows the other side."""
        return abs(landmarks.right_probability - self._right_probability) > CONTRADICTION

    def _distance(self, landmarks: HandLandmarks) -> float:
        """Distance between the expected region and where this hand is, in region sides."""
        found = landmarks.next_region
        dx = found.center_x_px - self.next_region.center_x_px
        dy = found.center_y_px - self.next_region.center_y_px
        return float(np.hypot(dx, dy) / self.next_region.size_px)

    def to_hand(self, width_px: int, height_px: int, stamp_s: float, state: TrackingState) -> Hand:
        """This track as a result in an image of this size."""
        scale = np.float32([width_px, height_px, width_px])
        right = self._right_probability
        return Hand(
            track_id=self.track_id,
            handedness=self._handedness,
            handedness_score=max(right if self._handedness == Handedness.RIGHT else 1 - right, 0.5),
            state=state,
            presence=self.landmarks.presence,
            age_s=stamp_s - self.started_s,
            landmarks=self.landmarks.landmarks_px / scale,
            world_landmarks=self.landmarks.world_landmarks,
            region=self.landmarks.region,
        )

    def _gather_handedness(self, right_probability: float) -> None:
        """Fold one more image's word into the mean, and change side only if it is clear."""
        self._num_updates += 1
        weight = 1 / min(self._num_updates, HANDEDNESS_WINDOW)
        self._right_probability += weight * (right_probability - self._right_probability)
        margin = 0.0 if self._handedness == Handedness.UNKNOWN else HANDEDNESS_HYSTERESIS
        if self._right_probability >= 0.5 + margin:
            self._handedness = Handedness.RIGHT
        elif self._right_probability < 0.5 - margin:
            self._handedness = Handedness.LEFT


def is_same_hand(a: HandLandmarks, b: HandLandmarks) -> bool:
    """Whether two results show one hand."""
    points_a, points_b = a.landmarks_px[:, :2], b.landmarks_px[:, :2]
    reach_px = SAME_HAND_DISTANCE * max(a.palm_extent_px, b.palm_extent_px)
    near = np.linalg.norm(points_a - points_b, axis=1) < reach_px
    if near.sum() < SAME_HAND_LANDMARKS:
        return False
    box_a, box_b = (np.stack([points.min(0), points.max(0)]) for points in (points_a, points_b))
    return bool(box_overlaps(box_a, box_b[None])[0] > SAME_HAND_OVERLAP)


def is_finger_of(a: HandLandmarks, b: HandLandmarks) -> bool:
    """Whether a result is a mere finger, or another part, of the hand that a larger one shows."""
    if a.palm_extent_px > FINGER_SIZE * b.palm_extent_px:
        return False
    away_px = _distances_to_bones_px(a.landmarks_px[:, :2], b.landmarks_px[:, :2])
    return bool(away_px.mean() < FINGER_DISTANCE * b.palm_extent_px)


def _distances_to_bones_px(points_px: np.ndarray, hand_px: np.ndarray) -> np.ndarray:
    """Of each point (N, 2), the distance to the nearest line that joins landmarks (21, 2)."""
    starts, ends = hand_px[np.array(CONNECTIONS).T]
    bones = ends - starts
    squares = np.maximum((bones**2).sum(axis=-1), np.finfo(np.float32).tiny)
    along = ((points_px[:, None] - starts) * bones).sum(axis=-1) / squares
    nearest = starts + np.clip(along, 0, 1)[..., None] * bones
    return np.linalg.norm(points_px[:, None] - nearest, axis=-1).min(axis=1)
