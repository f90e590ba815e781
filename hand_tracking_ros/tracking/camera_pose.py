"""Where a hand is in the camera's frame, in metres, from one image and the camera's calibration.

A picture alone does not tell a small near hand from a large far one: the distance rests on the
hand's size, here that of an average adult times `hand_scale`. The model's world landmarks lend
the shape, which is moved and turned, as one rigid piece, until it covers the landmarks seen.
"""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.camera_model import CameraModel
from hand_tracking_ros.tracking.hand import (
    CONNECTIONS,
    Hand,
    Handedness,
    HandPose,
    Landmark,
    PoseSource,
)
from hand_tracking_ros.tracking.rigid_fit import MIN_POINTS, RigidFit, fit_to_rays

# Sum of the lengths of all CONNECTIONS of an average adult hand (about 185 mm long). Measured in
# 3D: 0.70 and 0.74 m on two annotated hands; 0.71 m in the median over a video of a third. The
# world landmarks' own sum is as much as 40 % off from picture to picture.
MEAN_BONES_SUM_M = 0.72
# Adults differ by 6 %, and the sum says the size of a bent hand no better than to 8 %.
SIZE_SIGMA = 0.1
# Error of the hand's axes in the world landmarks themselves, about each axis.
SHAPE_ORIENTATION_SIGMA_RAD = np.radians(10.0)

# Columns are each convention's axes in rep103's (x to the fingers, z out of the back).
POSE_CONVENTIONS: dict[str, np.ndarray] = {
    'rep103': np.eye(3),
    # -z to the fingers, +y out of the back of the hand.
    'openxr': np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    # +z to the fingers, +x out of the palm.
    'mano': np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]]),
}

_BONE_STARTS, _BONE_ENDS = np.array(CONNECTIONS).T
_PALM = [
    Landmark.WRIST,
    Landmark.INDEX_FINGER_MCP,
    Landmark.MIDDLE_FINGER_MCP,
    Landmark.RING_FINGER_MCP,
    Landmark.PINKY_MCP,
]


def estimate_pose(
    hand: Hand,
    camera: CameraModel,
    image_width: int,
    image_height: int,
    hand_scale: float = 1.0,
    image_mirrored: bool = False,
) -> HandPose | None:
    """Place a hand in the camera's optical frame.

    Args:
        hand: with landmarks and world landmarks of one image.
        camera: of that image, or of the same image in another size.
        image_width: px.
        image_height: px.
        hand_scale: size of this person's hand over an average adult's.
        image_mirrored: the image shows the other side than `hand.handedness` names.

    Returns:
        The pose with `PoseSource.HAND_SIZE`; None if the landmarks fit no hand in front of the
        camera, or fewer than 6 of them lie where the camera is calibrated.

    Raises:
        CameraInfoError: the camera's image has another shape.
    """
    camera = camera.scaled_to(image_width, image_height)
    seen_px = hand.landmarks_px(image_width, image_height).astype(np.float64)
    shape = _of_average_size(hand.world_landmarks.astype(np.float64)) * hand_scale
    if not (np.isfinite(seen_px).all() and np.isfinite(shape).all()):
        return None
    fit = fit_to_rays(shape, camera.rays(seen_px))
    if fit is None:
        return None
    landmarks = shape @ fit.rotation.T + fit.translation
    side = hand.handedness.mirrored if image_mirrored else hand.handedness
    rotation = hand_axes(landmarks, side)
    miss_px = np.linalg.norm(camera.project(landmarks) - seen_px, axis=1)
    if not np.isfinite(rotation).all() or np.isfinite(miss_px).sum() < MIN_POINTS:
        return None
    wrist = landmarks[Landmark.WRIST]
    return HandPose(
        position_m=wrist,
        rotation=rotation,
        camera_landmarks_m=landmarks,
        covariance=_pose_covariance(fit, wrist),
        reprojection_error_px=float(np.sqrt(np.nanmean(miss_px**2))),
        source=PoseSource.HAND_SIZE,
    )


