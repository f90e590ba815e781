"""The hands of one camera: when a track begins, is lost, is held, is forgotten."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from hand_tracking_ros.tracking.association import assign, without_duplicates
from hand_tracking_ros.tracking.candidate import Observation
from hand_tracking_ros.tracking.duplicates import (
    is_finger_of,
    is_same_hand,
    overlaps_same_side,
    takes_in,
)
from hand_tracking_ros.tracking.track import Track

# A lost hand that is seen again within this time, or within hold_time if that is longer, keeps its
# track.
REMEMBER_S = 1.0


class Tracks:
    """The tracks of one camera, tracked or lost, in the order of their ids.

    `track_ids` are the ids of new tracks, rising; they count from 1 if None.
    """

    def __init__(self, track_ids: Iterator[int] | None = None) -> None:
        self._tracks: list[Track] = []
        self._track_ids = track_ids or itertools.count(1)

    @property
    def tracked(self) -> list[Track]:
        """The hands that the last image showed."""
        return [track for track in self._tracks if track.is_tracked]

    @property
    def lost(self) -> list[Track]:
        """The hands that the last image did not show."""
        return [track for track in self._tracks if not track.is_tracked]

    def clear(self) -> None:
        """Forget every hand. Track ids go on."""
        self._tracks = []

    def limit(self, max_num_hands: int) -> None:
        """Forget the newest tracked hands beyond a number."""
        excess = self.tracked[max_num_hands:]
        self._tracks = [track for track in self._tracks if track not in excess]

    def update(
        self, observations: Sequence[Observation], stamp_s: float, min_overlap: float
    ) -> None:
        """Continue tracks with the hands of a new image, lose those it does not show, begin others.

        Args:
            observations: the hands found in the image; some may show the same hand.
            stamp_s: of the image.
            min_overlap: two hands of one side are the same hand, inaccurately observed, if their
                regions overlap by more than this, 0 to 1.
        """
        observations = without_duplicates(observations, stamp_s)
        continued, mixtures = assign(observations, self._tracks, stamp_s)
        known = [observations[o].landmarks for o in continued]
        for track in self._tracks:
            if track not in continued.values():
                track.lose()
        for o, observation in enumerate(observations):
            landmarks = observation.landmarks
            if o in continued:
                continued[o].update(landmarks, stamp_s)
            elif o not in mixtures and not any(
                overlaps_same_side(landmarks, other, min_overlap) or takes_in(landmarks, other)
                for other in known
            ):
                self._tracks.append(Track(next(self._track_ids), landmarks, stamp_s))
                known.append(landmarks)

    def held(self, stamp_s: float, hold_time_s: float) -> list[Track]:
        """The lost hands that are still to be reported, with their last values."""
        return [
            track
            for track in self.lost
            if track.seen_s >= stamp_s - hold_time_s
            and not any(_shows_hand_of(track, other) for other in self.tracked)
        ]

    def forget_lost(self, stamp_s: float, hold_time_s: float) -> None:
        """Forget the hands that were lost too long ago to be continued."""
        oldest_s = stamp_s - max(hold_time_s, REMEMBER_S)
        self._tracks = [t for t in self._tracks if t.is_tracked or t.seen_s >= oldest_s]


def _shows_hand_of(lost: Track, other: Track) -> bool:
    """Whether a lost track was the hand of another track, or a finger of it."""
    a, b = lost.landmarks, other.landmarks
    return is_same_hand(a, b) or is_finger_of(a, b)
