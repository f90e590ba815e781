"""What one camera's hands are published as: messages, frames, poses, markers, pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from geometry_msgs.msg import Pose, PoseArray, PoseStamped
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.time import Time
from sensor_msgs.msg import CompressedImage, Image, JointState
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from hand_tracking_ros.drawing.skeleton import draw_hands
from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.compat import TransformBroadcaster
from hand_tracking_ros.ros.compressed_images import compressed_from_rgb
from hand_tracking_ros.ros.hand_tracker_parameters import HandTrackerSettings
from hand_tracking_ros.ros.image_conversion import from_rgb
from hand_tracking_ros.ros.joint_states import joint_state
from hand_tracking_ros.ros.landmark_poses import landmark_poses
from hand_tracking_ros.ros.markers import HandMarkers
from hand_tracking_ros.ros.message_conversion import hand_frames, hands_to_message
from hand_tracking_ros.ros.transforms import SIDES, hand_transforms, oldest_of_each_side
from hand_tracking_ros.tracking.hand import Hand
from hand_tracking_ros.tracking.hand_check import sound_hand

ERROR_LOG_PERIOD_S = 5.0
RESULT_QOS = QoSProfile(depth=10)
IMAGE_DEPTH = 1


class HandPublisher:
    """Publishes the hands in the images of one camera.

    Args:
        node: whose topics these are.
        name: of the camera; empty for the only one.
        transforms: sends the TF frames.
    """

    def __init__(self, node: Node, name: str, transforms: TransformBroadcaster) -> None:
        self._node = node
        self._name = name
        self._markers = HandMarkers()
        self._transforms = transforms
        self._last_transform_stamp_ns = 0
        self._hands = self._advertise(HandArray, 'hands')
        self._marker_array = self._advertise(MarkerArray, 'markers')
        self._poses = self._advertise_sides(PoseStamped, 'pose')
        self._joint_states = self._advertise_sides(JointState, 'joint_states')
        self._landmarks = self._advertise_sides(PoseArray, 'landmarks')
        self._annotated = self._advertise(Image, 'annotated_image', IMAGE_DEPTH)
        self._annotated_compressed = self._advertise(
            CompressedImage, 'annotated_image/compressed', IMAGE_DEPTH
        )

    def clear(self) -> None:
        """Take back what RViz would go on to show; call it when no more images come."""
        self._marker_array.publish(self._markers.clear())

    def close(self) -> None:
        """Withdraw the topics."""
        for publisher in (
            self._hands,
            self._marker_array,
            *self._poses.values(),
            *self._joint_states.values(),
            *self._landmarks.values(),
            self._annotated,
            self._annotated_compressed,
        ):
            self._node.destroy_publisher(publisher)

    def publish(
        self,
        image: np.ndarray,
        hands: Sequence[Hand],
        header: Header,
        settings: HandTrackerSettings,
    ) -> int:
        """Publish everything that one image gives; what costs time only if somebody listens.

        `image` is (H, W, 3) uint8 RGB, with its `header` and the `hands` found in it. Nothing
        leaves that is not finite: returns how many hands lost their pose or were left out.
        """
        hands, num_unsound = self._sound(hands)
        height, width = image.shape[:2]
        poses = hand_frames(hands, settings.pose_convention)
        self._hands.publish(hands_to_message(hands, poses, header, width, height))
        if settings.publish_tf:
            self._send_transforms(hands, poses, header, settings)
        for side, hand in oldest_of_each_side(hands).items():
            self._poses[side].publish(PoseStamped(header=header, pose=poses[hand.track_id]))
            self._publish_fingers(side, hand, header, settings)
        if self._marker_array.get_subscription_count():
            self._marker_array.publish(self._markers.update(hands, header))
        self._publish_annotated(image, hands, header)
        return num_unsound

    def _sound(self, hands: Sequence[Hand]) -> tuple[list[Hand], int]:
        """The hands as far as their numbers are sound, and how many were not."""
        sound, num_unsound = [], 0
        for hand in hands:
            kept, problem = sound_hand(hand)
            if kept:
                sound.append(kept)
            if problem:
                num_unsound += 1
                consequence = 'it has no pose' if kept else 'it is left out'
                self._node.get_logger().error(
                    f'{self._hands.topic_name}: {problem} of hand {hand.track_id}: {consequence}. '
                    'Please report this, with the camera_info',
                    throttle_duration_sec=ERROR_LOG_PERIOD_S,
                )
        return sound, num_unsound

    def _publish_fingers(
        self, side: str, hand: Hand, header: Header, settings: HandTrackerSettings
    ) -> None:
        if self._joint_states[side].get_subscription_count():
            message = joint_state(hand, header, settings.image_mirrored)
            if message:
                self._joint_states[side].publish(message)
        if self._landmarks[side].get_subscription_count():
            poses = landmark_poses(
                hand,
                header,
                f'{self._frame_prefix(settings)}{side}_hand',
                settings.pose_convention,
                settings.landmark_order,
                settings.image_mirrored,
            )
            if poses:
                self._landmarks[side].publish(poses)

    def _send_transforms(
        self,
        hands: Sequence[Hand],
        poses: Mapping[int, Pose],
        header: Header,
        settings: HandTrackerSettings,
    ) -> None:
        prefix = self._frame_prefix(settings)
        transforms = hand_transforms(hands, poses, header, prefix, settings.landmark_frames)
        stamp_ns = Time.from_msg(header.stamp).nanoseconds
        # TF refuses, loudly and in every listener, a frame that repeats its stamp.
        if not transforms or stamp_ns == self._last_transform_stamp_ns:
            return
        if not header.frame_id:
            self._node.get_logger().error(
                'header.frame_id of the images is empty, so no TF is sent',
                throttle_duration_sec=ERROR_LOG_PERIOD_S,
            )
            return
        self._transforms.sendTransform(transforms)
        self._last_transform_stamp_ns = stamp_ns

    def _publish_annotated(self, image: np.ndarray, hands: Sequence[Hand], header: Header) -> None:
        raw = self._annotated.get_subscription_count() > 0
        compressed = self._annotated_compressed.get_subscription_count() > 0
        if not (raw or compressed):
            return
        drawing = image.copy()
        draw_hands(drawing, hands)
        if raw:
            self._annotated.publish(from_rgb(drawing, header))
        if compressed:
            self._annotated_compressed.publish(compressed_from_rgb(drawing, header))

    def _frame_prefix(self, settings: HandTrackerSettings) -> str:
        return settings.tf_prefix + (f'{self._name}_' if self._name else '')

    def _advertise(self, message_type: type, topic: str, qos: QoSProfile | int = RESULT_QOS):
        full = f'~/{self._name}/{topic}' if self._name else f'~/{topic}'
        return self._node.create_publisher(message_type, full, qos)

    def _advertise_sides(self, message_type: type, topic: str) -> dict:
        return {side: self._advertise(message_type, f'{side}/{topic}') for side in SIDES.values()}
