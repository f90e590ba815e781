"""Rendering: bodies, light and a background in, an image and its depth out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hand_tracking_ros.simulation.array_math import dot, take_rows
from hand_tracking_ros.simulation.pinhole_camera import PinholeCamera
from hand_tracking_ros.simulation.rasterizer import VisibleSurface, rasterize

# An image's values are light to the power of 1 / GAMMA; 2 is near sRGB, and a square root is fast.
GAMMA = 2.0

# Ambient occlusion: what lies this much deeper than the mean of this neighbourhood is in the dark.
_OCCLUSION_SIZE_M = 0.030
_OCCLUSION_DEPTH_M = 0.016
_DARKEST_HOLLOW = 0.45
_BRIGHTEST_RIDGE = 1.15
# Wrap lighting: light that enters the skin comes out around the corner, redder.
_WRAP = 0.25


@dataclass(frozen=True)
class Texture:
    """Colours of a body; its texture coordinates are where its points are while it rests.

    Attributes:
        sides: (1 or 2, H, W, 3) float32 linear reflectance, 0 to 1; side 0 is seen from -z.
        origin_m: (2,) rest x and y of texel (0, 0); rows go along x, columns along y.
        texels_per_m: their density.
    """

    sides: np.ndarray
    origin_m: np.ndarray
    texels_per_m: float

    def colors(self, coordinates: np.ndarray) -> np.ndarray:
        """Reflectance (N, 3) at coordinates (N, 3): x, y, and 0 to 1 from side 0 to side 1."""
        num_sides, height, width = self.sides.shape[:3]
        texel = (coordinates[:, :2] - self.origin_m.astype(np.float32)) * self.texels_per_m + 0.5
        row = np.clip(texel[:, 0], 0, height - 1).astype(np.int32)
        texel = row * width + np.clip(texel[:, 1], 0, width - 1).astype(np.int32)
        first = take_rows(self.sides[0].reshape(-1, 3), texel)
        if num_sides == 1:
            return first
        second = take_rows(self.sides[1].reshape(-1, 3), texel)
        return first + (second - first) * coordinates[:, 2:]


@dataclass(frozen=True)
class Body:
    """Something to be seen.

    Attributes:
        vertices: (V, 3) metres, in the camera's optical frame.
        normals: (V, 3) outwards.
        triangles: (T, 3) vertex indices, counter-clockwise seen from outside.
        texture_coordinates: (V, 3) float32, as `Texture.colors` takes them.
        texture: its colours.
        specular: strength of the specular reflection.
    """

    vertices: np.ndarray
    normals: np.ndarray
    triangles: np.ndarray
    texture_coordinates: np.ndarray
    texture: Texture
    specular: float = 0.0


@dataclass(frozen=True)
class Light:
    """Directional light of one lamp far away, and ambient light.

    Attributes:
        direction: (3,) unit vector towards the lamp, in the camera's frame.
        directional: (3,) linear colour of the lamp.
        ambient: (3,) linear colour of the light from all sides.
    """

    direction: np.ndarray
    directional: np.ndarray
    ambient: np.ndarray


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
    vertices = np.concatenate([body.vertices for body in bodies]).astype(np.float32)
    starts = np.cumsum([0, *(len(body.vertices) for body in bodies)], dtype=np.int32)
    triangles = np.concatenate(
        [body.triangles + start for body, start in zip(bodies, starts, strict=False)],
        dtype=np.int32,
    )
    surface = _visible_surface(vertices, triangles, depth_m, camera)
    if not len(surface.pixels):
        return picture
    num_triangles = [len(body.triangles) for body in bodies]
    owner = np.repeat(np.arange(len(bodies), dtype=np.int8), num_triangles)[surface.triangles]
    depth_m.reshape(-1)[surface.pixels] = surface.depth_m
    body_map.reshape(-1)[surface.pixels] = owner
    attributes = np.concatenate(
        [np.hstack([body.normals, body.texture_coordinates]) for body in bodies]
    ).astype(np.float32)
    attributes = _interpolate(attributes, triangles, surface)
    colors = np.empty((len(surface.pixels), 3), np.float32)
    for index, body in enumerate(bodies):
        mine = np.flatnonzero(owner == index)
        colors[mine] = body.texture.colors(take_rows(attributes, mine)[:, 3:])
    specular = np.array([body.specular for body in bodies], np.float32)[owner]
    openness = _openness(depth_m, body_map, surface, camera)
    colors = _shade(colors, specular, attributes[:, :3], openness, light)
    image.reshape(-1, 3)[surface.pixels] = to_bytes(colors)
    return picture


def to_bytes(light: np.ndarray) -> np.ndarray:
    """uint8 image values for linear light."""
    return (255 * np.sqrt(np.clip(light, 0.0, 1.0)) + 0.5).astype(np.uint8)


def _visible_surface(
    vertices: np.ndarray, triangles: np.ndarray, depth_m: np.ndarray, camera: PinholeCamera
) -> VisibleSurface:
    """The part of the triangles that is nearer than what the image shows already, (H, W) metres."""
    in_front = vertices.copy()
    np.maximum(in_front[:, 2], 1e-3, out=in_front[:, 2])
    points_px = camera.project(in_front).astype(np.float32)
    surface = rasterize(points_px, vertices[:, 2], triangles, camera.width, camera.height)
    return surface.take(np.flatnonzero(surface.depth_m < depth_m.reshape(-1)[surface.pixels]))


def _interpolate(
    attributes: np.ndarray, triangles: np.ndarray, surface: VisibleSurface
) -> np.ndarray:
    """The vertices' attributes (V, A) at each pixel (N, A)."""
    result = np.zeros((len(surface.pixels), attributes.shape[1]), np.float32)
    for corner in range(3):
        vertex = triangles[:, corner][surface.triangles]
        result += surface.barycentric[:, corner, None] * take_rows(attributes, vertex)
    return result


