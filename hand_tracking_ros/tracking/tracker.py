"""The two stages over time: when to look for hands, how often to read them, when one is lost.

As MediaPipe's hand tracking graph, with these differences on purpose: a tracked hand wins over a
new detection of it, there are never more than `max_num_hands`, the same hand is never reported
twice, and a lost hand is said to be held instead of vanishing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hand_tracking_ros.tracking.association import Tracks
from hand_tracking_ros.tracking.hand import Hand, TrackingState
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.networks.models import HandModels
from hand_tracking_ros.tracking.palm_search import PalmSearch, PalmView, new_hands, palm_views
from hand_tracking_ros.tracking.region import Region
from hand_tracking_ros.tracking.tiles import AUTO
from hand_tracking_ros.tracking.track import Track, is_finger_of, is_same_hand

# A hand that was lost is known again for so long, or for hold_time if that is longer.
REMEMBER_S = 1.0
# Presence from which a hand is believed although the palm detector was unsure of it.
FAINT_PRESENCE = 0.9


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
        detection_interval_s: time between two looks for further hands once a hand is tracked, all
            parts of the image have been looked at, and none was lost a short while ago.
        detection_tiles: `auto`, `1x1` (the whole image only) or columns x rows: parts of the image
            that are searched one by one for hands too small in the whole.
        detection_budget_s: while no hand is tracked, as many looks at an image as fit in this
            time, but at least one.
        landmark_passes: how often the landmark model reads each hand, each time in the region
            that the landmarks before give; 0: twice in static image mode, else once.
        hold_time_s: how long a lost hand is reported with its last values.
    """

    static_image_mode: bool = False
    max_num_hands: int = 2
    min_detection_confidence: float = 0.5
    min_presence_confidence: float = 0.5
    min_tracking_confidence: float = 0.5
    image_mirrored: bool = False
    detection_interval_s: float = 0.2
    detection_tiles: str = AUTO
    detection_budget_s: float = 0.01
    landmark_passes: int = 0
    hold_time_s: float = 0.3

    @property
    def num_landmark_passes(self) -> int:
        """How often the landmark model reads each hand, 1 or more."""
        return self.landmark_passes or (2 if self.static_image_mode else 1)


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
        self._tracks = Tracks()
        self.reset()

    def reset(self) -> None:
        """Forget every track, as when the camera or the time jumps. Track ids go on."""
        self._tracks.clear()
        self._last_stamp_s = -np.inf
        self._last_detection_s = -np.inf
        self._search = PalmSearch()

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
        self._tracks.forget_seen_beyond(self.options.max_num_hands)
        followed = [track.next_region for track in self._tracks.seen]
        views = self._palm_views(image, followed, stamp_s)
        palms = self._models.palm_detector.detect(
            image, [view.region for view in views], [view.min_confidence for view in views]
        )
        new = new_hands(views, palms, followed, self.options.min_tracking_confidence)
        found = self._read(image, followed, new)
        self._tracks.update(found, stamp_s, self.options.min_tracking_confidence)
        self._tracks.forget_lost_before(stamp_s - max(self.options.hold_time_s, REMEMBER_S))
        return self._report(image, stamp_s)

    def _palm_views(
        self, image: np.ndarray, followed: list[Region], stamp_s: float
    ) -> list[PalmView]:
        """Where to look for hands that are not followed yet; nowhere if no look is due."""
        waited = stamp_s - self._last_detection_s >= self.options.detection_interval_s
        lost = [track.next_region for track in self._tracks.lost]
        is_due = waited or lost or not followed or self._search.is_scanning
        if len(followed) >= self.options.max_num_hands or not is_due:
            return []
        self._last_detection_s = stamp_s
        tiles = self.options.detection_tiles
        if self.options.static_image_mode:
            windows = self._search.all_windows(image, tiles)
        else:
            budget_s = 0.0 if followed else self.options.detection_budget_s
            num_looks = self._models.palm_detector.num_windows_within(budget_s)
            windows = self._search.windows(image, followed, lost, num_looks, tiles)
        return palm_views(image, windows, self.options.min_detection_confidence)

    def _read(
        self, image: np.ndarray, followed: list[Region], new: dict[Region, bool]
    ) -> list[HandLandmarks]:
        """The hands in these regions, after all passes of the landmark model."""
        regions = [*followed, *new][: self.options.max_num_hands]
        found = self._models.landmark_model.estimate(image, regions)
        found = [each for each in found if self._is_present(each, new)]
        passes = self.options.num_landmark_passes - 1
        found = self._models.landmark_model.refine(image, found, passes)
        return [self._in_unmirrored_image(each) for each in found]

    def _is_present(self, landmarks: HandLandmarks, new: dict[Region, bool]) -> bool:
        """Whether a region shows a hand; where the palm detector was unsure, with certainty."""
        at_least = self.options.min_presence_confidence
        if new.get(landmarks.region, False):
            at_least = max(at_least, FAINT_PRESENCE)
        return landmarks.presence > at_least

    def _in_unmirrored_image(self, landmarks: HandLandmarks) -> HandLandmarks:
        """Landmarks with the side that the hand has if the camera does not mirror."""
        if not self.options.image_mirrored:
            return landmarks
        return replace(landmarks, right_probability=1 - landmarks.right_probability)

    def _report(self, image: np.ndarray, stamp_s: float) -> list[Hand]:
        """The hands to return."""
        height, width = image.shape[:2]
        tracked = self._tracks.seen
        held = [
            track
            for track in self._tracks.lost
            if track.seen_s >= stamp_s - self.options.hold_time_s
            and not any(_is_seen_in(track, other) for other in tracked)
        ]
        hands = [track.to_hand(width, height, stamp_s, TrackingState.TRACKED) for track in tracked]
        hands += [track.to_hand(width, height, stamp_s, TrackingState.HELD) for track in held]
        return hands[: self.options.max_num_hands]


def _is_seen_in(lost: Track, other: Track) -> bool:
    """Whether what a lost track showed is the hand of another one, or a finger of it."""
    return is_same_hand(lost.landmarks, other.landmarks) or is_finger_of(
        lost.landmarks, other.landmarks
    )


def track_together(frames: Sequence[tuple[HandTracker, np.ndarray, float]]) -> list[list[Hand]]:
    """Track one image of each of several cameras, in turn.

    Args:
        frames: tracker, image and stamp as `HandTracker.track` takes them; each tracker once.

    Returns:
        The hands of each image.

    Raises:
        ValueError: an image has another shape or type; no tracker has seen its image then.
    """
    for _, image, _ in frames:
        _check_image(image)
    return [tracker.track(image, stamp_s) for tracker, image, stamp_s in frames]


def _check_image(image: np.ndarray) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(
            f'image has shape {image.shape} and type {image.dtype}, '
            'expected (height, width, 3) and uint8, not empty'
        )
