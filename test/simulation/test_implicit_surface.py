"""Smooth bodies and the meshes of their surfaces."""

import numpy as np
import pytest

from hand_tracking_ros.simulation.implicit_surface import (
    Capsule,
    mesh_surface,
    smooth_union,
    vertex_normals,
)

RADIUS_M = 0.02


@pytest.fixture(scope='module')
def ball():
    capsule = Capsule(np.zeros(3), np.zeros(3), RADIUS_M, RADIUS_M)
    return mesh_surface(capsule.distance, np.full(3, -0.03), np.full(3, 0.03), 0.003)


def test_vertices_lie_on_the_surface(ball):
    vertices, _ = ball
    assert np.linalg.norm(vertices, axis=1) == pytest.approx(RADIUS_M, abs=0.0003)


def test_the_surface_has_no_hole(ball):
    _, triangles = ball
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    # Each edge belongs to two triangles, which pass it in opposite directions.
    assert len(np.unique(edges, axis=0)) == len(edges)
    assert {tuple(edge) for edge in edges} == {tuple(edge) for edge in edges[:, ::-1]}


def test_triangles_and_normals_look_outwards(ball):
    vertices, triangles = ball
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    volume = np.einsum('ni,ni->n', a, np.cross(b, c)).sum() / 6
    assert volume == pytest.approx(4 / 3 * np.pi * RADIUS_M**3, rel=0.03)
    outwards = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
    assert (np.einsum('ni,ni->n', vertex_normals(vertices, triangles), outwards) > 0.97).all()


def test_a_capsule_changes_its_radius_from_end_to_end():
    capsule = Capsule(np.zeros(3), np.array([0.1, 0.0, 0.0]), 0.02, 0.01)
    points = np.array([[0.0, 0.05, 0.0], [0.05, 0.05, 0.0], [0.1, 0.05, 0.0], [0.13, 0.0, 0.0]])
    assert capsule.distance(points) == pytest.approx([0.03, 0.035, 0.04, 0.02])


def test_a_union_fills_the_corner_between_bodies_and_changes_nothing_else():
    first, second = np.array([0.01, 0.002, -0.01]), np.array([0.05, 0.002, 0.03])
    union = smooth_union([first, second], 0.008)
    assert union[[0, 2]] == pytest.approx(np.minimum(first, second)[[0, 2]])
    assert union[1] == pytest.approx(0.002 - 0.008 / 4)
