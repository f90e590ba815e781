"""The skeleton of a simulated hand: its proportions, its joints and where they put the landmarks.

Everything here is a right hand in its own frame, `rep103`: origin at the wrist, x to the middle
finger's knuckle, y to the thumb, z out of the back of the hand, metres. A left hand is the mirror
image in y.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hand_tracking_ros.tracking.hand import FINGERS, NUM_LANDMARKS

LONG_FINGERS = ('index', 'middle', 'ring', 'pinky')

# Range of each joint, degrees; 0 is a flat hand with parallel fingers.
# - flexion bends towards the palm;
# - abduction of a finger moves its tip away from the middle finger, that of the middle finger
#   towards the thumb;
# - the thumb's metacarpal points `abduction` away from x towards the thumb's side, then `flexion`
#   out of the palm's plane to its front, and is turned by `opposition` about its own length, which
#   brings its nail from the back of the hand to the outside and its pad to face the fingers;
# - the wrist bends by `flexion` towards the palm and by `deviation` towards the little finger.
JOINT_LIMITS_DEG: dict[str, tuple[float, float]] = {
    'thumb_cmc_abduction': (0.0, 65.0),
    'thumb_cmc_flexion': (-5.0, 60.0),
    'thumb_cmc_opposition': (20.0, 110.0),
    'thumb_mcp_flexion': (-10.0, 60.0),
    'thumb_ip_flexion': (-15.0, 80.0),
    **{
        f'{finger}_{joint}': limits
        for finger in LONG_FINGERS
        for joint, limits in {
            'mcp_flexion': (-20.0, 90.0),
            'mcp_abduction': (-15.0, 22.0),
            'pip_flexion': (0.0, 110.0),
            'dip_flexion': (-5.0, 80.0),
        }.items()
    },
    'wrist_flexion': (-60.0, 70.0),
    'wrist_deviation': (-20.0, 35.0),
}
JOINT_NAMES = tuple(JOINT_LIMITS_DEG)

# A bone is a piece of the hand that moves as one; its frame has x along it and z to its back. Each
# finger has three: metacarpal, proximal and distal phalanx of the thumb; proximal, middle and
# distal phalanx of the others.
PALM, FOREARM = 0, 1
FINGER_BONES = {
    finger: range(2 + 3 * number, 5 + 3 * number) for number, finger in enumerate(FINGERS)
}
NUM_BONES = 2 + 3 * len(FINGERS)

# An average adult's hand of 181 mm (188 mm with the flesh of the fingertip), metres: proportions of
# bones seen in X-rays, and the wrist where the models' training data have it. The knuckles' heights
# put the plane of the wrist and the knuckles of index and little finger square to z, as the hand
# frame asks.
_FIRST_JOINTS_M = {
    'thumb': (0.0225, 0.0295, -0.0120),
    'index': (0.0900, 0.0245, -0.0030),
    'middle': (0.0920, 0.0, 0.0),
    'ring': (0.0865, -0.0210, -0.0010),
    'pinky': (0.0785, -0.0395, -0.0785 / 0.0900 * 0.0030),
}
_BONE_LENGTHS_M = {
    'thumb': (0.0405, 0.0320, 0.0260),
    'index': (0.0400, 0.0235, 0.0200),
    'middle': (0.0435, 0.0255, 0.0205),
    'ring': (0.0400, 0.0250, 0.0205),
    'pinky': (0.0315, 0.0180, 0.0185),
}

# Radius at knuckle, middle joint, end joint and tip.
_FINGER_RADII_M = {
    'thumb': (0.0140, 0.0128, 0.0112, 0.0092),
    'index': (0.0113, 0.0100, 0.0087, 0.0073),
    'middle': (0.0115, 0.0103, 0.0089, 0.0075),
    'ring': (0.0109, 0.0097, 0.0084, 0.0072),
    'pinky': (0.0099, 0.0085, 0.0075, 0.0064),
}

SHORTEST_HAND_M = 0.160
LONGEST_HAND_M = 0.210
_PROPORTION_SIGMA = 0.05


@dataclass(frozen=True)
class HandShape:
    """Proportions of one person's hand.

    Attributes:
        first_joints_m: (3,) in the hand's frame for every finger: the thumb's carpometacarpal
            joint, the others' knuckles.
        bone_lengths_m: (3,) of every finger, from its first joint to the tip landmark.
        radii_m: (4,) at the joints and the tip of every finger.
        thickness: of the palm and the wrist, over an average hand's of this length.
    """

    first_joints_m: dict[str, np.ndarray]
    bone_lengths_m: dict[str, np.ndarray]
    radii_m: dict[str, np.ndarray]
    thickness: float

    @property
    def length_m(self) -> float:
        """From the wrist along the bones to the tip landmark of the middle finger."""
        return float(self.first_joints_m['middle'][0] + self.bone_lengths_m['middle'].sum())

    @property
    def size(self) -> float:
        """Length over an average adult's."""
        return self.length_m / AVERAGE_HAND.length_m


