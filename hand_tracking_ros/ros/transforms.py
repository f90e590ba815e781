"""Hands as TF frames, and which hand is the left and which the right one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from geometry_msgs.msg import Pose, Transform, TransformStamped, Vector3
from std_msgs.msg import Header

from hand_tracking_ros.ros.message_conversion import point_to_message
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
    poses: Mapping[int, Pose],
    header: Header,
    prefix: str = '',
    with_landmarks: bool = False,
) -> list[TransformStamped]:
    """A frame for each tracked hand that has a pose, and one for the oldest of each side.

    Args:
        hands: of one image.
        poses: their hand frames, by track id.
        header: the image's; its frame is the parent.
        prefix: put before each child's name.
        with_landmarks: add a frame for each landmark, with the axes of its hand.
    """
    transforms = []
    for hand in _located(hands):
        name = f'{prefix}hand_{hand.track_id}'
        pose = poses[hand.track_id]
        transforms.append(_transform(header, name, pose))
        for landmark in Landmark if with_landmarks else ():
            position = point_to_message(hand.pose.camera_landmarks_m[landmark])
            landmark_pose = Pose(position=position, orientation=pose.orientation)
            transforms.append(_transform(header, f'{name}_{landmark.name.lower()}', landmark_pose))
    for side, hand in oldest_of_each_side(hands).items():
        transforms.append(_transform(header, f'{prefix}{side}_hand', poses[hand.track_id]))
    return transforms


def _located(hands: Sequence[Hand]) -> list[Hand]:
    return [hand for hand in hands if hand.pose is not None and hand.state == TrackingState.TRACKED]


def _transform(header: Header, child: str, pose: Pose) -> TransformStamped:
    translation = Vector3(x=pose.position.x, y=pose.position.y, z=pose.position.z)
    return TransformStamped(
        header=header,
        child_frame_id=child,
        transform=Transform(translation=translation, rotation=pose.orientation),
    )
