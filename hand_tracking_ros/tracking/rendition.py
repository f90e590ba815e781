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
# A picture whose channels differ by less than this, of 255, both differences added, has no colour:
# infrared cameras, mono.
GREY_DIFFERENCE = 2.0
# The pixels that are darker and brighter than these shares of all become black and white.
STRETCH_SHARES = (0.01, 0.99)
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
    sample = np.ascontiguousarray(image[::step, ::step])
    low, high = _brightness_range(sample)
    is_dark_or_flat = high < DARK_LEVEL or high - low < FLAT_SPAN
    rendition = Rendition.STRETCHED if is_dark_or_flat else Rendition.PLAIN
    red, green, blue = cv2.split(sample)
    differences = cv2.add(cv2.absdiff(red, green), cv2.absdiff(green, blue))
    if differences.mean() < GREY_DIFFERENCE:
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
    low, high = _brightness_range(np.ascontiguousarray(blurred[::4, ::4]))
    scale = 255 / max(high - low, MIN_SPAN)
    return cv2.convertScaleAbs(np.maximum(blurred, np.uint8(low)), alpha=scale, beta=-low * scale)


def _brightness_range(picture: np.ndarray) -> tuple[float, float]:
    """The brightness that is left to black and to white, 0 to 255."""
    brightness = np.sort(cv2.transform(picture, np.full((1, 3), 1 / 3)), axis=None)
    low, high = (brightness[round(share * (brightness.size - 1))] for share in STRETCH_SHARES)
    return float(low), float(high)
