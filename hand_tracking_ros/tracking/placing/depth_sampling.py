"""Where a depth image shows a hand: how far away points along its bones are.

The landmarks lie inside the hand, the depth image shows its skin. Points all along the hand's
links, not only the 21 landmarks, are sampled in small windows. Samples of holes, edges, other
fingers and the background are left out: most of the rest agree on how far the hand is.
"""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.hand import (
    FINGERS,
    KNUCKLES,
    NUM_LANDMARKS,
    PALM,
    PALM_TRIANGLE,
    Landmark,
)
from hand_tracking_ros.tracking.placing.depth_image import DepthImage
from hand_tracking_ros.tracking.placing.hand_proportions import FINGER_LINKS, MEAN_HAND_LENGTH_M
from hand_tracking_ros.tracking.placing.least_squares import ObservedDepths

# From the skin to each landmark, metres, in a hand of average length: fingers at knuckle, middle
# joint, end joint and tip (where the landmark is near the end), and half the wrist's thickness.
_UNDER_FINGER_SKIN_M = {
    'thumb': (0.0190, 0.0150, 0.0115, 0.0070),
    'index': (0.0145, 0.0105, 0.0090, 0.0065),
    'middle': (0.0155, 0.0105, 0.0090, 0.0065),
    'ring': (0.0155, 0.0100, 0.0090, 0.0065),
    'pinky': (0.0145, 0.0090, 0.0080, 0.0060),
}
_UNDER_SKIN_M = np.array([0.0225, *(m for f in FINGERS for m in _UNDER_FINGER_SKIN_M[f])])
# The palm has more flesh before its bones than the back has.
_MORE_UNDER_PALM_M = np.zeros(NUM_LANDMARKS)
_MORE_UNDER_PALM_M[PALM] = 0.0025

# Sample points: the landmarks at both ends of a link, and how far along it.
_PALM_SAMPLES = [(Landmark.WRIST, end, t) for end in KNUCKLES for t in (0.25, 0.5, 0.75, 1.0)]
_FINGER_SAMPLES = [(start, end, t) for start, end in FINGER_LINKS for t in (0.25, 0.75)]
_ALONG = np.array([t for _, _, t in _PALM_SAMPLES + _FINGER_SAMPLES])
_STARTS, _ENDS = np.array([link for *link, _ in _PALM_SAMPLES + _FINGER_SAMPLES]).T
_IS_PALM = np.arange(len(_ALONG)) < len(_PALM_SAMPLES)
# Each point as a linear combination of the landmarks.
_WEIGHTS = np.zeros((len(_ALONG), NUM_LANDMARKS))
_WEIGHTS[np.arange(len(_ALONG)), _STARTS] = 1 - _ALONG
_WEIGHTS[np.arange(len(_ALONG)), _ENDS] = _ALONG

# Pixels of the window around each point, as parts of the finger's radius.
_WINDOW = 0.4 * np.stack(np.meshgrid((-1, 0, 1), (-1, 0, 1)), -1).reshape(-1, 2)

# A ray that meets a finger or the palm more obliquely than this sine enters through another side.
MIN_SINE = 0.5
# Error of the skin's distance from the bones, of depth and shape together.
DEPTH_SIGMA_M = 0.008
# Samples agree on a hand's distance if their logarithms do to this.
AGREEMENT = 0.035
MIN_AGREEING = 12
MIN_AGREEING_PART = 0.2
MIN_SAMPLES_OF_A_WINDOW = 2
MIN_POINTS = 6
# Gate: samples this much nearer or farther than the hand as placed show something else.
GATE_M = 0.05


