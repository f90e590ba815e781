"""The skin of a simulated hand as triangles, made once and then bent with the bones."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from hand_tracking_ros.simulation.hand_flesh import bone_weights, flesh_distance, rest_frames
from hand_tracking_ros.simulation.hand_skeleton import FINGER_BONES, NUM_BONES, HandShape
from hand_tracking_ros.simulation.implicit_surface import mesh_surface, vertex_normals
from hand_tracking_ros.tracking import rotations

# Side of the cubes that the skin is cut into: fine enough for round fingertips at 0.3 m.
MESH_STEP_M = 0.004
# Box around a resting average hand.
_LOW_M = np.array([-0.120, -0.105, -0.060])
_HIGH_M = np.array([0.215, 0.125, 0.045])


@dataclass(frozen=True)
class HandMesh:
    """A resting right hand's skin.

    Attributes:
        vertices: (V, 3) float32 metres, in the hand's frame.
        normals: (V, 3) float32, outwards.
        triangles: (T, 3) int32, counter-clockwise seen from outside.
        weights: (V, NUM_BONES) float32, how much each bone moves each vertex.
        rest_frames: (NUM_BONES, 4, 4) the bones' frames in which the skin was made.
    """

    vertices: np.ndarray
    normals: np.ndarray
    triangles: np.ndarray
    weights: np.ndarray
    rest_frames: np.ndarray

    def pose(self, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The skin when the bones are elsewhere: dual quaternion skinning (Kavan et al., 2007).

        It keeps bent joints round where a linear combination of matrices would pinch them. From the
        bones' frames (NUM_BONES, 4, 4) to vertices (V, 3) and normals (V, 3), float32, in the frame
        that `frames` lead to.
        """
        motions = _dual_quaternions(frames @ np.linalg.inv(self.rest_frames)).astype(np.float32)
        # Not a matrix product, whose threads would cost more than they save.
        combined = np.einsum('vb,bq->vq', self.weights, motions)
        combined /= np.linalg.norm(combined[:, :4], axis=1, keepdims=True)
        w, xyz, dual_w, dual_xyz = np.split(combined, [1, 4, 5], axis=1)
        shift = 2 * (w * dual_xyz - dual_w * xyz + np.cross(xyz, dual_xyz))
        return _rotate(w, xyz, self.vertices) + shift, _rotate(w, xyz, self.normals)


def make_hand_mesh(shape: HandShape, step_m: float = MESH_STEP_M) -> HandMesh:
    """The skin of a hand of this shape, from cubes of side `step_m`."""
    distance = functools.partial(flesh_distance, shape)
    low, high = _LOW_M * shape.size, _HIGH_M * shape.size
    vertices, triangles = mesh_surface(distance, low, high, step_m)
    return HandMesh(
        vertices=vertices,
        normals=vertex_normals(vertices, triangles),
        triangles=triangles,
        weights=bone_weights(shape, vertices),
        rest_frames=rest_frames(shape),
    )


def _rotate(w: np.ndarray, xyz: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Rotate vectors (V, 3) by unit quaternions w (V, 1), xyz (V, 3)."""
    return vectors + 2 * np.cross(xyz, np.cross(xyz, vectors) + w * vectors)


def _dual_quaternions(motions: np.ndarray) -> np.ndarray:
    """(B, 8) dual quaternions of motions (B, 4, 4), w first, signs nearest to the parents'."""
    result = np.empty((len(motions), 2, 4))
    for index, motion in enumerate(motions):
        rotation = rotations.quaternion_from_matrix(motion[:3, :3])
        if rotation @ result[_PARENTS[index], 0] < 0 < index:
            rotation = -rotation
        half_translation = np.append(motion[:3, 3] / 2, 0.0)
        result[index] = rotation, rotations.product(half_translation, rotation)
    return np.roll(result, 1, axis=2).reshape(-1, 8)


# The bone that each bone hangs on: its finger's bone before it, else the palm.
_PARENTS = [0] * NUM_BONES
for _bones in FINGER_BONES.values():
    _PARENTS[_bones[1]], _PARENTS[_bones[2]] = _bones[0], _bones[1]
