"""Sleeved arms, and a person for them to belong to."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from hand_tracking_ros.simulation.implicit_surface import (
    Capsule,
    mesh_surface,
    smooth_union,
    vertex_normals,
)
from hand_tracking_ros.simulation.renderer import GAMMA, Body, Texture

# Metres of an average adult.
CUFF_M = 0.045
ELBOW_M = 0.255
_CUFF_RADII_M = (0.037, 0.029)
_SLEEVE_RADII_M = (0.052, 0.048)
_SHOULDER_RADIUS_M = 0.065
_ELBOW_BEND_M = 0.07
_NUM_AROUND = 24
_NUM_ALONG = 8

_PERSON_STEP_M = 0.02
SHOULDER_HALF_WIDTH_M = 0.18
_CLOTH_TEXELS_PER_M = 400.0
_FACE_TEXELS_PER_M = 1000.0


def cloth(rng: np.random.Generator) -> Texture:
    """A plain or striped weave; its coordinates are metres along the cloth and across it."""
    color = rng.uniform(0.08, 0.85) + rng.uniform(-0.12, 0.12, 3)
    grain = 1 + 0.06 * rng.standard_normal((400, 160, 1))
    stripes = 1 + rng.choice([0.0, 0.15]) * np.sin(np.arange(400) / rng.uniform(2, 8))
    picture = (color * grain * stripes[:, None, None]).clip(0.03, 0.97) ** GAMMA
    return Texture(picture[None].astype(np.float32), np.array([-0.5, -0.2]), _CLOTH_TEXELS_PER_M)


def sleeve(forearm: np.ndarray, shoulder_m: np.ndarray, size: float, texture: Texture) -> Body:
    """The sleeve of an arm, from the cuff over the bent elbow to the shoulder.

    Args:
        forearm: (4, 4) the forearm's frame in the camera's.
        shoulder_m: (3,) in the camera's frame.
        size: of the hand over an average one's.
        texture: of the cloth.
    """
    backwards = -forearm[:3, 0]
    cuff = forearm[:3, 3] + CUFF_M * size * backwards
    elbow = forearm[:3, 3] + ELBOW_M * size * backwards
    to_shoulder = (shoulder_m - elbow) / max(float(np.linalg.norm(shoulder_m - elbow)), 1e-6)
    bend_start = elbow - _ELBOW_BEND_M * backwards
    bend_end = elbow + _ELBOW_BEND_M * to_shoulder
    along = np.linspace(0, 1, _NUM_ALONG)[:, None]
    path = np.concatenate(
        [
            cuff + (bend_start - cuff) * along[:-1],
            (1 - along) ** 2 * bend_start + 2 * along * (1 - along) * elbow + along**2 * bend_end,
            bend_end + (shoulder_m - bend_end) * along[1:],
        ]
    )
    share = np.linspace(0, 1, len(path)) ** 0.7
    radii = [
        size * np.interp(share, [0.0, 0.45, 1.0], [cuff_m, sleeve_m, _SHOULDER_RADIUS_M])
        for cuff_m, sleeve_m in zip(_CUFF_RADII_M, _SLEEVE_RADII_M, strict=True)
    ]
    return _tube(path, np.stack(radii, axis=1), forearm[:3, 1], texture)


def _tube(path: np.ndarray, radii: np.ndarray, sideways: np.ndarray, texture: Texture) -> Body:
    """A tube of elliptic cross section along a path (K, 3); the first radius points sideways."""
    tangents = np.gradient(path, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    first = np.empty_like(path)
    for row, tangent in enumerate(tangents):
        sideways = sideways - (sideways @ tangent) * tangent
        sideways = sideways / max(float(np.linalg.norm(sideways)), 1e-6)
        first[row] = sideways
    second = np.cross(tangents, first)
    angles = np.linspace(0, 2 * np.pi, _NUM_AROUND, endpoint=False)
    c, s = np.cos(angles)[None, :, None], np.sin(angles)[None, :, None]
    a, b = radii[:, None, :1], radii[:, None, 1:]
    vertices = path[:, None] + a * c * first[:, None] + b * s * second[:, None]
    normals = b * c * first[:, None] + a * s * second[:, None]
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    lengths = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))]
    coordinates = np.zeros((*vertices.shape[:2], 3), np.float32)
    coordinates[..., 0] = lengths[:, None] - 0.4
    # Back and forth, so that the cloth has no seam.
    coordinates[..., 1] = np.abs(angles - np.pi) * radii.mean() - 0.1
    index = np.arange(vertices.shape[0] * _NUM_AROUND).reshape(-1, _NUM_AROUND)
    around = np.roll(index, -1, axis=1)
    corners = [[index[:-1], around[:-1], index[1:]], [around[:-1], around[1:], index[1:]]]
    triangles = np.stack(corners).transpose(0, 2, 3, 1).reshape(-1, 3)
    return Body(
        vertices.reshape(-1, 3),
        normals.reshape(-1, 3),
        triangles,
        coordinates.reshape(-1, 3),
        texture,
    )


def person(
    neck_m: np.ndarray, skin_color: np.ndarray, shirt: Texture, rng: np.random.Generator
) -> list[Body]:
    """Shirt, head and hair (three bodies) of a person who faces the camera.

    Args:
        neck_m: (3,) between the shoulders, in the camera's frame.
        skin_color: (3,) linear reflectance.
        shirt: its cloth.
        rng: of the hair's colour.
    """
    half = SHOULDER_HALF_WIDTH_M
    trunk = [
        Capsule([-half, 0.05, 0.0], [half, 0.05, 0.0], 0.065, 0.065),
        *(Capsule([s * 0.09, 0.10, 0.0], [s * 0.08, 0.55, 0.0], 0.12, 0.13) for s in (-1, 1)),
        *(Capsule([s * 0.09, 0.62, 0.0], [s * 0.10, 1.45, 0.0], 0.105, 0.06) for s in (-1, 1)),
    ]
    face = [
        Capsule([0.0, 0.05, 0.03], [0.0, -0.10, 0.02], 0.048, 0.045),
        Capsule([0.0, -0.115, -0.03], [0.0, -0.20, 0.0], 0.052, 0.086),
        Capsule([0.0, -0.155, -0.095], [0.0, -0.18, -0.085], 0.014, 0.008),
    ]
    hair = [Capsule([0.0, -0.225, 0.02], [0.0, -0.17, 0.05], 0.092, 0.085)]
    hair_color = rng.uniform(0.02, 0.25) * np.array([1.0, 0.8, 0.6], np.float32)
    one_color = Texture(hair_color.reshape(1, 1, 1, 3), np.zeros(2), 1.0)
    bodies = []
    for capsules, texture in ((trunk, shirt), (face, _face(skin_color)), (hair, one_color)):

        def distance(points: np.ndarray, capsules: list[Capsule] = capsules) -> np.ndarray:
            return smooth_union((capsule.distance(points) for capsule in capsules), 0.06)

        ends = np.array([end for capsule in capsules for end in (capsule.start, capsule.end)])
        step_m = _PERSON_STEP_M if capsules is trunk else _PERSON_STEP_M / 3
        low, high = ends.min(axis=0) - 0.2, ends.max(axis=0) + 0.2
        vertices, triangles = mesh_surface(distance, low, high, step_m)
        normals = vertex_normals(vertices, triangles)
        coordinates = vertices[:, [1, 0, 2]] * np.array([1, 1, 0], np.float32)
        bodies.append(Body(vertices + neck_m, normals, triangles, coordinates, texture))
    return bodies


def _face(skin_color: np.ndarray) -> Texture:
    """Eyes, brows and a mouth; the coordinates are metres down and across."""
    top_m, half_width_m = -0.40, 0.15
    height, width = (round(extent_m * _FACE_TEXELS_PER_M) for extent_m in (0.6, 2 * half_width_m))
    picture = np.broadcast_to(skin_color, (height, width, 3)).copy()

    def spot(x_m: float, y_m: float, size_m: tuple[float, float], color: npt.ArrayLike) -> None:
        center = [(x_m + half_width_m) * _FACE_TEXELS_PER_M, (y_m - top_m) * _FACE_TEXELS_PER_M]
        size = np.array(size_m) * _FACE_TEXELS_PER_M
        cv2.ellipse(picture, (center, size, 0.0), np.asarray(color).tolist(), cv2.FILLED)

    for side in (-1, 1):
        spot(side * 0.032, -0.218, (0.040, 0.008), 0.2 * skin_color)
        spot(side * 0.032, -0.198, (0.032, 0.014), [0.7, 0.7, 0.7])
        spot(side * 0.032, -0.198, (0.013, 0.013), [0.04, 0.03, 0.02])
        spot(side * 0.009, -0.150, (0.008, 0.005), 0.3 * skin_color)
    spot(0.0, -0.118, (0.052, 0.016), skin_color * [0.75, 0.40, 0.42])
    spot(0.0, -0.118, (0.048, 0.003), skin_color * [0.35, 0.2, 0.2])
    picture = cv2.GaussianBlur(picture, None, 1.0)
    return Texture(
        picture[None].astype(np.float32), np.array([top_m, -half_width_m]), _FACE_TEXELS_PER_M
    )
