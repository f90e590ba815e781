"""Networks replaced by a scripted world, to test the tracker's decisions by themselves.

A hand of the world is a rigid set of landmarks at a place. The fake detector sees every visible
hand whose middle a view shows; the fake landmark model reads the hand nearest to the middle of a
region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_tracking_ros.tracking.hand import TrackingState
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.networks.models import HandModels
from hand_tracking_ros.tracking.networks.palm_detector import Palm, PalmView

IMAGE = np.zeros((480, 640, 3), np.uint8)
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
        largest_window_px: the detector does not see the hand in larger views.
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
    def palm(self) -> Palm:
        points = self.landmarks_px[[0, 5, 9, 13, 17, 1, 2], :2]
        center = points.mean(axis=0)
        half = HAND_SIZE_PX * 0.25
        return Palm(np.concatenate([center - half, center + half]), points, self.palm_score)

    def is_seen_in(self, view: PalmView) -> bool:
        """Whether the detector sees the hand in a view."""
        dx = self.x_px - view.region.center_x_px
        dy = self.y_px - view.region.center_y_px
        return (
            self.is_visible
            and max(abs(dx), abs(dy)) < view.region.size_px / 2 <= self.largest_window_px / 2
            and self.palm_score >= view.min_confidence
        )


class FakeWorld:
    """The hands there are, and the models that see them.

    Attributes:
        hands: in the order in which the detector reports them.
        look_s: what the detector says that one look takes.
        num_detections: at how many views the detector looked.
        num_readings: how many regions the landmark model read.
        num_runs: how often either of them was run.
    """

    def __init__(self, *hands: FakeHand) -> None:
        self.hands = list(hands)
        self.look_s = 0.01
        self.num_detections = self.num_readings = self.num_runs = 0
        self.models = HandModels(self, self)

    def detect(self, views):
        """As PalmDetector."""
        self.num_detections += len(views)
        self.num_runs += bool(views)
        return [[hand.palm for hand in self.hands if hand.is_seen_in(view)] for view in views]

    def num_looks_in(self, budget_s):
        """As PalmDetector."""
        return max(round(budget_s / self.look_s), 1)

    def estimate(self, views):
        """As LandmarkModel."""
        self.num_readings += len(views)
        self.num_runs += bool(views)
        return [self._read(view.region) for view in views]

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


def run(tracker, num_frames, first_s=0.0):
    """The results of this many images, 30 in a second."""
    return [tracker.track(IMAGE, first_s + i * FRAME_S) for i in range(num_frames)]


def ids(hands):
    return [hand.track_id for hand in hands]


def tracked(hands):
    return [hand for hand in hands if hand.state == TrackingState.TRACKED]
