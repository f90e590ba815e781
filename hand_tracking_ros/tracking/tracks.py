"""The hands of one camera: when a track begins, is lost, is held, is forgotten."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from hand_tracking_ros.tracking.association import assign, without_duplicates
from hand_tracking_ros.tracking.belief import Belief
from hand_tracking_ros.tracking.candidate import Observation
from hand_tracking_ros.tracking.duplicates import (
    is_finger_of,
    is_same_hand,
    overlaps_same_side,
    takes_in,
)
from hand_tracking_ros.tracking.track import Track
from hand_tracking_ros.tracking.tracker_options import TrackerOptions

# A lost hand that is seen again within this time, or within hold_time if that is longer, keeps its
# track.
REMEMBER_S = 1.0
# A hand that has no place needs to be larger than one that has by this factor to take it.
PLACE_HYSTERESIS = 1.5
# A hand that is not well seen counts as if it had this share of its size.
DOUBTFUL_SHARE = 0.5
# So many hands more than there are places are followed while a place may change hands.
NUM_SPARE = 1


class Tracks:
    """The tracks of one camera: tentative, published, or lost.

    `track_ids` are the ids of published tracks, rising; they count from 1 if None.
    """

    def __init__(self, track_ids: Iterator[int] | None = None) -> None:
        self._tracks: list[Track] = []
        self._track_ids = track_ids or itertools.count(1)

    @property
    def tracked(self) -> list[Track]:
        """The hands that the last image showed."""
        return [track for track in self._tracks if track.is_tracked]

    @property
    def published(self) -> list[Track]:
        """Those of them that are reported, the first reported first."""
        published = [track for track in self.tracked if track.track_id]
        return sorted(published, key=lambda track: track.track_id)

    @property
    def lost(self) -> list[Track]:
        """The hands that the last image did not show."""
        return [track for track in self._tracks if not track.is_tracked]

    @property
    def are_well_seen(self) -> bool:
        """Whether all tracked hands are large and well seen, so that no other one is better."""
        return all(track.is_well_seen for track in self.tracked)

    def clear(self) -> None:
        """Forget every hand. Track ids go on."""
        self._tracks = []

    def update(
        self,
        observations: Sequence[Observation],
        stamp_s: float,
        image_size_px: tuple[int, int],
        options: TrackerOptions,
    ) -> None:
        """Continue tracks with the hands of a new image, lose those it does not show, begin others.

        Args:
            observations: the hands found in the image; some may show the same hand.
            stamp_s: of the image.
            image_size_px: its width and height.
            options: how to track.
        """
        min_overlap = options.min_tracking_confidence
        needed = 0 if options.static_image_mode else options.confirmation_images
        observations = without_duplicates(observations, stamp_s)
        continued, mixtures = assign(observations, self._tracks, stamp_s)
        known = [observations[o].landmarks for o in continued]
        for track in self._tracks:
            if track not in continued.values():
                track.lose()
        for o, observation in enumerate(observations):
            landmarks = observation.landmarks
            if o in continued:
                continued[o].update(landmarks, stamp_s, image_size_px)
            elif o not in mixtures and not any(
                overlaps_same_side(landmarks, other, min_overlap) or takes_in(landmarks, other)
                for other in known
            ):
                track = Track(observation, stamp_s, image_size_px, Belief(needed))
                self._tracks.append(track)
                known.append(landmarks)
        self._tracks = [
            track
            for track in self._tracks
            if not track.belief.is_refuted and (track.is_tracked or track.track_id)
        ]
        self._give_places(options.max_num_hands)

    def held(self, stamp_s: float, hold_time_s: float) -> list[Track]:
        """The lost hands that are still to be reported, with their last values."""
        return [
            track
            for track in self.lost
            if track.is_held(stamp_s, hold_time_s)
            and not any(_shows_hand_of(track, other) for other in self.published)
        ]

    def forget_lost(self, stamp_s: float, hold_time_s: float) -> None:
        """Forget the hands that were lost too long ago to be continued."""
        oldest_s = stamp_s - max(hold_time_s, REMEMBER_S)
        self._tracks = [t for t in self._tracks if t.is_tracked or t.seen_s >= oldest_s]

    def _give_places(self, num_places: int) -> None:
        """Publish the best of the tracked hands, and forget those that are not among them.

        While one of the best is doubtful or small, one more is followed until it is confirmed: it
        may be better.
        """
        ranked = sorted(self.tracked, key=_rank, reverse=True)
        best, others = ranked[:num_places], ranked[num_places:]
        for track in self._tracks:
            if track in best and track.belief.is_confirmed and not track.track_id:
                track.track_id = next(self._track_ids)
        if not all(track.is_well_seen for track in best):
            tentative = [track for track in others if not track.track_id]
            others = [track for track in others if track not in tentative[:NUM_SPARE]]
        self._tracks = [track for track in self._tracks if track not in others]


def _rank(track: Track) -> tuple[bool, float]:
    """Who gets a place: confirmed hands before others, then large ones, and those that have one."""
    trust = 1.0 if track.belief.is_well_seen else DOUBTFUL_SHARE
    has_place = PLACE_HYSTERESIS if track.track_id else 1.0
    return track.belief.is_confirmed, track.visible_px * trust * has_place


def _shows_hand_of(lost: Track, other: Track) -> bool:
    """Whether a lost track was the hand of another track, or a finger of it."""
    a, b = lost.landmarks, other.landmarks
    return is_same_hand(a, b) or is_finger_of(a, b)
