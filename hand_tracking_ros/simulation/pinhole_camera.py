"""The simulated camera's lens: an ideal pinhole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PinholeCamera:
    """A camera without distortion; pixel (0, 0) has its middle at (0, 0).

    Attributes:
        width: px.
        height: px.
        focal_length_px: of both axes.
    """

    width: int
    height: int
    focal_length_px: float

    @classmethod
    def from_field_of_view(
        cls, width: int, height: int, horizontal_fov_deg: float
    ) -> PinholeCamera:
        """A camera that sees this angle from its left to its right edge."""
        return cls(width, height, width / 2 / np.tan(np.radians(horizontal_fov_deg) / 2))

    @property
    def center_px(self) -> np.ndarray:
        """(2,) where the optical axis meets the image."""
        return np.array([(self.width - 1) / 2, (self.height - 1) / 2])

    @property
    def matrix(self) -> np.ndarray:
        """(3, 3) K of a sensor_msgs/CameraInfo."""
        f, (cx, cy) = self.focal_length_px, self.center_px
        return np.array([[f, 0.0, cx], [0.0, f, cy], [0.0, 0.0, 1.0]])

    def project(self, points_m: np.ndarray) -> np.ndarray:
        """Pixels (N, 2) of points (N, 3) in the camera's optical frame, z above 0."""
        return points_m[:, :2] / points_m[:, 2:] * self.focal_length_px + self.center_px
