"""Place a hand of known bone lengths where its landmarks are seen: the least squares inside.

The unknowns are the 21 landmarks in a camera's frame, a turn that all links have in common, and
the logarithm of the hand's relative size: 67 numbers, of the landmarks first all x, then y, then z.
Every residual says by how many sigmas one landmark, or a weighted sum of a few (a blend), misses
along one direction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from hand_tracking_ros.tracking import rotations
from hand_tracking_ros.tracking.hand import NUM_LANDMARKS, Landmark
from hand_tracking_ros.tracking.placing.hand_proportions import LINKS

NUM_COORDINATES = 3 * NUM_LANDMARKS
WRIST = Landmark.WRIST + NUM_LANDMARKS * np.arange(3)
TURN = np.arange(NUM_COORDINATES, NUM_COORDINATES + 3)
LOG_SIZE = NUM_COORDINATES + 3

# Landmarks that miss by more sigmas than this pull with constant force: hidden tips are guesses.
HUBER_SIGMAS = 2.0
# Depths that miss by more sigmas than this do not pull at all: they are another surface.
DEPTH_CUTOFF_SIGMAS = 3.0
MAX_ITERATIONS = 15
# Steps in rad, in distances of the hand, and in relative size.
MAX_STEP = 0.5
CONVERGED = 1e-2
# NumPy has larger products done by several threads. For these that takes seven times the processor
# time, and milliseconds where something else uses the other cores.
ROWS_AT_ONCE = 48
# Nothing of a hand is nearer to the camera than this part of its middle's distance.
MIN_DEPTH = 0.15

# Each link's vector is its end minus its start.
_LINK_BLENDS = np.zeros((len(LINKS), NUM_LANDMARKS))
_LINK_BLENDS[np.arange(len(LINKS)), LINKS[:, 0]] = -1.0
_LINK_BLENDS[np.arange(len(LINKS)), LINKS[:, 1]] = 1.0
# The blends that the residuals of links and landmarks are about: of each link three coordinates
# and the length, of each landmark two coordinates in the image.
_BLENDS = np.vstack(
    [
        np.repeat(_LINK_BLENDS, 3, axis=0),
        _LINK_BLENDS,
        np.repeat(np.eye(NUM_LANDMARKS), 2, axis=0),
    ]
)
# A vector times this is the matrix that takes others to their cross product with it.
_CROSS = np.stack([np.cross(axis, np.eye(3)).T for axis in np.eye(3)])


@dataclass(frozen=True)
class ExpectedHand:
    """What is believed of a hand before it is placed.

    Attributes:
        links: (L, 3) the vectors of LINKS, metres, turned as the hand is thought to be.
        length_sigma: (L,) relative error of their lengths.
        vector_sigma: (L,) error of the vectors over their lengths, in any direction.
        turn_sigma_rad: of a turn that all have in common.
        log_size_sigma: of a relative size that all have in common.
    """

    links: np.ndarray
    length_sigma: np.ndarray
    vector_sigma: np.ndarray
    turn_sigma_rad: float
    log_size_sigma: float


@dataclass(frozen=True)
class SeenLandmarks:
    """Where the landmarks are in an image.

    Attributes:
        image: (21, 2) at z = 1; anything where it is not known.
        sigma: (21,) their error; infinite where it is not known.
    """

    image: np.ndarray
    sigma: np.ndarray


@dataclass(frozen=True)
class SeenDepths:
    """How far away some points in the hand are.

    Attributes:
        blends: (K, 21) the points, as weights of the landmarks.
        rays: (K, 3) unit directions towards them.
        range_m: (K,) their distance along these.
        sigma_m: (K,) its error.
    """

    blends: np.ndarray
    rays: np.ndarray
    range_m: np.ndarray
    sigma_m: np.ndarray

    def turned(self, rotation: np.ndarray) -> SeenDepths:
        """The same points in another frame, `rotation` (3, 3) from this one."""
        return replace(self, rays=self.rays @ rotation.T)


@dataclass(frozen=True)
class Placement:
    """A hand in a camera's frame.

    Attributes:
        points: (21, 3) metres.
        turn: (4,) quaternion x, y, z, w, of the expected links.
        log_size: relative to the expected links.
    """

    points: np.ndarray
    turn: np.ndarray
    log_size: float

    def moved(self, step: np.ndarray) -> Placement:
        """The placement after a step (67,)."""
        return Placement(
            self.points + step[:NUM_COORDINATES].reshape(3, -1).T,
            rotations.product(rotations.quaternion_from_rotation_vector(step[TURN]), self.turn),
            self.log_size + float(step[LOG_SIZE]),
        )

    def in_front(self) -> bool:
        """Whether all of it can be seen by a camera."""
        depth = self.points[:, 2]
        return bool(depth.min() > MIN_DEPTH * depth.mean() > 0)


@dataclass(frozen=True)
class Solution:
    """A hand as placed by `solve`.

    Attributes:
        placement: where it is.
        information: (67, 67) about its points, turn (rad) and log_size.
    """

    placement: Placement
    information: np.ndarray

    @cached_property
    def covariance(self) -> np.ndarray:
        """(67, 67) of its points, turn (rad) and log_size."""
        return np.linalg.inv(self.information)


def solve(
    start: Placement,
    expected: ExpectedHand,
    seen: SeenLandmarks,
    depths: SeenDepths | None = None,
    max_iterations: int = MAX_ITERATIONS,
) -> Solution | None:
    """Robust Gauss-Newton from a first placement.

    Returns:
        The placement reached, settled or not after `max_iterations`; None if that is not in front
        of the camera, or where the landmarks are no numbers.
    """
    blends = _BLENDS if depths is None else np.vstack([_BLENDS, depths.blends])
    placement = start
    for _ in range(max_iterations):
        if not placement.in_front():
            return None
        jacobian, residuals = _linearised(placement, expected, seen, depths, blends)
        information = _information(jacobian)
        step = -np.linalg.solve(information, jacobian.T @ residuals)
        moved = np.abs(step[:NUM_COORDINATES]).max() / placement.points[:, 2].mean()
        length = max(moved, np.abs(step[NUM_COORDINATES:]).max())
        placement = placement.moved(step * (MAX_STEP / max(MAX_STEP, length)))
        if length < CONVERGED:
            break
    if not placement.in_front():
        return None
    return Solution(placement, information)


def _information(jacobian: np.ndarray) -> np.ndarray:
    """The derivatives of residuals (M, 67), transposed, times themselves."""
    parts = (jacobian[i : i + ROWS_AT_ONCE] for i in range(0, len(jacobian), ROWS_AT_ONCE))
    return sum(part.T @ part for part in parts)


def _linearised(
    placement: Placement,
    expected: ExpectedHand,
    seen: SeenLandmarks,
    depths: SeenDepths | None,
    blends: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """All residuals (M,), in sigmas, and their derivatives (M, 67) by the unknowns."""
    directions, residuals, by_common = _link_residuals(placement, expected)
    parts = [(directions, residuals), _landmark_residuals(placement.points, seen)]
    if depths is not None:
        parts.append(_depth_residuals(placement.points, depths))
    by_blend = np.concatenate([directions for directions, _ in parts])
    turn = rotations.rotation_vector_from_quaternion(placement.turn)
    prior_sigma = np.array([expected.turn_sigma_rad] * 3 + [expected.log_size_sigma])
    prior = np.array([*turn, placement.log_size]) / prior_sigma
    num_blends = len(blends)
    jacobian = np.zeros((num_blends + len(prior), NUM_COORDINATES + 4))
    by_points = by_blend[:, :, None] * blends[:, None, :]
    jacobian[:num_blends, :NUM_COORDINATES] = by_points.reshape(num_blends, NUM_COORDINATES)
    jacobian[: len(by_common), NUM_COORDINATES:] = by_common
    jacobian[num_blends:, NUM_COORDINATES:] = np.diag(1.0 / prior_sigma)
    return jacobian, np.concatenate([*(residuals for _, residuals in parts), prior])


def _link_residuals(
    placement: Placement, expected: ExpectedHand
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The links have about the expected lengths, and after a common turn the directions.

    Returns:
        Derivatives (4 * L, 3) by the links' vectors, residuals (4 * L,), and derivatives
        (4 * L, 4) by turn and size: first three of each link, then the lengths.
    """
    turn = rotations.matrix_from_quaternion(placement.turn)
    links = np.exp(placement.log_size) * expected.links @ turn.T
    vectors = _LINK_BLENDS @ placement.points
    lengths = np.linalg.norm(links, axis=1)
    found = np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)
    weight = 1.0 / (expected.vector_sigma * lengths)
    length_weight = 1.0 / (expected.length_sigma * lengths)
    directions = np.concatenate(
        [
            (weight[:, None, None] * np.eye(3)).reshape(-1, 3),
            (length_weight / found)[:, None] * vectors,
        ]
    )
    residuals = np.concatenate(
        [(weight[:, None] * (vectors - links)).ravel(), length_weight * (found - lengths)]
    )
    by_common = np.zeros((len(residuals), 4))
    of_vectors = by_common[: 3 * len(links)].reshape(-1, 3, 4)
    # Minus the link as turned by a small angle, which is the link x the turn.
    of_vectors[:, :, :3] = ((weight[:, None] * links) @ _CROSS.reshape(3, 9)).reshape(-1, 3, 3)
    # Residuals are relative to the size. Were their change with it not that of the vectors but of
    # the links, hands would grow: an image would seem to tell their size.
    of_vectors[:, :, 3] = -weight[:, None] * vectors
    by_common[3 * len(links) :, 3] = -length_weight * found
    return directions, residuals, by_common


