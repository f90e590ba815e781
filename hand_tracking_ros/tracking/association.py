"""Which observation of an image continues which track.

The region of a hand that another hand hides shows that other hand. So the region that an
observation comes from does not decide; its place and its side do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from hand_tracking_ros.tracking.candidate import Observation
from hand_tracking_ros.tracking.duplicates import is_finger_of, is_same_hand
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.region import overlap
from hand_tracking_ros.tracking.track import Track

# Two observations whose regions overlap by more may show parts of each other's hand.
CROWDED_OVERLAP = 0.2


def without_duplicates(observations: Sequence[Observation]) -> list[Observation]:
    """The observations, each hand once, by the one that fits its track best; and no fingers."""
    if len(observations) < 2:
        return list(observations)
    distinct: list[Observation] = []
    for observation in sorted(observations, key=_cost_for_own_track):
        landmarks = observation.landmarks
        if any(is_finger_of(landmarks, other.landmarks) for other in observations):
            continue
        if not any(is_same_hand(landmarks, other.landmarks) for other in distinct):
            distinct.append(observation)
    return distinct


def assign(observations: Sequence[Observation], tracks: Sequence[Track]) -> dict[int, Track]:
    """By the index of an observation, the track that it continues; the lowest costs first."""
    costs = [
        (track.assignment_cost(observation.landmarks), t, o)
        for t, track in enumerate(tracks)
        for o, observation in enumerate(observations)
        if track.is_within_gate(observation)
    ]
    assigned: dict[int, Track] = {}
    for _, t, o in sorted(costs):
        if o not in assigned and tracks[t] not in assigned.values():
            assigned[o] = tracks[t]
    return assigned


def is_mixture(
    landmarks: HandLandmarks,
    track: Track,
    observations: Sequence[Observation],
    lost: Sequence[Track],
) -> bool:
    """Whether landmarks are partly of one hand and partly of another, as where hands cross.

    Args:
        landmarks: of one observation.
        track: that they would continue.
        observations: of the same image.
        lost: tracks that are not tracked: a hand may still be behind this one.
    """
    here = landmarks.next_region
    others = [
        each.landmarks.next_region for each in observations if each.landmarks is not landmarks
    ]
    others += [each.next_region for each in lost if each is not track]
    is_crowded = any(overlap(here, other) > CROWDED_OVERLAP for other in others)
    return is_crowded and track.side.is_contradicted_by(landmarks.right_probability)


def _cost_for_own_track(observation: Observation) -> float:
    """The assignment cost for the track whose hand was expected there; infinite for a new hand."""
    if observation.track is None:
        return math.inf
    return observation.track.assignment_cost(observation.landmarks)
