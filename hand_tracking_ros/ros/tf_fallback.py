"""tf2_ros and tf_transformations for machines without them, as far as this package uses them."""

import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.logging import get_logger
from rclpy.qos import DurabilityPolicy, QoSProfile
from tf2_msgs.msg import TFMessage

from hand_tracking_ros.tracking import rotations


def quaternion_from_matrix(matrix):
    """tf_transformations.quaternion_from_matrix: (x, y, z, w) of a (4, 4) matrix."""
    return rotations.quaternion_from_matrix(matrix[:3, :3])


# Whoever sends a bad transform sends it many times a second.
ERROR_PERIOD_S = 10.0


class TransformException(Exception):
    """tf2_ros.TransformException: why there is no such transform."""


class TransformBroadcaster:
    """tf2_ros.TransformBroadcaster: publishes transforms on /tf."""

    def __init__(self, node):
        # tf2_ros's quality of service: keep last 100, and rclpy's defaults reliable and volatile.
        self._publisher = node.create_publisher(TFMessage, '/tf', QoSProfile(depth=100))

    def sendTransform(self, transform):
        """Send one TransformStamped, or several in one message."""
        transforms = [transform] if isinstance(transform, TransformStamped) else list(transform)
        self._publisher.publish(TFMessage(transforms=transforms))


class Buffer:
    """tf2_ros.Buffer that knows the newest transform of every frame only."""

    def __init__(self):
        self._to_parents = {}

    def set_transform(self, transform, authority):
        """Keep one TransformStamped; ignore one that is none, as tf2 does."""
        parent, child = transform.header.frame_id, transform.child_frame_id
        place, q = transform.transform.translation, transform.transform.rotation
        translation, rotation = (
            np.array([place.x, place.y, place.z]),
            np.array([q.x, q.y, q.z, q.w]),
        )
        is_finite = np.isfinite(translation).all() and rotations.is_unit_quaternion(rotation)
        if not is_finite or not parent or not child or parent == child:
            get_logger('tf2').error(
                f"Ignoring transform from {authority} with child_frame_id '{child}', frame_id "
                f"'{parent}', translation {translation.tolist()}, rotation {rotation.tolist()}: "
                'expected two frames, finite numbers and a unit quaternion',
                throttle_duration_sec=ERROR_PERIOD_S,
            )
            return
        matrix = np.eye(4)
        matrix[:3, :3] = rotations.matrix_from_quaternion(rotation)
        matrix[:3, 3] = translation
        self._to_parents[child] = parent, matrix

    def set_transform_static(self, transform, authority):
        """Keep one TransformStamped that never changes."""
        self.set_transform(transform, authority)

    def lookup_transform(self, target_frame, source_frame, _time):
        """Return the TransformStamped that takes points of the source frame to the target frame."""
        target_root, from_target = self._to_root(target_frame)
        source_root, from_source = self._to_root(source_frame)
        if target_root != source_root:
            raise TransformException(
                f'Could not find a connection between {target_frame!r} and {source_frame!r}'
            )
        matrix = np.linalg.solve(from_target, from_source)
        if not np.isfinite(matrix).all():
            raise TransformException(
                f'The transforms between {target_frame!r} and {source_frame!r} are too long'
            )
        found = TransformStamped(child_frame_id=source_frame)
        found.header.frame_id = target_frame
        translation, rotation = found.transform.translation, found.transform.rotation
        translation.x, translation.y, translation.z = matrix[:3, 3].tolist()
        rotation.x, rotation.y, rotation.z, rotation.w = quaternion_from_matrix(matrix).tolist()
        return found

    def _to_root(self, frame):
        """Return the root of a frame's tree, and the (4, 4) matrix to it."""
        matrix, seen = np.eye(4), {frame}
        while frame in self._to_parents:
            frame, to_parent = self._to_parents[frame]
            matrix = to_parent @ matrix
            if frame in seen:
                raise TransformException(f'The frame {frame!r} is its own ancestor')
            seen.add(frame)
        return frame, matrix


class TransformListener:
    """tf2_ros.TransformListener: fills a buffer from /tf and /tf_static."""

    def __init__(self, buffer, node):
        def keep(message):
            for transform in message.transforms:
                buffer.set_transform(transform, '/tf')

        def keep_static(message):
            for transform in message.transforms:
                buffer.set_transform_static(transform, '/tf_static')

        static = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._node = node
        self._subscriptions = [
            node.create_subscription(TFMessage, '/tf', keep, QoSProfile(depth=100)),
            node.create_subscription(TFMessage, '/tf_static', keep_static, static),
        ]

    def unregister(self):
        """Listen no more."""
        while self._subscriptions:
            self._node.destroy_subscription(self._subscriptions.pop())
