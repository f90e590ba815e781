"""How bent the fingers of a hand are, and whether it pinches: numbers from 0 to 1.

    points = metric_landmarks(hand)
    curl, closed = finger_curl(points), pinch(points)

They do not depend on where the hand is, how it is turned or how large it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hand_tracking_ros.tracking.hand import FINGERS, Hand, Landmark
from hand_tracking_ros.tracking.palm import palm_size

# A finger's bend is the sum of the angles at its three joints. Straight fingers measure up to 90
# degrees in the model's landmarks, which draw the last joint bent, and fists 150 to 250.
FINGER_STRAIGHT_RAD = np.radians(50.0)
FINGER_BENT_RAD = np.radians(210.0)

# A thumb bends little and folds across the palm instead, so both count by half. Its bend is 35 to
# 60 degrees stretched out and 75 to 120 folded; its tip comes from more than one palm size of the
# little finger's knuckle to 0.6.
THUMB_STRAIGHT_RAD = np.radians(30.0)
THUMB_BENT_RAD = np.radians(130.0)
THUMB_TIP_AWAY_PALMS = 1.3
THUMB_TIP_ACROSS_PALMS = 0.8

# Tips are landmarks inside the fingers: touching ones are 0.3 to 0.4 palm sizes (3 cm) apart.
PINCH_CLOSED_PALMS = 0.4
PINCH_OPEN_PALMS = 0.9

_CHAINS = np.array([(Landmark.WRIST, *joints) for joints in FINGERS.values()])


def with_finger_values(hand: Hand) -> Hand:
    """The hand with `finger_curl` and `pinch`: the last step of the pipeline."""
    points = metric_landmarks(hand)
    return replace(hand, finger_curl=finger_curl(points), pinch=pinch(points))


def metric_landmarks(hand: Hand) -> np.ndarray:
    """The landmarks (21, 3) that tell best what fingers do, metres, axes parallel to the camera's.

    Those of its pose if it has one, else its world landmarks. The pose's are joints of one hand of
    constant bones. On 96 takes of simulated hands (7131 images) their errors were, against those of
    the world landmarks: 5 (with depth 4) against 11 degrees of flexion in the median, 0.024 (0.019)
    against 0.082 of `finger_curl` and 0.023 (0.018) against 0.034 of `pinch` on average.
    """
    return hand.world_landmarks if hand.pose is None else hand.pose.camera_landmarks_m


def joint_bends(points: np.ndarray) -> np.ndarray:
    """How far each finger joint of landmarks (21, 3) is from straight.

    (5, 3) float64 radians, 0 to pi, thumb first, from the palm outwards: the angle between the two
    bones that meet there, in whatever direction. 0 where a bone has no length.
    """
    bones = np.diff(np.asarray(points, np.float64)[_CHAINS], axis=1)
    before, after = bones[:, :-1], bones[:, 1:]
    sine = np.linalg.norm(np.cross(before, after), axis=-1)
    # Unlike the arc cosine, exact near 0 and defined for bones without length.
    return np.arctan2(sine, (before * after).sum(axis=-1))


def finger_curl(points: np.ndarray) -> np.ndarray:
    """How bent each finger is: (5,) float64, thumb first, 0 straight to 1 bent.

    The landmarks (21, 3) have to be finite.
    """
    points = np.asarray(points, np.float64)
    bend = joint_bends(points).sum(axis=1)
    curl = _ramp(bend, FINGER_STRAIGHT_RAD, FINGER_BENT_RAD)
    across = _distance_palms(points, Landmark.THUMB_TIP, Landmark.PINKY_MCP)
    curl[0] = 0.5 * (
        _ramp(bend[0], THUMB_STRAIGHT_RAD, THUMB_BENT_RAD)
        + _ramp(across, THUMB_TIP_AWAY_PALMS, THUMB_TIP_ACROSS_PALMS)
    )
    return curl


def pinch(points: np.ndarray) -> float:
    """How close the tips of thumb and index finger are, 0 open to 1 closed.

    The landmarks (21, 3) have to be finite.
    """
    points = np.asarray(points, np.float64)
    apart = _distance_palms(points, Landmark.THUMB_TIP, Landmark.INDEX_FINGER_TIP)
    return float(_ramp(apart, PINCH_OPEN_PALMS, PINCH_CLOSED_PALMS))


def _distance_palms(points: np.ndarray, first: Landmark, second: Landmark) -> float:
    """Distance of two landmarks in palm sizes; infinite for a palm without size."""
    palm = palm_size(points)
    return float(np.linalg.norm(points[first] - points[second]) / palm) if palm > 0 else np.inf


def _ramp(value: np.ndarray | float, zero_at: float, one_at: float) -> np.ndarray:
    """0 at and beyond `zero_at`, 1 at and beyond `one_at`, linear between; either may be larger."""
    return np.clip((np.asarray(value) - zero_at) / (one_at - zero_at), 0.0, 1.0)
