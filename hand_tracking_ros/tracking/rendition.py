"""What is changed in a picture before a network sees it: dark, flat and grey ones look ordinary."""

from __future__ import annotations

from enum import Flag

import cv2
import numpy as np


class Rendition(Flag):
    """What is changed; they combine."""

    PLAIN = 0
    STRETCHED = 1
    TINTED = 2


# A picture is dark if its brightest parts have less than this, of 255, and flat if its brightness
# spans less than this. Where less is enough for the networks, a stretch does harm: a hand of 30 px
# before a plain wall (a span of 54) had a presence of 0.14 instead of 0.99.
DARK_LEVEL = 100.0
FLAT_SPAN = 40.0
# A picture whose channels differ by less than this, of 255, has no colour: infrared cameras, mono.
GREY_DIFFERENCE = 2.0
# Shares of the pixels that become black and white.
STRETCH_PERCENTILES = (1.0, 99.0)
# A picture that spans less is stretched as if it spanned this: a covered lens shows noise only.
MIN_SPAN = 20.0
# Noise is stretched too. This blur takes most of it.
STRETCH_BLUR_PX = 1.0
# Red, green and blue of lit skin, relative to red.
SKIN = np.array([1.0, 0.78, 0.67], np.float32)
# Statistics rest on every pixel of a grid with about this many along the longer side.
NUM_SAMPLES = 64


def suitable_rendition(image: np.ndarray) -> Rendition:
    """What makes an (H, W, 3) uint8 RGB image more like what the networks were trained on."""
    step = max(max(image.shape[:2]) // NUM_SAMPLES, 1)
    sample = image[::step, ::step].astype(np.float32)
    low, high = np.percentile(sample.mean(axis=2), STRETCH_PERCENTILES)
    is_dark_or_flat = high < DARK_LEVEL or high - low < FLAT_SPAN
    rendition = Rendition.STRETCHED if is_dark_or_flat else Rendition.PLAIN
    if np.ptp(sample, axis=2).mean() < GREY_DIFFERENCE:
        rendition |= Rendition.TINTED
    return rendition


def render(picture: np.ndarray, rendition: Rendition) -> np.ndarray:
    """The (H, W, 3) uint8 RGB picture as the network is to see it."""
    if rendition & Rendition.STRETCHED:
        picture = _stretched(picture)
    if rendition & Rendition.TINTED:
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        picture = (grey[..., np.newaxis] * SKIN).astype(np.uint8)
    return picture


def _stretched(picture: np.ndarray) -> np.ndarray:
    blurred = cv2.GaussianBlur(picture, (0, 0), STRETCH_BLUR_PX)
    low, high = np.percentile(blurred[::4, ::4].mean(axis=2), STRETCH_PERCENTILES)
    scale = 255 / max(high - low, MIN_SPAN)
    return cv2.convertScaleAbs(np.maximum(blurred, low), alpha=scale, beta=-low * scale)
