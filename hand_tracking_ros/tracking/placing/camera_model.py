"""Camera models: pixels of points in space, and rays of pixels, from the numbers of a CameraInfo.

    camera = CameraModel.from_camera_info_fields(width, height, k, d, 'plumb_bob')
    pixels = camera.project(points_m)  # (N, 3) to (N, 2)

A camera is a matrix (pixels from image coordinates) behind a lens (image coordinates from a
direction in space). The two lenses below cover the distortion models that ROS drivers publish.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from hand_tracking_ros.tracking.placing.camera_matrix import CameraInfoError, checked_matrix

# Lengths of D that OpenCV's models know; 8 is the full rational polynomial, what follows are thin
# prism (12) and tilted sensor (14) terms.
PERSPECTIVE_COEFFICIENT_COUNTS = (0, 4, 5, 8, 12, 14)
FISHEYE_COEFFICIENT_COUNTS = (4,)

# sensor_msgs names first; the others are what Kalibr, librealsense and OpenCV call the same models.
PERSPECTIVE_NAMES = ('plumb_bob', 'rational_polynomial', 'radtan', 'brown_conrady')
FISHEYE_NAMES = ('equidistant', 'fisheye', 'kannala_brandt4')
NO_DISTORTION_NAMES = ('', 'none', 'pinhole')

# A distortion polynomial holds where it was fitted and turns round farther out: it is used up to
# the angle where the image moves this much slower with the angle than at its centre.
MIN_RELATIVE_MAGNIFICATION = 0.1
NEWTON_ITERATIONS = 12
# In image coordinates (pixels over focal length): a thousandth of a pixel at f = 1000.
CONVERGED = 1e-6


class PerspectiveLens:
    """OpenCV's perspective model: x/z and y/z with radial and tangential distortion.

    Args:
        coefficients: 0, 4, 5, 8, 12 or 14 numbers in OpenCV's order.

    Attributes:
        max_angle_rad: how far from the axis the model is one to one, hence usable.
    """

    def __init__(self, coefficients: np.ndarray):
        self._coefficients = coefficients
        # At 90 degrees a perspective image is infinitely far out.
        self.max_angle_rad = _one_to_one_angle_rad(self.distort, np.radians(85.0))

    def distort(self, directions: np.ndarray) -> np.ndarray:
        """Image coordinates (N, 2) of directions (N, 3) with z above 0."""
        return self._distort_plane(directions[:, :2] / directions[:, 2:])[0]

    def undistort(self, distorted: np.ndarray) -> np.ndarray:
        """Directions (N, 3) for image coordinates (N, 2); meaningless where there is none."""
        plane = distorted.copy()
        for _ in range(NEWTON_ITERATIONS):
            image, jacobian = self._distort_plane(plane)
            error = image - distorted
            (a, b), (c, d) = jacobian.transpose(1, 2, 0)
            step = np.stack([d * error[:, 0] - b * error[:, 1], a * error[:, 1] - c * error[:, 0]])
            plane -= (step / (a * d - b * c)).T
            if np.nanmax(np.abs(error), initial=0.0) < CONVERGED:
                break
        return np.column_stack([plane, np.ones(len(plane))])

    def _distort_plane(self, plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distorted points (N, 2) of undistorted ones (N, 2) at z = 1; their Jacobian (N, 2, 2)."""
        if not self._coefficients.any():
            return plane, np.broadcast_to(np.eye(2), (len(plane), 2, 2))
        points = np.column_stack([plane, np.ones(len(plane))])
        no_motion = np.zeros(3)
        image, jacobian = cv2.projectPoints(
            points, no_motion, no_motion, np.eye(3), self._coefficients
        )
        # Columns 3 and 4 are by the translation's x and y, which at z = 1 move the point itself.
        return image.reshape(-1, 2), jacobian[:, 3:5].reshape(-1, 2, 2)


