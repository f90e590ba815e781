"""The texture of a simulated hand's skin: tone, nails, creases, knuckles, uneven colour.

The texture has two sides: the resting hand seen from its palm and from its back. The moving skin
carries them along.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hand_tracking_ros.simulation.array_math import dot, smoothstep
from hand_tracking_ros.simulation.hand_flesh import to_bone
from hand_tracking_ros.simulation.hand_mesh import HandMesh
from hand_tracking_ros.simulation.hand_skeleton import FINGER_BONES, LONG_FINGERS, HandShape
from hand_tracking_ros.simulation.rasterizer import rasterize
from hand_tracking_ros.simulation.renderer import GAMMA, Texture

TEXELS_PER_M = 2500.0
_MARGIN_M = 0.004

# Back of the hand in sRGB, 0 to 1, from light to dark.
SKIN_TONES = np.array(
    [
        [0.93, 0.76, 0.66],
        [0.89, 0.69, 0.57],
        [0.82, 0.61, 0.47],
        [0.72, 0.51, 0.37],
        [0.58, 0.39, 0.27],
        [0.43, 0.28, 0.20],
    ]
)
# Palms and fingertips are lighter than the back, and redder.
_PALM_TONE = np.array([0.92, 0.70, 0.61])
_PALM_SHARE = 0.55
_BLOOD = np.array([1.04, 0.88, 0.86])
_NAIL_TONE = np.array([0.93, 0.74, 0.70])
# What a shadow takes from each channel of skin.
_SHADE = np.array([0.8, 1.0, 1.05])


def skin_texture_coordinates(mesh: HandMesh) -> np.ndarray:
    """The vertices' coordinates (V, 3) in `paint_skin`'s texture."""
    back = smoothstep(mesh.normals[:, 2], -0.25, 0.25)
    return np.column_stack([mesh.vertices[:, :2], back]).astype(np.float32)


def paint_skin(shape: HandShape, mesh: HandMesh, tone: float, rng: np.random.Generator) -> Texture:
    """Skin of a tone between 0 (light) and 1 (dark) for a resting hand."""
    position = tone * (len(SKIN_TONES) - 1)
    steps = np.arange(len(SKIN_TONES))
    back_tone = np.array([np.interp(position, steps, channel) for channel in SKIN_TONES.T])
    palm_tone = back_tone + _PALM_SHARE * np.maximum(_PALM_TONE - back_tone, -0.02)
    origin = mesh.vertices[:, :2].min(axis=0) - _MARGIN_M
    size = np.ceil((mesh.vertices[:, :2].max(axis=0) + _MARGIN_M - origin) * TEXELS_PER_M)
    rows, columns = size.astype(int)
    sides = []
    for tone_of_side, side in ((palm_tone, -1.0), (back_tone, 1.0)):
        texels, points = _visible_texels(mesh, origin, rows, columns, side)
        colors = tone_of_side * _unevenness(rows, columns, rng)[texels]
        painter = _Painter(shape, mesh.rest_frames, points, colors)
        if side < 0:
            painter.paint_palm()
        else:
            painter.paint_back()
        sides.append(_fill_beyond(colors, texels, rows, columns))
    return Texture(np.stack(sides).clip(0.02, 0.98) ** GAMMA, origin, TEXELS_PER_M)


@dataclass(frozen=True)
class _Painter:
    """Paints on one side of a hand: sRGB (N, 3), in place, of texels at points (N, 3) at rest."""

    shape: HandShape
    rest_frames: np.ndarray
    points: np.ndarray
    colors: np.ndarray

    def paint_palm(self) -> None:
        """Creases of the fingers and of the palm, red fingertips."""
        for finger in LONG_FINGERS:
            self._crease(finger, 0, 0.16, along_m=0.38 * self.shape.bone_lengths_m[finger][0])
            self._crease(finger, 1, 0.16)
            self._crease(finger, 2, 0.13)
            self._redden_tip(finger)
        self._crease('thumb', 2, 0.14)
        self._crease('thumb', 1, 0.10)
        self._redden_tip('thumb')
        self._palm_lines()

    def paint_back(self) -> None:
        """Wrinkled joints, nails."""
        for finger in LONG_FINGERS:
            self._wrinkles(finger, 1, 0.10)
            self._wrinkles(finger, 2, 0.07)
            self._redden(finger, 0, 0.0, self.shape.radii_m[finger][0])
            self._nail(finger)
        self._wrinkles('thumb', 2, 0.09)
        self._nail('thumb')

    def _near(self, finger: str, bone: int, radius_m: float) -> tuple[np.ndarray, ...]:
        """Texels around a finger's bone: indices (M,), points in its frame (M, 3), weights (M,)."""
        local = to_bone(self.rest_frames[FINGER_BONES[finger][bone]], self.points)
        across = np.hypot(local[:, 1], local[:, 2])
        # No finger's bone is longer than 60 mm.
        near = np.flatnonzero((across < 1.6 * radius_m) & (np.abs(local[:, 0]) < 0.060))
        return near, local[near], 1 - smoothstep(across[near], 1.25 * radius_m, 1.6 * radius_m)

    def _darken(self, texels: np.ndarray, amount: np.ndarray) -> None:
        """By fractions (M,), less in red than in the other channels, as skin does."""
        self.colors[texels] *= 1 - amount[:, None] * _SHADE

    def _crease(self, finger: str, bone: int, strength: float, along_m: float = 0.0) -> None:
        texels, local, here = self._near(finger, bone, self.shape.radii_m[finger][bone])
        offset = (local[:, 0] - along_m) / self.shape.size
        line, fold = np.exp(-((offset / 0.0008) ** 2)), np.exp(-((offset / 0.0030) ** 2))
        self._darken(texels, here * strength * (line + 0.3 * fold))

    def _wrinkles(self, finger: str, bone: int, strength: float) -> None:
        radius_m = self.shape.radii_m[finger][bone]
        texels, local, here = self._near(finger, bone, radius_m)
        bow = 0.15 * local[:, 1] ** 2 / radius_m
        along, across = local[:, 0] / (0.45 * radius_m), local[:, 1] / (0.8 * radius_m)
        patch = np.exp(-(along**2 + across**2))
        lines = 0.5 + 0.5 * np.cos(2 * np.pi * (local[:, 0] + bow) / (0.0021 * self.shape.size))
        self._darken(texels, here * patch * strength * (0.6 + 0.9 * lines**2))

    def _redden_tip(self, finger: str) -> None:
        along_m = 0.6 * self.shape.bone_lengths_m[finger][2]
        self._redden(finger, 2, along_m, self.shape.radii_m[finger][3])

    def _redden(self, finger: str, bone: int, along_m: float, radius_m: float) -> None:
        texels, local, here = self._near(finger, bone, radius_m)
        spot = here * np.exp(-(((local[:, 0] - along_m) / (1.1 * radius_m)) ** 2))
        self.colors[texels] *= 1 + 0.7 * spot[:, None] * (_BLOOD - 1)

    def _nail(self, finger: str) -> None:
        radius_m = self.shape.radii_m[finger][3]
        middle_m = 0.88 * self.shape.bone_lengths_m[finger][2]
        texels, local, here = self._near(finger, 2, 1.4 * radius_m)
        along = (local[:, 0] - middle_m) / (0.0068 * self.shape.size)
        across = local[:, 1] / (0.84 * radius_m)
        from_center = (np.abs(along) ** 3 + np.abs(across) ** 3) ** (1 / 3)
        here = here * (local[:, 2] > -0.2 * radius_m)
        nail = here * (1 - smoothstep(from_center, 0.88, 1.0))
        self._darken(texels, 0.30 * here * np.exp(-(((from_center - 1.03) / 0.10) ** 2)))
        pale = smoothstep(-along, 0.55, 0.75) + 1.2 * smoothstep(along, 0.72, 0.82)
        tone = 0.5 * self.colors.mean(axis=0) + 0.5 * _NAIL_TONE + 0.10 * pale[:, None]
        self.colors[texels] += nail[:, None] * (tone - self.colors[texels])

    def _palm_lines(self) -> None:
        """Heart, head and life line, as curves through places relative to the knuckles."""
        thumb, index, middle, _, pinky = self.shape.first_joints_m.values()
        lines = [
            (pinky * 0.88 + [0, -0.006, 0], middle * 0.86 + [0, -0.012, 0],
             middle * 1.02 + [0, 0.012, 0]),
            (index * 0.84 + [0, 0.009, 0], middle * 0.68, pinky * 0.60),
            (index * 0.86 + [0, 0.008, 0], middle * 0.55 + [0, 0.006, 0], thumb * [0.6, 0.1, 1]),
        ]  # fmt: skip
        on_palm = np.flatnonzero(self.points[:, 0] < middle[0] * 1.1)
        places = self.points[on_palm, :2]
        t = np.linspace(0, 1, 40)[:, None]
        for start, bend, end in lines:
            curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
            offsets = [places - point for point in curve[:, :2].astype(places.dtype)]
            square = (
                np.min([dot(offset, offset) for offset in offsets], axis=0) / self.shape.size**2
            )
            line, fold = np.exp(-square / 0.0009**2), np.exp(-square / 0.0036**2)
            self._darken(on_palm, 0.13 * line + 0.04 * fold)


