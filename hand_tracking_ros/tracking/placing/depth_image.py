"""A depth image that is registered to the colour image.

depth = DepthImage(depth_m, camera)  # (H, W) float32, metres
depth = DepthImage.from_millimetres(depth_mm, camera)  # (H, W) uint16, as 16UC1 images hold
"""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.placing.camera_model import CameraModel


class DepthImage:
    """A depth image seen from where the colour image was taken; its size may differ.

    Args:
        depth_m: (H, W) float32, along the optical axis; 0, negative, infinite or NaN where nothing
            was measured.
        camera: its calibration, in the colour camera's optical frame.

    Attributes:
        depth_m: as given.
        camera: for the size of `depth_m`.

    Raises:
        ValueError: `depth_m` has another shape or type.
        CameraInfoError: the camera's image has another shape.
    """

    def __init__(self, depth_m: np.ndarray, camera: CameraModel) -> None:
        if depth_m.ndim != 2 or depth_m.dtype != np.float32:
            raise ValueError(
                f'depth has shape {depth_m.shape} and type {depth_m.dtype}, '
                'expected (height, width) and float32'
            )
        height, width = depth_m.shape
        self.depth_m = depth_m
        self.camera = camera.scaled_to(width, height)

    @classmethod
    def from_millimetres(cls, depth_mm: np.ndarray, camera: CameraModel) -> DepthImage:
        """From (H, W) uint16 millimetres, 0 where nothing was measured (16UC1)."""
        return cls(depth_mm.astype(np.float32) * np.float32(1e-3), camera)
