"""The least squares that place a hand: exact where everything agrees, robust where it does not."""

from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.tracking.placing.hand_proportions import LINKS
from hand_tracking_ros.tracking.placing.least_squares import (
    LOG_SIZE,
    HandPrior,
    ObservedDepths,
    ObservedLandmarks,
    Placement,
    solve,
)
from hand_tracking_ros.tracking.rotations import (
    IDENTITY_QUATERNION,
    matrix_from_quaternion,
    matrix_from_rotation_vector,
)
from support.seen_hand import placed_joints

JOINTS_M = placed_joints((0.02, 0.01, 0.5), matrix_from_rotation_vector(np.array([0.3, 0.2, 1.0])))
TURN = matrix_from_rotation_vector(np.array([0.1, -0.15, 0.05]))
# A wrong orientation in the prior, a wrong distance at the start.
PRIOR = HandPrior(
    links=(JOINTS_M[LINKS[:, 1]] - JOINTS_M[LINKS[:, 0]]) @ TURN,
    length_sigma=np.full(len(LINKS), 0.1),
    vector_sigma=np.full(len(LINKS), 0.2),
    turn_sigma_rad=100.0,
    log_size_sigma=0.5,
)
START = Placement(JOINTS_M @ TURN + [0.05, 0.0, 0.1], IDENTITY_QUATERNION, 0.0)
IMAGE = JOINTS_M[:, :2] / JOINTS_M[:, 2:]
OBSERVED = ObservedLandmarks(IMAGE, np.full(21, 0.01))


def depths_of(joints_m, sigma_m=0.005) -> ObservedDepths:
    ranges_m = np.linalg.norm(joints_m, axis=1)
    return ObservedDepths(
        weights=np.eye(21),
        rays=joints_m / ranges_m[:, None],
        range_m=ranges_m,
        sigma_m=np.full(21, sigma_m),
    )


def test_what_agrees_is_found_exactly():
    found = solve(START, PRIOR, OBSERVED).placement
    np.testing.assert_allclose(found.points, JOINTS_M, atol=5e-4)
    np.testing.assert_allclose(matrix_from_quaternion(found.turn), TURN, atol=5e-3)


@pytest.mark.parametrize(
    ('scale', 'nearest', 'expected'),
    [(1.0, 0.5, True), (1.0, 0.08, True), (1.0, 0.06, False), (1.0, -0.1, False), (-1.0, 1, False)],
)
def test_a_hand_is_in_front_unless_a_landmark_is_much_nearer_than_the_others(
    scale, nearest, expected
):
    """Nearer than 0.15 of their mean distance, which is half a metre here."""
    points = np.tile([0.0, 0.0, 0.5 * scale], (21, 1))
    points[4, 2] = nearest * scale
    points[5:, 2] += (0.5 * scale - points[4, 2]) / 16
    assert Placement(points, IDENTITY_QUATERNION, 0.0).in_front() == expected


def test_an_image_alone_says_nothing_of_the_size():
    noisy = replace(OBSERVED, image=IMAGE + np.random.default_rng(0).normal(0, 0.02, (21, 2)))
    solution = solve(START, PRIOR, noisy)
    assert abs(solution.placement.log_size) < 1e-3
    assert solution.covariance[LOG_SIZE, LOG_SIZE] == pytest.approx(0.5**2, rel=1e-3)


@pytest.mark.parametrize('factor', [0.8, 1.3])
def test_depth_tells_the_size(factor):
    start = replace(START, points=JOINTS_M * factor)
    solution = solve(start, PRIOR, OBSERVED, depths_of(JOINTS_M * factor))
    assert np.exp(solution.placement.log_size) == pytest.approx(factor, rel=0.01)
    np.testing.assert_allclose(solution.placement.points, JOINTS_M * factor, atol=2e-3)
    assert solution.covariance[LOG_SIZE, LOG_SIZE] < 0.1**2


def test_landmarks_that_are_not_known_do_not_count():
    image, sigma = IMAGE.copy(), OBSERVED.sigma.copy()
    image[[4, 8]], sigma[[4, 8]] = 0.0, np.inf
    found = solve(START, PRIOR, ObservedLandmarks(image, sigma)).placement
    np.testing.assert_allclose(found.points, JOINTS_M, atol=5e-4)


def test_landmarks_far_off_count_little():
    image = IMAGE.copy()
    image[[8, 20]] += [0.3, -0.2]
    found = solve(START, PRIOR, replace(OBSERVED, image=image)).placement
    assert np.linalg.norm(found.points[0] - JOINTS_M[0]) < 0.03


def test_depths_of_another_surface_do_not_count():
    depths = depths_of(JOINTS_M)
    depths.range_m[[6, 7, 8, 10, 11, 12]] -= 0.04
    start = replace(START, points=JOINTS_M)
    found = solve(start, PRIOR, OBSERVED, depths).placement
    np.testing.assert_allclose(found.points, JOINTS_M, atol=2e-3)


def test_a_hand_behind_the_camera_is_not_placed():
    behind = replace(START, points=START.points - [0.0, 0.0, 1.0])
    assert solve(behind, PRIOR, OBSERVED) is None
