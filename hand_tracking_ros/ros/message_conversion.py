"""Hands as messages, and messages as hands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, Pose, PoseWithCovariance, Quaternion, Transform
from std_msgs.msg import Header

from hand_tracking_ros.msg import Hand as HandMessage
from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.compat import quaternion_from_matrix
from hand_tracking_ros.tracking.fingers.hand_frame import convert_pose_convention
from hand_tracking_ros.tracking.hand import Hand, Handedness, HandPose, PoseSource, TrackingState
from hand_tracking_ros.tracking.region import Region
from hand_tracking_ros.tracking.rotations import is_unit_quaternion, matrix_from_quaternion


def hands_to_message(
    hands: Sequence[Hand],
    poses: Mapping[int, Pose],
    header: Header,
    image_width: int,
    image_height: int,
) -> HandArray:
    """The hands of one image, with its header and size in px, as a message.

    `poses` are their `hand_frames`.
    """
    return HandArray(
        header=header,
        image_width=image_width,
        image_height=image_height,
        hands=[_hand_to_message(hand, poses.get(hand.track_id)) for hand in hands],
    )


def hands_from_message(message: HandArray) -> list[Hand]:
    """The hands of a message. Their poses' rotation is in the message's own pose convention.

    Raises:
        ValueError: as `hand_from_message`.
    """
    return [hand_from_message(hand) for hand in message.hands]


def hand_frames(hands: Sequence[Hand], pose_convention: str = 'rep103') -> dict[int, Pose]:
    """The hand frames of the hands that have a pose, by track id, with the axes of a convention."""
    return {
        hand.track_id: pose_to_message(
            hand.pose.position_m, convert_pose_convention(hand.pose.rotation, pose_convention)
        )
        for hand in hands
        if hand.pose is not None
    }


def pose_to_message(position_m: np.ndarray, rotation: np.ndarray) -> Pose:
    """A position (3,) and a rotation matrix (3, 3) as a message."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    x, y, z, w = (float(value) for value in quaternion_from_matrix(matrix))
    return Pose(position=point_to_message(position_m), orientation=Quaternion(x=x, y=y, z=z, w=w))


def point_to_message(point: Sequence[float]) -> Point:
    """Three numbers as a message."""
    return Point(x=float(point[0]), y=float(point[1]), z=float(point[2]))


def points_to_message(points: np.ndarray) -> list[Point]:
    """(N, 3) numbers as messages."""
    return [Point(x=x, y=y, z=z) for x, y, z in points.astype(float).tolist()]


def rotation_from_message(quaternion: Quaternion) -> np.ndarray:
    """Rotation matrix (3, 3) of a message.

    Raises:
        ValueError: it is no rotation; an orientation that nobody has set is all zeros.
    """
    check_rotation(quaternion)
    return matrix_from_quaternion(
        np.array([quaternion.x, quaternion.y, quaternion.z, quaternion.w])
    )


def check_rotation(quaternion: Quaternion) -> None:
    """Check a message without the work of a matrix: TF brings thousands of them a second.

    Raises:
        ValueError: it is no rotation; an orientation that nobody has set is all zeros.
    """
    values = (quaternion.x, quaternion.y, quaternion.z, quaternion.w)
    if not is_unit_quaternion(values):
        raise ValueError(f'quaternion is {values}, expected one of length 1')


def matrix_from_transform(transform: Transform) -> np.ndarray:
    """(4, 4) of a transform message.

    Raises:
        ValueError: its rotation is none.
    """
    translation = transform.translation
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_from_message(transform.rotation)
    matrix[:3, 3] = translation.x, translation.y, translation.z
    return matrix


def _hand_to_message(hand: Hand, pose: Pose | None) -> HandMessage:
    age_s, age_ns = divmod(round(hand.age_s * 10**9), 10**9)
    message = HandMessage(
        track_id=hand.track_id,
        handedness=int(hand.handedness),
        handedness_score=hand.handedness_score,
        state=int(hand.state),
        presence=hand.presence,
        age=Duration(sec=age_s, nanosec=age_ns),
        landmarks=points_to_message(hand.landmarks),
        region_x_px=hand.region.center_x_px,
        region_y_px=hand.region.center_y_px,
        region_size_px=hand.region.size_px,
        region_rotation_rad=hand.region.rotation_rad,
        world_landmarks=points_to_message(hand.world_landmarks),
    )
    if hand.finger_curl is not None:
        message.finger_curl = hand.finger_curl.astype(np.float32)
        message.pinch = hand.pinch
    if hand.pose is not None:
        message.has_pose = True
        covariance = hand.pose.covariance.ravel().astype(float).tolist()
        message.pose = PoseWithCovariance(pose=pose, covariance=covariance)
        message.camera_landmarks = points_to_message(hand.pose.camera_landmarks_m)
        message.pose_source = int(hand.pose.source)
        message.reprojection_error_px = float(hand.pose.reprojection_error_px)
    return message


def hand_from_message(message: HandMessage) -> Hand:
    """One hand of a message.

    Raises:
        ValueError: an enumeration has a value that does not exist, or the pose has no rotation.
    """
    return Hand(
        track_id=message.track_id,
        handedness=Handedness(message.handedness),
        handedness_score=message.handedness_score,
        state=TrackingState(message.state),
        presence=message.presence,
        age_s=message.age.sec + message.age.nanosec / 1e9,
        landmarks=_points_from_message(message.landmarks).astype(np.float32),
        world_landmarks=_points_from_message(message.world_landmarks).astype(np.float32),
        region=Region(
            message.region_x_px,
            message.region_y_px,
            message.region_size_px,
            message.region_rotation_rad,
        ),
        pose=_pose_from_message(message) if message.has_pose else None,
        finger_curl=np.array(message.finger_curl, np.float64),
        pinch=message.pinch,
    )


def _pose_from_message(message: HandMessage) -> HandPose:
    position = message.pose.pose.position
    return HandPose(
        position_m=np.array([position.x, position.y, position.z]),
        rotation=rotation_from_message(message.pose.pose.orientation),
        camera_landmarks_m=_points_from_message(message.camera_landmarks),
        covariance=np.array(message.pose.covariance).reshape(6, 6),
        reprojection_error_px=message.reprojection_error_px,
        source=PoseSource(message.pose_source),
    )


def _points_from_message(points: Sequence[Point]) -> np.ndarray:
    return np.array([(point.x, point.y, point.z) for point in points])
