"""One hand over time: its last landmarks, its side, and whether it is tracked or lost."""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.hand import Hand, TrackingState
from hand_tracking_ros.tracking.motion import Motion
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.region import Region
from hand_tracking_ros.tracking.side import Side


class Track:
    """A hand that is followed from image to image."""

    def __init__(self, track_id: int, landmarks: HandLandmarks, stamp_s: float) -> None:
        self.track_id = track_id
        self.started_s = stamp_s
        self.side = Side()
        self.motion = Motion(landmarks.next_region, stamp_s)
        self.update(landmarks, stamp_s)

    def update(self, landmarks: HandLandmarks, stamp_s: float) -> None:
        """The hand was seen in an image."""
        self.landmarks = landmarks
        self.motion.update(landmarks.next_region, stamp_s)
        self.seen_s = stamp_s
        self.is_tracked = True
        self.side.update(landmarks.right_probability)

    @property
    def next_region(self) -> Region:
        """Where the landmark model looks for the hand in the next image."""
        return self.motion.region

    def lose(self) -> None:
        """The hand was not seen where it was expected."""
        self.is_tracked = False

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
