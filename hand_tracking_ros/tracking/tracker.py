"""The two stages over time: when to detect, which hand is which, and when a hand is lost.

As MediaPipe's hand tracking graph, with these differences on purpose: a tracked hand wins over a
new detection of it, there are never more than `max_num_hands`, the same hand is never reported
twice, and a lost hand is said to be held instead of vanishing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hand_tracking_ros.tracking.hand import Hand, TrackingState
from hand_tracking_ros.tracking.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.models import HandModels
from hand_tracking_ros.tracking.region import Region, overlap, region_from_landmarks
from hand_tracking_ros.tracking.track import Track, is_same_hand

# A hand that was lost is known again for so long, or for hold_time if that is longer.
REMEMBER_S = 1.0
# Two results whose regions overlap by more may show parts of each other's hand.
CROWDED_OVERLAP = 0.2


@dataclass(frozen=True)
class TrackerOptions:
    """How to track; names and defaults as MediaPipe's where the meaning is the same.

    Attributes:
        static_image_mode: treat every image by itself, without tracking.
        max_num_hands: never more hands than this.
        min_detection_confidence: smallest score of a palm, 0 to 1.
        min_presence_confidence: smallest presence of a hand in its region, 0 to 1.
        min_tracking_confidence: overlap, 0 to 1, from which a detected hand is taken for one that
            is already tracked.
        image_mirrored: images are mirrored, as selfies are.
        detection_interval_s: time between two looks for further hands once a hand is tracked.
        hold_time_s: how long a lost hand is reported with its last values.
    """

    static_image_mode: bool = False
    max_num_hands: int = 2
    min_detection_confidence: float = 0.5
    min_presence_confidence: float = 0.5
    min_tracking_confidence: float = 0.5
    image_mirrored: bool = False
    detection_interval_s: float = 0.2
    hold_time_s: float = 0.3


class HandTracker:
    """Finds and follows hands in the images of one camera.

    Args:
        options: how to track; may be replaced between two images.
        models: the networks; loaded with their defaults if None.
    """

    def __init__(
        self, options: TrackerOptions | None = None, models: HandModels | None = None
    ) -> None:
        self.options = options or TrackerOptions()
        self._models = models or HandModels.load()
        self._next_track_id = 1
        self.reset()

    def reset(self) -> None:
        """Forget every track, as when the camera or the time jumps. Track ids go on."""
        self._tracks: list[Track] = []
        self._last_stamp_s = -np.inf
        self._last_detection_s = -np.inf

    def track(self, image: np.ndarray, stamp_s: float) -> list[Hand]:
        """Find the hands in the next image.

        Args:
            image: (H, W, 3) uint8 RGB.
            stamp_s: when the image was taken; a stamp before the last one resets the tracks.

        Returns:
            Tracked hands, longest tracked first, then held ones; at most `max_num_hands`.

        Raises:
            ValueError: the image has another shape or type.
        """
        _check_image(image)
        if stamp_s < self._last_stamp_s or self.options.static_image_mode:
            self.reset()
        self._last_stamp_s = stamp_s
        regions = [track.next_region for track in self._followed()]
        regions += self._detect(image, regions, stamp_s)
        found = self._models.landmark_model.estimate(image, regions)
        found = [self._in_unmirrored_image(landmarks) for landmarks in found]
        self._assign(self._distinct(found), stamp_s)
        self._forget(stamp_s)
        return self._report(image, stamp_s)

    def _followed(self) -> list[Track]:
        """The tracks whose hands were seen in the last image; the oldest, if that is too many."""
        followed = [track for track in self._tracks if track.is_tracked]
        for track in followed[self.options.max_num_hands :]:
            self._tracks.remove(track)
        return followed[: self.options.max_num_hands]

    def _detect(self, image: np.ndarray, followed: list[Region], stamp_s: float) -> list[Region]:
        """Regions of hands that are not followed yet, best first; empty if no look is due."""
        places = self.options.max_num_hands - len(followed)
        waited = stamp_s - self._last_detection_s >= self.options.detection_interval_s
        one_is_missing = any(
            not track.is_tracked and track.seen_s >= stamp_s - self.options.hold_time_s
            for track in self._tracks
        )
        if places <= 0 or not (waited or one_is_missing or not followed):
            return []
        self._last_detection_s = stamp_s
        regions: list[Region] = []
        for palm in self._models.palm_detector.detect(image, self.options.min_detection_confidence):
            region = palm.hand_region
            known = max((overlap(region, other) for other in followed + regions), default=0.0)
            if known <= self.options.min_tracking_confidence:
                regions.append(region)
        return regions[:places]

    def _distinct(self, found: list[HandLandmarks]) -> list[HandLandmarks]:
        """The results that show a hand, each hand once."""
        distinct: list[HandLandmarks] = []
        for landmarks in found:
            present = landmarks.presence > self.options.min_presence_confidence
            if present and not any(is_same_hand(landmarks, other) for other in distinct):
                distinct.append(landmarks)
        return distinct

    def _assign(self, found: list[HandLandmarks], stamp_s: float) -> None:
        """Give each hand to the track that it continues best, or to a new one.

        The region of a hand that another one hides shows that other hand: not where a result was
        read tells whose it is, but where it is and which side it shows.
        """
        pairs = [
            (track.mismatch(landmarks), t, f)
            for t, track in enumerate(self._tracks)
            for f, landmarks in enumerate(found)
            if track.may_be(landmarks)
        ]
        assigned: dict[int, int] = {}
        for _, t, f in sorted(pairs):
            if t not in assigned.values() and f not in assigned:
                assigned[f] = t
        strays = [
            f for f, t in assigned.items() if self._is_stray(found[f], self._tracks[t], found)
        ]
        for f in strays:
            del assigned[f]
        for t, track in enumerate(self._tracks):
            if t not in assigned.values():
                track.lose()
        for f, landmarks in enumerate(found):
            if f in assigned:
                self._tracks[assigned[f]].update(landmarks, stamp_s)
            elif f not in strays:
                self._tracks.append(Track(self._next_track_id, landmarks, stamp_s))
                self._next_track_id += 1

    @staticmethod
    def _is_stray(landmarks: HandLandmarks, track: Track, found: list[HandLandmarks]) -> bool:
        """Whether a result is half one hand and half another, as where hands cross."""
        here = region_from_landmarks(landmarks.landmarks_px)
        crowded = any(
            overlap(here, region_from_landmarks(other.landmarks_px)) > CROWDED_OVERLAP
            for other in found
            if other is not landmarks
        )
        return crowded and track.contradicts(landmarks)

    def _forget(self, stamp_s: float) -> None:
        """Drop tracks that have been lost for too long to know their hand again."""
        oldest_s = stamp_s - max(self.options.hold_time_s, REMEMBER_S)
        self._tracks = [t for t in self._tracks if t.is_tracked or t.seen_s >= oldest_s]

    def _report(self, image: np.ndarray, stamp_s: float) -> list[Hand]:
        """The hands to return."""
        height, width = image.shape[:2]
        tracked = [track for track in self._tracks if track.is_tracked]
        held = [
            track
            for track in self._tracks
            if not track.is_tracked
            and track.seen_s >= stamp_s - self.options.hold_time_s
            and not any(is_same_hand(track.landmarks, other.landmarks) for other in tracked)
        ]
        hands = [track.to_hand(width, height, stamp_s, TrackingState.TRACKED) for track in tracked]
        hands += [track.to_hand(width, height, stamp_s, TrackingState.HELD) for track in held]
        return hands[: self.options.max_num_hands]

    def _in_unmirrored_image(self, landmarks: HandLandmarks) -> HandLandmarks:
        """Landmarks with the side that the hand has if the camera does not mirror."""
        if not self.options.image_mirrored:
            return landmarks
        return replace(landmarks, right_probability=1 - landmarks.right_probability)


def _check_image(image: np.ndarray) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(
            f'image has shape {image.shape} and type {image.dtype}, '
            'expected (height, width, 3) and uint8, not empty'
        )