class FisheyeLens:
    """OpenCV's fisheye model (Kannala-Brandt): the angle a from the axis becomes the radius.

    Args:
        coefficients: (4,) k1 to k4 of radius = a (1 + k1 a^2 + k2 a^4 + k3 a^6 + k4 a^8).

    Attributes:
        max_angle_rad: how far from the axis the model is one to one, hence usable.
    """

    def __init__(self, coefficients: np.ndarray):
        self._coefficients = coefficients
        self.max_angle_rad = _one_to_one_angle_rad(self.distort, np.pi)
        self._table_angle = np.linspace(0.0, self.max_angle_rad, 256)
        self._table_radius, _ = self._radius(self._table_angle)

    def distort(self, directions: np.ndarray) -> np.ndarray:
        """Image coordinates (N, 2) of directions (N, 3)."""
        across = np.linalg.norm(directions[:, :2], axis=1)
        radius, _ = self._radius(np.arctan2(across, directions[:, 2]))
        return directions[:, :2] * _ratio(radius, across)[:, None]

    def undistort(self, distorted: np.ndarray) -> np.ndarray:
        """Unit directions (N, 3) for image coordinates (N, 2); meaningless where there is none."""
        wanted = np.linalg.norm(distorted, axis=1)
        # Newton's method alone may leave the first branch of a polynomial with mixed signs.
        angle = np.interp(wanted, self._table_radius, self._table_angle)
        for _ in range(NEWTON_ITERATIONS):
            radius, slope = self._radius(angle)
            angle = np.clip(angle - (radius - wanted) / slope, 0.0, self.max_angle_rad)
            if np.nanmax(np.abs(radius - wanted), initial=0.0) < CONVERGED:
                break
        sideways = distorted * _ratio(np.sin(angle), wanted)[:, None]
        return np.column_stack([sideways, np.cos(angle)])

    def _radius(self, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Radius in the image (N,) and its derivative (N,) for angles (N,) from the axis."""
        k1, k2, k3, k4 = self._coefficients
        square = angle * angle
        radius = angle * (1 + square * (k1 + square * (k2 + square * (k3 + square * k4))))
        slope = 1 + square * (3 * k1 + square * (5 * k2 + square * (7 * k3 + square * 9 * k4)))
        return radius, slope


@dataclass(frozen=True, eq=False)
class CameraModel:
    """A calibrated camera for one image size.

    Attributes:
        width: px, of the image that `matrix` speaks of.
        height: px.
        matrix: (3, 3) float64, pixels from the lens's image coordinates (fx, fy, cx, cy, skew).
        lens: which directions land where.
    """

    width: int
    height: int
    matrix: np.ndarray
    lens: PerspectiveLens | FisheyeLens = field(repr=False)

    @classmethod
    def from_camera_info_fields(
        cls,
        width: int,
        height: int,
        k: Sequence[float] | np.ndarray,
        d: Sequence[float] | np.ndarray,
        distortion_model: str,
    ) -> CameraModel:
        """The camera that the fields of a sensor_msgs/CameraInfo describe.

        Args:
            width: px, as calibrated.
            height: px, as calibrated.
            k: 9 numbers, the row-major camera matrix of the raw image.
            d: distortion coefficients; empty is none for the perspective models.
            distortion_model: `plumb_bob`, `rational_polynomial`, `equidistant` or another
                driver's name for one of these; empty is none if `d` is.

        Raises:
            CameraInfoError: a field has a value no camera can have, or a model is not known.
        """
        for name, value in (('width', width), ('height', height)):
            if value <= 0:
                raise CameraInfoError(f'{name} is {value}, expected above 0')
        matrix = checked_matrix(k, width, height)
        camera = cls(int(width), int(height), matrix, _checked_lens(distortion_model, d))
        camera._check_lens_covers_image(d)
        return camera

    def scaled_to(self, width: int, height: int) -> CameraModel:
        """The same camera for its image resized (or binned) to another size.

        Raises:
            CameraInfoError: the shapes differ, so the image was cropped, not resized.
        """
        if (width, height) == (self.width, self.height):
            return self
        scale_x, scale_y = width / self.width, height / self.height
        # Resizing rounds each side to a whole pixel.
        if min(abs(self.height * scale_x - height), abs(self.width * scale_y - width)) > 1.0:
            raise CameraInfoError(
                f'width x height is {self.width}x{self.height}, expected the shape of the image '
                f'({width}x{height})'
            )
        return CameraModel(width, height, np.diag([scale_x, scale_y, 1.0]) @ self.matrix, self.lens)

    def rays(self, points_px: np.ndarray) -> np.ndarray:
        """Unit directions (N, 3) in the camera frame that the pixels (N, 2) look along.

        NaN where no direction within the lens's `max_angle_rad` lands on the pixel: the
        calibration says nothing about such a place, usually far outside the image.
        """
        with np.errstate(all='ignore'):
            image = _transform(np.linalg.inv(self.matrix), np.asarray(points_px, np.float64))
            directions = self.lens.undistort(image)
            directions /= np.linalg.norm(directions, axis=1, keepdims=True)
            error = np.abs(self.lens.distort(directions) - image).max(axis=1)
        # Not-a-number compares false with everything, so ask for what must hold.
        directions[~((error <= 10 * CONVERGED) & self._covers(directions))] = np.nan
        return directions

    def project(self, points_m: np.ndarray) -> np.ndarray:
        """Pixels (N, 2) of points (N, 3) in the camera frame; NaN where the lens does not see."""
        points = np.asarray(points_m, np.float64)
        with np.errstate(all='ignore'):
            image = self.lens.distort(points)
        image[~self._covers(points)] = np.nan
        return _transform(self.matrix, image)

    def _check_lens_covers_image(self, d: Sequence[float] | np.ndarray) -> None:
        """Refuse distortion that leaves even the middle of the image without directions."""
        quarters = np.array([(x, y) for x in (0.25, 0.5, 0.75) for y in (0.25, 0.5, 0.75)])
        if not np.isfinite(self.rays(quarters * (self.width, self.height))).all():
            numbers = ', '.join(f'{value:g}' for value in np.ravel(d))
            raise CameraInfoError(
                f'd is [{numbers}], expected coefficients that give every pixel in the middle half '
                'of the image a direction (not calibrated?)'
            )

    def _covers(self, points: np.ndarray) -> np.ndarray:
        """Which of the points (N, 3) lie within `max_angle_rad` of the optical axis: (N,) bool."""
        across = np.linalg.norm(points[:, :2], axis=1)
        return np.arctan2(across, points[:, 2]) <= self.lens.max_angle_rad


def _checked_lens(name: str, d: Sequence[float] | np.ndarray) -> PerspectiveLens | FisheyeLens:
    coefficients = np.asarray(d, np.float64).ravel()
    for index, value in enumerate(coefficients):
        if not np.isfinite(value):
            raise CameraInfoError(f'd[{index}] is {value:g}, expected a finite number')
    model = name.strip().lower().replace(' ', '_')
    found = f'd has {len(coefficients)} coefficients'
    if model in NO_DISTORTION_NAMES and not coefficients.any():
        return PerspectiveLens(np.zeros(0))
    if model not in PERSPECTIVE_NAMES + FISHEYE_NAMES:
        expected = ', '.join(PERSPECTIVE_NAMES[:2] + FISHEYE_NAMES[:1])
        raise CameraInfoError(f'distortion_model is {name!r} and {found}, expected {expected}')
    is_fisheye = model in FISHEYE_NAMES
    counts = FISHEYE_COEFFICIENT_COUNTS if is_fisheye else PERSPECTIVE_COEFFICIENT_COUNTS
    if len(coefficients) not in counts:
        expected = ('one of ' if len(counts) > 1 else '') + ', '.join(map(str, counts))
        raise CameraInfoError(f'{found}, expected {expected} for distortion_model {name!r}')
    return FisheyeLens(coefficients) if is_fisheye else PerspectiveLens(coefficients)


def _one_to_one_angle_rad(distort: Callable[[np.ndarray], np.ndarray], limit_rad: float) -> float:
    """The angle from the axis, at most `limit_rad`, up to which the image keeps moving outwards."""
    angles = np.linspace(0.0, limit_rad, 256)
    moving = np.ones(len(angles) - 1, dtype=bool)
    for azimuth in np.linspace(0.0, 2 * np.pi, 8, endpoint=False):
        outwards = np.array([np.cos(azimuth), np.sin(azimuth)])
        directions = np.column_stack([np.outer(np.sin(angles), outwards), np.cos(angles)])
        with np.errstate(all='ignore'):
            magnification = np.diff(distort(directions) @ outwards)
        moving &= magnification >= MIN_RELATIVE_MAGNIFICATION * magnification[0]
    return float(limit_rad if moving.all() else angles[np.argmin(moving)])


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Their ratio, 1 where the denominator is 0."""
    return np.divide(
        numerator, denominator, out=np.ones_like(denominator), where=denominator != 0.0
    )


def _transform(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Affine (3, 3) matrix applied to points (N, 2)."""
    return points @ matrix[:2, :2].T + matrix[:2, 2]
