"""The camera matrix of a CameraInfo, refused if no camera can have it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Focal length over the image's longer side: from a fisheye camera of 180 degrees on a part of its
# sensor (0.1) to a telephoto lens of 1 degree (57), with room.
FOCAL_RATIOS = (0.05, 100.0)
# How unlike both focal lengths may be (images with every other line left out), and how skewed.
MAX_ASPECT, MAX_SKEW = 4.0, 0.1
# How far from a cropped image, in its sides, the optical axis may lie.
MAX_OFFSET = 10.0


class CameraInfoError(ValueError):
    """A CameraInfo cannot be used; the message names field, value and expectation."""


def checked_matrix(k: Sequence[float] | np.ndarray, width: float, height: float) -> np.ndarray:
    """The camera matrix (3, 3) float64 of nine numbers, for an image of this size, px.

    Raises:
        CameraInfoError: no camera has these.
    """
    values = np.asarray(k, np.float64).ravel()
    if len(values) != 9:
        raise CameraInfoError(f'k has {len(values)} numbers, expected 9')
    for index, name in ((0, 'fx'), (4, 'fy')):
        if not (np.isfinite(values[index]) and values[index] > 0):
            raise CameraInfoError(
                f'k[{index}] ({name}) is {values[index]:g}, expected above 0 (not calibrated?)'
            )
    for index in (1, 2, 5):
        if not np.isfinite(values[index]):
            raise CameraInfoError(f'k[{index}] is {values[index]:g}, expected a finite number')
    for index, expected in ((3, 0.0), (6, 0.0), (7, 0.0), (8, 1.0)):
        if values[index] != expected:
            raise CameraInfoError(f'k[{index}] is {values[index]:g}, expected {expected:g}')
    matrix = values.reshape(3, 3)
    _check_plausible(matrix, width, height)
    return matrix


def _check_plausible(matrix: np.ndarray, width: float, height: float) -> None:
    """Refuse numbers that no camera has: hands would have no pose, or a wrong one, silently."""
    fx, fy, skew = matrix[0, 0], matrix[1, 1], matrix[0, 1]
    low, high = (ratio * max(width, height) for ratio in FOCAL_RATIOS)
    for index, name, focal in ((0, 'fx', fx), (4, 'fy', fy)):
        if not low <= focal <= high:
            raise CameraInfoError(
                f'k[{index}] ({name}) is {focal:g} px, expected {low:g} to {high:g} for an image '
                f'of {width:g}x{height:g}'
            )
    if not 1 / MAX_ASPECT <= fy / fx <= MAX_ASPECT:
        raise CameraInfoError(
            f'k[4] (fy) is {fy:g}, expected {fx / MAX_ASPECT:g} to {fx * MAX_ASPECT:g} for k[0] '
            f'(fx) {fx:g}'
        )
    if abs(skew) > MAX_SKEW * fx:
        raise CameraInfoError(
            f'k[1] (skew) is {skew:g}, expected 0, at most {MAX_SKEW * fx:g} for k[0] (fx) {fx:g}'
        )
    for index, name, center, side in (
        (2, 'cx', matrix[0, 2], width),
        (5, 'cy', matrix[1, 2], height),
    ):
        low, high = -MAX_OFFSET * side, MAX_OFFSET * side
        if not low <= center <= high:
            raise CameraInfoError(
                f'k[{index}] ({name}) is {center:g}, expected {low:g} to {high:g} for an '
                f'image of {width:g}x{height:g}'
            )
