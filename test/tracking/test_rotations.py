"""Rotations: the same one in every form, in the order and with the signs that ROS has."""

import numpy as np
import pytest

from hand_tracking_ros.tracking.rotations import (
    IDENTITY_QUATERNION,
    matrix_from_quaternion,
    matrix_from_rotation_vector,
    product,
    quaternion_from_matrix,
    quaternion_from_rotation_vector,
    rotation_to_z,
    rotation_vector,
    rotation_vector_from_quaternion,
)

SQRT_HALF = np.sqrt(0.5)


def random_vectors(longest=np.pi, count=50):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(count, 3))
    return vectors * (
        rng.uniform(0, longest, (count, 1)) / np.linalg.norm(vectors, axis=1)[:, None]
    )


def test_a_quarter_turn_about_z_takes_x_to_y_and_is_x_y_z_w():
    vector = np.array([0.0, 0.0, np.pi / 2])
    matrix = matrix_from_rotation_vector(vector)
    np.testing.assert_allclose(matrix @ [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], atol=1e-15)
    for quaternion in (quaternion_from_matrix(matrix), quaternion_from_rotation_vector(vector)):
        np.testing.assert_allclose(quaternion, [0, 0, SQRT_HALF, SQRT_HALF], atol=1e-15)


def test_every_form_goes_to_the_others_and_back():
    for vector in random_vectors():
        quaternion = quaternion_from_rotation_vector(vector)
        matrix = matrix_from_quaternion(quaternion)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-14)
        np.testing.assert_allclose(quaternion_from_matrix(matrix), quaternion, atol=1e-14)
        np.testing.assert_allclose(rotation_vector(matrix), vector, atol=1e-13)


@pytest.mark.parametrize('length', [0.0, 1e-300, 1e-12, 1e-6])
def test_small_rotations_keep_all_their_digits(length):
    vector = np.array([0.6, 0.0, -0.8]) * length
    found = rotation_vector_from_quaternion(quaternion_from_rotation_vector(vector))
    np.testing.assert_allclose(found, vector, rtol=1e-12)
    np.testing.assert_allclose(
        rotation_vector(matrix_from_rotation_vector(vector)), vector, atol=1e-15
    )


@pytest.mark.parametrize('axis', np.eye(3))
def test_half_a_turn_is_its_axis_either_way_round(axis):
    found = rotation_vector(matrix_from_rotation_vector(np.pi * axis))
    np.testing.assert_allclose(np.abs(found), np.pi * axis, atol=1e-12)


def test_a_quaternion_and_its_negative_are_the_same_rotation():
    for vector in random_vectors():
        negative = -quaternion_from_rotation_vector(vector)
        np.testing.assert_allclose(rotation_vector_from_quaternion(negative), vector, atol=1e-12)
        assert quaternion_from_matrix(matrix_from_quaternion(negative))[3] >= 0


def test_a_product_turns_by_its_last_factor_first():
    second, first = random_vectors(count=2)
    found = product(quaternion_from_rotation_vector(second), quaternion_from_rotation_vector(first))
    expected = matrix_from_rotation_vector(second) @ matrix_from_rotation_vector(first)
    np.testing.assert_allclose(matrix_from_quaternion(found), expected, atol=1e-14)
    np.testing.assert_array_equal(product(IDENTITY_QUATERNION, found), found)


@pytest.mark.parametrize('direction', [(0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (0.6, 0.0, -0.8)])
def test_the_rotation_to_z_turns_any_direction_onto_it(direction):
    rotation = rotation_to_z(np.array(direction))
    np.testing.assert_allclose(rotation @ direction, [0.0, 0.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
