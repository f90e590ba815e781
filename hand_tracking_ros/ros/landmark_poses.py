"""The landmarks of a hand in the frame of its wrist, as geometry_msgs/PoseArray."""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import PoseArray
from std_msgs.msg import Header

from hand_tracking_ros.ros.message_conversion import pose_to_message
from hand_tracking_ros.tracking.fingers.hand_frame import convert_pose_convention
from hand_tracking_ros.tracking.fingers.openxr_joints import openxr_joints
from hand_tracking_ros.tracking.hand import Hand

LANDMARK_ORDERS = ('mediapipe', 'openxr')


def landmark_poses(
    hand: Hand,
    header: Header,
    frame_id: str,
    pose_convention: str = 'rep103',
    landmark_order: str = 'mediapipe',
    image_mirrored: bool = False,
) -> PoseArray | None:
    """The landmarks of a hand that has a pose, in the frame of its wrist.

    None if they are to have orientations of their own but span no palm.

    Args:
        hand: of one image.
        header: the image's; its stamp is kept.
        frame_id: name of the hand's frame.
        pose_convention: axes of that frame.
        landmark_order: `mediapipe`, the 21 landmarks, all turned as the hand itself; `openxr`,
            the 26 joints of `openxr_joints`, each with its own orientation (palm and metacarpals
            of the long fingers are estimates).
        image_mirrored: the image shows the other side than `hand.handedness` names.

    Raises:
        ValueError: there is no such order.
    """
    axes = convert_pose_convention(hand.pose.rotation, pose_convention)
    if landmark_order == 'mediapipe':
        positions = hand.pose.camera_landmarks_m
        rotations = np.broadcast_to(axes, (len(positions), 3, 3))
    elif landmark_order == 'openxr':
        positions, rotations = openxr_joints(
            hand.pose.camera_landmarks_m, hand.shown_side(image_mirrored)
        )
    else:
        raise ValueError(
            f"landmark order is '{landmark_order}', expected one of {', '.join(LANDMARK_ORDERS)}"
        )
    if not np.isfinite(rotations).all():
        return None
    local = (positions - hand.pose.position_m) @ axes
    return PoseArray(
        header=Header(stamp=header.stamp, frame_id=frame_id),
        poses=[
            pose_to_message(position, axes.T @ rotation)
            for position, rotation in zip(local, rotations, strict=True)
        ],
    )
