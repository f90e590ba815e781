"""The two stages over time: when to detect palms, which regions to track, when a hand is lost.

As MediaPipe's hand tracking graph, with these differences on purpose: a tracked hand wins over a
new detection of it, there are never more than `max_num_hands`, the same hand is never reported
twice, and a lost hand is reported as HELD instead of vanishing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from hand_tracking_ros.tracking.association import is_within_gate
from hand_tracking_ros.tracking.candidate import Candidate, Observation
from hand_tracking_ros.tracking.hand import Hand, TrackingState
from hand_tracking_ros.tracking.look import Look, whole_look
from hand_tracking_ros.tracking.networks.models import HandModels
from hand_tracking_ros.tracking.palm_search import (
    PalmSearch,
    all_looks,
    min_confidences,
    new_candidates,
    rendition_for,
)
from hand_tracking_ros.tracking.region import Region
from hand_tracking_ros.tracking.rendition import Rendition
from hand_tracking_ros.tracking.still_image import surest_hands
from hand_tracking_ros.tracking.timings import Timings
from hand_tracking_ros.tracking.tracker_options import TrackerOptions
from hand_tracking_ros.tracking.tracks import NUM_SPARE, Tracks


class HandTracker:
    """Finds and tracks hands in the images of one camera.

        tracker = HandTracker(TrackerOptions(max_num_hands=1))
        for image, stamp_s in images:
            hands = tracker.track(image, stamp_s)

    Args:
        options: how to track.
        models: the networks; loaded with their defaults if None.
        track_ids: the ids of new tracks, rising; they count from 1 if None.

    Attributes:
        options: may be replaced between two images.
        timings: what the networks took for the last image.
    """

    def __init__(
        self,
        options: TrackerOptions | None = None,
        models: HandModels | None = None,
        track_ids: Iterator[int] | None = None,
    ) -> None:
        self.options = options or TrackerOptions()
        self._models = models or HandModels.load()
        self._tracks = Tracks(track_ids)
        self.timings = Timings()
        self.reset()

    @property
    def num_tracks(self) -> int:
        """Hands that are tracked, or lost and still remembered."""
        return len(self._tracks.tracked) + len(self._tracks.lost)

    def reset(self) -> None:
        """Forget every track, as when the camera or the time jumps. Track ids go on."""
        self._tracks.clear()
        self._last_stamp_s = -np.inf
        self._last_detection_s = -np.inf
        self._search = PalmSearch()
        self._looks: Sequence[Look] = []  # at the last image

    def track(self, image: np.ndarray, stamp_s: float) -> list[Hand]:
        """Find the hands in the next image.

        Args:
            image: (H, W, 3) uint8 RGB.
            stamp_s: when the image was taken; a stamp before the last one, or later than it by more
                than `image_timeout_s`, resets the tracks.

        Returns:
            Tracked hands, longest tracked first, then held ones; at most `max_num_hands`.

        Raises:
            ValueError: the image has another shape or type.
        """
        _check_image(image)
        options = self.options
        is_next = 0 <= stamp_s - self._last_stamp_s <= options.image_timeout_s
        if options.static_image_mode or not is_next:
            self.reset()
        self._last_stamp_s = stamp_s
        self.timings, self._looks = Timings(), []
        self._tracks.forget_lost(stamp_s, options.hold_time_s)
        candidates = [
            Candidate(track.next_region, options.min_presence_confidence, track)
            for track in self._tracks.tracked
        ]
        rendition = rendition_for(image, options)
        candidates += self._detect(image, stamp_s, rendition)
        observations = self._observe(image, candidates, rendition)
        observations += self._search_for_missed(image, stamp_s, observations, rendition)
        height, width = image.shape[:2]
        self._tracks.update(observations, stamp_s, (width, height), options)
        return self._report(image, stamp_s)

    def _detect(self, image: np.ndarray, stamp_s: float, rendition: Rendition) -> list[Candidate]:
        """First stage, if it is due: the hands that the palm detector finds beside the tracked."""
        options = self.options
        tracked = [track.next_region for track in self._tracks.tracked]
        published = [track.next_region for track in self._tracks.published]
        lost = [track.next_region for track in self._tracks.lost]
        has_waited = stamp_s - self._last_detection_s >= options.detection_interval_s
        is_searching = bool(lost or not published or self._search.is_scanning)
        has_place = len(published) < options.max_num_hands
        is_due = has_waited or (has_place and is_searching)
        if not is_due or (self._tracks.are_well_seen and not has_place):
            return []
        if options.static_image_mode:
            looks = all_looks(image, options, rendition)
        elif not has_place:
            whole = replace(whole_look(image), rendition=rendition)
            looks = [whole]  # for a larger hand than those tracked
        else:
            budget_s = 0.0 if published else options.detection_budget_s
            max_looks = self._models.palm_detector.num_looks_within(budget_s)
            looks = self._search.looks(image, published, lost, max_looks, options, rendition)
        return self._search_palms(image, stamp_s, looks, tracked)

    def _search_for_missed(
        self,
        image: np.ndarray,
        stamp_s: float,
        observations: Sequence[Observation],
        rendition: Rendition,
    ) -> list[Observation]:
        """Tracked hands that are not where they should be, if the whole image shows them near.

        A hand that moves fast leaves its region from one image to the next; it need not be lost.
        """
        seen = [observation.track for observation in observations]
        missed = [track for track in self._tracks.published if track not in seen]
        if not missed:
            return []
        whole = replace(whole_look(image), rendition=rendition)
        if whole in self._looks:
            return []
        known = [observation.landmarks.next_region for observation in observations]
        candidates = self._search_palms(image, stamp_s, [whole], known)
        return [
            observation
            for observation in self._observe(image, candidates, rendition)
            if any(is_within_gate(track, observation, stamp_s) for track in missed)
        ]

    def _search_palms(
        self, image: np.ndarray, stamp_s: float, looks: Sequence[Look], known: Sequence[Region]
    ) -> list[Candidate]:
        """The hands that the palm detector finds in some looks, beside those in known regions."""
        options = self.options
        self._last_detection_s, self._looks = stamp_s, looks
        started_s = time.perf_counter()
        confidences = min_confidences(image, looks, options)
        palms = self._models.palm_detector.detect(image, looks, confidences)
        detection_s = (self.timings.detection_s or 0.0) + time.perf_counter() - started_s
        self.timings = replace(self.timings, detection_s=detection_s)
        candidates = new_candidates(image, looks, palms, known, options)
        if options.static_image_mode:
            return candidates  # there is the time to try every look's
        num_free = max(options.max_num_hands - len(known), 0)
        return sorted(candidates, key=_prospect)[: num_free + NUM_SPARE]

    def _observe(
        self, image: np.ndarray, candidates: Sequence[Candidate], rendition: Rendition
    ) -> list[Observation]:
        """Second stage: the landmarks of the hands that are present, all in one batch."""
        if not candidates:
            return []
        started_s = time.perf_counter()
        model = self._models.landmark_model
        regions = [candidate.region for candidate in candidates]
        estimates = model.estimate(image, regions, rendition=rendition)
        found = list(zip(candidates, estimates, strict=True))
        if self.options.static_image_mode:
            present = surest_hands(self._models, image, found, self.options, rendition)
        else:
            present = [each for each in found if each[1].presence > each[0].min_presence]
        hands = [landmarks for _, landmarks in present]
        refined = model.refine(image, hands, self.options.num_landmark_passes - 1, rendition)
        passed_s = time.perf_counter() - started_s
        landmarks_s = (self.timings.landmarks_s or 0.0) + passed_s  # of all regions of the image
        self.timings = replace(self.timings, landmarks_s=landmarks_s)
        if self.options.image_mirrored:
            refined = [
                replace(landmarks, right_probability=1 - landmarks.right_probability)
                for landmarks in refined
            ]
        return [
            Observation(landmarks, candidate.track, candidate.from_part)
            for (candidate, _), landmarks in zip(present, refined, strict=True)
        ]

    def _report(self, image: np.ndarray, stamp_s: float) -> list[Hand]:
        """The hands to return."""
        height, width = image.shape[:2]
        held = self._tracks.held(stamp_s, self.options.hold_time_s)
        hands = [
            track.to_hand(width, height, stamp_s, state)
            for state, tracks in (
                (TrackingState.TRACKED, self._tracks.published),
                (TrackingState.HELD, held),
            )
            for track in tracks
        ]
        return hands[: self.options.max_num_hands]


def _prospect(candidate: Candidate) -> tuple[float, float]:
    """Sorts new candidates: sure palms before faint ones, then large ones first."""
    return candidate.min_presence, -candidate.region.size_px


def _check_image(image: np.ndarray) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(
            f'image has shape {image.shape} and type {image.dtype}, '
            'expected (height, width, 3) and uint8, not empty'
        )