def _landmark_residuals(points: np.ndarray, seen: SeenLandmarks) -> tuple[np.ndarray, np.ndarray]:
    """The landmarks lie on their rays: derivatives (42, 3) by each landmark, residuals (42,)."""
    inverse_depth = 1.0 / points[:, 2]
    projected = points[:, :2] * inverse_depth[:, None]
    residuals = projected - seen.image
    sigmas = np.linalg.norm(residuals, axis=1) / seen.sigma
    weight = np.sqrt(np.minimum(1.0, HUBER_SIGMAS / np.maximum(sigmas, 1e-9))) / seen.sigma
    directions = np.zeros((NUM_LANDMARKS, 2, 3))
    directions[:, 0, 0] = directions[:, 1, 1] = weight * inverse_depth
    directions[:, :, 2] = -projected * (weight * inverse_depth)[:, None]
    return directions.reshape(-1, 3), (weight[:, None] * residuals).ravel()


def _depth_residuals(points: np.ndarray, depths: SeenDepths) -> tuple[np.ndarray, np.ndarray]:
    """Points in the hand are as far away as seen, or else are not what was seen.

    Returns:
        Derivatives (K, 3) by each point, and residuals (K,).
    """
    ranges_m = ((depths.blends @ points) * depths.rays).sum(axis=1)
    residuals = (ranges_m - depths.range_m) / depths.sigma_m
    # The square root of the weight that the residual's square has.
    trust = np.clip(1 - (residuals / DEPTH_CUTOFF_SIGMAS) ** 2, 0.0, None)
    return (trust / depths.sigma_m)[:, None] * depths.rays, trust * residuals
