"""Joint centres from the landmarks that the networks draw, and back.

The networks learned from points that people set on pictures of skin: they draw the knuckles beyond
the joints, the thumb's base nearer to the next joint, and the tips inside the fingertips. The
amounts were measured on rendered hands. The few annotated pictures in the test data, which mean
other points by the same names, agree on the thumb's base and the tips, show no shift of the
knuckles and have the wrist about 2 cm farther down the arm.
"""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.hand import FINGERS, Landmark

# How far each landmark is drawn from its joint towards the next one, over their distance: with the
# hand edge-on to the camera, and how much more with its palm and less with its back to the camera.
WRIST_TO_KNUCKLE = (0.05, -0.05)
THUMB_BASE_TO_NEXT = (0.15, -0.1)
KNUCKLE_TO_NEXT = (0.14, 0.02)
# How far a tip is drawn inside the fingertip, over the length of its bone.
TIP_INSIDE = (0.15, 0.0)

_DRAWN, _TOWARDS = np.array(
    [(Landmark.WRIST, Landmark.MIDDLE_FINGER_MCP)]
    + [joints[:2] for joints in FINGERS.values()]
    + [(tip, end_joint) for *_, end_joint, tip in FINGERS.values()]
).T
_EDGE_ON, _BY_FACING = np.array(
    [WRIST_TO_KNUCKLE, THUMB_BASE_TO_NEXT]
    + [KNUCKLE_TO_NEXT] * (len(FINGERS) - 1)
    + [TIP_INSIDE] * len(FINGERS)
).T[:, :, None]


def joint_centres(landmarks: np.ndarray, palm_facing: float) -> np.ndarray:
    """The joints of a hand.

    Args:
        landmarks: (21, D) as the networks draw them, in an image or in space.
        palm_facing: cosine between the direction out of the palm and the one to the camera: 1 if
            the camera looks straight at the palm, -1 at the back, 0 at the edge.

    Returns:
        (21, D) wrist, joints and the ends of the fingers.
    """
    joints = landmarks.copy()
    part = _EDGE_ON + _BY_FACING * palm_facing
    # The wrist is drawn towards a joint that has to be found first.
    for chosen in (slice(1, None), slice(0, 1)):
        drawn, towards, moved = _DRAWN[chosen], _TOWARDS[chosen], part[chosen]
        joints[drawn] = (joints[drawn] - moved * joints[towards]) / (1 - moved)
    return joints


def drawn_landmarks(joints: np.ndarray, palm_facing: float) -> np.ndarray:
    """Where the networks draw the landmarks of joints (21, D); undoes `joint_centres`."""
    landmarks = joints.copy()
    part = _EDGE_ON + _BY_FACING * palm_facing
    landmarks[_DRAWN] = (1 - part) * joints[_DRAWN] + part * joints[_TOWARDS]
    return landmarks
