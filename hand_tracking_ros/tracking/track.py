"""One hand over time: its last landmarks, its side, and whether it is tracked or lost."""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.candidate import Observation
from hand_tracking_ros.tracking.hand import Hand, TrackingState
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.region import Region
from hand_tracking_ros.tracking.side import Side

# Gating: an observation may continue a track if it is nearer than this many sides of the track's
# region (about two hand lengths each) and not larger or smaller by more than this factor.
GATE_DISTANCE = 0.75
GATE_SIZE_RATIO = 2.0
# Assignment costs, in sides of the region: of the other side, and of a track that is lost, so that
# a hand that is tracked is not given to a lost track for a slightly smaller distance.
SIDE_COST = 0.5
LOST_COST = 0.25


class Track:
    """A hand that is followed from image to image."""

    def __init__(self, track_id: int, landmarks: HandLandmarks, stamp_s: float) -> None:
        self.track_id = track_id
        self.started_s = stamp_s
        self.side = Side()
        self.update(landmarks, stamp_s)

    def update(self, landmarks: HandLandmarks, stamp_s: float) -> None:
        """The hand was seen in an image."""
        self.landmarks = landmarks
        self.next_region: Region = landmarks.next_region
        self.seen_s = stamp_s
        self.is_tracked = True
        self.side.update(landmarks.right_probability)

    def lose(self) -> None:
        """The hand was not seen where it was expected."""
        self.is_tracked = False

    def is_within_gate(self, observation: Observation) -> bool:
        """Whether an observation may continue this track: in its own region it always may."""
        if observation.track is self:
            return True
        size_px, own_px = observation.landmarks.next_region.size_px, self.next_region.size_px
        ratio = max(size_px, own_px) / min(size_px, own_px)
        return self._distance(observation.landmarks) < GATE_DISTANCE and ratio < GATE_SIZE_RATIO

    def assignment_cost(self, landmarks: HandLandmarks) -> float:
        """How badly landmarks continue this track; 0 is perfect."""
        side = self.side.difference(landmarks.right_probability)
        return self._distance(landmarks) + SIDE_COST * side + LOST_COST * (not self.is_tracked)

    def to_hand(self, width_px: int, height_px: int, stamp_s: float, state: TrackingState) -> Hand:
        """This track as a result in an image of this size."""
        scale = np.array([width_px, height_px, width_px], np.float32)
        return Hand(
            track_id=self.track_id,
            handedness=self.side.handedness,
            handedness_score=self.side.score,
            state=state,
            presence=self.landmarks.presence,
            age_s=stamp_s - self.started_s,
            landmarks=self.landmarks.landmarks_px / scale,
            world_landmarks=self.landmarks.world_landmarks,
            region=self.landmarks.region,
        )

    def _distance(self, landmarks: HandLandmarks) -> float:
        """Distance of landmarks from the expected region, in sides of that region."""
        found = landmarks.next_region
        dx = found.center_x_px - self.next_region.center_x_px
        dy = found.center_y_px - self.next_region.center_y_px
        return float(np.hypot(dx, dy) / self.next_region.size_px)
