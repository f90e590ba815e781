"""Rasterization with a depth test: which triangle each pixel sees, all in numpy.

A hand's skin is thousands of triangles of a few pixels each. Every triangle is cut into the rows
of pixels that it covers, all of them at once; every row becomes its pixels; and of all candidates
for one pixel the nearest stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_tracking_ros.simulation.array_math import dot, take_rows

NEAREST_M = 0.05
# Triangles reach this far over their edges, so that rounding leaves no gap between two.
_OVERLAP_PX = 1e-3


@dataclass(frozen=True)
class VisibleSurface:
    """What the pixels that see any triangle see, one row each.

    Attributes:
        pixels: (N,) int32, y * width + x, each once.
        triangles: (N,) int32, index of the triangle.
        barycentric: (N, 3) float32, the point's weights of the triangle's three corners.
        depth_m: (N,) float32, z in the camera's frame.
    """

    pixels: np.ndarray
    triangles: np.ndarray
    barycentric: np.ndarray
    depth_m: np.ndarray

    def take(self, index: np.ndarray) -> VisibleSurface:
        """Some of the pixels, by their rows."""
        columns = (self.pixels, self.triangles, self.barycentric, self.depth_m)
        return VisibleSurface(*(take_rows(column, index) for column in columns))


def rasterize(
    points_px: np.ndarray, depth_m: np.ndarray, triangles: np.ndarray, width: int, height: int
) -> VisibleSurface:
    """Find what each pixel of an image sees.

    Args:
        points_px: (V, 2) where the vertices are in the image.
        depth_m: (V,) their depth.
        triangles: (T, 3) vertex indices, counter-clockwise seen from outside; those seen from
            inside are left out, and so are those with a corner nearer than NEAREST_M.
        width: px.
        height: px.
    """
    # Triangles that look away are half of all: leave them out before anything else.
    points_px = points_px.astype(np.float32)
    a, b, c = (take_rows(points_px, triangles[:, corner]) for corner in range(3))
    faces_camera = _cross(b - a, c - a) < 0
    too_near = depth_m <= NEAREST_M
    if too_near.any():
        faces_camera &= ~too_near[triangles].any(axis=1)
    faced = np.flatnonzero(faces_camera)
    a, b, c, corners = (take_rows(table, faced) for table in (a, b, c, triangles))
    low = np.minimum(np.minimum(a[:, 1], b[:, 1]), c[:, 1])
    high = np.maximum(np.maximum(a[:, 1], b[:, 1]), c[:, 1])
    triangle, y = _integers_between(np.maximum(low, 0.0), np.minimum(high, height - 1.0))
    # From here on, points are relative to the first corner: small numbers, small rounding errors.
    second, third = _gradients(b - a, c - a)
    x0, y0 = a[:, 0][triangle], a[:, 1][triangle]
    left, right = _row_ends(take_rows(second, triangle), take_rows(third, triangle), y - y0)
    left, right = np.maximum(left + x0, 0.0), np.minimum(right + x0, width - 1.0)
    row, x = _integers_between(left, right)
    triangle, y = triangle[row], y[row]
    # Perspective: what is linear in the image is the inverse of the depth.
    inverse = (1 / np.maximum(depth_m, NEAREST_M)).astype(np.float32)[corners]
    to_second, to_third = (inverse[:, [corner]] - inverse[:, :1] for corner in (1, 2))
    gradient = second * to_second + third * to_third
    offset = np.stack([x, y], axis=1).astype(np.float32) - take_rows(a, triangle)
    inverse_depth = inverse[:, 0][triangle] + dot(take_rows(gradient, triangle), offset)
    pixels = y * width + x
    front = _nearest_of_each(pixels, inverse_depth, width * height)
    triangle, offset = triangle[front], take_rows(offset, front)
    inverse_depth = inverse_depth[front]
    weights = np.empty((len(front), 3), np.float32)
    weights[:, 1] = dot(take_rows(second, triangle), offset)
    weights[:, 2] = dot(take_rows(third, triangle), offset)
    weights[:, 0] = 1 - weights[:, 1] - weights[:, 2]
    weights *= take_rows(inverse, triangle) / inverse_depth[:, None]
    triangles_seen = faced[triangle].astype(np.int32)
    return VisibleSurface(pixels[front], triangles_seen, weights, 1 / inverse_depth)


def _gradients(to_second: np.ndarray, to_third: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How the second and third corner's barycentric weights grow with x and y, (T, 2) each.

    Both are 0 at the first corner, from which `to_second` and `to_third` (T, 2) lead to the others.
    """
    area = _cross(to_second, to_third)
    second = np.stack([to_third[:, 1], -to_third[:, 0]], axis=1) / area[:, None]
    third = np.stack([-to_second[:, 1], to_second[:, 0]], axis=1) / area[:, None]
    return second, third


def _row_ends(
    second: np.ndarray, third: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First and last x (R,) where no barycentric weight is below 0, in rows y (R,).

    x and y are relative to the first corner; `second` and `third` (R, 2) are from `_gradients`.
    """
    left, right = np.full(len(y), -np.inf, np.float32), np.full(len(y), np.inf, np.float32)
    for gradient, start in ((second, 0.0), (third, 0.0), (-second - third, 1.0)):
        # A level edge leaves the row to the other two.
        with np.errstate(divide='ignore', invalid='ignore'):
            end = -(gradient[:, 1] * y + start) / gradient[:, 0]
        np.maximum(left, np.where(gradient[:, 0] > 0, end - _OVERLAP_PX, -np.inf), out=left)
        np.minimum(right, np.where(gradient[:, 0] < 0, end + _OVERLAP_PX, np.inf), out=right)
    return left, right


def _integers_between(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All whole numbers between low and high (R,): index of the pair, and the number."""
    first = np.ceil(low).astype(np.int32)
    counts = np.maximum(np.floor(high).astype(np.int32) - first + 1, 0)
    index = np.repeat(np.arange(len(low), dtype=np.int32), counts)
    starts = np.cumsum(counts, dtype=np.int32) - counts
    return index, np.arange(len(index), dtype=np.int32) + (first - starts)[index]


def _nearest_of_each(pixels: np.ndarray, inverse_depth: np.ndarray, num_pixels: int) -> np.ndarray:
    """One row of each pixel that occurs, the nearest."""
    front = np.full(num_pixels, -1, np.int32)
    contenders = np.arange(len(pixels), dtype=np.int32)
    while len(contenders):
        # Of several at one pixel the last one stays; those nearer than it try again.
        front[pixels[contenders]] = contenders
        nearest = front[pixels[contenders]]
        contenders = contenders[inverse_depth[contenders] > inverse_depth[nearest]]
    return front[front >= 0]


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
