"""One camera of the node: its images, its tracker, and an image's way to the hands in it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from hand_tracking_ros.ros.camera_calibration import CameraCalibration
from hand_tracking_ros.ros.depth_input import DepthInput
from hand_tracking_ros.ros.diagnostics import CameraStatistics
from hand_tracking_ros.ros.hand_calibration import HandCalibration
from hand_tracking_ros.ros.hand_publisher import ERROR_LOG_PERIOD_S, HandPublisher
from hand_tracking_ros.ros.hand_tracker_parameters import HandTrackerSettings
from hand_tracking_ros.ros.image_conversion import ImageError, compressed_to_rgb, to_rgb
from hand_tracking_ros.tracking.hand import Hand
from hand_tracking_ros.tracking.networks.models import HandModels
from hand_tracking_ros.tracking.placing.hand_locator import HandLocator
from hand_tracking_ros.tracking.smoothing import HandSmoother
from hand_tracking_ros.tracking.tracker import HandTracker, track_together

try:
    from rclpy.event_handler import SubscriptionEventCallbacks, UnsupportedEventTypeError
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks, UnsupportedEventTypeError

ImageMessage = Image | CompressedImage

NANOSECONDS_PER_SECOND = 1e9
# Newest frame wins; best effort takes images from reliable and best-effort cameras alike.
IMAGE_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


@dataclass(frozen=True)
class Frame:
    """An image on its way to the hands in it.

    Attributes:
        camera: that took it.
        image: (H, W, 3) uint8 RGB.
        header: of its message.
        started_s: when its processing began, on the monotonic clock.
    """

    camera: Camera
    image: np.ndarray
    header: Header
    started_s: float

    @property
    def time(self) -> Time:
        """When the image was taken."""
        return Time.from_msg(self.header.stamp)

    @property
    def stamp_s(self) -> float:
        """The same in seconds."""
        return self.time.nanoseconds / NANOSECONDS_PER_SECOND


class Camera:
    """Subscribes to one camera, and publishes the hands in its images.

    Args:
        node: whose topics these are.
        name: of the camera; empty for the only one.
        settings: the node's parameters.
        models: the networks, shared with other cameras.
        on_image: called with this camera and each image received; `process_together` does the
            work.

    Attributes:
        tracker: of this camera's hands.
        statistics: what became of its images.
    """

    def __init__(
        self,
        node: Node,
        name: str,
        settings: HandTrackerSettings,
        models: HandModels,
        on_image: Callable[[Camera, ImageMessage], None],
    ) -> None:
        self.statistics = CameraStatistics()
        self._node = node
        self._name = name
        self.tracker = HandTracker(settings.tracker_options, models)
        self._smoother = HandSmoother(settings.smoothing_options)
        self._locator = HandLocator()
        self._publisher = HandPublisher(node, name)
        self._depth = DepthInput(node, self._input('depth'), self._input('depth/camera_info'))
        service = f'~/{name}/calibrate_hand' if name else '~/calibrate_hand'
        self._hand_calibration = HandCalibration(node, service)
        self._logged_warning = ''
        self._subscribe(settings.image_transport, on_image)

    @property
    def image_topic(self) -> str:
        """Full name of the topic that the images come from."""
        return self._image_subscription.topic_name

    @property
    def status_name(self) -> str:
        """Name of this camera's status in the diagnostics."""
        return f'{self._node.get_name()}: {self._name or "camera"}'

    def read(self, message: ImageMessage, settings: HandTrackerSettings) -> Frame | None:
        """The image of a message, for the tracker; a bad one is counted and costs itself only."""
        started_s = time.monotonic()
        self.tracker.options = settings.tracker_options
        try:
            image = to_rgb(message) if isinstance(message, Image) else compressed_to_rgb(message)
        except ImageError as error:
            self._reject(f'{self.image_topic}: {error}')
            return None
        except Exception as error:  # whatever it is, the next image deserves its chance
            self.fail(error)
            return None
        return Frame(self, image, message.header, started_s)

    def publish(self, frame: Frame, hands: Sequence[Hand], settings: HandTrackerSettings) -> None:
        """Place the hands found in an image in space, and publish them."""
        hands = self._in_space(frame, hands, settings)
        self._publisher.publish(frame.image, hands, frame.header, settings)
        self._count(len(hands), frame)

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

    def _input(self, topic: str) -> str:
        return f'{self._name}/{topic}' if self._name else topic

    def _in_space(
        self, frame: Frame, hands: Sequence[Hand], settings: HandTrackerSettings
    ) -> list[Hand]:
        height, width = frame.image.shape[:2]
        model = self._calibration.model_for(width, height)
        warnings = [self._calibration.complaint]
        if model is not None:
            tolerance_s = settings.depth_tolerance
            depth = self._depth.image_at(frame.time, tolerance_s, model)
            warnings.append(self._depth.complaint)
            mirrored = settings.image_mirrored
            self._hand_calibration.offer(hands, model, (width, height), depth, mirrored)
            self._locator.options = settings.locator_options(self._hand_calibration.lengths_m)
            hands = self._locator.locate(hands, model, width, height, frame.stamp_s, depth)
        self.statistics.warning = '; '.join(filter(None, warnings))
        self._smoother.options = settings.smoothing_options
        return self._smoother.smooth(hands, frame.stamp_s, width, height)

    def _count_lost(self, event) -> None:
        self.statistics.lost_in_transport = event.total_count

    def _count(self, num_hands: int, frame: Frame) -> None:
        latency = self._node.get_clock().now() - frame.time
        self.statistics.count(processed=1)
        self.statistics.num_hands = num_hands
        self.statistics.latencies_s.append(latency.nanoseconds / NANOSECONDS_PER_SECOND)
        self.statistics.processing_s.append(time.monotonic() - frame.started_s)

    def _reject(self, complaint: str) -> None:
        self.statistics.last_error = complaint
        self.statistics.count(with_errors=1)
        self._log_error(complaint)

    def _log_error(self, complaint: str) -> None:
        self._node.get_logger().error(complaint, throttle_duration_sec=ERROR_LOG_PERIOD_S)


def process_together(
    waiting: Sequence[tuple[Camera, ImageMessage]], settings: HandTrackerSettings
) -> None:
    """Find the hands in one image of each of some cameras, and publish them.

    The images go through the networks together. One that is bad costs itself only.
    """
    read = [camera.read(message, settings) for camera, message in waiting]
    frames = [frame for frame in read if frame is not None]
    try:
        found = track_together([(each.camera.tracker, each.image, each.stamp_s) for each in frames])
    except Exception as error:  # whatever it is, the next images deserve their chance
        for frame in frames:
            frame.camera.fail(error)
        return
    for frame, hands in zip(frames, found, strict=True):
        try:
            frame.camera.publish(frame, hands, settings)
        except Exception as error:  # as above, and the other cameras theirs
            frame.camera.fail(error)
