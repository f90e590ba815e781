"""One person's hand: skeleton, skin and texture, ready to be placed before a camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hand_tracking_ros.simulation.array_math import rotate
from hand_tracking_ros.simulation.hand_mesh import make_hand_mesh
from hand_tracking_ros.simulation.hand_skeleton import (
    FOREARM,
    bone_frames,
    landmarks_of,
    random_hand_shape,
)
from hand_tracking_ros.simulation.renderer import Body
from hand_tracking_ros.simulation.scenes import HandMotion
from hand_tracking_ros.simulation.skin_texture import paint_skin, skin_texture_coordinates
from hand_tracking_ros.tracking.hand import Handedness

_SKIN_SPECULAR = 0.05


@dataclass(frozen=True)
class PlacedHand:
    """A hand in the camera's optical frame, metres.

    Attributes:
        body: its skin.
        landmarks_m: (21, 3) the joints' centres.
        forearm: (4, 4) origin at the wrist, x along the forearm to the hand.
        angles_rad: every joint's angle.
    """

    body: Body
    landmarks_m: np.ndarray
    forearm: np.ndarray
    angles_rad: Mapping[str, float]


class SimulatedHand:
    """A hand with its own proportions and skin.

    Args:
        handedness: LEFT or RIGHT.
        length_m: of the hand, as `HandShape.length_m`; None is random.
        tone: of the skin, 0 (light) to 1 (dark).
        rng: of proportions and texture.

    Attributes:
        handedness: as given.
        shape: its proportions.
        skin_color: (3,) mean linear reflectance of the back of the hand.
    """

    def __init__(
        self, handedness: Handedness, length_m: float | None, tone: float, rng: np.random.Generator
    ) -> None:
        self.handedness = handedness
        self.shape = random_hand_shape(rng, length_m)
        self._mesh = make_hand_mesh(self.shape)
        self._texture = paint_skin(self.shape, self._mesh, tone, rng)
        self._texture_coordinates = skin_texture_coordinates(self._mesh)
        self.skin_color = self._texture.sides[1].mean(axis=(0, 1))
        # The skeleton is a right hand's: a left one is its mirror image, inside out.
        is_left = handedness == Handedness.LEFT
        self._mirror = np.array([1.0, -1.0 if is_left else 1.0, 1.0])
        self._triangles = self._mesh.triangles[:, :: -1 if is_left else 1]

    def place(self, motion: HandMotion) -> PlacedHand:
        """The hand where a scene wants it."""
        frames = bone_frames(self.shape, motion.angles_rad)
        vertices, normals = self._mesh.pose(frames)
        to_camera = motion.rotation * self._mirror
        origin = motion.center_m - motion.rotation[:, 0] * self.shape.length_m / 2
        body = Body(
            vertices=rotate(vertices, to_camera) + origin.astype(np.float32),
            normals=rotate(normals, to_camera),
            triangles=self._triangles,
            texture_coordinates=self._texture_coordinates,
            texture=self._texture,
            specular=_SKIN_SPECULAR,
        )
        forearm = np.eye(4)
        forearm[:3, :3] = to_camera @ frames[FOREARM, :3, :3]
        forearm[:3, 3] = origin
        landmarks_m = rotate(landmarks_of(self.shape, frames), to_camera) + origin
        return PlacedHand(body, landmarks_m, forearm, motion.angles_rad)
