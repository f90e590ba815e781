"""Hands as TF frames and as poses of the left and the right hand."""

from __future__ import annotations

from collections.abc import Sequence

from geometry_msgs.msg import (
    Pose,
    PoseStamped,
    Quaternion,
    Transform,
    TransformStamped,
    Vector3,
)
from std_msgs.msg import Header

from hand_tracking_ros.ros.message_conversion import pose_to_message
from hand_tracking_ros.tracking.camera_pose import convert_pose_convention
from hand_tracking_ros.tracking.hand import Hand, Handedness, Landmark, TrackingState

SIDES = {Handedness.LEFT: 'left', Handedness.RIGHT: 'right'}


def oldest_of_each_side(hands: Sequence[Hand]) -> dict[str, Hand]:
    """The longest tracked hand that has a pose, for `left` and `right`."""
    oldest: dict[str, Hand] = {}
    for hand in _located(hands):
        side = SIDES.get(hand.handedness)
        if side and (side not in oldest or hand.age_s > oldest[side].age_s):
            oldest[side] = hand
    return oldest


def hand_transforms(
    hands: Sequence[Hand],
    header: Header,
    prefix: str = '',
    pose_convention: str = 'rep103',
    with_landmarks: bool = False,
) -> list[TransformStamped]:
    """A frame for each tracked hand that has a pose, and one for the oldest of each side.

    Args:
        hands: of one image.
        header: the image's; its frame is the parent.
        prefix: put before each child's name.
        pose_convention: axes of the hand frames.
        with_landmarks: add a frame for each landmark, with the axes of its hand.
    """
    transforms = []
    for hand in _located(hands):
        name = f'{prefix}hand_{hand.track_id}'
        pose = hand_pose(hand, pose_convention)
        transforms.append(_transform(header, name, pose))
        if with_landmarks:
            transforms += [
                _transform(
                    header,
                    f'{name}_{landmark.name.lower()}',
                    _moved(pose, hand.pose.camera_landmarks_m[landmark]),
                )
                for landmark in Landmark
            ]
    for side, hand in oldest_of_each_side(hands).items():
        transforms.append(
            _transform(header, f'{prefix}{side}_hand', hand_pose(hand, pose_convention))
        )
    return transforms


def pose_stamped(hand: Hand, header: Header, pose_convention: str) -> PoseStamped:
    """The hand frame of a hand that has a pose, as a message."""
    return PoseStamped(header=header, pose=hand_pose(hand, pose_convention))


def hand_pose(hand: Hand, pose_convention: str) -> Pose:
    """The hand frame of a hand that has a pose."""
    rotation = convert_pose_convention(hand.pose.rotation, pose_convention)
    return pose_to_message(hand.pose.position_m, rotation)


def _located(hands: Sequence[Hand]) -> list[Hand]:
    return [hand for hand in hands if hand.pose is not None and hand.state == TrackingState.TRACKED]


def _moved(pose: Pose, position_m: Sequence[float]) -> Pose:
    moved = Pose(orientation=pose.orientation)
    moved.position.x, moved.position.y, moved.position.z = (float(value) for value in position_m)
    return moved


def _transform(header: Header, child: str, pose: Pose) -> TransformStamped:
    position, orientation = pose.position, pose.orientation
    return TransformStamped(
        header=header,
        child_frame_id=child,
        transform=Transform(
            translation=Vector3(x=position.x, y=position.y, z=position.z),
            rotation=Quaternion(x=orientation.x, y=orientation.y, z=orientation.z, w=orientation.w),
        ),
    )