def sample_depths(
    depth: DepthImage,
    landmarks_m: np.ndarray,
    hand_length_m: float,
    palm_facing: float,
    max_log_scale: float,
) -> tuple[ObservedDepths, float] | None:
    """Find a hand in a depth image.

    Args:
        depth: of the same moment.
        landmarks_m: (21, 3) where the hand is expected in the camera's frame; its distance and
            size may be wrong by a common scale.
        hand_length_m: its expected length.
        palm_facing: as for `joint_centres`.
        max_log_scale: logarithm of the largest such scale.

    Returns:
        Points in the camera's frame and the logarithm of the scale; None if too few samples agree.
    """
    points = _WEIGHTS @ landmarks_m
    ranges = np.linalg.norm(points, axis=1)
    rays = points / ranges[:, None]
    oblique = _obliqueness(landmarks_m, rays)
    under_skin = _WEIGHTS @ (_UNDER_SKIN_M + palm_facing * _MORE_UNDER_PALM_M)
    under_skin *= oblique * (hand_length_m / MEAN_HAND_LENGTH_M)
    samples = _skin_ranges(depth, points, rays, under_skin)
    # A hand that is larger by a factor and farther by the same looks the same.
    with np.errstate(invalid='ignore', divide='ignore'):
        log_scale = np.log(samples / np.maximum(ranges - under_skin, 0.0)[:, None])
    usable = np.abs(log_scale) < max_log_scale
    agreed = _consensus(log_scale[usable])
    if agreed is None:
        return None
    gate = GATE_M / (np.exp(agreed) * ranges)
    usable &= np.abs(log_scale - agreed) < gate[:, None]
    observed = usable.sum(axis=1) >= MIN_SAMPLES_OF_A_WINDOW
    if observed.sum() < MIN_POINTS:
        return None
    skin_m = _medians(np.where(usable, samples, np.nan)[observed])
    depths = ObservedDepths(
        weights=_WEIGHTS[observed],
        rays=rays[observed],
        range_m=skin_m + under_skin[observed],
        sigma_m=DEPTH_SIGMA_M * oblique[observed],
    )
    return depths, agreed


def _obliqueness(landmarks: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """The way along rays (K, 3) from the skin to the points over the shortest way there: (K,)."""
    links = landmarks[_ENDS] - landmarks[_STARTS]
    links /= np.maximum(np.linalg.norm(links, axis=1, keepdims=True), 1e-6)
    sine = np.sqrt(np.clip(1 - (links * rays).sum(axis=1) ** 2, 0.0, 1.0))
    wrist, index, pinky = landmarks[PALM_TRIANGLE]
    normal = np.cross(index - wrist, pinky - wrist)
    normal /= max(np.linalg.norm(normal), 1e-9)
    sine[_IS_PALM] = np.abs(rays[_IS_PALM] @ normal)
    return 1.0 / np.maximum(sine, MIN_SINE)


def _skin_ranges(
    depth: DepthImage, points: np.ndarray, rays: np.ndarray, radii: np.ndarray
) -> np.ndarray:
    """Distances (K, 9) sampled in a window around each point (K, 3), NaN where there are none."""
    beside = points.copy()
    beside[:, 0] += radii
    centre_px, beside_px = depth.camera.project(np.concatenate([points, beside])).reshape(2, -1, 2)
    radius_px = np.linalg.norm(beside_px - centre_px, axis=1)
    pixels = np.round(centre_px[:, None] + radius_px[:, None, None] * _WINDOW)
    height, width = depth.depth_m.shape
    with np.errstate(invalid='ignore'):
        in_image = ((pixels >= 0) & (pixels < [width, height])).all(axis=-1)
        in_image &= rays[:, 2:] > 0
    column, row = np.where(in_image[..., None], pixels, 0).astype(int).transpose(2, 0, 1)
    z = depth.depth_m[row, column].astype(np.float64)
    with np.errstate(invalid='ignore', divide='ignore'):
        return np.where(in_image & (z > 0) & np.isfinite(z), z / rays[:, 2:], np.nan)


def _medians(samples: np.ndarray) -> np.ndarray:
    """Median (K,) of each row (K, N) without NaN; each row has at least one number.

    As `np.nanmedian`, which takes ten times as long for such small arrays.
    """
    ordered = np.sort(samples, axis=1)  # NaN last
    count = np.isfinite(ordered).sum(axis=1)
    rows = np.arange(len(ordered))
    return (ordered[rows, (count - 1) // 2] + ordered[rows, count // 2]) / 2


def _consensus(values: np.ndarray) -> float | None:
    """Where most values are within AGREEMENT of each other; None if too few are."""
    ordered = np.sort(values)
    first = np.searchsorted(ordered, ordered - AGREEMENT)
    last = np.searchsorted(ordered, ordered + AGREEMENT)
    counts = last - first
    if not len(counts) or counts.max() < max(MIN_AGREEING, MIN_AGREEING_PART * len(values)):
        return None
    best = int(np.argmax(counts))
    return float(ordered[(first[best] + last[best]) // 2])
