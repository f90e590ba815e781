"""What a depth image, registered to the colour image, says about where a hand is.

The landmarks lie inside the hand, the depth image shows its skin. Points all along the hand's
links, not only the 21 landmarks, are looked up in small windows, and what holes, edges, other
fingers and the background show there is left out.
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
from hand_tracking_ros.tracking.placing.least_squares import SeenDepths

# From the skin to each landmark, metres, in a hand of average length: fingers at knuckle, middle
# joint, end joint and tip (where the landmark is near the end), and half the wrist's thickness.
_INSIDE_FINGERS_M = {
    'thumb': (0.0190, 0.0150, 0.0115, 0.0070),
    'index': (0.0145, 0.0105, 0.0090, 0.0065),
    'middle': (0.0155, 0.0105, 0.0090, 0.0065),
    'ring': (0.0155, 0.0100, 0.0090, 0.0065),
    'pinky': (0.0145, 0.0090, 0.0080, 0.0060),
}
_INSIDE_WRIST_M = 0.0225
_INSIDE_M = np.array([_INSIDE_WRIST_M, *(m for f in FINGERS for m in _INSIDE_FINGERS_M[f])])
# The palm has more flesh before its bones than the back has.
_MORE_FROM_PALM_M = np.zeros(NUM_LANDMARKS)
_MORE_FROM_PALM_M[PALM] = 0.0025

# Where to look: landmarks at both ends of a link and how far along it.
_SPOTS = [(Landmark.WRIST, b, t) for b in KNUCKLES for t in (0.25, 0.5, 0.75, 1.0)]
_NUM_PALM_SPOTS = len(_SPOTS)
_SPOTS += [(a, b, t) for a, b in FINGER_LINKS for t in (0.25, 0.75)]
_STARTS = np.array([a for a, _, _ in _SPOTS], int)
_ENDS = np.array([b for _, b, _ in _SPOTS], int)
_ALONG = np.array([t for _, _, t in _SPOTS])
_BLENDS = np.zeros((len(_SPOTS), NUM_LANDMARKS))
_BLENDS[np.arange(len(_SPOTS)), _STARTS] = 1 - _ALONG
_BLENDS[np.arange(len(_SPOTS)), _ENDS] = _ALONG
_SPOT_INSIDE_M = _BLENDS @ _INSIDE_M
_SPOT_MORE_FROM_PALM_M = _BLENDS @ _MORE_FROM_PALM_M
_IS_PALM = np.arange(len(_SPOTS)) < _NUM_PALM_SPOTS

# Steps of each window, as parts of the finger's radius.
_WINDOW = 0.4 * np.stack(np.meshgrid((-1, 0, 1), (-1, 0, 1)), -1).reshape(-1, 2)

# A ray that meets a finger or the palm more obliquely than this sine enters through another side.
MIN_SINE = 0.5
# Error of the skin's distance from the bones, of depth and shape together.
DEPTH_SIGMA_M = 0.008
# Depths agree on a hand's distance if their logarithms do to this.
AGREEMENT = 0.035
MIN_AGREEING = 12
MIN_AGREEING_PART = 0.2
MIN_SAMPLES_OF_A_WINDOW = 2
MIN_SPOTS = 6
# Samples of a window this much nearer or farther than the hand as placed show something else.
WINDOW_GATE_M = 0.05


def look_up_hand(
    depth: DepthImage,
    landmarks_m: np.ndarray,
    hand_length_m: float,
    palm_seen: float,
    max_log_ratio: float,
) -> tuple[SeenDepths, float] | None:
    """Look up a hand in a depth image.

    Args:
        depth: of the same moment.
        landmarks_m: (21, 3) where the hand is thought to be in the camera's frame; its distance
            and size may be wrong by a common factor.
        hand_length_m: how large it is thought to be.
        palm_seen: 1 if the camera looks straight at the palm, -1 at the back, 0 at the edge.
        max_log_ratio: logarithm of the largest such factor.

    Returns:
        Points in the camera's frame and the logarithm of the factor; None if too few depths agree.
    """
    spots = _BLENDS @ landmarks_m
    ranges = np.linalg.norm(spots, axis=1)
    rays = spots / ranges[:, None]
    oblique = _obliqueness(landmarks_m, rays)
    inside = _SPOT_INSIDE_M + palm_seen * _SPOT_MORE_FROM_PALM_M
    inside *= oblique * (hand_length_m / MEAN_HAND_LENGTH_M)
    samples = _skin_ranges(depth, spots, rays, inside)
    # A hand that is larger by a factor and farther by the same looks the same.
    with np.errstate(invalid='ignore', divide='ignore'):
        log_ratio = np.log(samples / np.maximum(ranges - inside, 0.0)[:, None])
    usable = np.abs(log_ratio) < max_log_ratio
    agreed = _most_agreed(log_ratio[usable])
    if agreed is None:
        return None
    gate = WINDOW_GATE_M / (np.exp(agreed) * ranges)
    usable &= np.abs(log_ratio - agreed) < gate[:, None]
    seen = usable.sum(axis=1) >= MIN_SAMPLES_OF_A_WINDOW
    if seen.sum() < MIN_SPOTS:
        return None
    skin_m = _medians(np.where(usable, samples, np.nan)[seen])
    depths = SeenDepths(
        blends=_BLENDS[seen],
        rays=rays[seen],
        range_m=skin_m + inside[seen],
        sigma_m=DEPTH_SIGMA_M * oblique[seen],
    )
    return depths, agreed


def _obliqueness(landmarks: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """How much longer the way (K,) of rays (K, 3) from the skin to the spots is than the least."""
    links = landmarks[_ENDS] - landmarks[_STARTS]
    links /= np.maximum(np.linalg.norm(links, axis=1, keepdims=True), 1e-6)
    sine = np.sqrt(np.clip(1 - (links * rays).sum(axis=1) ** 2, 0.0, 1.0))
    wrist, index, pinky = landmarks[PALM_TRIANGLE]
    normal = np.cross(index - wrist, pinky - wrist)
    normal /= max(np.linalg.norm(normal), 1e-9)
    sine[_IS_PALM] = np.abs(rays[_IS_PALM] @ normal)
    return 1.0 / np.maximum(sine, MIN_SINE)


def _skin_ranges(
    depth: DepthImage, spots: np.ndarray, rays: np.ndarray, radii: np.ndarray
) -> np.ndarray:
    """Distances (K, 9) seen in a window around each spot (K, 3), NaN where nothing is."""
    beside = spots.copy()
    beside[:, 0] += radii
    centre_px, beside_px = depth.camera.project(np.concatenate([spots, beside])).reshape(2, -1, 2)
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
    """Of each row (K, N) the median (K,) of what is not NaN; at least one sample must be there.

    As `np.nanmedian`, which takes ten times as long for so small arrays.
    """
    ordered = np.sort(samples, axis=1)  # NaN last
    count = np.isfinite(ordered).sum(axis=1)
    rows = np.arange(len(ordered))
    return (ordered[rows, (count - 1) // 2] + ordered[rows, count // 2]) / 2


def _most_agreed(values: np.ndarray) -> float | None:
    """Where most values are within AGREEMENT of each other; None if too few are."""
    ordered = np.sort(values)
    first = np.searchsorted(ordered, ordered - AGREEMENT)
    last = np.searchsorted(ordered, ordered + AGREEMENT)
    counts = last - first
    if not len(counts) or counts.max() < max(MIN_AGREEING, MIN_AGREEING_PART * len(values)):
        return None
    best = int(np.argmax(counts))
    return float(ordered[(first[best] + last[best]) // 2])
