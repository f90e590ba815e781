"""The finger joints of a hand as sensor_msgs/JointState."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import JointState
from std_msgs.msg import Header

from hand_tracking_ros.ros.transforms import SIDES
from hand_tracking_ros.tracking.fingers.finger_values import metric_landmarks
from hand_tracking_ros.tracking.fingers.joint_angles import JOINT_NAMES, joint_angles
from hand_tracking_ros.tracking.hand import Hand


def joint_state(hand: Hand, header: Header, image_mirrored: bool = False) -> JointState | None:
    """The finger joints of a left or right hand, in radians as `joint_angles` defines them.

    Each name has its side before it (`left_index_pip_flexion`), so that both hands fit into one
    robot model. None if the landmarks are not finite or span no palm. With `image_mirrored` the
    image shows the other side than `hand.handedness` names.
    """
    angles = joint_angles(metric_landmarks(hand), hand.shown_side(image_mirrored))
    if not np.isfinite(angles).all():
        return None
    side = SIDES[hand.handedness]
    return JointState(
        header=header,
        name=[f'{side}_{name}' for name in JOINT_NAMES],
        position=angles.tolist(),
    )
