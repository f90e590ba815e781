"""What a real camera adds to a perfect image: blur, noise, holes in the depth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

# Noise is cut from a pool this much larger than an image in both directions, at a random place:
# much faster than new noise, and as good for one image after the other.
_POOL_MARGIN_PX = 64
_HOLE_SIZE_PX = 9


@dataclass(frozen=True)
class SensorOptions:
    """Noise and blur of a camera.

    Attributes:
        noise: standard deviation of the image's noise, in steps of 255.
        blur_px: standard deviation of the lens's blur.
        depth_noise: standard deviation of the depth at 1 m, metres; grows with the square.
        depth_holes: share of pixels without depth, 0 to 1.
    """

    noise: float = 2.0
    blur_px: float = 0.6
    depth_noise: float = 0.002
    depth_holes: float = 0.0


class Sensor:
    """Adds noise, blur and holes to images of one size.

    Args:
        options: how much.
        width: px.
        height: px.
        seed: of the noise, together with the frame's number.
    """

    def __init__(self, options: SensorOptions, width: int, height: int, seed: int) -> None:
        self._options = options
        self._seed = seed
        rng = np.random.default_rng([seed, 1])
        shape = (height + _POOL_MARGIN_PX, width + _POOL_MARGIN_PX)
        noise = options.noise * rng.standard_normal((*shape, 3), np.float32)
        self._noise = np.round(noise).astype(np.int16)
        self._depth_noise = options.depth_noise * rng.standard_normal(shape, np.float32)
        blots = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), None, _HOLE_SIZE_PX / 3)
        self._holes = blots < np.quantile(blots, options.depth_holes)

    def expose(self, image: np.ndarray, frame: int) -> np.ndarray:
        """The image (H, W, 3) uint8 as this camera gives it in the frame of this number."""
        if self._options.blur_px > 0:
            image = cv2.GaussianBlur(image, None, self._options.blur_px)
        noise = self._crop(self._noise, image.shape, frame)
        return cv2.add(image, noise, dtype=cv2.CV_8U)

    def measure(self, depth_m: np.ndarray, frame: int) -> np.ndarray:
        """Depth (H, W) float32 as this camera gives it; 0 where it gives none."""
        noise = self._crop(self._depth_noise, depth_m.shape, frame)
        measured = depth_m + noise * depth_m * depth_m
        if self._options.depth_holes > 0:
            holes = self._crop(self._holes, depth_m.shape, frame)
            measured = np.where(holes, np.float32(0.0), measured)
        return measured

    def _crop(self, pool: np.ndarray, shape: tuple[int, ...], frame: int) -> np.ndarray:
        rng = np.random.default_rng([self._seed, 2, frame])
        y, x = rng.integers(0, _POOL_MARGIN_PX, 2)
        return pool[y : y + shape[0], x : x + shape[1]]
