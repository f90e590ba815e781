"""A depth image that is registered to the colour image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_tracking_ros.tracking.placing.camera_model import CameraModel


@dataclass(frozen=True)
class DepthImage:
    """A depth image seen from where the colour image was taken; its size may differ.

    Attributes:
        depth_m: (H, W) float32, along the optical axis; 0, negative, infinite or NaN where nothing
            was seen.
        camera: its calibration, in the colour camera's optical frame.

    Raises:
        ValueError: `depth_m` has another shape or type.
        CameraInfoError: the camera's image has another shape.
    """

    depth_m: np.ndarray
    camera: CameraModel

    def __post_init__(self) -> None:
        if self.depth_m.ndim != 2 or self.depth_m.dtype != np.float32:
            raise ValueError(
                f'depth has shape {self.depth_m.shape} and type {self.depth_m.dtype}, '
                'expected (height, width) and float32'
            )
        height, width = self.depth_m.shape
        object.__setattr__(self, 'camera', self.camera.scaled_to(width, height))

    @classmethod
    def from_millimetres(cls, depth_mm: np.ndarray, camera: CameraModel) -> DepthImage:
        """From (H, W) uint16 millimetres, 0 where nothing was seen (16UC1)."""
        return cls(depth_mm.astype(np.float32) * np.float32(1e-3), camera)
