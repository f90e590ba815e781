"""Which observation of an image continues which track.

The region of a hand that another hand hides shows that other hand. So the region that an
observation comes from does not decide; its place and its side do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from hand_tracking_ros.tracking.candidate import Observation
from hand_tracking_ros.tracking.duplicates import has_same_landmarks, is_finger_of, is_same_hand
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.region import overlap
from hand_tracking_ros.tracking.track import Track

# Gating: an observation may continue a track if it is nearer than this many sides of the region
# (about two hand lengths each) to where the hand may be, and not larger or smaller by more than
# this factor (a palm's region is up to 2.3 times as large as one from landmarks). The distance
# grows with each second for which the hand has been lost; for one of the other side it shrinks.
GATE_DISTANCE = 0.75
GATE_DISTANCE_PER_S = 1.0
GATE_SIZE_RATIO = 2.5
# Assignment costs, in sides of the region: of the other side, and of a track that is lost, so that
# a hand that is tracked is not given to a lost track for a slightly smaller distance; and of each
# second for which it has been lost.
SIDE_COST = 0.5
LOST_COST = 0.25
LOST_COST_PER_S = 0.5
# Two observations whose regions overlap by more may show parts of each other's hand.
CROWDED_OVERLAP = 0.2


def without_duplicates(observations: Sequence[Observation], stamp_s: float) -> list[Observation]:
    """Each hand once, by the observation that fits its track best; no fingers, no arms."""
    if len(observations) < 2:
        return list(observations)
    distinct: list[Observation] = []
    for observation in sorted(observations, key=lambda each: _rank(each, stamp_s)):
        if any(_is_part_of_surer(observation, other) for other in observations):
            continue
        if not any(_show_same_hand(observation, other) for other in distinct):
            distinct.append(observation)
    return distinct


def _is_part_of_surer(observation: Observation, other: Observation) -> bool:
    """Whether one of two observations is a part of the other, and the other is surer.

    Then it is a finger of that hand, or that hand with its arm.
    """
    a, b = observation.landmarks, other.landmarks
    if is_finger_of(a, b):
        return a.presence <= b.presence
    return is_finger_of(b, a) and a.presence < b.presence


def _show_same_hand(a: Observation, b: Observation) -> bool:
    """Whether two observations show one hand.

    Where the palms of two tracked hands cross, their middles meet; the hands are still two if each
    observation shows the side of its own track, and these are not the same.
    """
    if not is_same_hand(a.landmarks, b.landmarks):
        return False
    are_two_sides = a.landmarks.is_right != b.landmarks.is_right
    if are_two_sides and _confirms_its_track(a) and _confirms_its_track(b):
        return has_same_landmarks(a.landmarks, b.landmarks)
    return True


def _confirms_its_track(observation: Observation) -> bool:
    """Whether an observation shows the side of the track whose hand was expected there."""
    track, right_probability = observation.track, observation.landmarks.right_probability
    return track is not None and not track.side.is_contradicted_by(right_probability)


def assign(
    observations: Sequence[Observation], tracks: Sequence[Track], stamp_s: float
) -> tuple[dict[int, Track], set[int]]:
    """Which observations of an image continue which tracks; the lowest costs first.

    Returns:
        By the index of an observation, the track that it continues; and the indices of those that
        continue none because they are partly of one hand and partly of another.
    """
    costs = [
        (_cost(track, observation.landmarks, stamp_s), t, o)
        for t, track in enumerate(tracks)
        for o, observation in enumerate(observations)
        if is_within_gate(track, observation, stamp_s)
    ]
    assigned: dict[int, Track] = {}
    mixtures: set[int] = set()
    for _, t, o in sorted(costs):
        if o in assigned or tracks[t] in assigned.values():
            continue
        if _is_mixture(observations[o].landmarks, tracks[t], observations, tracks):
            mixtures.add(o)
        else:
            assigned[o] = tracks[t]
    return assigned, mixtures - set(assigned)


def _is_mixture(
    landmarks: HandLandmarks,
    track: Track,
    observations: Sequence[Observation],
    tracks: Sequence[Track],
) -> bool:
    """Whether landmarks are partly of a track's hand and partly of another, as where hands cross.

    They contradict the track's side, and another hand is near: one that this image shows, or one
    of another track, which may be behind this one.
    """
    if not track.side.is_contradicted_by(landmarks.right_probability):
        return False
    others = [
        each.landmarks.next_region for each in observations if each.landmarks is not landmarks
    ]
    others += [
        each.next_region for each in tracks if each is not track and each.side.is_established
    ]
    return any(overlap(landmarks.next_region, other) > CROWDED_OVERLAP for other in others)


def is_within_gate(track: Track, observation: Observation, stamp_s: float) -> bool:
    """Whether an observation may continue a track: in its own region it always may."""
    if observation.track is track:
        return True
    landmarks = observation.landmarks
    region = landmarks.next_region
    lost_s = stamp_s - track.seen_s
    is_other_side = track.side.is_contradicted_by(landmarks.right_probability)
    reach = GATE_DISTANCE + GATE_DISTANCE_PER_S * (-lost_s if is_other_side else lost_s)
    smaller, larger = sorted((region.size_px, track.motion.size_px))
    return track.motion.distance(region, stamp_s) < reach and larger < GATE_SIZE_RATIO * smaller


def _cost(track: Track, landmarks: HandLandmarks, stamp_s: float) -> float:
    """How badly landmarks continue a track; 0 is perfect."""
    cost = track.motion.distance(landmarks.next_region, stamp_s)
    cost += SIDE_COST * track.side.difference(landmarks.right_probability)
    if not track.is_tracked:
        cost += LOST_COST + LOST_COST_PER_S * (stamp_s - track.seen_s)
    return cost


def _rank(observation: Observation, stamp_s: float) -> tuple[float, float]:
    """Of two observations of one hand the smaller one is kept.

    First the assignment cost for the track whose hand was expected there, infinite for a new hand;
    then the presence.
    """
    track, landmarks = observation.track, observation.landmarks
    cost = math.inf if track is None else _cost(track, landmarks, stamp_s)
    return cost, -landmarks.presence
