"""Ways to make a picture of a hand harder, and where the hand is afterwards.

Pictures are (H, W, 3) uint8 BGR, points (N, 2) pixels, the size of a hand the longer side of the
box of its landmarks. What is random comes from the generator that is handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

Degraded = tuple[np.ndarray, np.ndarray]
Degrade = Callable[[np.ndarray, np.ndarray, np.random.Generator], Degraded]

FILLED_SIZE = 640
CANVAS_SIZE = (1280, 720)
CANVAS_BLUR = 25.0
MIN_BLUR_LENGTH = 3
# Of the table that inverts the lens: a hundredth of a pixel apart in a picture of 1000 px.
LENS_SAMPLES = 100_000


def hand_box(points: np.ndarray) -> np.ndarray:
    """The corners of the box of landmarks, (2, 2)."""
    return np.stack([points.min(axis=0), points.max(axis=0)])


def hand_size(points: np.ndarray) -> float:
    """The longer side of the box of landmarks, px."""
    return float(np.ptp(points, axis=0).max())


def clean(bgr: np.ndarray, points: np.ndarray, _rng: np.random.Generator) -> Degraded:
    """The picture as it is."""
    return bgr, points


def grey(bgr: np.ndarray, points: np.ndarray, _rng: np.random.Generator) -> Degraded:
    """Three equal channels, as of a camera without colours."""
    return cv2.cvtColor(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), points


def dark(
    bgr: np.ndarray, points: np.ndarray, rng: np.random.Generator, *, gain: float, noise: float
) -> Degraded:
    """Little light: darker, with noise of this standard deviation."""
    noisy = gain * bgr.astype(np.float64) + rng.normal(0, noise, bgr.shape)
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8), points


def motion_blur(
    bgr: np.ndarray, points: np.ndarray, rng: np.random.Generator, *, share: float
) -> Degraded:
    """Blurred along a line of this share of the hand's size, in a random direction."""
    length = max(round(share * hand_size(points)) | 1, MIN_BLUR_LENGTH)
    angle = rng.uniform(0, np.pi)
    half = length // 2
    end = np.round(half * np.array([np.cos(angle), np.sin(angle)])).astype(int)
    kernel = np.zeros((length, length), np.float32)
    cv2.line(kernel, tuple(map(int, half - end)), tuple(map(int, half + end)), 1.0)
    return cv2.filter2D(bgr, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), points


def jpeg(
    bgr: np.ndarray, points: np.ndarray, _rng: np.random.Generator, *, quality: int
) -> Degraded:
    """Compressed."""
    _, encoded = cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(encoded, cv2.IMREAD_COLOR), points


def rotated(
    bgr: np.ndarray, points: np.ndarray, _rng: np.random.Generator, *, quarters: int
) -> Degraded:
    """Turned by so many right angles, counterclockwise."""
    for _ in range(quarters):
        width = bgr.shape[1]
        bgr = np.rot90(bgr)
        points = np.stack([points[:, 1], width - points[:, 0]], axis=1)
    return np.ascontiguousarray(bgr), points