def _make_shape(
    factors: Mapping[str, np.ndarray], size: float = 1.0, thickness: float = 1.0
) -> HandShape:
    """The average hand with each bone's length times a factor (and thickness), then scaled."""
    return HandShape(
        first_joints_m={f: size * factors[f][0] * np.array(p) for f, p in _FIRST_JOINTS_M.items()},
        bone_lengths_m={f: size * factors[f][1:] * np.array(b) for f, b in _BONE_LENGTHS_M.items()},
        radii_m={f: size * thickness * np.array(radii) for f, radii in _FINGER_RADII_M.items()},
        thickness=thickness,
    )


AVERAGE_HAND = _make_shape({finger: np.ones(4) for finger in FINGERS})


def random_hand_shape(rng: np.random.Generator, length_m: float | None = None) -> HandShape:
    """A person's hand: every bone longer or shorter than average by itself.

    Its `HandShape.length_m` is `length_m`, or random between 0.16 and 0.21 if that is None.
    """

    def spread(sigma: float, count: int) -> np.ndarray:
        return 1 + sigma * np.clip(rng.standard_normal(count), -2.0, 2.0)

    # Metacarpals vary together more than they do apart: the palm stays a palm.
    palm = spread(_PROPORTION_SIGMA, 1)[0]
    factors = {
        finger: np.r_[palm * spread(0.4 * _PROPORTION_SIGMA, 1), spread(_PROPORTION_SIGMA, 3)]
        for finger in FINGERS
    }
    thickness = spread(0.06, 1)[0]
    random_length_m = rng.uniform(SHORTEST_HAND_M, LONGEST_HAND_M)
    size = (length_m or random_length_m) / _make_shape(factors).length_m
    return _make_shape(factors, size, thickness)


def complete_angles(angles_rad: Mapping[str, float]) -> dict[str, float]:
    """Every joint's angle in radians, within its range; 0, or what is nearest, if not given.

    Raises:
        ValueError: a joint has another name.
    """
    unknown = sorted(set(angles_rad) - set(JOINT_NAMES))
    if unknown:
        raise ValueError(f"joint is '{unknown[0]}', expected one of {', '.join(JOINT_NAMES)}")
    return {
        name: float(np.clip(angles_rad.get(name, 0.0), *np.radians(limits)))
        for name, limits in JOINT_LIMITS_DEG.items()
    }


def bone_frames(shape: HandShape, angles_rad: Mapping[str, float]) -> np.ndarray:
    """Where the bones are: (NUM_BONES, 4, 4) float64, from each bone's frame to the hand's.

    `angles_rad` holds every joint of JOINT_NAMES, as `complete_angles` gives them.
    """
    frames = np.tile(np.eye(4), (NUM_BONES, 1, 1))
    wrist = rotation_about('z', angles_rad['wrist_deviation'])
    frames[FOREARM, :3, :3] = wrist @ rotation_about('y', -angles_rad['wrist_flexion'])
    for finger, bones in FINGER_BONES.items():
        first = _first_rotation(finger, angles_rad)
        frames[bones[0]] = _frame(first, shape.first_joints_m[finger])
        joints = ('mcp', 'ip') if finger == 'thumb' else ('pip', 'dip')
        lengths_m = shape.bone_lengths_m[finger][:-1]
        for bone, joint, length_m in zip(bones[1:], joints, lengths_m, strict=True):
            bend = rotation_about('y', angles_rad[f'{finger}_{joint}_flexion'])
            frames[bone] = frames[bone - 1] @ _frame(bend, (length_m, 0.0, 0.0))
    return frames


def landmarks_of(shape: HandShape, frames: np.ndarray) -> np.ndarray:
    """The 21 landmarks in the hand's frame, (21, 3) metres, for the bones' frames."""
    points = np.zeros((NUM_LANDMARKS, 3))
    for finger, (*joints, tip) in FINGERS.items():
        bones = frames[FINGER_BONES[finger]]
        points[joints] = bones[:, :3, 3]
        points[tip] = bones[-1, :3, 3] + shape.bone_lengths_m[finger][-1] * bones[-1, :3, 0]
    return points


def rotation_about(axis: str, angle_rad: float) -> np.ndarray:
    """(3, 3) rotation about 'x', 'y' or 'z'."""
    first, second = {'x': (1, 2), 'y': (2, 0), 'z': (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = np.cos(angle_rad)
    matrix[second, first] = np.sin(angle_rad)
    matrix[first, second] = -matrix[second, first]
    return matrix


def _first_rotation(finger: str, angles_rad: Mapping[str, float]) -> np.ndarray:
    """(3, 3) rotation of a finger's first bone."""
    joint = 'thumb_cmc' if finger == 'thumb' else f'{finger}_mcp'
    outwards = -1 if finger in ('ring', 'pinky') else 1
    abduction, flexion = outwards * angles_rad[f'{joint}_abduction'], angles_rad[f'{joint}_flexion']
    rotation = rotation_about('z', abduction) @ rotation_about('y', flexion)
    if finger == 'thumb':
        rotation = rotation @ rotation_about('x', -angles_rad['thumb_cmc_opposition'])
    return rotation


def _frame(rotation: np.ndarray, origin: npt.ArrayLike) -> np.ndarray:
    frame = np.eye(4)
    frame[:3, :3], frame[:3, 3] = rotation, origin
    return frame
