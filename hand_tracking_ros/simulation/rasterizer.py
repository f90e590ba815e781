"""Which triangle each pixel sees, with nothing but array arithmetic.

A hand's skin is thousands of triangles of a few pixels each. Every triangle is cut into the rows
of pixels that it covers, all of them at once; every row becomes its pixels; and of all pixels at
one place the nearest stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEAREST_M = 0.05
# Triangles reach this far over their edges, so that rounding leaves no gap between two.
_OVERLAP_PX = 1e-3


@dataclass(frozen=True)
class VisibleSurface:
    """What the pixels that see any triangle see, one row each.

    Attributes:
        pixels: (N,) int32, y * width + x, each once.
        triangles: (N,) int32, index of the triangle.
        corners: (N, 3) float32, how much of the triangle's three corners the point is made of.
        depth_m: (N,) float32, z in the camera's frame.
    """

    pixels: np.ndarray
    triangles: np.ndarray
    corners: np.ndarray
    depth_m: np.ndarray


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
    a, b, c = (points_px[triangles[:, corner]] for corner in range(3))
    too_near = depth_m <= NEAREST_M
    faces_camera = _cross(b - a, c - a) < 0
    if too_near.any():
        faces_camera &= ~too_near[triangles].any(axis=1)
    faced = np.flatnonzero(faces_camera)
    a, b, c = a[faced], b[faced], c[faced]
    # Each corner's share as factors of x, y and 1: 1 there, 0 on the other two's edge.
    shares = np.stack([_share(a, b, c), _share(b, c, a), _share(c, a, b)])
    low = np.minimum(np.minimum(a[:, 1], b[:, 1]), c[:, 1])
    high = np.maximum(np.maximum(a[:, 1], b[:, 1]), c[:, 1])
    triangle, y = _steps(np.maximum(low, 0.0), np.minimum(high, height - 1.0))
    left, right = _row_ends(shares[:, triangle], y, width)
    row, x = _steps(left, right)
    triangle, y = triangle[row], y[row]
    nearness_at_corner = (1 / np.maximum(depth_m, NEAREST_M)).astype(np.float32)
    # Perspective: what is linear in the image is the inverse of the depth.
    by_x, by_y, by_one = (shares * nearness_at_corner[triangles[faced].T, None]).sum(0).T
    nearness = by_x[triangle] * x + by_y[triangle] * y + by_one[triangle]
    pixels = y * width + x
    front = _nearest_of_each(pixels, nearness, width * height)
    triangle, x, y, nearness = triangle[front], x[front], y[front], nearness[front]
    corners = np.empty((len(front), 3), np.float32)
    original = faced[triangle]
    for corner, factors in enumerate(shares):
        by_x, by_y, by_one = factors.T
        share = by_x[triangle] * x + by_y[triangle] * y + by_one[triangle]
        corners[:, corner] = share * nearness_at_corner[triangles[original, corner]] / nearness
    return VisibleSurface(pixels[front], original.astype(np.int32), corners, 1 / nearness)


def _share(corner: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(T, 3) float32 factors of x, y, 1: 1 at the corner (T, 2), 0 on the line start to end."""
    along = end - start
    area = _cross(along, corner - start)
    factors = [-along[:, 1] / area, along[:, 0] / area, -_cross(along, start) / area]
    return np.stack(factors, axis=1).astype(np.float32)


def _row_ends(shares: np.ndarray, y: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last x (R,) at which all three shares (3, R, 3) are above 0 in rows y (R,)."""
    left = np.zeros(len(y), np.float32)
    right = np.full(len(y), width - 1, np.float32)
    for by_x, by_y, by_one in shares.transpose(0, 2, 1):
        # A level edge leaves the row to the other two.
        with np.errstate(divide='ignore', invalid='ignore'):
            end = np.nan_to_num(-(by_y * y + by_one) / by_x, posinf=1e6, neginf=-1e6)
        np.maximum(left, np.where(by_x > 0, end - _OVERLAP_PX, left), out=left)
        np.minimum(right, np.where(by_x < 0, end + _OVERLAP_PX, right), out=right)
    return left, right


def _steps(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All whole numbers between low and high (R,): index of the pair, and the number."""
    first = np.ceil(low).astype(np.int32)
    counts = np.maximum(np.floor(high).astype(np.int32) - first + 1, 0)
    index = np.repeat(np.arange(len(low), dtype=np.int32), counts)
    starts = np.cumsum(counts, dtype=np.int32) - counts
    return index, np.arange(len(index), dtype=np.int32) + (first - starts)[index]


def _nearest_of_each(pixels: np.ndarray, nearness: np.ndarray, num_pixels: int) -> np.ndarray:
    """One row of each pixel that occurs, that with the largest nearness."""
    front = np.full(num_pixels, -1, np.int32)
    contenders = np.arange(len(pixels), dtype=np.int32)
    while len(contenders):
        # Of several at one pixel the last one stays; those nearer than it try again.
        front[pixels[contenders]] = contenders
        contenders = contenders[nearness[contenders] > nearness[front[pixels[contenders]]]]
    return front[front >= 0]


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
