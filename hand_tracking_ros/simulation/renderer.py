"""Bodies, light and a background in, an image and its depth out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hand_tracking_ros.simulation.array_math import dot, rows
from hand_tracking_ros.simulation.pinhole_camera import PinholeCamera
from hand_tracking_ros.simulation.rasterizer import VisibleSurface, rasterize

# An image's values are light to the power of 1 / GAMMA; 2 is near sRGB, and a square root is fast.
GAMMA = 2.0

# Places that lie deeper than their surroundings of this size get less of the light from all sides.
_HOLLOW_SIZE_M = 0.030
_HOLLOW_DEPTH_M = 0.016
_DARKEST_HOLLOW = 0.45
_BRIGHTEST_RIDGE = 1.15
# Light that enters the skin comes out around the corner, redder.
_WRAP = 0.25


@dataclass(frozen=True)
class Texture:
    """Colours of a body, looked up by where its points are while it rests.

    Attributes:
        sides: (1 or 2, H, W, 3) float32 linear reflectance, 0 to 1; side 0 is seen from -z.
        origin_m: (2,) rest x and y of texel (0, 0); rows go along x, columns along y.
        texels_per_m: their density.
    """

    sides: np.ndarray
    origin_m: np.ndarray
    texels_per_m: float

    def colors(self, places: np.ndarray) -> np.ndarray:
        """Reflectance (N, 3) at places (N, 3): x and y, and 0 to 1 from side 0 to side 1."""
        num_sides, height, width = self.sides.shape[:3]
        texel = (places[:, :2] - self.origin_m.astype(np.float32)) * self.texels_per_m + 0.5
        row = np.clip(texel[:, 0], 0, height - 1).astype(np.int32)
        texel = row * width + np.clip(texel[:, 1], 0, width - 1).astype(np.int32)
        first = rows(self.sides[0].reshape(-1, 3), texel)
        if num_sides == 1:
            return first
        second = rows(self.sides[1].reshape(-1, 3), texel)
        return first + (second - first) * places[:, 2:]


@dataclass(frozen=True)
class Body:
    """Something to be seen.

    Attributes:
        vertices: (V, 3) metres, in the camera's optical frame.
        normals: (V, 3) outwards.
        triangles: (T, 3) vertex indices, counter-clockwise seen from outside.
        places: (V, 3) float32, where each vertex finds its colour in the texture.
        texture: its colours.
        gloss: strength of the reflected light.
    """

    vertices: np.ndarray
    normals: np.ndarray
    triangles: np.ndarray
    places: np.ndarray
    texture: Texture
    gloss: float = 0.0


@dataclass(frozen=True)
class Light:
    """One lamp far away, and light from all sides.

    Attributes:
        direction: (3,) unit vector towards the lamp, in the camera's frame.
        lamp: (3,) linear colour of the lamp.
        surroundings: (3,) linear colour of the rest.
    """

    direction: np.ndarray
    lamp: np.ndarray
    surroundings: np.ndarray


@dataclass(frozen=True)
class Picture:
    """What a camera without flaws sees.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        depth_m: (H, W) float32, z in the camera's frame.
        body: (H, W) int8, index of the body seen, -1 for the background.
    """

    image: np.ndarray
    depth_m: np.ndarray
    body: np.ndarray


def render(bodies: list[Body], background: Picture, camera: PinholeCamera, light: Light) -> Picture:
    """Draw bodies before (or behind) a background of the camera's size."""
    image, depth_m = background.image.copy(), background.depth_m.copy()
    body_map = np.full(depth_m.shape, -1, np.int8)
    picture = Picture(image, depth_m, body_map)
    if not bodies:
        return picture
    counts = [len(body.vertices) for body in bodies]
    vertices = np.concatenate([body.vertices for body in bodies]).astype(np.float32)
    starts = np.cumsum([0, *counts], dtype=np.int32)
    triangles = np.concatenate(
        [body.triangles + start for body, start in zip(bodies, starts, strict=False)],
        dtype=np.int32,
    )
    surface = _see(vertices, triangles, depth_m, camera)
    if not len(surface.pixels):
        return picture
    owners = np.repeat(np.arange(len(bodies), dtype=np.int8), [len(b.triangles) for b in bodies])
    owner = owners[surface.triangles]
    depth_m.reshape(-1)[surface.pixels] = surface.depth_m
    body_map.reshape(-1)[surface.pixels] = owner
    attributes = np.concatenate([np.hstack([body.normals, body.places]) for body in bodies])
    attributes = _interpolate(attributes.astype(np.float32), triangles, surface)
    colors = np.empty((len(surface.pixels), 3), np.float32)
    for index, body in enumerate(bodies):
        mine = np.flatnonzero(owner == index)
        colors[mine] = body.texture.colors(rows(attributes, mine)[:, 3:])
    gloss = np.array([body.gloss for body in bodies], np.float32)[owner]
    openness = _openness(depth_m, body_map, surface, camera)
    colors = _shine(colors, gloss, attributes[:, :3], openness, light)
    image.reshape(-1, 3)[surface.pixels] = to_bytes(colors)
    return picture


