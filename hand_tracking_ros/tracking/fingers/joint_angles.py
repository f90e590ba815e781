"""The angle of every joint of a hand, from metric landmarks in any frame and any unit.

angles = joint_angles(metric_landmarks(hand), hand.handedness)
dict(zip(JOINT_NAMES, angles))['index_mcp_flexion']  # rad
"""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.fingers.finger_axes import as_right_hand, finger_bones, hinges
from hand_tracking_ros.tracking.hand import FINGERS, Handedness, Landmark

# Joints of the human hand in the order of `joint_angles`.
JOINT_NAMES: tuple[str, ...] = (
    'thumb_cmc_abduction',
    'thumb_cmc_flexion',
    'thumb_mcp_flexion',
    'thumb_ip_flexion',
    'thumb_opposition',
    *(
        f'{finger}_{joint}'
        for finger in FINGERS
        if finger != 'thumb'
        for joint in ('mcp_abduction', 'mcp_flexion', 'pip_flexion', 'dip_flexion')
    ),
)

# Of the long fingers: +1 where away from the middle finger is towards the thumb.
_OUTWARDS = np.array([1.0, 1.0, -1.0, -1.0])


def joint_angles(points: np.ndarray, handedness: Handedness) -> np.ndarray:
    """The angle of every joint of the human hand.

    All angles are 0 in a flat hand whose fingers and thumb are parallel to the line from the
    wrist to the middle finger's knuckle, and the same for left and right hands. `Palm plane` is
    that of the hand frame's x and y axes (`hand_axes`).

    - Flexion of mcp, pip, dip and ip joints is positive when the finger bends towards its inner
      side, negative when it is bent backwards. `*_mcp_flexion` of a long finger is measured in
      the plane square to the palm, against the palm plane.
    - `*_mcp_abduction` is the angle between the finger's first bone and that plane: positive when
      the finger moves away from the middle finger; for the middle finger, towards the thumb.
      (Flexion turns about the palm's axis, abduction about the finger's own after it: so a fist's
      abduction is small and steady, not undefined.)
    - `thumb_cmc_abduction` is the direction of the thumb's metacarpal in the palm plane, positive
      towards the thumb's side; `thumb_cmc_flexion` its angle out of the palm plane, positive to
      the front of the palm (clinically: radial and palmar abduction).
    - `thumb_opposition` says how far the thumb has swung around the hand's long axis: the
      direction in which its last joint lies from that axis, 0 beside the hand in the palm plane,
      pi/2 in front of the palm, more on the little finger's side.

    Args:
        points: (21, 3) metric landmarks in any right-handed frame.
        handedness: the side they show; where that is unknown, see `hand_axes`.

    Returns:
        (21,) float64 radians in the order of JOINT_NAMES; NaN if the landmarks span no palm.
    """
    local, _ = as_right_hand(points, handedness)
    bones = finger_bones(local)
    # Angles between the bones that follow each other: (5, 2).
    bends = _turn(bones[:, :-1], bones[:, 1:], hinges(bones)[:, None])
    thumb_x, thumb_y, thumb_z = bones[0, 0]
    x, y, z = bones[1:, 0].T
    long_fingers = np.column_stack(
        [_OUTWARDS * np.arctan2(y, np.hypot(x, z)), np.arctan2(-z, x), bends[1:]]
    )
    _, last_joint_y, last_joint_z = local[Landmark.THUMB_IP]
    return np.array(
        [
            np.arctan2(thumb_y, thumb_x),
            np.arctan2(-thumb_z, np.hypot(thumb_x, thumb_y)),
            *bends[0],
            np.arctan2(-last_joint_z, last_joint_y),
            *long_fingers.ravel(),
        ]
    )


def _turn(start: np.ndarray, end: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Angles about unit axes (..., 3) from one direction to another, both seen along the axis."""
    sine = (np.cross(start, end) * axis).sum(axis=-1)
    cosine = (start * end).sum(axis=-1) - (start * axis).sum(axis=-1) * (end * axis).sum(axis=-1)
    return np.arctan2(sine, cosine)
