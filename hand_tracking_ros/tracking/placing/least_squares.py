"""Robust nonlinear least squares that place a hand of known proportions in a camera's frame.

The 67 unknowns are the 21 landmarks (first all x, then y, then z), a rotation that all links have
in common, and the logarithm of the hand's relative size. Each residual is an error in standard
deviations, along one direction, of one landmark or of a linear combination of a few: a link's
vector, or a point between two landmarks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hand_tracking_ros.tracking import rotations
from hand_tracking_ros.tracking.hand import NUM_LANDMARKS, Landmark
from hand_tracking_ros.tracking.placing.hand_proportions import LINKS

NUM_COORDINATES = 3 * NUM_LANDMARKS
WRIST = Landmark.WRIST + NUM_LANDMARKS * np.arange(3)
TURN = np.arange(NUM_COORDINATES, NUM_COORDINATES + 3)
LOG_SIZE = NUM_COORDINATES + 3
NUM_UNKNOWNS = NUM_COORDINATES + 4

# Huber's threshold for landmarks: hidden tips are guesses.
HUBER_SIGMAS = 2.0
# Tukey's threshold for depths: beyond it they are another surface and have no weight.
TUKEY_SIGMAS = 3.0
MAX_ITERATIONS = 15
# Steps in rad, in distances of the hand, and in relative size.
MAX_STEP = 0.5
CONVERGED = 1e-2
# NumPy computes larger products with several threads. For these that takes seven times the
# processor time, and milliseconds where something else uses the other cores.
ROWS_AT_ONCE = 48
# No landmark is nearer to the camera than this part of their mean depth.
MIN_DEPTH = 0.15

# Weights of the landmarks in each link's vector: its end minus its start.
_LINK_WEIGHTS = np.eye(NUM_LANDMARKS)[LINKS[:, 1]] - np.eye(NUM_LANDMARKS)[LINKS[:, 0]]
# Weights of the landmarks in the residuals: of each link three coordinates and the length, of each
# landmark two coordinates in the image.
_WEIGHTS = np.vstack(
    [
        np.repeat(_LINK_WEIGHTS, 3, axis=0),
        _LINK_WEIGHTS,
        np.repeat(np.eye(NUM_LANDMARKS), 2, axis=0),
    ]
)
# A vector times this is the matrix that takes others to their cross product with it.
_CROSS = np.stack([np.cross(axis, np.eye(3)).T for axis in np.eye(3)])


@dataclass(frozen=True)
class HandPrior:
    """What is known of a hand's shape and orientation before the fit.

    Attributes:
        links: (L, 3) expected vectors of LINKS, metres.
        length_sigma: (L,) relative error of their lengths.
        vector_sigma: (L,) error of the vectors over their lengths, in any direction.
        turn_sigma_rad: of a rotation that all have in common.
        log_size_sigma: of a relative size that all have in common.
    """

    links: np.ndarray
    length_sigma: np.ndarray
    vector_sigma: np.ndarray
    turn_sigma_rad: float
    log_size_sigma: float


@dataclass(frozen=True)
class ObservedLandmarks:
    """Where the landmarks are in an image.

    Attributes:
        image: (21, 2) normalised image coordinates (at z = 1); anything where not known.
        sigma: (21,) their error; infinite where not known.
    """

    image: np.ndarray
    sigma: np.ndarray


@dataclass(frozen=True)
class ObservedDepths:
    """How far away some points of the hand are.

    Attributes:
        weights: (K, 21) the points, as linear combinations of the landmarks.
        rays: (K, 3) unit directions towards them.
        range_m: (K,) their distance along these.
        sigma_m: (K,) its error.
    """

    weights: np.ndarray
    rays: np.ndarray
    range_m: np.ndarray
    sigma_m: np.ndarray


@dataclass(frozen=True)
class Placement:
    """A hand in a camera's frame.

    Attributes:
        points: (21, 3) metres.
        turn: (4,) quaternion x, y, z, w: the rotation of the prior's links.
        log_size: relative to the prior's links.
    """

    points: np.ndarray
    turn: np.ndarray
    log_size: float

    def moved(self, step: np.ndarray) -> Placement:
        """The placement after a step (67,)."""
        turn = rotations.quaternion_from_rotation_vector(step[TURN])
        return Placement(
            self.points + step[:NUM_COORDINATES].reshape(3, -1).T,
            rotations.product(turn, self.turn),
            self.log_size + float(step[LOG_SIZE]),
        )

    def in_front(self) -> bool:
        """Whether all landmarks are in front of the camera."""
        depth = self.points[:, 2]
        return bool(depth.min() > MIN_DEPTH * depth.mean() > 0)


@dataclass(frozen=True)
class Solution:
    """A hand as placed by `solve`.

    Attributes:
        placement: where it is.
        information: (67, 67) information matrix of its points, turn (rad) and log_size.
    """

    placement: Placement
    information: np.ndarray

    @cached_property
    def covariance(self) -> np.ndarray:
        """(67, 67) of its points, turn (rad) and log_size."""
        return np.linalg.inv(self.information)


def solve(
    start: Placement,
    prior: HandPrior,
    landmarks: ObservedLandmarks,
    depths: ObservedDepths | None = None,
    max_iterations: int = MAX_ITERATIONS,
) -> Solution | None:
    """Gauss-Newton with Huber and Tukey weights, from a first placement.

    Returns:
        The placement reached, converged or not after `max_iterations`; None if that is not in
        front of the camera, or where the landmarks are no numbers.
    """
    weights = _WEIGHTS if depths is None else np.vstack([_WEIGHTS, depths.weights])
    placement = start
    for _ in range(max_iterations):
        if not placement.in_front():
            return None
        jacobian, residuals = _linearise(placement, prior, landmarks, depths, weights)
        information = _information_matrix(jacobian)
        step = -np.linalg.solve(information, jacobian.T @ residuals)
        moved = np.abs(step[:NUM_COORDINATES]).max() / placement.points[:, 2].mean()
        length = max(moved, np.abs(step[NUM_COORDINATES:]).max())
        placement = placement.moved(step * (MAX_STEP / max(MAX_STEP, length)))
        if length < CONVERGED:
            break
    if not placement.in_front():
        return None
    return Solution(placement, information)


def _information_matrix(jacobian: np.ndarray) -> np.ndarray:
    """The Jacobian (M, 67), transposed, times itself."""
    parts = (jacobian[i : i + ROWS_AT_ONCE] for i in range(0, len(jacobian), ROWS_AT_ONCE))
    return sum((part.T @ part for part in parts), np.zeros((NUM_UNKNOWNS, NUM_UNKNOWNS)))


def _linearise(
    placement: Placement,
    prior: HandPrior,
    landmarks: ObservedLandmarks,
    depths: ObservedDepths | None,
    weights: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The Jacobian (M, 67) and all residuals (M,), in standard deviations.

    The residuals of links, landmarks and depths depend on the points through `weights`
    (M - 4, 21); the last 4 are those of the common turn and size.
    """
    by_links, link_residuals, by_common = _link_residuals(placement, prior)
    terms = [(by_links, link_residuals), _landmark_residuals(placement.points, landmarks)]
    if depths is not None:
        terms.append(_depth_residuals(placement.points, depths))
    derivatives, residuals = (np.concatenate(parts) for parts in zip(*terms, strict=True))
    turn = rotations.rotation_vector_from_quaternion(placement.turn)
    common = np.array([*turn, placement.log_size])
    common_sigma = np.array([*[prior.turn_sigma_rad] * 3, prior.log_size_sigma])
    jacobian = np.zeros((len(weights) + 4, NUM_UNKNOWNS))
    by_points = derivatives[:, :, None] * weights[:, None, :]
    jacobian[: len(weights), :NUM_COORDINATES] = by_points.reshape(-1, NUM_COORDINATES)
    jacobian[: len(by_common), NUM_COORDINATES:] = by_common
    jacobian[len(weights) :, NUM_COORDINATES:] = np.diag(1.0 / common_sigma)
    return jacobian, np.concatenate([residuals, common / common_sigma])


