"""The flesh of a simulated hand at rest, as signed distances, and the bones that its skin follows.

The frame is the right hand's own, as in `hand_skeleton`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from hand_tracking_ros.simulation.array_math import rotate, smoothstep
from hand_tracking_ros.simulation.hand_skeleton import (
    FINGER_BONES,
    FOREARM,
    LONG_FINGERS,
    NUM_BONES,
    PALM,
    HandShape,
    bone_frames,
    complete_angles,
)
from hand_tracking_ros.simulation.implicit_surface import Capsule, smooth_union
from hand_tracking_ros.tracking.hand import FINGERS

# The pose in which the flesh is made: fingers apart, so that they do not grow together.
REST_POSE = complete_angles(
    {
        'thumb_cmc_abduction': np.radians(45.0),
        'thumb_cmc_flexion': np.radians(15.0),
        'thumb_cmc_opposition': np.radians(50.0),
        'thumb_mcp_flexion': np.radians(8.0),
        'thumb_ip_flexion': np.radians(8.0),
        'index_mcp_abduction': np.radians(11.0),
        'middle_mcp_abduction': np.radians(2.0),
        'ring_mcp_abduction': np.radians(8.0),
        'pinky_mcp_abduction': np.radians(18.0),
        **{f'{finger}_{joint}_flexion': np.radians(6.0)
           for finger in LONG_FINGERS for joint in ('mcp', 'pip', 'dip')},
    }
)  # fmt: skip

# Metres of an average adult's hand, to be scaled.
FLESH_BEYOND_TIP_M = 0.0065
FOREARM_END_M = -0.080
_FINGER_BLEND_M = 0.004
_PALM_BLEND_M = 0.014
_FINGER_TO_FINGER_BLEND_M = 0.004
_FINGER_TO_PALM_BLEND_M = 0.009

# Half the length over which the skin changes from one bone to the next at a finger's three joints.
_JOINT_REACH_M = {'thumb': (0.014, 0.011, 0.008), 'finger': (0.011, 0.008, 0.006)}
_WRIST_REACH_M = 0.020
# The palm reaches past the knuckles, so there its skin bends later.
_PALM_PAST_KNUCKLES_M = 0.008
# How sharply skin is told apart that lies between two fingers.
_BETWEEN_FINGERS_M = 0.002


def rest_frames(shape: HandShape) -> np.ndarray:
    """The bones' frames (NUM_BONES, 4, 4) in the pose that the flesh is made in."""
    return bone_frames(shape, REST_POSE)


def flesh_distance(shape: HandShape, points: np.ndarray) -> np.ndarray:
    """Signed distances (N,) of points (N, 3) to the resting hand in metres, negative inside."""
    frames, size = rest_frames(shape), shape.size

    def union(capsules: Iterable[Capsule], blend_m: float) -> np.ndarray:
        return smooth_union((c.distance(points) for c in capsules), size * blend_m)

    palm = union(_palm(shape, frames), _PALM_BLEND_M)
    thumb, *fingers = (union(_finger(shape, frames, f), _FINGER_BLEND_M) for f in FINGERS)
    long_fingers = smooth_union(fingers, size * _FINGER_TO_FINGER_BLEND_M)
    return smooth_union([palm, thumb, long_fingers], size * _FINGER_TO_PALM_BLEND_M)


def bone_weights(shape: HandShape, points: np.ndarray) -> np.ndarray:
    """How much each bone moves each point (N, 3) of the skin: (N, NUM_BONES), rows sum to 1."""
    frames = rest_frames(shape)
    weights = np.zeros((len(points), NUM_BONES))
    membership = _finger_membership(shape, frames, points)
    for column, finger in enumerate(FINGERS):
        remaining = membership[:, column].copy()
        bones = FINGER_BONES[finger]
        reaches_m = _JOINT_REACH_M['thumb' if finger == 'thumb' else 'finger']
        for bone, before, reach_m in zip(bones, (PALM, *bones[:-1]), reaches_m, strict=True):
            local = to_bone(frames[bone], points)
            along = local[:, 0] / shape.size
            if before == PALM and finger != 'thumb':
                palmar = np.clip(-local[:, 2] / (0.012 * shape.size), 0.0, 1.0)
                along = along - _PALM_PAST_KNUCKLES_M * palmar
            moved = remaining * smoothstep(along, -reach_m, reach_m)
            weights[:, before] += remaining - moved
            remaining = moved
        weights[:, bones[-1]] += remaining
    along = points[:, 0] / shape.size + 0.010
    behind = smoothstep(-along, -_WRIST_REACH_M, _WRIST_REACH_M)
    weights *= 1 - behind[:, None]
    weights[:, FOREARM] += behind
    return weights.astype(np.float32)


