"""The hand frame: its axes from landmarks, and the conventions that others have for it."""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.hand import PALM, Handedness, Landmark

# Columns are each convention's axes in rep103's (x to the fingers, z out of the back).
POSE_CONVENTIONS: dict[str, np.ndarray] = {
    'rep103': np.eye(3),
    # -z to the fingers, +y out of the back of the hand.
    'openxr': np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    # +z to the fingers, +x out of the palm: the axes dex-retargeting works in. (It fits its palm
    # plane to index and middle finger only, which turns it by about 16 degrees about the finger
    # axis against this one.)
    'mano': np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]]),
}

_NEXT, _AFTER_NEXT = np.array([1, 2, 0]), np.array([2, 0, 1])


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
    back = _cross(points[Landmark.PINKY_MCP] - wrist, points[Landmark.INDEX_FINGER_MCP] - wrist)
    if handedness == Handedness.LEFT:
        back = -back
    elif handedness == Handedness.UNKNOWN:
        fingers_from_palm = points.mean(axis=0) - points[PALM].mean(axis=0)
        back = -back if fingers_from_palm @ back > 0 else back
    y = _cross(back, forward)
    with np.errstate(invalid='ignore', divide='ignore'):
        x = forward / np.linalg.norm(forward)
        y = y / np.linalg.norm(y)
    return np.column_stack([x, y, _cross(x, y)])


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cross product (3,) of two vectors; np.cross, which is for many, takes ten times as long."""
    return a[_NEXT] * b[_AFTER_NEXT] - a[_AFTER_NEXT] * b[_NEXT]


def convert_pose_convention(rotation: np.ndarray, convention: str) -> np.ndarray:
    """The same hand's rotation with the axes of another convention.

    Args:
        rotation: (3, 3), as `HandPose.rotation` (rep103).
        convention: a name in POSE_CONVENTIONS.

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
