"""One camera of the node: an image's way from its message to the hands that are published."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from rclpy.time import Time
from sensor_msgs.msg import CompressedImage, Image

from hand_tracking_ros.ros.camera_calibration import CameraCalibration
from hand_tracking_ros.ros.compat import TransformBroadcaster
from hand_tracking_ros.ros.compressed_images import compressed_to_rgb
from hand_tracking_ros.ros.depth_input import DepthInput
from hand_tracking_ros.ros.diagnostics import CameraStatistics
from hand_tracking_ros.ros.hand_calibration import HandCalibration
from hand_tracking_ros.ros.hand_publisher import ERROR_LOG_PERIOD_S, HandPublisher
from hand_tracking_ros.ros.hand_tracker_parameters import HandTrackerSettings
from hand_tracking_ros.ros.image_conversion import ImageError, image_stamp, to_rgb
from hand_tracking_ros.tracking.hand import Handedness
from hand_tracking_ros.tracking.networks.models import HandModels
from hand_tracking_ros.tracking.pipeline import HandPipeline
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage

try:
    from rclpy.event_handler import SubscriptionEventCallbacks, UnsupportedEventTypeError
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks, UnsupportedEventTypeError

ImageMessage = Image | CompressedImage

# Newest frame wins; best effort takes images from reliable and best-effort cameras alike.
IMAGE_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


@dataclass(frozen=True)
class _Inputs:
    """What an active camera subscribes to."""

    images: Subscription
    calibration: CameraCalibration
    depth: DepthInput


class Camera:
    """Subscribes to one camera, while it is active, and publishes the hands in its images.

    Args:
        node: whose topics these are.
        name: of the camera; empty for the only one.
        settings: the node's parameters.
        models: the networks, shared with other cameras.
        transforms: sends the TF frames, shared with other cameras.
        track_ids: the ids of its tracks, in their order.

    Attributes:
        name: as above.
        statistics: what became of its images.
    """

    def __init__(
        self,
        node: Node,
        name: str,
        settings: HandTrackerSettings,
        models: HandModels,
        transforms: TransformBroadcaster,
        track_ids: Iterator[int],
    ) -> None:
        self.statistics = CameraStatistics()
        self._node = node
        self.name = name
        self._settings = settings
        self._hand_lengths_m: Mapping[Handedness, float] = {}
        options = settings.pipeline_options(self._hand_lengths_m)
        self._pipeline = HandPipeline(options, models, track_ids)
        self._publisher = HandPublisher(node, name, transforms)
        service = f'~/{name}/calibrate_hand' if name else '~/calibrate_hand'
        self._hand_calibration = HandCalibration(node, service, self._pipeline)
        self._logged_warning = ''
        self._inputs: _Inputs | None = None

    @property
    def is_active(self) -> bool:
        """Whether it takes images."""
        return self._inputs is not None

    @property
    def image_topic(self) -> str:
        """Full name of the topic that the images come from."""
        return self._node.resolve_topic_name(self._input(self._image_input))

    def activate(self, on_image: Callable[[Camera, ImageMessage], None]) -> None:
        """Subscribe; `on_image` gets this camera and each image, and may call `process` with it."""
        self._inputs = _Inputs(
            self._subscribe(on_image),
            CameraCalibration(self._node, self._input('camera_info'), IMAGE_QOS),
            DepthInput(self._node, self._input('depth'), self._input('depth/camera_info')),
        )

    def deactivate(self) -> None:
        """Take no more images. The hands of the last one are forgotten."""
        if self._inputs is None:
            return
        self._node.destroy_subscription(self._inputs.images)
        self._inputs.calibration.close()
        self._inputs.depth.close()
        self._inputs = None
        self.reset()

    def close(self) -> None:
        """Withdraw topics and services."""
        self.deactivate()
        self._hand_calibration.close()
        self._publisher.close()

    def reset(self) -> None:
        """Forget every hand; track ids go on."""
        self._pipeline.reset()
        self._publisher.clear()

    def process(self, message: ImageMessage, settings: HandTrackerSettings) -> None:
        """Find the hands in an image and publish them; a bad image costs itself only."""
        started_s = time.monotonic()
        try:
            self._configure(settings)
            stamp = image_stamp(message.header)
            convert = to_rgb if isinstance(message, Image) else compressed_to_rgb
            image = convert(message, settings.max_image_pixels)
            height, width = image.shape[:2]
            camera, depth = self._calibrated(stamp, width, height)
            hands = self._pipeline.process(image, stamp.nanoseconds / 1e9, camera, depth)
            self._publisher.publish(image, hands, message.header, settings)
        except ImageError as error:
            self._reject(str(error))
        except Exception as error:  # whatever it is, the next image deserves its chance
            self._reject(f'{type(error).__name__}: {error}')
            self._node.get_logger().debug(traceback.format_exc())
        else:
            latency_s = (self._node.get_clock().now() - stamp).nanoseconds / 1e9
            self.statistics.count_processed(len(hands), latency_s, time.monotonic() - started_s)
            self._hand_calibration.answer_if_complete()

    def log_warning(self) -> None:
        """Tell the log once what the diagnostics keep saying."""
        warning = self.statistics.warning
        if warning and warning != self._logged_warning:
            self._node.get_logger().warning(warning)
        self._logged_warning = warning

    @property
    def _image_input(self) -> str:
        return 'image' if self._settings.image_transport == 'raw' else 'image/compressed'

    def _subscribe(self, on_image: Callable[[Camera, ImageMessage], None]) -> Subscription:
        subscribe = partial(
            self._node.create_subscription,
            Image if self._image_input == 'image' else CompressedImage,
            self._input(self._image_input),
            partial(on_image, self),
            IMAGE_QOS,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        try:
            return subscribe(
                event_callbacks=SubscriptionEventCallbacks(message_lost=self._count_lost)
            )
        except UnsupportedEventTypeError:  # not every middleware tells
            return subscribe()

    def _input(self, topic: str) -> str:
        return f'{self.name}/{topic}' if self.name else topic

    def _configure(self, settings: HandTrackerSettings) -> None:
        """Hand parameters that changed, and lengths that were measured, to the pipeline."""
        lengths_m = self._hand_calibration.lengths_m
        if settings is not self._settings or lengths_m is not self._hand_lengths_m:
            self._settings, self._hand_lengths_m = settings, lengths_m
            self._pipeline.configure(settings.pipeline_options(lengths_m))

    def _calibrated(
        self, stamp: Time, width: int, height: int
    ) -> tuple[CameraModel | None, DepthImage | None]:
        """The camera's model and the depth image for an image, as far as they are there."""
        camera, warning = self._inputs.calibration.model_for(width, height)
        depth = None
        if camera is not None:
            depth, warning = self._inputs.depth.image_at(
                stamp, self._settings.depth_tolerance, camera, self._settings.max_image_pixels
            )
        self.statistics.warning = warning
        return camera, depth

    def _count_lost(self, event) -> None:
        self.statistics.lost_in_transport += event.total_count_change

    def _reject(self, problem: str) -> None:
        text = f'{self.image_topic}: {problem}'
        self.statistics.count_error(text)
        self._node.get_logger().error(text, throttle_duration_sec=ERROR_LOG_PERIOD_S)
