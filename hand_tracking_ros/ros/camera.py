"""One camera of the node: its topics, its tracker, and an image's way from one to the other."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from geometry_msgs.msg import PoseArray, PoseStamped
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, JointState
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.camera_calibration import CameraCalibration
from hand_tracking_ros.ros.compat import TransformBroadcaster
from hand_tracking_ros.ros.diagnostics import CameraStatistics
from hand_tracking_ros.ros.image_conversion import (
    ImageError,
    compressed_from_rgb,
    compressed_to_rgb,
    from_rgb,
    to_rgb,
)
from hand_tracking_ros.ros.markers import HandMarkers
from hand_tracking_ros.ros.message_conversion import hands_to_message
from hand_tracking_ros.ros.parameters import Settings
from hand_tracking_ros.ros.teleop_outputs import joint_state, landmark_poses
from hand_tracking_ros.ros.transforms import (
    SIDES,
    hand_transforms,
    oldest_of_each_side,
    pose_stamped,
)
from hand_tracking_ros.tracking.camera_pose import estimate_pose
from hand_tracking_ros.tracking.drawing import draw_hands
from hand_tracking_ros.tracking.hand import Hand
from hand_tracking_ros.tracking.models import HandModels
from hand_tracking_ros.tracking.smoothing import HandSmoother
from hand_tracking_ros.tracking.tracker import HandTracker

try:
    from rclpy.event_handler import SubscriptionEventCallbacks, UnsupportedEventTypeError
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks, UnsupportedEventTypeError

ImageMessage = Image | CompressedImage

ERROR_LOG_PERIOD_S = 5.0
NANOSECONDS_PER_SECOND = 1e9
# Newest frame wins; best effort takes images from reliable and best-effort cameras alike.
IMAGE_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
RESULT_QOS = QoSProfile(depth=10)


class Camera:
    """Subscribes to one camera, and publishes the hands in its images.

    Args:
        node: whose topics these are.
        name: of the camera; empty for the only one.
        settings: the node's parameters.
        models: the networks, shared with other cameras.
        on_image: called with this camera and each image received; `process` does the work.
    """

    def __init__(
        self,
        node: Node,
        name: str,
        settings: Settings,
        models: HandModels,
        on_image: Callable[[Camera, ImageMessage], None],
    ) -> None:
        self.statistics = CameraStatistics()
        self._node = node
        self._name = name
        self._tracker = HandTracker(settings.tracker_options, models)
        self._smoother = HandSmoother(settings.smoothing_options)
        self._markers = HandMarkers()
        self._transforms = TransformBroadcaster(node)
        self._last_transform_stamp_ns = 0
        self._logged_warning = ''
        self._subscribe(settings.image_transport, on_image)
        self._advertise()

    @property
    def image_topic(self) -> str:
        """Full name of the topic that the images come from."""
        return self._image_subscription.topic_name

    @property
    def status_name(self) -> str:
        """Name of this camera's status in the diagnostics."""
        return f'{self._node.get_name()}: {self._name or "camera"}'

    def process(self, message: ImageMessage, settings: Settings) -> None:
        """Find the hands in one image and publish them; a bad image costs this image only."""
        started_s = time.monotonic()
        try:
            image = to_rgb(message) if isinstance(message, Image) else compressed_to_rgb(message)
        except ImageError as error:
            self._reject(f'{self.image_topic}: {error}')
            return
        hands = self._track(image, message.header, settings)
        self._publish(image, hands, message.header, settings)
        self._count(len(hands), message.header, started_s)

    def fail(self, error: Exception) -> None:
        """Count an image that could not be processed for a reason nobody foresaw."""
        self._reject(f'{self.image_topic}: {type(error).__name__}: {error}')
        trace = ''.join(traceback.format_exception(type(error), error, error.__traceback__))
        self._node.get_logger().debug(trace)

    def log_warning(self) -> None:
        """Tell the log once what the diagnostics keep saying."""
        warning = self.statistics.warning
        if warning and warning != self._logged_warning:
            self._node.get_logger().warning(warning)
        self._logged_warning = warning

    def _subscribe(
        self, image_transport: str, on_image: Callable[[Camera, ImageMessage], None]
    ) -> None:
        is_raw = image_transport == 'raw'
        subscribe_to_images = partial(
            self._node.create_subscription,
            Image if is_raw else CompressedImage,
            self._input('image' if is_raw else 'image/compressed'),
            lambda message: on_image(self, message),
            IMAGE_QOS,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        try:
            self._image_subscription = subscribe_to_images(
                event_callbacks=SubscriptionEventCallbacks(message_lost=self._count_lost)
            )
        except UnsupportedEventTypeError:  # not every middleware tells
            self._image_subscription = subscribe_to_images()
        info_subscription = self._node.create_subscription(
            CameraInfo,
            self._input('camera_info'),
            lambda message: self._calibration.update(message),
            IMAGE_QOS,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        self._calibration = CameraCalibration(info_subscription.topic_name)

    def _advertise(self) -> None:
        publisher = self._node.create_publisher
        self._hands = publisher(HandArray, self._output('hands'), RESULT_QOS)
        self._marker_array = publisher(MarkerArray, self._output('markers'), RESULT_QOS)
        self._poses = {
            side: publisher(PoseStamped, self._output(f'{side}/pose'), RESULT_QOS)
            for side in SIDES.values()
        }
        self._joint_states = {
            side: publisher(JointState, self._output(f'{side}/joint_states'), RESULT_QOS)
            for side in SIDES.values()
        }
        self._landmarks = {
            side: publisher(PoseArray, self._output(f'{side}/landmarks'), RESULT_QOS)
            for side in SIDES.values()
        }
        annotated = self._output('annotated_image')
        self._annotated = publisher(Image, annotated, IMAGE_QOS.depth)
        self._annotated_compressed = publisher(
            CompressedImage, f'{annotated}/compressed', IMAGE_QOS.depth
        )

    def _input(self, topic: str) -> str:
        return f'{self._name}/{topic}' if self._name else topic

    def _output(self, topic: str) -> str:
        return f'~/{self._name}/{topic}' if self._name else f'~/{topic}'

    def _track(self, image: np.ndarray, header: Header, settings: Settings) -> list[Hand]:
        self._tracker.options = settings.tracker_options
        stamp_s = Time.from_msg(header.stamp).nanoseconds / NANOSECONDS_PER_SECOND
        hands = self._tracker.track(image, stamp_s)
        height, width = image.shape[:2]
        model = self._calibration.model_for(width, height)
        self.statistics.warning = self._calibration.complaint
        if model is not None:
            mirrored = settings.image_mirrored
            hands = [
                replace(
                    hand, pose=estimate_pose(hand, model, width, height, image_mirrored=mirrored)
                )
                for hand in hands
            ]
        self._smoother.options = settings.smoothing_options
        return self._smoother.smooth(hands, stamp_s, width, height)

    def _publish(
        self, image: np.ndarray, hands: Sequence[Hand], header: Header, settings: Settings
    ) -> None:
        height, width = image.shape[:2]
        convention = settings.pose_convention
        self._hands.publish(hands_to_message(hands, header, width, height, convention))
        if settings.publish_tf:
            self._send_transforms(hands, header, settings)
        for side, hand in oldest_of_each_side(hands).items():
            self._poses[side].publish(pose_stamped(hand, header, convention))
            self._publish_fingers(side, hand, header, settings)
        # Kept up to date without listeners too: whoever comes later must see hands deleted.
        self._marker_array.publish(self._markers.update(hands, header))
        self._publish_annotated(image, hands, header)

    def _publish_fingers(self, side: str, hand: Hand, header: Header, settings: Settings) -> None:
        """What one hand's fingers do, for who listens."""
        mirrored = settings.image_mirrored
        if self._joint_states[side].get_subscription_count():
            message = joint_state(hand, header, mirrored)
            if message:
                self._joint_states[side].publish(message)
        if self._landmarks[side].get_subscription_count():
            self._landmarks[side].publish(
                landmark_poses(
                    hand,
                    header,
                    f'{self._frame_prefix(settings)}{side}_hand',
                    settings.pose_convention,
                    settings.landmark_order,
                    mirrored,
                )
            )

    def _frame_prefix(self, settings: Settings) -> str:
        return settings.tf_prefix + (f'{self._name}_' if self._name else '')

    def _send_transforms(self, hands: Sequence[Hand], header: Header, settings: Settings) -> None:
        prefix = self._frame_prefix(settings)
        transforms = hand_transforms(
            hands, header, prefix, settings.pose_convention, settings.landmark_frames
        )
        stamp_ns = Time.from_msg(header.stamp).nanoseconds
        # TF refuses, loudly and in every listener, a frame that repeats its stamp.
        if not transforms or stamp_ns == self._last_transform_stamp_ns:
            return
        if not header.frame_id:
            self._log_error(f'{self.image_topic}: header.frame_id is empty, so no TF is sent')
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

    def _count_lost(self, event) -> None:
        self.statistics.lost_in_transport = event.total_count

    def _count(self, num_hands: int, header: Header, started_s: float) -> None:
        latency = self._node.get_clock().now() - Time.from_msg(header.stamp)
        self.statistics.count(processed=1)
        self.statistics.num_hands = num_hands
        self.statistics.latencies_s.append(latency.nanoseconds / NANOSECONDS_PER_SECOND)
        self.statistics.processing_s.append(time.monotonic() - started_s)

    def _reject(self, complaint: str) -> None:
        self.statistics.last_error = complaint
        self.statistics.count(with_errors=1)
        self._log_error(complaint)

    def _log_error(self, complaint: str) -> None:
        self._node.get_logger().error(complaint, throttle_duration_sec=ERROR_LOG_PERIOD_S)
