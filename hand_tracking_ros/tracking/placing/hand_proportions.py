"""The proportions of an average adult's hand, and the links that hold its landmarks together.

A hand's size is its length: from the wrist along the bones of the stretched middle finger to the
tip landmark. Lengths here are fractions of it.
"""

from __future__ import annotations

import itertools

import numpy as np

from hand_tracking_ros.tracking.hand import FINGERS, PALM_AND_THUMB, Landmark

# Adults' hands are 160 to 210 mm long.
MEAN_HAND_LENGTH_M = 0.185
HAND_LENGTH_SIGMA = 0.08
SHORTEST_HAND_M = 0.1
LONGEST_HAND_M = 0.26

# Where PALM_AND_THUMB lies in a right hand's frame (x to the fingers, y to the thumb, z out of the
# back) and how long the bones beyond it are, in millimetres of a hand of 185 mm: rounded, between
# two annotated hands, what the networks report, and anatomical bone lengths with the soft tip.
_PALM_MM = np.array(
    [
        (0.0, 0.0, 0.0),
        (27.0, 24.0, -11.0),
        (91.0, 25.0, -2.0),
        (93.0, 1.0, 1.0),
        (88.0, -20.0, 0.0),
        (78.0, -39.0, -5.0),
    ]
)
_BONES_MM = {
    'thumb': (42.0, 33.0, 27.0),
    'index': (39.0, 24.5, 23.0),
    'middle': (42.0, 27.0, 23.0),
    'ring': (38.5, 26.0, 23.0),
    'pinky': (30.5, 19.5, 20.0),
}
_LENGTH_MM = float(np.linalg.norm(_PALM_MM[3]) + sum(_BONES_MM['middle']))

# Pairs of landmarks at a constant distance: all pairs within the palm, then the fingers' bones.
PALM_LINKS = np.array(list(itertools.combinations(PALM_AND_THUMB, 2)))
FINGER_LINKS = np.array(
    [pair for finger in FINGERS.values() for pair in itertools.pairwise(finger)]
)
LINKS = np.vstack([PALM_LINKS, FINGER_LINKS])


# In hand lengths: the landmarks of PALM_AND_THUMB (6, 3) in a right hand's frame, and the lengths
# (15,) of FINGER_LINKS.
AVERAGE_PALM = _PALM_MM / _LENGTH_MM
AVERAGE_BONES = np.concatenate([_BONES_MM[finger] for finger in FINGERS]) / _LENGTH_MM


def stretched_length(points: np.ndarray) -> np.ndarray:
    """Length of the stretched hand whose landmarks (..., 21, 3) are these, in their unit."""
    chain = points[..., [Landmark.WRIST, *FINGERS['middle']], :]
    return np.linalg.norm(np.diff(chain, axis=-2), axis=-1).sum(axis=-1)
