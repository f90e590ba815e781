"""Rotations as matrices, quaternions and rotation vectors, all through transforms3d.

Quaternions are (x, y, z, w), as in ROS messages, while transforms3d puts w first: this module is
the only place that knows. A rotation vector is the axis times the angle in radians.

    turn = matrix_from_rotation_vector(np.array([0.0, 0.0, np.pi / 2]))
    turn @ np.array([1.0, 0.0, 0.0])  # [0, 1, 0]
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from transforms3d import quaternions

# Of the squared length of a unit quaternion, as tf2 takes it (QUATERNION_NORMALIZATION_TOLERANCE).
UNIT_TOLERANCE = 10e-3

IDENTITY_QUATERNION = np.array([0.0, 0.0, 0.0, 1.0])


def matrix_from_rotation_vector(vector: np.ndarray) -> np.ndarray:
    """Rotation matrix (3, 3) of a rotation vector (3,)."""
    return matrix_from_quaternion(quaternion_from_rotation_vector(vector))


def rotation_vector(matrix: np.ndarray) -> np.ndarray:
    """Rotation vector (3,), at most pi long, of a rotation matrix (3, 3)."""
    return rotation_vector_from_quaternion(quaternion_from_matrix(matrix))


def matrix_from_quaternion(quaternion: np.ndarray) -> np.ndarray:
    """Rotation matrix (3, 3) of a quaternion (4,), which need not have unit length."""
    x, y, z, w = quaternion.tolist()
    return quaternions.quat2mat((w, x, y, z))


def is_unit_quaternion(quaternion: Sequence[float] | np.ndarray) -> bool:
    """Whether four numbers are finite and a quaternion of length 1."""
    # Not-a-number compares false with everything, so ask for what must hold.
    return abs(sum(value * value for value in quaternion) - 1) < UNIT_TOLERANCE


def quaternion_from_matrix(matrix: np.ndarray) -> np.ndarray:
    """Unit quaternion (4,), w >= 0, of the rotation nearest to a matrix (3, 3)."""
    return quaternions.mat2quat(matrix)[[1, 2, 3, 0]]


def quaternion_from_rotation_vector(vector: np.ndarray) -> np.ndarray:
    """Unit quaternion (4,) of a rotation vector (3,)."""
    angle = math.hypot(*vector.tolist())
    if angle == 0:
        return IDENTITY_QUATERNION
    return quaternions.axangle2quat(vector / angle, angle, is_normalized=True)[[1, 2, 3, 0]]


def rotation_vector_from_quaternion(quaternion: np.ndarray) -> np.ndarray:
    """Rotation vector (3,), at most pi long, of a unit quaternion (4,).

    transforms3d's own takes the arc cosine of w, which is wrong by 1e-8 rad for small angles.
    """
    x, y, z, w = quaternion.tolist()
    sine = math.hypot(x, y, z)
    # The shorter way round: q and -q are the same rotation.
    half_angle = math.copysign(math.atan2(sine, abs(w)), w)
    return quaternion[:3] * (2 * half_angle / sine if sine else 2.0)


def product(second: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Quaternion (4,) of one rotation (4,) after another (4,)."""
    x1, y1, z1, w1 = second.tolist()
    x2, y2, z2, w2 = first.tolist()
    return quaternions.qmult((w1, x1, y1, z1), (w2, x2, y2, z2))[[1, 2, 3, 0]]


def rotation_to_z(direction: np.ndarray) -> np.ndarray:
    """The least rotation (3, 3) that brings a unit direction (3,) to z."""
    x, y, z = direction.tolist()
    across = math.hypot(x, y)
    if across == 0:
        return np.eye(3) if z > 0 else np.diag([1.0, -1.0, -1.0])
    return matrix_from_rotation_vector(np.array([y, -x, 0.0]) * (math.atan2(across, z) / across))
