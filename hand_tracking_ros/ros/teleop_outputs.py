"""A hand as teleoperation wants it: joint values, and landmarks in the frame of the wrist."""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import PoseArray
from sensor_msgs.msg import JointState
from std_msgs.msg import Header

from hand_tracking_ros.ros.message_conversion import pose_to_message
from hand_tracking_ros.ros.transforms import SIDES
from hand_tracking_ros.tracking.fingers.hand_frame import convert_pose_convention
from hand_tracking_ros.tracking.fingers.joint_angles import JOINT_NAMES, articulation, joint_angles
from hand_tracking_ros.tracking.fingers.openxr_joints import openxr_joints
from hand_tracking_ros.tracking.hand import Hand, Handedness

LANDMARK_ORDERS = ('mediapipe', 'openxr')


def joint_state(hand: Hand, header: Header, image_mirrored: bool = False) -> JointState | None:
    """The finger joints of a left or right hand.

    Args:
        hand: of one image.
        header: the image's.
        image_mirrored: the image shows the other side than `hand.handedness` names.

    Returns:
        Radians as `joint_angles` defines them, each name with its side before it
        (`left_index_pip_flexion`), so that both hands fit into one robot model. None if the
        landmarks are not finite or span no palm.
    """
    angles = joint_angles(articulation(hand), _shown_side(hand, image_mirrored))
    if not np.isfinite(angles).all():
        return None
    side = SIDES[hand.handedness]
    return JointState(
        header=header,
        name=[f'{side}_{name}' for name in JOINT_NAMES],
        position=angles.tolist(),
    )


def landmark_poses(
    hand: Hand,
    header: Header,
    frame_id: str,
    pose_convention: str = 'rep103',
    landmark_order: str = 'mediapipe',
    image_mirrored: bool = False,
) -> PoseArray:
    """The landmarks of a hand that has a pose, in the frame of its wrist.

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
            hand.pose.camera_landmarks_m, _shown_side(hand, image_mirrored)
        )
    else:
        raise ValueError(
            f"landmark order is '{landmark_order}', expected one of {', '.join(LANDMARK_ORDERS)}"
        )
    local = (positions - hand.pose.position_m) @ axes
    return PoseArray(
        header=Header(stamp=header.stamp, frame_id=frame_id),
        poses=[
            pose_to_message(position, axes.T @ rotation)
            for position, rotation in zip(local, rotations, strict=True)
        ],
    )


def _shown_side(hand: Hand, image_mirrored: bool) -> Handedness:
    return hand.handedness.mirrored if image_mirrored else hand.handedness