def _visible_texels(
    mesh: HandMesh, origin: np.ndarray, rows: int, columns: int, side: float
) -> tuple[np.ndarray, np.ndarray]:
    """Which texels (N,) show the resting hand from -z or +z, and which points (N, 3) of it."""
    # Columns along y and rows along x: right-handed seen from above, as an image is from its front.
    points_px = ((mesh.vertices[:, :2] - origin) * TEXELS_PER_M)[:, ::-1]
    triangles = mesh.triangles if side > 0 else mesh.triangles[:, ::-1]
    # From so far that perspective plays no part.
    depth_m = 100.0 - side * mesh.vertices[:, 2]
    surface = rasterize(points_px, depth_m, triangles, columns, rows)
    corners = mesh.vertices[triangles[surface.triangles]]
    return surface.pixels, np.einsum('nci,nc->ni', corners, surface.barycentric)


def _unevenness(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """Factors (rows * columns, 3): blotches of a few millimetres to centimetres."""
    total = np.zeros((rows, columns))
    for size_px, amount in ((3, 0.012), (9, 0.012), (28, 0.018), (70, 0.02)):
        coarse = rng.standard_normal((rows // size_px + 3, columns // size_px + 3))
        fine = cv2.resize(coarse, None, fx=size_px, fy=size_px, interpolation=cv2.INTER_CUBIC)
        total += amount * fine[:rows, :columns]
    return 1 + total.reshape(-1, 1) * _SHADE


def _fill_beyond(colors: np.ndarray, texels: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """A picture (rows, columns, 3) of colours (N, 3) at texels, the others like the nearest."""
    uncovered = np.ones((rows, columns), np.uint8)
    uncovered.reshape(-1)[texels] = 0
    _, labels = cv2.distanceTransformWithLabels(
        uncovered, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    color_of_label = np.zeros((labels.max() + 1, 3), np.float32)
    color_of_label[labels.reshape(-1)[texels]] = colors
    return color_of_label[labels]
