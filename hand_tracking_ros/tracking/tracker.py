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
from hand_tracking_ros.tracking.region import Region, overlap
from hand_tracking_ros.tracking.track import Track, is_same_hand


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
        followed = [track for track in self._tracks if track.is_tracked]
        regions = [track.next_region for track in followed][: self.options.max_num_hands]
        new_regions = self._detect(image, regions, stamp_s)
        found = self._models.landmark_model.estimate(image, regions + new_regions)
        found = [self._in_unmirrored_image(landmarks) for landmarks in found]
        self._follow(followed, found[: len(regions)], stamp_s)
        self._welcome(found[len(regions) :], stamp_s)
        self._forget(stamp_s)
        return self._report(image, stamp_s)

    def _detect(self, image: np.ndarray, followed: list[Region], stamp_s: float) -> list[Region]:
        """Regions of hands that are not followed yet, best first; empty if no look is due."""
        places = self.options.max_num_hands - len(followed)
        waited = stamp_s - self._last_detection_s >= self.options.detection_interval_s
        one_is_missing = any(not track.is_tracked for track in self._tracks)
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

    def _follow(self, tracks: list[Track], found: list[HandLandmarks], stamp_s: float) -> None:
        """Move each track to what was found in its region, or mark it as lost."""
        seen: list[HandLandmarks] = []
        for track, landmarks in zip(tracks, found, strict=False):
            if self._is_new_hand(landmarks, seen):
                seen.append(landmarks)
                track.update(landmarks, stamp_s)
            else:
                track.lose()
        for track in tracks[len(found) :]:  # max_num_hands was lowered
            self._tracks.remove(track)

    def _welcome(self, found: list[HandLandmarks], stamp_s: float) -> None:
        """Continue a lost track, or begin a new one, for each detected hand."""
        for landmarks in found:
            seen = [track.landmarks for track in self._tracks if track.is_tracked]
            if not self._is_new_hand(landmarks, seen):
                continue
            lost = [track for track in self._tracks if not track.is_tracked]
            nearest = min(lost, key=lambda track: track.distance(landmarks), default=None)
            if nearest and nearest.may_be(landmarks):
                nearest.update(landmarks, stamp_s)
            else:
                self._tracks.append(Track(self._next_track_id, landmarks, stamp_s))
                self._next_track_id += 1

    def _is_new_hand(self, landmarks: HandLandmarks, seen: list[HandLandmarks]) -> bool:
        """Whether a region holds a hand, and not one that was seen in another region."""
        present = landmarks.presence > self.options.min_presence_confidence
        return present and not any(is_same_hand(landmarks, other) for other in seen)

    def _forget(self, stamp_s: float) -> None:
        """Drop tracks that have been lost for longer than `hold_time_s`."""
        oldest_s = stamp_s - self.options.hold_time_s
        self._tracks = [t for t in self._tracks if t.is_tracked or t.seen_s >= oldest_s]

    def _report(self, image: np.ndarray, stamp_s: float) -> list[Hand]:
        """The hands to return."""
        height, width = image.shape[:2]
        tracked = [track for track in self._tracks if track.is_tracked]
        held = [
            track
            for track in self._tracks
            if not track.is_tracked
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