def hand_axes(points: np.ndarray, handedness: Handedness) -> np.ndarray:
    """Axes of the hand frame in the `rep103` convention.

    Args:
        points: (21, 3) landmarks in any right-handed frame.
        handedness: the side they show. An unknown side is told by the fingers, which bend
            towards the palm.

    Returns:
        (3, 3) float64 rotation with columns x, from the wrist to the middle finger's knuckle; z,
        out of the back of the hand: the normal of the plane of the wrist and the knuckles of
        index and little finger, made square to x; y = z cross x. NaN if these points lie on one
        line.
    """
    wrist = points[Landmark.WRIST]
    forward = points[Landmark.MIDDLE_FINGER_MCP] - wrist
    back = np.cross(points[Landmark.PINKY_MCP] - wrist, points[Landmark.INDEX_FINGER_MCP] - wrist)
    if handedness == Handedness.LEFT:
        back = -back
    elif handedness == Handedness.UNKNOWN:
        fingers_from_palm = points.mean(axis=0) - points[_PALM].mean(axis=0)
        back = -back if fingers_from_palm @ back > 0 else back
    y = np.cross(back, forward)
    with np.errstate(invalid='ignore', divide='ignore'):
        x = forward / np.linalg.norm(forward)
        y = y / np.linalg.norm(y)
    return np.column_stack([x, y, np.cross(x, y)])


def convert_pose_convention(rotation: np.ndarray, convention: str) -> np.ndarray:
    """The same hand's rotation with the axes of another convention.

    Args:
        rotation: (3, 3), as `HandPose.rotation` (rep103).
        convention: `rep103`; `openxr`, -z to the fingers and +y out of the back of the hand;
            `mano`, the axes dex-retargeting works in: +z to the fingers and +x out of the palm
            (dex-retargeting fits its palm plane to index and middle finger only, which turns it
            by about 16 degrees about the finger axis against this one).

    Returns:
        (3, 3) rotation. Every convention is right-handed and the same rule for both hands.

    Raises:
        ValueError: there is no such convention.
    """
    if convention not in POSE_CONVENTIONS:
        raise ValueError(
            f"pose convention is '{convention}', expected one of {', '.join(POSE_CONVENTIONS)}"
        )
    return rotation @ POSE_CONVENTIONS[convention]


def _of_average_size(world_landmarks: np.ndarray) -> np.ndarray:
    """The shape (21, 3) with its middle at the origin and an average adult's bones in sum."""
    bones = world_landmarks[_BONE_ENDS] - world_landmarks[_BONE_STARTS]
    bones_sum = np.linalg.norm(bones, axis=1).sum()
    if not bones_sum > 0:
        return np.full_like(world_landmarks, np.nan)
    centred = world_landmarks - world_landmarks.mean(axis=0)
    return centred * (MEAN_BONES_SUM_M / bones_sum)


def _pose_covariance(fit: RigidFit, wrist: np.ndarray) -> np.ndarray:
    """(6, 6) over the wrist's position and the hand's rotation, from a fit's.

    The fit believes the shape and its size. What these miss comes on top: along the ray for the
    size, about every axis for the shape.
    """
    x, y, z = wrist - fit.translation
    by_motion = np.zeros((6, 6))
    by_motion[:3, :3] = [[0.0, z, -y], [-z, 0.0, x], [y, -x, 0.0]]
    by_motion[:3, 3:] = by_motion[3:, :3] = np.eye(3)
    covariance = by_motion @ fit.covariance @ by_motion.T
    covariance[:3, :3] += np.outer(wrist, wrist) * SIZE_SIGMA**2
    covariance[3:, 3:] += np.eye(3) * SHAPE_ORIENTATION_SIGMA_RAD**2
    return (covariance + covariance.T) / 2
