"""Networks replaced by a scripted world, to test the tracker's decisions by themselves.

A hand of the world is a rigid set of landmarks at a place. The fake detector sees every visible
hand; the fake landmark model reads the hand nearest to the middle of a region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_tracking_ros.tracking.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.models import HandModels
from hand_tracking_ros.tracking.palm_detector import Palm

IMAGE = np.zeros((480, 640, 3), np.uint8)
HAND_SIZE_PX = 100.0


def upright_hand() -> np.ndarray:
    """Landmarks (21, 2) of an open hand, fingers up, one unit long, its wrist at the origin."""
    points = np.zeros((21, 2))
    points[1:5] = np.outer([0.2, 0.35, 0.45, 0.55], [-0.7, -0.7])
    for first, x in zip((5, 9, 13, 17), (-0.15, -0.03, 0.08, 0.2), strict=True):
        points[first : first + 4] = [(x, -y) for y in (0.5, 0.7, 0.85, 1.0)]
    return points


@dataclass
class FakeHand:
    """A hand of the world; change its fields between two images."""

    x_px: float
    y_px: float
    is_visible: bool = True
    right_probability: float = 1.0
    presence: float = 0.99

    @property
    def landmarks_px(self) -> np.ndarray:
        points = upright_hand() * HAND_SIZE_PX + [self.x_px, self.y_px + HAND_SIZE_PX / 2]
        return np.hstack([points, np.zeros((21, 1))]).astype(np.float32)


class FakeWorld:
    """The hands there are, and the models that see them.

    Attributes:
        hands: in the order in which the detector reports them.
        num_detections: how often the detector was asked.
    """

    def __init__(self, *hands: FakeHand) -> None:
        self.hands = list(hands)
        self.num_detections = 0
        self.models = HandModels(self, self)

    def detect(self, image, min_confidence):
        """As PalmDetector."""
        self.num_detections += 1
        return [_palm(hand) for hand in self.hands if hand.is_visible]

    def estimate(self, image, regions):
        """As LandmarkModel."""
        return [self._read(region) for region in regions]

    def _read(self, region) -> HandLandmarks:
        def distance(hand):
            return np.hypot(hand.x_px - region.center_x_px, hand.y_px - region.center_y_px)

        visible = [hand for hand in self.hands if hand.is_visible]
        nearest = min(visible, key=distance, default=None)
        seen = nearest is not None and distance(nearest) < region.size_px / 2
        hand = nearest if seen else FakeHand(region.center_x_px, region.center_y_px, presence=0.0)
        return HandLandmarks(
            hand.landmarks_px,
            np.zeros((21, 3), np.float32),
            hand.presence,
            hand.right_probability,
            region,
        )


def _palm(hand: FakeHand) -> Palm:
    points = hand.landmarks_px[[0, 5, 9, 13, 17, 1, 2], :2]
    center = points.mean(axis=0)
    half = HAND_SIZE_PX * 0.25
    return Palm(np.concatenate([center - half, center + half]), points, 0.9)
