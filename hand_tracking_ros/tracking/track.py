"""One hand over time: its last landmarks, its side, and whether it is tracked or lost."""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.belief import Belief
from hand_tracking_ros.tracking.candidate import Observation
from hand_tracking_ros.tracking.hand import Hand, TrackingState
from hand_tracking_ros.tracking.motion import Motion
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.region import Region
from hand_tracking_ros.tracking.side import Side

# HELD is earned: this share of the time for which the hand was seen. A track that flickers is not
# held again and again, and at most a tenth of all reported hands is held.
HOLD_SHARE = 0.1
# A hand is small if less of its palm is visible than this share of the image's longer side.
LARGE_PALM = 0.04


class Track:
    """A hand that is followed from image to image.

    Attributes:
        track_id: 0 until the hand is published.
        visible_px: length of its palm, as far as it lies in the image.
        is_small: a better look at it is to be wished for.
    """

    def __init__(
        self,
        observation: Observation,
        stamp_s: float,
        image_size_px: tuple[int, int],
        belief: Belief,
    ) -> None:
        self.track_id = 0
        self.started_s = self.seen_s = stamp_s
        self.side = Side()
        self.belief = belief
        self.motion = Motion(observation.landmarks.next_region, stamp_s)
        self.is_tracked = True
        self._from_part = observation.from_part
        self._earned_hold_s = 0.0
        self.update(observation.landmarks, stamp_s, image_size_px)

    def update(
        self, landmarks: HandLandmarks, stamp_s: float, image_size_px: tuple[int, int]
    ) -> None:
        """The hand was seen in an image of this width and height."""
        passed_s = stamp_s - self.seen_s
        earned_s = HOLD_SHARE * passed_s if self.is_tracked else -passed_s
        self._earned_hold_s = max(self._earned_hold_s + earned_s, 0.0)
        self.landmarks = landmarks
        self.motion.update(landmarks.next_region, stamp_s)
        self.seen_s = stamp_s
        self.is_tracked = True
        self.visible_px = landmarks.palm_extent_px * _visible_share(landmarks, image_size_px)
        self.is_small = self.visible_px < LARGE_PALM * max(image_size_px)
        self.belief.see(landmarks.presence, is_large=not (self.is_small or self._from_part))
        self.side.update(landmarks.right_probability, landmarks.presence)

    @property
    def next_region(self) -> Region:
        """Where the landmark model looks for the hand in the next image."""
        return self.motion.region

    @property
    def is_well_seen(self) -> bool:
        """Whether it is a hand for sure, and large enough for the landmark model."""
        return self.belief.is_well_seen and not self.is_small

    def lose(self) -> None:
        """The hand was not seen where it was expected."""
        self.is_tracked = False
        self.belief.miss()

    def is_held(self, stamp_s: float, hold_time_s: float) -> bool:
        """Whether a lost hand is still to be reported, with its last values."""
        return stamp_s - self.seen_s <= min(hold_time_s, self._earned_hold_s)

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


def _visible_share(landmarks: HandLandmarks, image_size_px: tuple[int, int]) -> float:
    """Share of the landmarks that lie in an image of this width and height."""
    points = landmarks.landmarks_px[:, :2]
    return float(((points >= 0) & (points < image_size_px)).all(axis=1).mean())
