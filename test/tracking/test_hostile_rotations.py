"""Rotations of any numbers: proper ones, and the same there and back."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from hand_tracking_ros.tracking import rotations
from hand_tracking_ros.tracking.one_euro import OneEuroFilter, OneEuroOptions, OneEuroRotationFilter
from support.hostile import ORDINARY, ROTATIONS, examples, points, vectors

QUATERNIONS = vectors(4, st.floats(-1e3, 1e3)).filter(lambda q: np.linalg.norm(q) > 1e-3)
UNIT_QUATERNIONS = QUATERNIONS.map(lambda q: q / np.linalg.norm(q))
# Stamps have nanoseconds.
STEPS_S = st.just(0.0) | st.floats(1e-9, 1e3)
# What the node's parameters allow.
OPTIONS = st.builds(
    OneEuroOptions,
    min_cutoff_hz=st.floats(0.01, 100.0),
    cutoff_per_speed=st.floats(0.0, 100.0),
    noise_speed=st.floats(0.0, 100.0),
)


def assert_is_rotation(matrix):
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(matrix) > 0


@examples(100)
@given(QUATERNIONS)
def test_any_quaternion_but_zero_is_a_rotation_and_comes_back(quaternion):
    matrix = rotations.matrix_from_quaternion(quaternion)
    assert_is_rotation(matrix)
    unit = quaternion / np.linalg.norm(quaternion)
    back = rotations.quaternion_from_matrix(matrix)
    assert back[3] >= 0
    assert min(np.abs(back - unit).max(), np.abs(back + unit).max()) < 1e-7


@examples(100)
@given(vectors(3, st.floats(-1e3, 1e3)))
def test_any_rotation_vector_is_a_rotation(vector):
    matrix = rotations.matrix_from_rotation_vector(vector)
    assert_is_rotation(matrix)
    again = rotations.rotation_vector(matrix)
    assert np.linalg.norm(again) <= np.pi + 1e-9
    np.testing.assert_allclose(rotations.matrix_from_rotation_vector(again), matrix, atol=1e-7)


@examples(100)
@given(vectors(3, st.floats(-1.0, 1.0)))
def test_rotation_vectors_shorter_than_pi_come_back(vector):
    again = rotations.rotation_vector(rotations.matrix_from_rotation_vector(vector))
    np.testing.assert_allclose(again, vector, atol=1e-7)


@examples(100)
@given(UNIT_QUATERNIONS, UNIT_QUATERNIONS)
def test_the_product_of_quaternions_is_that_of_their_matrices(second, first):
    matrices = [rotations.matrix_from_quaternion(q) for q in (second, first)]
    product = rotations.matrix_from_quaternion(rotations.product(second, first))
    np.testing.assert_allclose(product, matrices[0] @ matrices[1], atol=1e-9)


@examples(100)
@given(vectors(3))
def test_any_direction_turns_to_z(vector):
    length = np.linalg.norm(vector)
    assume(length > 1e-100)
    turn = rotations.rotation_to_z(vector / length)
    assert_is_rotation(turn)
    np.testing.assert_allclose(turn @ vector / length, [0.0, 0.0, 1.0], atol=1e-9)


@examples(100)
@given(st.lists(st.tuples(ROTATIONS, STEPS_S), min_size=1, max_size=6), OPTIONS)
def test_a_smoothed_rotation_is_one(steps, options):
    smoother = OneEuroRotationFilter()
    for rotation, step_s in steps:
        assert_is_rotation(smoother.filter(rotation, step_s, options))


@examples(100)
@given(
    st.lists(st.tuples(points(3), STEPS_S), min_size=1, max_size=6), st.floats(0.0, 1e4), OPTIONS
)
def test_smoothed_points_are_finite_and_lie_between_those_that_were_seen(steps, unit, options):
    smoother = OneEuroFilter()
    seen = np.array([values for values, _ in steps])
    margin = 1e-9 * (1 + np.abs(seen).max())
    for number, (values, step_s) in enumerate(steps, 1):
        smooth = smoother.filter(values, step_s, unit, options)
        assert (smooth >= seen[:number].min(axis=0) - margin).all()
        assert (smooth <= seen[:number].max(axis=0) + margin).all()


@examples(50)
@given(
    st.lists(
        st.tuples(vectors(2, st.sampled_from([np.nan, np.inf, -np.inf]) | ORDINARY), STEPS_S),
        min_size=2,
        max_size=6,
    )
)
def test_a_filter_gives_no_number_that_is_none_for_one_that_is(steps):
    smoother = OneEuroFilter()
    for values, step_s in steps:
        smooth = smoother.filter(values[None], step_s, 1.0, OneEuroOptions())
        assert np.isfinite(smooth).all() == np.isfinite(values).all()
