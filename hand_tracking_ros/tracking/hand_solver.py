"""Place a hand of known bone lengths where its landmarks are seen: the least squares inside.

The unknowns are the 21 landmarks in a camera's frame, a turn that all links have in common, and
the logarithm of the hand's relative size: 67 numbers. Every residual speaks of one landmark or of
a weighted sum of a few, so the normal equations are put together from 3x3 blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from hand_tracking_ros.tracking.hand import NUM_LANDMARKS
from hand_tracking_ros.tracking.hand_shape import LINKS

NUM_COORDINATES = 3 * NUM_LANDMARKS
TURN = slice(NUM_COORDINATES, NUM_COORDINATES + 3)
LOG_SIZE = NUM_COORDINATES + 3

# Landmarks that miss by more sigmas than this pull with constant force: hidden tips are guesses.
HUBER_SIGMAS = 2.0
# Depths that miss by more sigmas than this do not pull at all: they are another surface.
DEPTH_CUTOFF_SIGMAS = 3.0
MAX_ITERATIONS = 15
# Steps in rad, in distances of the hand, and in relative size.
MAX_STEP = 0.5
CONVERGED = 3e-3
# Nothing of a hand is nearer to the camera than this part of its middle's distance.
MIN_DEPTH = 0.15


def blend_products(blends: np.ndarray) -> np.ndarray:
    """(21 * 21, K) products of all pairs of weights of blends (K, 21) of landmarks."""
    return (blends[:, :, None] * blends[:, None, :]).reshape(len(blends), -1).T.copy()


# Each link's vector is its end minus its start.
_LINK_BLENDS = np.zeros((len(LINKS), NUM_LANDMARKS))
_LINK_BLENDS[np.arange(len(LINKS)), LINKS[:, 0]] = -1.0
_LINK_BLENDS[np.arange(len(LINKS)), LINKS[:, 1]] = 1.0
_LINK_PRODUCTS = blend_products(_LINK_BLENDS)
_DIAGONAL = np.arange(NUM_LANDMARKS)


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
        products: (441, K) `blend_products` of these.
        rays: (K, 3) unit directions towards them.
        range_m: (K,) their distance along these.
        sigma_m: (K,) its error.
    """

    blends: np.ndarray
    products: np.ndarray
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
        turn: (3, 3) of the expected links.
        log_size: relative to the expected links.
    """

    points: np.ndarray
    turn: np.ndarray
    log_size: float

    def moved(self, step: np.ndarray) -> Placement:
        """The placement after a step (67,)."""
        return Placement(
            self.points + step[:NUM_COORDINATES].reshape(-1, 3),
            cv2.Rodrigues(step[TURN])[0] @ self.turn,
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
        covariance: (67, 67) of its points, turn (rad) and log_size.
    """

    placement: Placement
    covariance: np.ndarray


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
        of the camera.
    """
    placement = start
    for _ in range(max_iterations):
        if not placement.in_front():
            return None
        equations = _Equations()
        equations.add_links(placement, expected)
        equations.add_landmarks(placement.points, seen)
        if depths is not None:
            equations.add_depths(placement.points, depths)
        step = -np.linalg.solve(equations.information, equations.gradient)
        moved = np.abs(step[:NUM_COORDINATES]).max() / placement.points[:, 2].mean()
        length = max(moved, np.abs(step[NUM_COORDINATES:]).max())
        placement = placement.moved(step * (MAX_STEP / max(MAX_STEP, length)))
        if length < CONVERGED:
            break
    if not placement.in_front():
        return None
    return Solution(placement, np.linalg.inv(equations.information))


class _Equations:
    """Normal equations: information (67, 67) and gradient (67,)."""

    def __init__(self) -> None:
        self.information = np.zeros((NUM_COORDINATES + 4, NUM_COORDINATES + 4))
        self.gradient = np.zeros(NUM_COORDINATES + 4)

    def add_links(self, placement: Placement, expected: ExpectedHand) -> None:
        """The links have about the expected lengths, and after a common turn the directions."""
        size = np.exp(placement.log_size)
        links = size * expected.links @ placement.turn.T
        lengths = np.linalg.norm(links, axis=1)
        vectors = _LINK_BLENDS @ placement.points
        found = np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)
        directions = vectors / found[:, None]
        weight = (expected.vector_sigma * lengths) ** -2
        length_weight = (expected.length_sigma * lengths) ** -2
        pull = weight[:, None] * (vectors - links)
        length_pull = length_weight * (found - lengths)
        blocks = length_weight[:, None, None] * directions[:, :, None] * directions[:, None, :]
        blocks[:, [0, 1, 2], [0, 1, 2]] += weight[:, None]
        self._add_points(_LINK_PRODUCTS, blocks)
        self.gradient[:NUM_COORDINATES] += (
            _LINK_BLENDS.T @ (pull + length_pull[:, None] * directions)
        ).ravel()
        self._add_turn_size(vectors, links, weight, pull)
        # Residuals are relative to the size. Were their change with it not that of the vectors
        # but of the links, hands would grow: an image would seem to tell their size.
        by_size = -length_weight * found
        column = (_LINK_BLENDS.T @ (by_size[:, None] * directions)).ravel()
        self.information[:NUM_COORDINATES, LOG_SIZE] += column
        self.information[LOG_SIZE, :NUM_COORDINATES] += column
        self.information[LOG_SIZE, LOG_SIZE] -= by_size @ found
        self.gradient[LOG_SIZE] -= length_pull @ found
        self._add_priors(placement, expected)

    def add_landmarks(self, points: np.ndarray, seen: SeenLandmarks) -> None:
        """The landmarks lie on their rays."""
        inverse_depth = 1.0 / points[:, 2]
        projected = points[:, :2] * inverse_depth[:, None]
        residual = projected - seen.image
        sigmas = np.linalg.norm(residual, axis=1) / seen.sigma
        weight = np.minimum(1.0, HUBER_SIGMAS / np.maximum(sigmas, 1e-9)) / seen.sigma**2
        jacobian = np.zeros((NUM_LANDMARKS, 2, 3))
        jacobian[:, 0, 0] = jacobian[:, 1, 1] = inverse_depth
        jacobian[:, :, 2] = -projected * inverse_depth[:, None]
        weighted = (weight[:, None, None] * jacobian).transpose(0, 2, 1)
        blocks = self.information[:NUM_COORDINATES, :NUM_COORDINATES]
        blocks = blocks.reshape(NUM_LANDMARKS, 3, NUM_LANDMARKS, 3)
        blocks[_DIAGONAL, :, _DIAGONAL, :] += weighted @ jacobian
        self.gradient[:NUM_COORDINATES] += (weighted @ residual[:, :, None]).ravel()

    def add_depths(self, points: np.ndarray, depths: SeenDepths) -> None:
        """Points in the hand are as far away as seen, or else are not what was seen."""
        ranges = ((depths.blends @ points) * depths.rays).sum(axis=1)
        residual = (ranges - depths.range_m) / depths.sigma_m
        trust = np.clip(1 - (residual / DEPTH_CUTOFF_SIGMAS) ** 2, 0.0, None) ** 2
        rays = depths.rays / depths.sigma_m[:, None]
        blocks = trust[:, None, None] * rays[:, :, None] * rays[:, None, :]
        self._add_points(depths.products, blocks)
        pull = (trust * residual)[:, None] * rays
        self.gradient[:NUM_COORDINATES] += (depths.blends.T @ pull).ravel()

    def _add_points(self, products: np.ndarray, blocks: np.ndarray) -> None:
        """Information (K, 3, 3) about blends of landmarks, shared out to the landmarks."""
        shared = (products @ blocks.reshape(len(blocks), 9)).reshape(
            NUM_LANDMARKS, NUM_LANDMARKS, 3, 3
        )
        self.information[:NUM_COORDINATES, :NUM_COORDINATES] += shared.transpose(
            0, 2, 1, 3
        ).reshape(NUM_COORDINATES, NUM_COORDINATES)

    def _add_turn_size(
        self, vectors: np.ndarray, links: np.ndarray, weight: np.ndarray, pull: np.ndarray
    ) -> None:
        """How the links' vectors depend on turn and size."""
        by_common = np.zeros((len(links), 3, 4))
        x, y, z = links.T
        # Minus the link as turned by a small angle, which is the link x the turn.
        by_common[:, 0, 1], by_common[:, 0, 2] = -z, y
        by_common[:, 1, 0], by_common[:, 1, 2] = z, -x
        by_common[:, 2, 0], by_common[:, 2, 1] = -y, x
        by_common[:, :, 3] = -vectors
        weighted = weight[:, None, None] * by_common
        mixed = _LINK_BLENDS.T @ weighted.reshape(len(links), 12)
        mixed = mixed.reshape(NUM_COORDINATES, 4)
        self.information[:NUM_COORDINATES, NUM_COORDINATES:] += mixed
        self.information[NUM_COORDINATES:, :NUM_COORDINATES] += mixed.T
        flat = by_common.reshape(-1, 4)
        self.information[NUM_COORDINATES:, NUM_COORDINATES:] += weighted.reshape(-1, 4).T @ flat
        self.gradient[NUM_COORDINATES:] += flat.T @ pull.ravel()

    def _add_priors(self, placement: Placement, expected: ExpectedHand) -> None:
        turn = cv2.Rodrigues(placement.turn)[0].ravel()
        certainty = np.array([expected.turn_sigma_rad] * 3 + [expected.log_size_sigma]) ** -2.0
        common = np.arange(TURN.start, LOG_SIZE + 1)
        self.information[common, common] += certainty
        self.gradient[common] += certainty * [*turn, placement.log_size]