def to_bytes(light: np.ndarray) -> np.ndarray:
    """uint8 image values for linear light."""
    return (255 * np.sqrt(np.clip(light, 0.0, 1.0)) + 0.5).astype(np.uint8)


def _see(
    vertices: np.ndarray, triangles: np.ndarray, depth_m: np.ndarray, camera: PinholeCamera
) -> VisibleSurface:
    """The part of the triangles that the camera sees before what has depth (H, W) already."""
    in_front = vertices.copy()
    np.maximum(in_front[:, 2], 1e-3, out=in_front[:, 2])
    points_px = camera.project(in_front).astype(np.float32)
    surface = rasterize(points_px, vertices[:, 2], triangles, camera.width, camera.height)
    front = np.flatnonzero(surface.depth_m < depth_m.reshape(-1)[surface.pixels])
    if len(front) == len(surface.pixels):
        return surface
    return VisibleSurface(
        pixels=surface.pixels[front],
        triangles=surface.triangles[front],
        corners=rows(surface.corners, front),
        depth_m=surface.depth_m[front],
    )


def _interpolate(
    attributes: np.ndarray, triangles: np.ndarray, surface: VisibleSurface
) -> np.ndarray:
    """The vertices' attributes (V, A) at each pixel (N, A)."""
    result = np.zeros((len(surface.pixels), attributes.shape[1]), np.float32)
    for corner in range(3):
        vertex = triangles[:, corner][surface.triangles]
        result += surface.corners[:, corner, None] * rows(attributes, vertex)
    return result


def _openness(
    depth_m: np.ndarray, body_map: np.ndarray, surface: VisibleSurface, camera: PinholeCamera
) -> np.ndarray:
    """How much of the surroundings each pixel (N,) of the surface sees, about 0 to 1.

    A pixel behind the mean of the bodies around it is in a hollow: between two fingers, say.
    """
    y, x = np.divmod(surface.pixels, depth_m.shape[1])
    window = np.s_[y.min() : y.max() + 1, x.min() : x.max() + 1]
    is_body = (body_map[window] >= 0).astype(np.float32)
    depth = depth_m[window] * is_body
    kernel_px = 1 + int(camera.focal_length_px * _HOLLOW_SIZE_M / np.median(surface.depth_m))
    mean = cv2.blur(depth, (kernel_px, kernel_px)) / np.maximum(
        cv2.blur(is_body, (kernel_px, kernel_px)), 1e-6
    )
    behind = surface.depth_m - mean[y - y.min(), x - x.min()]
    return np.clip(1 - behind / np.float32(_HOLLOW_DEPTH_M), _DARKEST_HOLLOW, _BRIGHTEST_RIDGE)


def _shine(
    colors: np.ndarray, gloss: np.ndarray, normals: np.ndarray, openness: np.ndarray, light: Light
) -> np.ndarray:
    """The light (N, 3) that points of these colours (N, 3) and normals (N, 3) send back."""
    lamp, around = light.lamp.astype(np.float32), light.surroundings.astype(np.float32)
    normals = normals / np.sqrt(dot(normals, normals))[:, None]
    facing = dot(normals, light.direction)
    lit = np.clip((facing + _WRAP) / (1 + _WRAP), 0.0, None)
    # Red reaches farthest around the corner.
    incoming = np.stack([lit, lit * (0.82 + 0.18 * lit), lit * (0.75 + 0.25 * lit)], axis=1)
    incoming *= lamp * (0.5 + 0.5 * openness)[:, None]
    incoming += around * ((0.8 - 0.2 * normals[:, 1]) * openness)[:, None]
    # The lamp's reflection, as it would look from far away.
    halfway = light.direction - [0.0, 0.0, 1.0]
    reflected = np.clip(dot(normals, halfway / np.linalg.norm(halfway)), 0.0, 1.0)
    eighth_power = ((reflected**2) ** 2) ** 2
    return colors * incoming + (gloss * eighth_power**3 * openness)[:, None] * lamp
