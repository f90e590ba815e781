"""Lay a rigid shape over the rays on which its points were seen."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

# Error of a landmark against the shape's, over the median distance of landmarks from their middle.
LANDMARK_SIGMA = 0.1
# Residuals beyond so many sigmas pull with constant force: hidden fingertips are guesses.
HUBER_SIGMAS = 2.0
# How much the shape may turn against the line of sight: it settles what a flat palm leaves open.
TURN_SIGMA_RAD = np.radians(20.0)

MIN_POINTS = 6
# The same median distance, rad: a hand 50 m away.
MIN_SIZE = 1e-3
# Landmarks farther than this from the middle of the hand are no part of one hand.
MIN_COSINE_TO_MIDDLE = 0.3
# No point of a hand is so much nearer than its middle.
MIN_DEPTH = 0.1
MAX_ITERATIONS = 20
# Steps in rad, and in distances of the hand.
MAX_STEP = 0.5
CONVERGED = 1e-3
# A fit is none if half the landmarks miss by more than this part of the median distance of
# landmarks from their middle; of 700 real hands the worst had 0.35.
MAX_MISS = 0.6


@dataclass(frozen=True)
class RigidFit:
    """A shape's motion into the camera frame, and how sure it is.

    Attributes:
        rotation: (3, 3).
        translation: (3,) m, where the shape's origin comes to lie.
        covariance: (6, 6) over rotation about the camera's axes and translation (rad^2, m^2).
    """

    rotation: np.ndarray
    translation: np.ndarray
    covariance: np.ndarray

    def turned(self, rotation: np.ndarray) -> RigidFit:
        """The same fit in another frame, `rotation` (3, 3) from this one."""
        both = np.zeros((6, 6))
        both[:3, :3] = both[3:, 3:] = rotation
        return RigidFit(
            rotation @ self.rotation,
            rotation @ self.translation,
            both @ self.covariance @ both.T,
        )


def fit_to_rays(shape: np.ndarray, rays: np.ndarray) -> RigidFit | None:
    """Move a shape (N, 3) so that its points come to lie on rays (N, 3), some of them NaN.

    The fit happens in the frame of a camera that looks straight at the hand. There the world
    landmarks' axes are nearly the camera's: the model sees a cut-out of the image and cannot know
    where in the image it was. (Turning the camera by 25 degrees, with the hand in view, turned
    the world landmarks by less than 2.)
    """
    known = np.isfinite(rays).all(axis=1)
    if known.sum() < MIN_POINTS:
        return None
    middle = rays[known].mean(axis=0)
    to_facing = _rotation_to_optical_axis(middle / np.linalg.norm(middle))
    facing = rays @ to_facing.T
    known &= facing[:, 2] > MIN_COSINE_TO_MIDDLE
    if known.sum() < MIN_POINTS:
        return None
    fit = _fit_facing(shape[known], facing[known, :2] / facing[known, 2:])
    if fit is None:
        return None
    return fit.turned(to_facing.T)


def _fit_facing(shape: np.ndarray, image: np.ndarray) -> RigidFit | None:
    """Robust Gauss-Newton from the unturned shape, for points (N, 2) at z = 1.

    None if that does not settle in front of the camera, or not near the points.
    """
    middle, size = _middle_size(image)
    shape_middle, shape_size = _middle_size(shape[:, :2])
    if size < MIN_SIZE or shape_size == 0:
        return None
    sigma = LANDMARK_SIGMA * size
    distance = shape_size / size
    rotation, turn = np.eye(3), np.zeros(3)
    translation = np.array([*(middle * distance - shape_middle), distance])
    for _ in range(MAX_ITERATIONS):
        arms = shape @ rotation.T
        if (arms[:, 2] + translation[2]).min() < MIN_DEPTH * translation[2]:
            return None
        residual, jacobian = _residual(arms, translation, image)
        miss = np.linalg.norm(residual, axis=1)
        weight = np.minimum(1.0, HUBER_SIGMAS * sigma / np.maximum(miss, sigma)) / sigma**2
        weighted = (jacobian * weight[:, None, None]).reshape(-1, 6)
        information = weighted.T @ jacobian.reshape(-1, 6)
        gradient = weighted.T @ residual.ravel()
        information[:3, :3] += np.eye(3) / TURN_SIGMA_RAD**2
        gradient[:3] += turn / TURN_SIGMA_RAD**2
        step = -np.linalg.solve(information, gradient)
        length = max(np.abs(step[:3]).max(), np.abs(step[3:]).max() / translation[2])
        step *= MAX_STEP / max(MAX_STEP, length)
        rotation = cv2.Rodrigues(step[:3])[0] @ rotation
        turn = cv2.Rodrigues(rotation)[0].ravel()
        translation = translation + step[3:]
        if length < CONVERGED:
            break
    else:
        return None
    if np.median(miss) > MAX_MISS * size:
        return None
    # A fit worse than expected is less sure than expected.
    excess = max(1.0, np.mean(miss**2) / (2 * sigma**2))
    return RigidFit(rotation, translation, np.linalg.inv(information) * excess)


def _middle_size(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Median (2,) of points (N, 2) and their median distance from it: strays do not count."""
    middle = np.median(points, axis=0)
    return middle, float(np.median(np.linalg.norm(points - middle, axis=1)))


def _residual(
    arms: np.ndarray, translation: np.ndarray, image: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Miss (N, 2) at z = 1 of turned points (N, 3), and its (N, 2, 6) by rotation, translation."""
    points = arms + translation
    inverse_depth = 1.0 / points[:, 2]
    projected = points[:, :2] * inverse_depth[:, None]
    jacobian = np.zeros((len(points), 2, 6))
    jacobian[:, 0, 3] = jacobian[:, 1, 4] = inverse_depth
    jacobian[:, :, 5] = -projected * inverse_depth[:, None]
    # A small turn moves a point by turn x arm: each row by rotation is arm x row by translation.
    x, y, z = arms.T[:, :, None]
    by_x, by_y, by_z = jacobian[:, :, 3:].transpose(2, 0, 1)
    jacobian[:, :, 0] = y * by_z - z * by_y
    jacobian[:, :, 1] = z * by_x - x * by_z
    jacobian[:, :, 2] = x * by_y - y * by_x
    return projected - image, jacobian


def _rotation_to_optical_axis(direction: np.ndarray) -> np.ndarray:
    """The least rotation (3, 3) that brings a unit direction (3,) to z."""
    x, y, z = direction
    across = np.hypot(x, y)
    if across == 0:
        return np.eye(3) if z > 0 else np.diag([1.0, -1.0, -1.0])
    return cv2.Rodrigues(np.array([y, -x, 0.0]) / across * np.arctan2(across, z))[0]