def to_bone(frame: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (N, 3) of the hand's frame in a bone's frame (4, 4)."""
    return rotate(points - frame[:3, 3].astype(points.dtype), frame[:3, :3].T)


def _finger(shape: HandShape, frames: np.ndarray, finger: str) -> Iterator[Capsule]:
    """A finger's three bones, thinner and fuller on the palm's side between the joints."""
    radii, lengths_m = shape.radii_m[finger], shape.bone_lengths_m[finger]
    stations = []
    for number, frame in enumerate(frames[FINGER_BONES[finger]]):
        length_m = lengths_m[number]
        r0, r1 = radii[number], radii[number + 1]
        stations.append((_at(frame, 0.0, 0.0, 0.0), r0))
        if number < 2:
            middle = 0.485 * (r0 + r1)
            stations.append((_at(frame, 0.5 * length_m, 0.0, -0.07 * middle), middle))
        else:
            stations.append((_at(frame, 0.5 * length_m, 0.0, -0.10 * r0), 0.5 * (r0 + r1) + 0.0003))
            end = length_m + FLESH_BEYOND_TIP_M * shape.size - r1
            stations.append((_at(frame, end, 0.0, -0.06 * r1), r1))
    for (start, start_radius), (end, end_radius) in itertools.pairwise(stations):
        yield Capsule(start, end, start_radius, end_radius)


def _palm(shape: HandShape, frames: np.ndarray) -> Iterator[Capsule]:
    """Palm, ball of the thumb and of the little finger, webs, wrist and forearm."""
    size, thick = shape.size, shape.size * shape.thickness

    def point(x: float, y: float, z: float) -> np.ndarray:
        return np.array([x, y, z]) * size

    for finger in LONG_FINGERS:
        knuckle = shape.first_joints_m[finger]
        carpal = point(0.010, 0.48 * knuckle[1] / size, -0.003)
        yield Capsule(carpal, knuckle + point(0.001, 0, -0.0035), 0.0145 * thick, 0.0118 * thick)
    hollow = point(0.030, 0.004, -0.007), point(0.080, -0.006, -0.008)
    yield Capsule(*hollow, 0.0120 * thick, 0.0110 * thick)
    yield from _webs(shape, frames)
    thumb, thumb_length_m = frames[FINGER_BONES['thumb'][0]], shape.bone_lengths_m['thumb'][0]
    thenar_end = _at(thumb, 0.75 * thumb_length_m, -0.002 * size, -0.003 * size)
    yield Capsule(point(0.0155, 0.012, -0.009), thenar_end, 0.0160 * thick, 0.0125 * thick)
    hypothenar_end = 0.80 * shape.first_joints_m['pinky'] + point(0, 0.001, -0.007)
    yield Capsule(point(0.0115, -0.019, -0.008), hypothenar_end, 0.0150 * thick, 0.0120 * thick)
    for side in (-1.0, 0.0, 1.0):
        start = _at(frames[FOREARM], 0.0035 * size, side * 0.0125 * size, -0.002 * size)
        end = _at(frames[FOREARM], FOREARM_END_M * size, side * 0.0160 * size, -0.002 * size)
        yield Capsule(start, end, 0.0165 * thick, 0.0205 * thick)


def _webs(shape: HandShape, frames: np.ndarray) -> Iterator[Capsule]:
    """The skin between neighbouring fingers, which hides where they begin."""
    size = shape.size
    for first, second in itertools.pairwise(LONG_FINGERS):
        start, end = (
            _at(frames[FINGER_BONES[f][0]], 0.23 * shape.bone_lengths_m[f][0], 0.0, -0.003 * size)
            for f in (first, second)
        )
        yield Capsule(start, end, 0.0070 * size, 0.0070 * size)
    thumb, index = frames[FINGER_BONES['thumb'][0]], shape.first_joints_m['index']
    for along, radius in ((0.35, 0.0100), (0.55, 0.0080), (0.75, 0.0062), (0.92, 0.0050)):
        start = _at(thumb, along * shape.bone_lengths_m['thumb'][0], 0.0, 0.0)
        end = (0.35 + 0.55 * along) * index + size * np.array([0.0, 0.0, -0.004])
        yield Capsule(start, end, radius * size, radius * size)


def _finger_membership(shape: HandShape, frames: np.ndarray, points: np.ndarray) -> np.ndarray:
    """To which finger's ray, from the wrist to its tip, each point belongs: (N, 5), sum 1."""
    distances = np.empty((len(points), len(FINGERS)))
    for column, finger in enumerate(FINGERS):
        capsules = list(_finger(shape, frames, finger))
        if finger != 'thumb':
            radius = shape.radii_m[finger][0]
            capsules.append(Capsule(np.zeros(3), shape.first_joints_m[finger], radius, radius))
        distances[:, column] = np.min([c.distance(points) for c in capsules], axis=0)
    nearness = np.exp(-(distances - distances.min(axis=1, keepdims=True)) /
                      (_BETWEEN_FINGERS_M * shape.size))  # fmt: skip
    return nearness / nearness.sum(axis=1, keepdims=True)


def _at(frame: np.ndarray, x: float, y: float, z: float) -> np.ndarray:
    """The point (3,) of a bone's frame in the hand's."""
    return frame[:3, :3] @ np.array([x, y, z]) + frame[:3, 3]
