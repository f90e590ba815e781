"""Networks replaced by a scripted world, to test the tracker's decisions by themselves.

A hand of the world is a rigid set of landmarks at a place. The fake detector finds every
visible hand whose middle lies in a window; the fake landmark model finds the hand nearest to the
middle of a region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_tracking_ros.tracking.hand import TrackingState
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks, LandmarkModel
from hand_tracking_ros.tracking.networks.models import HandModels
from hand_tracking_ros.tracking.networks.palm_detector import PalmDetection
from hand_tracking_ros.tracking.region import Region

IMAGE = np.zeros((480, 640, 3), np.uint8)
IMAGE[:, :320] = [250, 200, 150]  # neither dark nor grey: that makes the tracker look twice
FRAME_S = 1 / 30
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
    """A hand of the world; change its fields between two images.

    Attributes:
        largest_window_px: the detector does not find the hand in larger windows.
    """

    x_px: float
    y_px: float
    is_visible: bool = True
    right_probability: float = 1.0
    presence: float = 0.99
    palm_score: float = 0.9
    largest_window_px: float = np.inf

    @property
    def landmarks_px(self) -> np.ndarray:
        points = upright_hand() * HAND_SIZE_PX + [self.x_px, self.y_px + HAND_SIZE_PX / 2]
        return np.hstack([points, np.zeros((21, 1))]).astype(np.float32)

    @property
    def palm(self) -> PalmDetection:
        points = self.landmarks_px[[0, 5, 9, 13, 17, 1, 2], :2]
        center = points.mean(axis=0)
        half = HAND_SIZE_PX * 0.25
        return PalmDetection(
            np.concatenate([center - half, center + half]), points, self.palm_score
        )

    def is_found_in(self, window: Region, min_confidence: float) -> bool:
        """Whether the detector finds the hand in a window."""
        dx = self.x_px - window.center_x_px
        dy = self.y_px - window.center_y_px
        return (
            self.is_visible
            and max(abs(dx), abs(dy)) < window.size_px / 2 <= self.largest_window_px / 2
            and self.palm_score >= min_confidence
        )


class FakeWorld:
    """The hands there are, and the models that see them.

    Attributes:
        hands: in the order in which the detector reports them.
        look_s: the time that the detector claims to need for one look.
        num_looks: how many looks the detector has processed.
        num_regions: how many regions the landmark model has processed.
        num_inferences: how many batches both have processed.
    """

    def __init__(self, *hands: FakeHand) -> None:
        self.hands = list(hands)
        self.look_s = 0.01
        self.num_looks = self.num_regions = self.num_inferences = 0
        self.models = HandModels(self, self)

    def detect(self, image, looks, min_confidences):
        """As PalmDetector."""
        self.num_looks += len(looks)
        self.num_inferences += bool(looks)
        return [
            [hand.palm for hand in self.hands if hand.is_found_in(look.window, min_confidence)]
            for look, min_confidence in zip(looks, min_confidences, strict=True)
        ]

    def num_looks_within(self, budget_s):
        """As PalmDetector."""
        return max(round(budget_s / self.look_s), 1)

    def estimate(self, image, regions, mirrored=None, rendition=None):
        """As LandmarkModel."""
        self.num_regions += len(regions)
        self.num_inferences += bool(regions)
        return [self._landmarks_in(region) for region in regions]

    refine = LandmarkModel.refine  # further passes go through `estimate` above

    def _landmarks_in(self, region: Region) -> HandLandmarks:
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


def run(tracker, num_frames, first_s=0.0):
    """The results of this many images, 30 in a second."""
    return [tracker.track(IMAGE, first_s + i * FRAME_S) for i in range(num_frames)]


def ids(hands):
    return [hand.track_id for hand in hands]


def tracked(hands):
    return [hand for hand in hands if hand.state == TrackingState.TRACKED]
