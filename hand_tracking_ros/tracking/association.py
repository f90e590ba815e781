"""Which hand is which: the hands that are known, and what a new image shows of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.region import overlap
from hand_tracking_ros.tracking.track import Track, is_finger_of, is_same_hand

# Two results whose regions overlap by more may show parts of each other's hand.
CROWDED_OVERLAP = 0.2


class Tracks:
    """The hands of one camera that are known, seen or lost, in the order of their ids."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._next_track_id = 1

    @property
    def seen(self) -> list[Track]:
        """The hands that the last image showed."""
        return [track for track in self._tracks if track.is_tracked]

    @property
    def lost(self) -> list[Track]:
        """The hands that it did not show."""
        return [track for track in self._tracks if not track.is_tracked]

    def clear(self) -> None:
        """Forget every hand. Track ids go on."""
        self._tracks = []

    def forget_seen_beyond(self, max_num_hands: int) -> None:
        """Forget the hands seen that are too many; the oldest stay."""
        excess = self.seen[max_num_hands:]
        self._tracks = [track for track in self._tracks if track not in excess]

    def forget_lost_before(self, stamp_s: float) -> None:
        """Forget the hands that were seen last before a time."""
        self._tracks = [t for t in self._tracks if t.is_tracked or t.seen_s >= stamp_s]

    def update(
        self, found: Sequence[HandLandmarks], stamp_s: float, same_hand_overlap: float
    ) -> None:
        """Give each hand of a new image to the track that it continues best, or to a new one.

        The region of a hand that another one hides shows that other hand: not where a result was
        read tells whose it is, but where it is and which side it shows.

        Args:
            found: what was read in the image; some may show the same hand.
            stamp_s: of the image.
            same_hand_overlap: overlap, 0 to 1, of the regions of two hands of one side from which
                on they are the same hand, badly read.
        """
        found = self._distinct(found)
        owners = self._owners(found)
        strays = [f for f, track in owners.items() if self._is_stray(found[f], track, found)]
        known = [found[f] for f in owners]
        for f in strays:
            del owners[f]
        for track in self._tracks:
            if track not in owners.values():
                track.lose()
        for f, landmarks in enumerate(found):
            if f in owners:
                owners[f].update(landmarks, stamp_s)
            elif f not in strays and not _is_badly_read(landmarks, known, same_hand_overlap):
                self._tracks.append(Track(self._next_track_id, landmarks, stamp_s))
                self._next_track_id += 1
                known.append(landmarks)

    def _distinct(self, found: Sequence[HandLandmarks]) -> list[HandLandmarks]:
        """The results without those that show a hand once more, and less well, or a finger only."""
        if len(found) < 2:
            return list(found)
        hands = [each for each in found if not any(is_finger_of(each, other) for other in found)]
        distinct: list[HandLandmarks] = []
        for landmarks in sorted(hands, key=self._strangeness):
            if not any(is_same_hand(landmarks, other) for other in distinct):
                distinct.append(landmarks)
        return distinct

    def _strangeness(self, landmarks: HandLandmarks) -> float:
        """How badly a result continues the track whose region it was read in."""
        own = (t.mismatch(landmarks) for t in self.seen if t.next_region == landmarks.region)
        return min(own, default=math.inf)

    def _owners(self, found: Sequence[HandLandmarks]) -> dict[int, Track]:
        """By the number of a result, the track that it continues; the best matches first."""
        pairs = [
            (track.mismatch(landmarks), t, f)
            for t, track in enumerate(self._tracks)
            for f, landmarks in enumerate(found)
            if track.may_be(landmarks)
        ]
        owners: dict[int, Track] = {}
        for _, t, f in sorted(pairs):
            if f not in owners and self._tracks[t] not in owners.values():
                owners[f] = self._tracks[t]
        return owners

    def _is_stray(
        self, landmarks: HandLandmarks, track: Track, found: Sequence[HandLandmarks]
    ) -> bool:
        """Whether a result is half one hand and half another, as where hands cross."""
        here = landmarks.next_region
        others = [other.next_region for other in found if other is not landmarks]
        # Where a hand was lost, it may still be, behind this one.
        others += [other.next_region for other in self.lost if other is not track]
        crowded = any(overlap(here, other) > CROWDED_OVERLAP for other in others)
        return crowded and track.contradicts(landmarks)


def _is_badly_read(
    landmarks: HandLandmarks, known: Sequence[HandLandmarks], same_hand_overlap: float
) -> bool:
    """Whether a result is a bad reading of a hand that one of the known results shows better."""
    here = landmarks.next_region
    return any(
        landmarks.is_right == other.is_right
        and overlap(here, other.next_region) > same_hand_overlap
        for other in known
    )