def _openness(
    depth_m: np.ndarray, body_map: np.ndarray, surface: VisibleSurface, camera: PinholeCamera
) -> np.ndarray:
    """How much ambient light reaches each pixel (N,) of the surface, about 0 to 1.

    Ambient occlusion in the image: a pixel that is farther than the mean of the bodies around it
    is in a hollow, between two fingers for example.
    """
    y, x = np.divmod(surface.pixels, depth_m.shape[1])
    window = np.s_[y.min() : y.max() + 1, x.min() : x.max() + 1]
    is_body = (body_map[window] >= 0).astype(np.float32)
    depth = depth_m[window] * is_body
    kernel_px = 1 + int(camera.focal_length_px * _OCCLUSION_SIZE_M / np.median(surface.depth_m))
    depth, is_body = (cv2.blur(image, (kernel_px, kernel_px)) for image in (depth, is_body))
    mean = depth / np.maximum(is_body, 1e-6)
    behind = surface.depth_m - mean[y - y.min(), x - x.min()]
    return np.clip(1 - behind / np.float32(_OCCLUSION_DEPTH_M), _DARKEST_HOLLOW, _BRIGHTEST_RIDGE)


def _shade(
    colors: np.ndarray,
    specular: np.ndarray,
    normals: np.ndarray,
    openness: np.ndarray,
    light: Light,
) -> np.ndarray:
    """Linear light (N, 3) from points of these colours (N, 3) and normals (N, 3)."""
    directional, ambient = light.directional.astype(np.float32), light.ambient.astype(np.float32)
    normals = normals / np.sqrt(dot(normals, normals))[:, None]
    lit = np.clip((dot(normals, light.direction) + _WRAP) / (1 + _WRAP), 0.0, None)
    # Red reaches farthest around the corner.
    incoming = np.stack([lit, lit * (0.82 + 0.18 * lit), lit * (0.75 + 0.25 * lit)], axis=1)
    incoming *= directional * (0.5 + 0.5 * openness)[:, None]
    incoming += ambient * ((0.8 - 0.2 * normals[:, 1]) * openness)[:, None]
    # Blinn-Phong reflection, as it would look from far away.
    halfway = light.direction - [0.0, 0.0, 1.0]
    reflected = np.clip(dot(normals, halfway / np.linalg.norm(halfway)), 0.0, 1.0)
    eighth_power = ((reflected**2) ** 2) ** 2
    return colors * incoming + (specular * eighth_power**3 * openness)[:, None] * directional
