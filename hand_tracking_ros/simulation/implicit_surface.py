"""Implicit surfaces: signed distances to smooth bodies, and triangle meshes of their surfaces."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hand_tracking_ros.simulation.array_math import dot


@dataclass(frozen=True)
class Capsule:
    """A round cone: what a ball covers between two points while its radius changes, in metres."""

    start: npt.ArrayLike
    end: npt.ArrayLike
    start_radius: float
    end_radius: float

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Signed distances (N,) of points (N, 3), about, in metres; negative inside."""
        start = np.asarray(self.start, points.dtype)
        axis = np.asarray(self.end, points.dtype) - start
        offset = points - start
        along = np.clip(dot(offset, axis) / max(float(axis @ axis), 1e-12), 0.0, 1.0)
        radius = self.start_radius + along * (self.end_radius - self.start_radius)
        offset -= along[:, None] * axis
        return np.sqrt(dot(offset, offset)) - radius


def smooth_union(distances: Iterable[np.ndarray], blend_m: float) -> np.ndarray:
    """Signed distances (N,) to several bodies, with the edges between them filled.

    Args:
        distances: (N,) signed distances to each body, which are united one after the other.
        blend_m: width of the fillets, about (k of Quilez's quadratic smooth minimum).
    """

    def smooth_minimum(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        nearness = np.maximum(blend_m - np.abs(first - second), 0.0) / blend_m
        return np.minimum(first, second) - nearness**2 * (blend_m / 4)

    return functools.reduce(smooth_minimum, distances)


def mesh_surface(
    distance: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray, step_m: float
) -> tuple[np.ndarray, np.ndarray]:
    """The triangle mesh of a body's surface, by surface nets (Gibson, 1998).

    Space is cut into cubes. Each cube that the surface passes through gets one vertex, in the
    middle of the places where the surface cuts its edges; each edge that is cut joins the four
    cubes around it by two triangles.

    Args:
        distance: (N,) distances for points (N, 3), negative inside.
        low: (3,) a corner of the box to search; the body must not touch the box.
        high: (3,) the other corner.
        step_m: side of a cube.

    Returns:
        Vertices (V, 3) float32 and triangles (T, 3) int32, counter-clockwise seen from outside.
    """
    axes = [
        np.arange(first, last + step_m, step_m, dtype=np.float32)
        for first, last in zip(low, high, strict=True)
    ]
    grid = np.stack(np.meshgrid(*axes, indexing='ij'), axis=-1)
    field = distance(grid.reshape(-1, 3)).reshape(grid.shape[:3])
    shape = np.array(field.shape) - 1
    total = np.zeros((*shape, 3), np.float32)
    count = np.zeros(shape, np.int32)
    quads = []
    cube_index = np.arange(np.prod(shape)).reshape(shape)
    for axis in range(3):
        here, there = (np.delete(field, end, axis) for end in (-1, 0))
        cut = (here < 0) != (there < 0)
        with np.errstate(invalid='ignore', divide='ignore'):
            where = np.where(cut, here / (here - there), 0.0)
        crossing = grid[tuple(slice(0, n) for n in cut.shape)].copy()
        crossing[..., axis] += where * step_m
        _add_to_cubes(total, count, crossing, cut, axis)
        quads.append(_quads_around(cube_index, cut, here < 0, axis))
    used = np.flatnonzero(count.ravel())
    vertices = total.reshape(-1, 3)[used] / count.ravel()[used, None]
    vertex_of_cube = np.full(count.size, -1)
    vertex_of_cube[used] = np.arange(len(used))
    quads = vertex_of_cube[np.concatenate(quads)]
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return vertices, triangles.astype(np.int32)


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V, 3) unit normals, each the mean of the triangles around it by their area."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    face = np.cross(b - a, c - a)
    normals = np.zeros(vertices.shape)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], face)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return (normals / np.maximum(lengths, 1e-20)).astype(np.float32)


def _add_to_cubes(
    total: np.ndarray, count: np.ndarray, crossing: np.ndarray, cut: np.ndarray, axis: int
) -> None:
    """Add where edges along an axis are cut to the four cubes around each of them, in place."""
    across = [a for a in range(3) if a != axis]
    for sides in itertools.product((0, 1), repeat=2):
        edges = [slice(None)] * 3
        # A cube's own edges start at its corner and at the next one.
        for a, side in zip(across, sides, strict=True):
            edges[a] = slice(side, cut.shape[a] - 1 + side)
        is_cut = cut[tuple(edges)]
        total += np.where(is_cut[..., None], crossing[tuple(edges)], 0.0)
        count += is_cut


def _quads_around(
    cube_index: np.ndarray, cut: np.ndarray, starts_inside: np.ndarray, axis: int
) -> np.ndarray:
    """The four cubes (Q, 4) around each cut edge, counter-clockwise seen from outside."""
    b, c = (axis + 1) % 3, (axis + 2) % 3
    inner = [slice(None)] * 3
    inner[b], inner[c] = slice(1, -1), slice(1, -1)
    edges = np.argwhere(cut[tuple(inner)])
    edges[:, [b, c]] += 1
    around = np.zeros((4, 1, 3), int)
    around[:, 0, b], around[:, 0, c] = (-1, 0, 0, -1), (-1, -1, 0, 0)
    quads = cube_index[tuple((edges + around).T)]
    leaves = starts_inside[tuple(edges.T)]
    return np.where(leaves[:, None], quads, quads[:, ::-1])
