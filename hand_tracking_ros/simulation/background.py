"""The background of simulated hands: a wall, with clutter before it on request."""

from __future__ import annotations

import cv2
import numpy as np

from hand_tracking_ros.simulation.pinhole_camera import PinholeCamera
from hand_tracking_ros.simulation.renderer import Picture, to_bytes

WALL_M = 4.5
_NEAREST_CLUTTER_M = 2.4
_NUM_THINGS = 28


def paint_background(
    camera: PinholeCamera, rng: np.random.Generator, clutter: bool, level: float
) -> Picture:
    """A wall with uneven light, and, if `clutter`, coloured things before it.

    Args:
        camera: whose image it fills.
        rng: of colours, light and clutter.
        clutter: whether there are things before the wall.
        level: brightness, 1 is ordinary.
    """
    height, width = camera.height, camera.width
    color = rng.uniform(0.25, 0.75) + rng.uniform(-0.08, 0.08, 3)
    fall_x, fall_y = rng.uniform(-0.25, 0.25, 2)
    x = np.linspace(-1, 1, width)[None, :, None]
    y = np.linspace(-1, 1, height)[:, None, None]
    light = color * (1 + fall_x * x + fall_y * y) + _blotches(height, width, rng)[..., None]
    depth_m = np.full((height, width), WALL_M, np.float32)
    if clutter:
        for distance_m in np.sort(rng.uniform(_NEAREST_CLUTTER_M, WALL_M, _NUM_THINGS))[::-1]:
            _put_thing(light, depth_m, distance_m, rng)
        light = cv2.GaussianBlur(light, None, width / 640)
    image = to_bytes(level * np.clip(light, 0.02, 1.0) ** 2)
    return Picture(image, depth_m, np.full((height, width), -1, np.int8))


def _blotches(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Unevenness (H, W) of a wall: noise of three sizes."""
    total = np.zeros((height, width))
    for cells, amount in ((4, 0.03), (16, 0.012), (90, 0.006)):
        coarse = rng.standard_normal((max(cells * height // width, 2), cells))
        total += amount * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return total


def _put_thing(
    light: np.ndarray, depth_m: np.ndarray, distance_m: float, rng: np.random.Generator
) -> None:
    """Put one striped or plain, square or round thing somewhere, in place."""
    height, width = depth_m.shape
    size = rng.uniform(0.04, 0.28, 2) * width * _NEAREST_CLUTTER_M / distance_m
    center, angle = rng.uniform(0, [width, height]), rng.choice([0.0, 0.0, rng.uniform(0, 180)])
    mask = np.zeros((height, width), np.uint8)
    if rng.uniform() < 0.7:
        corners = cv2.boxPoints((center, size, angle))
        cv2.fillConvexPoly(mask, corners.astype(np.int32), 1)
    else:
        cv2.ellipse(mask, (center, size, angle), 1, cv2.FILLED)
    inside = mask.astype(bool)
    color = rng.uniform(0.1, 0.9, 3)
    y, x = np.nonzero(inside)
    pattern = rng.uniform(0.0, 0.25) * np.sin((x * rng.uniform(-1, 1) + y * rng.uniform(-1, 1)) / 3)
    light[inside] = color * (1 + pattern[:, None]) * (1 + 0.2 * (y - center[1]) / height)[:, None]
    depth_m[inside] = distance_m