def _link_residuals(
    placement: Placement, prior: HandPrior
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Errors of the links' vectors and lengths against the prior's, as turned and scaled.

    Derivatives (4 * L, 3) by the links' vectors, residuals (4 * L,), and derivatives (4 * L, 4) by
    turn and size: first three of each link, then the lengths.
    """
    turn = rotations.matrix_from_quaternion(placement.turn)
    expected = np.exp(placement.log_size) * prior.links @ turn.T
    vectors = _LINK_WEIGHTS @ placement.points
    expected_length = np.linalg.norm(expected, axis=1)
    length = np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)
    weight = 1.0 / (prior.vector_sigma * expected_length)
    length_weight = 1.0 / (prior.length_sigma * expected_length)
    by_coordinates = (weight[:, None, None] * np.eye(3)).reshape(-1, 3)
    by_vectors = np.vstack([by_coordinates, (length_weight / length)[:, None] * vectors])
    errors = weight[:, None] * (vectors - expected)
    residuals = np.concatenate([errors.ravel(), length_weight * (length - expected_length)])
    by_common = np.zeros((len(residuals), 4))
    of_vectors = by_common[: 3 * len(expected)].reshape(-1, 3, 4)
    # Minus the link as rotated by a small angle, which is the link x the rotation vector.
    of_vectors[:, :, :3] = ((weight[:, None] * expected) @ _CROSS.reshape(3, 9)).reshape(-1, 3, 3)
    # Residuals are relative to the size. If they changed with it as the expected links do, not as
    # the vectors do, hands would grow: an image would seem to tell their size.
    of_vectors[:, :, 3] = -weight[:, None] * vectors
    by_common[3 * len(expected) :, 3] = -length_weight * length
    return by_vectors, residuals, by_common


def _landmark_residuals(
    points: np.ndarray, landmarks: ObservedLandmarks
) -> tuple[np.ndarray, np.ndarray]:
    """Reprojection errors: derivatives (42, 3) by each landmark, and residuals (42,)."""
    inverse_depth = 1.0 / points[:, 2]
    projected = points[:, :2] * inverse_depth[:, None]
    errors = projected - landmarks.image
    sigmas = np.linalg.norm(errors, axis=1) / landmarks.sigma
    weight = np.sqrt(np.minimum(1.0, HUBER_SIGMAS / np.maximum(sigmas, 1e-9))) / landmarks.sigma
    by_landmarks = np.zeros((NUM_LANDMARKS, 2, 3))
    by_landmarks[:, 0, 0] = by_landmarks[:, 1, 1] = weight * inverse_depth
    by_landmarks[:, :, 2] = -projected * (weight * inverse_depth)[:, None]
    return by_landmarks.reshape(-1, 3), (weight[:, None] * errors).ravel()


def _depth_residuals(points: np.ndarray, depths: ObservedDepths) -> tuple[np.ndarray, np.ndarray]:
    """Errors of the observed distances: derivatives (K, 3) by each point, and residuals (K,)."""
    ranges_m = ((depths.weights @ points) * depths.rays).sum(axis=1)
    sigmas = (ranges_m - depths.range_m) / depths.sigma_m
    # The square root of Tukey's biweight.
    weight = np.clip(1 - (sigmas / TUKEY_SIGMAS) ** 2, 0.0, None)
    return (weight / depths.sigma_m)[:, None] * depths.rays, weight * sigmas
