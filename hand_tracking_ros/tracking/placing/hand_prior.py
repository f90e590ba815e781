"""The prior of the fit: the shape and orientation that one image suggests for a hand.

The networks' landmarks in the image have a depth each, and so are a shape in space. On rendered
hands it tells better than their world landmarks how a hand is turned and bent: 16 against 24
degrees for the orientation, 8 against 12 for a finger joint, in the median. (On two annotated
pictures, with both networks: orientation better 3 times of 4, joints 2 times of 4.) Their errors
differ, so a weighted mean is used, with the bone lengths of an average hand.
"""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.hand import (
    FINGERS,
    NUM_LANDMARKS,
    PALM_AND_THUMB,
    Handedness,
    Landmark,
)
from hand_tracking_ros.tracking.placing.hand_proportions import (
    AVERAGE_BONES,
    AVERAGE_PALM,
    FINGER_LINKS,
    PALM_LINKS,
)
from hand_tracking_ros.tracking.rotations import rotation_to_z

# Weight of the world landmarks.
WORLD_WEIGHT = 0.3

MIN_POINTS = 6
# Landmarks farther than this from the middle of the hand do not belong to it.
MIN_COSINE_TO_MIDDLE = 0.3


def facing_view(rays: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The landmarks as seen by a virtual camera that looks straight at the hand.

    The networks see a crop of the image and cannot know where in the image it was: what they
    say about a hand's orientation is true in this camera's frame.

    Args:
        rays: (21, 3) unit directions, NaN where the camera is not calibrated.

    Returns:
        (21, 2) normalised image coordinates (at z = 1), NaN where not known, and the rotation
        (3, 3) into that camera's frame; None if fewer than 6 landmarks are known.
    """
    known = np.isfinite(rays).all(axis=1)
    if known.sum() < MIN_POINTS:
        return None
    middle = rays[known].mean(axis=0)
    to_facing = rotation_to_z(middle / np.linalg.norm(middle))
    facing = rays @ to_facing.T
    with np.errstate(invalid='ignore'):
        facing[~(facing[:, 2] > MIN_COSINE_TO_MIDDLE)] = np.nan
    if np.isfinite(facing[:, 2]).sum() < MIN_POINTS:
        return None
    return facing[:, :2] / facing[:, 2:], to_facing


def estimate_shape(
    view: np.ndarray, landmarks_px: np.ndarray, world_landmarks: np.ndarray
) -> np.ndarray:
    """The shape (21, 3) in units of the hand's distance, in the frame of `facing_view`.

    Args:
        view: (21, 2) normalised image coordinates; those that are NaN are filled in from the
            image.
        landmarks_px: (21, 3) in the image, the depth in pixels too.
        world_landmarks: (21, 3).
    """
    known = np.isfinite(view).all(axis=1)
    homogeneous = np.column_stack([landmarks_px[:, :2], np.ones(NUM_LANDMARKS)])
    to_view = np.linalg.lstsq(homogeneous[known], view[known], rcond=None)[0]
    flat = np.where(known[:, None], view, homogeneous @ to_view)
    per_px = np.sqrt(abs(to_view[0, 0] * to_view[1, 1] - to_view[0, 1] * to_view[1, 0]))
    depth = (landmarks_px[:, 2:] - landmarks_px[:, 2].mean()) * per_px
    # Perspective: what is farther is wider than it looks.
    shape = np.hstack([flat * (1 + depth), depth])
    shape -= shape.mean(axis=0)
    world = world_landmarks - world_landmarks.mean(axis=0)
    spread = np.linalg.norm(world[:, :2])
    if not spread > 0:
        return shape
    world *= np.linalg.norm(shape[:, :2]) / spread
    return (1 - WORLD_WEIGHT) * shape + WORLD_WEIGHT * world


def expected_links(shape: np.ndarray, handedness: Handedness) -> np.ndarray:
    """Vectors (L, 3) of LINKS of an average hand of length 1, turned and bent like joints (21, 3).

    `handedness` is the side shown; if unknown, the one that is more like the shape.
    """
    points = np.zeros((NUM_LANDMARKS, 3))
    points[PALM_AND_THUMB] = _align_palm(shape[PALM_AND_THUMB], handedness)
    palm_links = points[PALM_LINKS[:, 1]] - points[PALM_LINKS[:, 0]]
    bones = shape[FINGER_LINKS[:, 1]] - shape[FINGER_LINKS[:, 0]]
    lengths = np.linalg.norm(bones, axis=1, keepdims=True)
    # A bone of length 0 has no direction: the palm's is as good as any.
    forward = points[Landmark.MIDDLE_FINGER_MCP] - points[Landmark.WRIST]
    bones = np.where(lengths > 0, bones, forward)
    bones *= (AVERAGE_BONES / np.linalg.norm(bones, axis=1))[:, None]
    return np.vstack([palm_links, bones])


def landmarks_from_links(links: np.ndarray) -> np.ndarray:
    """Landmarks (21, 3) from the vectors of LINKS, the wrist at the origin."""
    points = np.zeros((NUM_LANDMARKS, 3))
    points[PALM_AND_THUMB[1:]] = links[: len(PALM_AND_THUMB) - 1]
    bones = links[len(PALM_LINKS) :].reshape(len(FINGERS), -1, 3)
    joints = np.array(list(FINGERS.values()))
    points[joints[:, 1:]] = points[joints[:, :1]] + np.cumsum(bones, axis=1)
    return points


def _align_palm(points: np.ndarray, handedness: Handedness) -> np.ndarray:
    """Kabsch alignment: the average palm (6, 3) of length 1, rotated to fit points (6, 3) best."""
    right = AVERAGE_PALM - AVERAGE_PALM.mean(axis=0)
    left = right * [1.0, -1.0, 1.0]
    palms = {Handedness.LEFT: [left], Handedness.RIGHT: [right]}.get(handedness, [left, right])
    centred = points - points.mean(axis=0)
    aligned = []
    for palm in palms:
        u, singular_values, vt = np.linalg.svd(palm.T @ centred)
        signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
        aligned.append((singular_values @ signs, palm @ ((u * signs) @ vt)))
    return max(aligned, key=lambda fit: fit[0])[1]
