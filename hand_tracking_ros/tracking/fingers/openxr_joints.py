"""The hand as OpenXR describes it: 26 joints with orientations (extension XR_EXT_hand_tracking).

    positions, rotations = openxr_joints(hand.pose.camera_landmarks_m, hand.handedness)
    positions[OPENXR_JOINT_NAMES.index('index_tip')]

21 of them are landmarks. The palm and the bases of the four long fingers' metacarpals are
estimated from the proportions of an average hand.
"""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.fingers.finger_axes import as_right_hand, finger_bones, hinges, unit
from hand_tracking_ros.tracking.hand import FINGERS, Handedness, Landmark

# In the order of XrHandJointEXT.
OPENXR_JOINT_NAMES: tuple[str, ...] = (
    'palm',
    'wrist',
    *(f'thumb_{bone}' for bone in ('metacarpal', 'proximal', 'distal', 'tip')),
    *(
        f'{finger}_{bone}'
        for finger in ('index', 'middle', 'ring', 'little')
        for bone in ('metacarpal', 'proximal', 'intermediate', 'distal', 'tip')
    ),
)

# Where a metacarpal begins, as a part of the way from the wrist to its knuckle: the middle
# finger's is 65 mm long (Buryanov, Kotiuk: "Proportions of Hand Segments", 2010), and its knuckle
# 93 mm from the wrist.
METACARPAL_BEGINS = 0.3
# The bases stand 55 % as far apart as the knuckles, not 30 %.
METACARPAL_SPREAD = 0.25


def openxr_joints(points: np.ndarray, handedness: Handedness) -> tuple[np.ndarray, np.ndarray]:
    """Positions and orientations of OpenXR's joints.

    Args:
        points: (21, 3) metric landmarks in any right-handed frame.
        handedness: the side they show; where that is unknown, see `hand_axes`.

    Returns:
        (26, 3) positions in the frame of the points, and (26, 3, 3) rotations whose columns are
        each joint's axes in it: -z along the bone that begins there (at a tip, that ends there),
        +y out of the back of the hand or finger, +x = y cross z. NaN if the landmarks span no
        palm.
    """
    points = np.asarray(points, np.float64)
    local, to_points = as_right_hand(points, handedness)
    wrist, middle = local[Landmark.WRIST], local[Landmark.MIDDLE_FINGER_MCP]
    fingers = local[np.array(list(FINGERS.values()))]
    knuckles = fingers[1:, 0]
    bases = METACARPAL_BEGINS * knuckles + METACARPAL_SPREAD * (knuckles - middle)
    palm = (bases[1] + middle) / 2

    bones = finger_bones(local)
    axes = hinges(bones)
    palm_side = np.array([0.0, 1.0, 0.0])
    joints = [(palm, unit(middle - bases[1]), palm_side), (wrist, unit(middle), palm_side)]
    for finger, (points_of_finger, directions) in enumerate(zip(fingers, bones, strict=True)):
        if finger > 0:
            base = bases[finger - 1]
            joints.append((base, unit(points_of_finger[0] - base), palm_side))
        ends = zip(points_of_finger, [*directions, directions[-1]], strict=True)
        joints += [(point, direction, axes[finger]) for point, direction in ends]
    positions, forward, side = (np.array(values) for values in zip(*joints, strict=True))
    back = unit(np.cross(forward, side))
    z, y = -forward @ to_points.T, back @ to_points.T
    rotations = np.stack([np.cross(y, z), y, z], axis=-1)
    return positions @ to_points.T + points[Landmark.WRIST], rotations