def barrel(bgr: np.ndarray, points: np.ndarray, _rng: np.random.Generator, *, k: float) -> Degraded:
    """Through a wide lens: r' = r (1 - k r^2 / 2), r in halves of the diagonal."""
    height, width = bgr.shape[:2]
    center, unit = np.array([width, height]) / 2, np.hypot(width, height) / 2
    y, x = np.mgrid[:height, :width]
    away = (np.stack([x, y], axis=-1) + 0.5 - center) / unit
    radius = np.linalg.norm(away, axis=-1)
    # What is further away than the lens bends anything to is not in the picture.
    sources = np.linspace(0, np.sqrt(2 / (3 * k)), LENS_SAMPLES)
    source = np.interp(radius, sources * (1 - k * sources**2 / 2), sources)
    scale = source / np.maximum(radius, np.finfo(float).tiny)
    maps = (away * scale[..., None] * unit + center - 0.5).astype(np.float32)
    image = cv2.remap(bgr, maps, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    out = (points - center) / unit
    out = out * (1 - k * (out**2).sum(axis=1, keepdims=True) / 2)
    return image, out * unit + center


def small_in_720p(
    bgr: np.ndarray, points: np.ndarray, rng: np.random.Generator, *, size_px: int
) -> Degraded:
    """The hand so small, somewhere in a blurred copy of the picture that is 1280x720."""
    scale = size_px / hand_size(points)
    image = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    canvas = cv2.GaussianBlur(cv2.resize(bgr, CANVAS_SIZE), (0, 0), CANVAS_BLUR)
    size, room = np.array(image.shape[1::-1]), np.array(CANVAS_SIZE)
    # Of a picture larger than the canvas a part with the hand is shown.
    points = points * (size / np.array(bgr.shape[1::-1]))
    low, high = hand_box(points)
    least = np.maximum(np.minimum(0, room - size), -low)
    most = np.minimum(np.maximum(0, room - size), room - high)
    corner = np.floor(rng.uniform(least, np.maximum(most, least)))
    first = np.maximum(corner, 0).astype(int)
    last = np.minimum(corner + size, room).astype(int)
    inside = (first - corner).astype(int), (last - corner).astype(int)
    part = image[inside[0][1] : inside[1][1], inside[0][0] : inside[1][0]]
    canvas[first[1] : last[1], first[0] : last[0]] = part
    return canvas, points + corner


def cut(bgr: np.ndarray, points: np.ndarray, rng: np.random.Generator, *, share: float) -> Degraded:
    """Cropped at a random side, so that this share of the hand's box lies outside."""
    height, width = bgr.shape[:2]
    low, high = hand_box(points)
    axis, is_end = int(rng.integers(2)), bool(rng.integers(2))
    along = share * (high - low)[axis]
    first, last = np.zeros(2, int), np.array([width, height])
    if is_end:
        last[axis] = np.clip(round(high[axis] - along), 1, last[axis])
    else:
        first[axis] = np.clip(round(low[axis] + along), 0, last[axis] - 1)
    image = bgr[first[1] : last[1], first[0] : last[0]]
    return np.ascontiguousarray(image), points - first


def fills(
    bgr: np.ndarray, points: np.ndarray, _rng: np.random.Generator, *, times: float
) -> Degraded:
    """A square of so many times the hand's size around it, as 640x640."""
    side = times * hand_size(points)
    corner = hand_box(points).mean(axis=0) - side / 2
    scale = FILLED_SIZE / side
    # From the square to the picture; pixels are counted at their centres.
    offset = corner + 0.5 / scale - 0.5
    matrix = np.array([[1 / scale, 0, offset[0]], [0, 1 / scale, offset[1]]])
    image = cv2.warpAffine(
        bgr,
        matrix,
        (FILLED_SIZE, FILLED_SIZE),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return image, (points - corner) * scale


@dataclass(frozen=True)
class Condition:
    """A way to degrade pictures.

    Attributes:
        degrade: what does it.
        target: in how many of the pictures the hand is to be found; None without a target.
        max_none: share of the pictures without a hand in which one may be reported; None if those
            are not degraded so.
    """

    degrade: Degrade
    target: int | None = None
    max_none: float | None = None


# Of pictures without a hand as many as before the tracker looked at degraded pictures in its own
# ways: 2, 2 and 4 of 82.
CONDITIONS: dict[str, Condition] = {
    'clean': Condition(clean, max_none=0.01),
    'grey': Condition(grey, 55, max_none=2 / 82),
    'dark (gain 0.15, noise 4)': Condition(partial(dark, gain=0.15, noise=4), 45, max_none=2 / 82),
    'dark (gain 0.3, noise 4)': Condition(partial(dark, gain=0.3, noise=4)),
    'fills the picture': Condition(partial(fills, times=1.0), 45),
    'motion blur of 0.2 hand': Condition(partial(motion_blur, share=0.2)),
    'motion blur of 0.4 hand': Condition(partial(motion_blur, share=0.4), 20, max_none=4 / 82),
    'cut to half at the border': Condition(partial(cut, share=0.5), 28),
    'rotated 90°': Condition(partial(rotated, quarters=1)),
    'rotated 180°': Condition(partial(rotated, quarters=2)),
    'rotated 270°': Condition(partial(rotated, quarters=3)),
    'JPEG of quality 10': Condition(partial(jpeg, quality=10)),
    'barrel lens, k 0.5': Condition(partial(barrel, k=0.5)),
    '80 px in 720p': Condition(partial(small_in_720p, size_px=80)),
    '40 px in 720p': Condition(partial(small_in_720p, size_px=40)),
}
