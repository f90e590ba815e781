"""The simulated skin: whole, around the bones, moving with them."""

import numpy as np
import pytest

from hand_tracking_ros.simulation.hand_flesh import flesh_distance, rest_frames
from hand_tracking_ros.simulation.hand_mesh import make_hand_mesh
from hand_tracking_ros.simulation.hand_skeleton import (
    FINGER_BONES,
    bone_frames,
    landmarks_of,
    random_hand_shape,
    rotation_about,
)
from hand_tracking_ros.simulation.scenes import FIST, OPEN, PINCH, RELAXED

SHAPE = random_hand_shape(np.random.default_rng(3))
ROTATION = rotation_about('x', 2.5) @ rotation_about('z', 1.0)


@pytest.fixture(scope='module')
def mesh():
    return make_hand_mesh(SHAPE, step_m=0.005)


@pytest.mark.parametrize('seed', range(4))
def test_every_landmark_lies_inside_the_flesh_but_not_deep(seed):
    shape = random_hand_shape(np.random.default_rng(seed))
    points = landmarks_of(shape, rest_frames(shape))
    distance = flesh_distance(shape, points)
    assert (distance < -0.003).all()
    assert (distance > -0.030).all()


def test_the_skin_is_one_closed_surface(mesh):
    edges = np.sort(mesh.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    assert (counts % 2 == 0).all()


def test_every_vertex_follows_the_bones_with_weights_that_sum_to_one(mesh):
    assert mesh.weights.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (mesh.weights >= 0).all()
    # No bone is without skin of its own.
    assert (mesh.weights.max(axis=0) > 0.9).all()


def test_the_skin_stays_as_made_while_the_hand_rests(mesh):
    vertices, normals = mesh.pose(mesh.rest_frames)
    assert np.abs(vertices - mesh.vertices).max() < 1e-6
    assert np.abs(normals - mesh.normals).max() < 1e-5


def test_the_skin_moves_rigidly_with_a_hand_that_does_not_bend(mesh):
    motion = np.eye(4)
    motion[:3, :3], motion[:3, 3] = ROTATION, [0.1, -0.2, 0.7]
    vertices, normals = mesh.pose(motion @ mesh.rest_frames)
    expected = mesh.vertices @ motion[:3, :3].T + motion[:3, 3]
    assert np.abs(vertices - expected).max() < 1e-5
    assert np.abs(normals - mesh.normals @ motion[:3, :3].T).max() < 1e-5


def test_a_fingertip_keeps_its_form_in_a_fist(mesh):
    frames = bone_frames(SHAPE, FIST)
    bone = FINGER_BONES['ring'][2]
    tip = mesh.weights[:, bone] > 0.9999
    assert tip.sum() > 20
    vertices, _ = mesh.pose(frames)

    def local(points, frame):
        return (points - frame[:3, 3]) @ frame[:3, :3]

    moved = local(vertices[tip], frames[bone])
    assert np.abs(moved - local(mesh.vertices[tip], mesh.rest_frames[bone])).max() < 1e-4


@pytest.mark.parametrize('pose', [OPEN, RELAXED, FIST, PINCH])
def test_the_skin_does_not_tear_where_the_hand_bends(mesh, pose):
    vertices, _ = mesh.pose(bone_frames(SHAPE, pose))

    def edge_lengths(points):
        a, b, c = (points[mesh.triangles[:, corner]] for corner in range(3))
        return np.linalg.norm(np.stack([a - b, b - c, c - a]), axis=-1)

    # Webs and the ball of the thumb stretch, by millimetres.
    assert (edge_lengths(vertices) - edge_lengths(mesh.vertices)).max() < 0.010
