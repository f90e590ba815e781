"""One camera of the node: an image's way from its message to the hands that are published."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from diagnostic_msgs.msg import DiagnosticStatus
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
from hand_tracking_ros.ros.diagnostics import status_name, to_status
from hand_tracking_ros.ros.findings import Circumstances, findings
from hand_tracking_ros.ros.hand_calibration import HandCalibration
from hand_tracking_ros.ros.hand_publisher import HandPublisher
from hand_tracking_ros.ros.hand_tracker_parameters import HandTrackerSettings
from hand_tracking_ros.ros.image_conversion import ImageError, image_stamp, to_rgb
from hand_tracking_ros.ros.image_statistics import CameraStatistics
from hand_tracking_ros.ros.input_advice import transport_remedy
from hand_tracking_ros.ros.notices import ErrorLog, FindingLog
from hand_tracking_ros.tracking.networks.models import HandModels
from hand_tracking_ros.tracking.pipeline import HandPipeline
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage

try:
    from rclpy.event_handler import SubscriptionEventCallbacks, UnsupportedEventTypeError
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks, UnsupportedEventTypeError

ImageMessage = Image | CompressedImage

NO_CALIBRATION, NO_DEPTH = 'none', 'none'

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
        self.statistics = CameraStatistics(time.monotonic())
        self._node = node
        self.name = name
        self._settings = settings
        self._pipeline = HandPipeline(settings.pipeline_options(), models, track_ids)
        self._publisher = HandPublisher(node, name, transforms)
        service = f'~/{name}/calibrate_hand' if name else '~/calibrate_hand'
        self._hand_calibration = HandCalibration(
            node, service, self._pipeline, self._obstacle_to_measuring
        )
        # States of calibration and depth for the newest image, and why one cannot be used.
        self._calibration_state, self._depth_state, self._input_warning = '', '', ''
        logger = node.get_logger()
        self._finding_log = FindingLog(logger.warning, logger.info)
        self._error_log = ErrorLog(logger.error)
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
        self.statistics.begin(time.monotonic())
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
            num_unsound = self._publisher.publish(image, hands, message.header, settings)
            self.statistics.count_not_finite(num_unsound)
        except ImageError as error:
            self._reject(str(error))
        except Exception as error:  # whatever it is, the next image deserves its chance
            self._reject(f'{type(error).__name__}: {error}')
            self._node.get_logger().debug(traceback.format_exc())
        else:
            latency_s = (self._node.get_clock().now() - stamp).nanoseconds / 1e9
            processing_s = time.monotonic() - started_s
            self.statistics.count_processed(
                hands, latency_s, processing_s, self._pipeline.timings, camera is not None
            )
            self._hand_calibration.answer_if_complete()

    def diagnose(
        self, models: HandModels, settings: HandTrackerSettings, frame_warning: str
    ) -> DiagnosticStatus:
        """The state since the last call; what is wrong goes to the log too, once.

        Args:
            models: that the images are processed with.
            settings: the node's parameters now.
            frame_warning: TF frames that somebody else has.
        """
        now_s = time.monotonic()
        snapshot = self.statistics.snapshot(now_s)
        circumstances = self._circumstances(models, settings, frame_warning)
        found = findings(snapshot, circumstances)
        self._finding_log.update(found, now_s)
        return to_status(status_name(self._node, self.name), snapshot, circumstances, found)

    def _circumstances(
        self, models: HandModels, settings: HandTrackerSettings, frame_warning: str
    ) -> Circumstances:
        clock = self._node.get_clock()
        topic = self.image_topic
        return Circumstances(
            topic=topic,
            publishers=[
                f'{info.node_namespace.rstrip("/")}/{info.node_name}'
                for info in self._node.get_publishers_info_by_topic(topic)
            ],
            image_timeout_s=settings.image_timeout,
            max_latency_s=settings.max_latency,
            uses_sim_time=clock.ros_time_is_active,
            is_clock_running=clock.now().nanoseconds > 0,
            transport_remedy=transport_remedy(),
            calibration=self._calibration_state,
            calibration_topic=self._inputs.calibration.topic,
            depth=self._depth_state,
            input_warning=self._input_warning,
            num_tracks=self._pipeline.num_tracks,
            execution_provider=models.execution_provider,
            provider_warning=models.warning,
            model_files=models.files,
            frame_warning=frame_warning,
        )

    def _obstacle_to_measuring(self, with_depth: bool) -> str:
        """Why no hand can be measured now; empty if nothing is known to be missing."""
        inputs = self._inputs
        if inputs is None:
            return 'the node is not active'
        if self.statistics.silent_s(time.monotonic()) > self._settings.image_timeout:
            return f'no images come on {self.image_topic}'
        if not inputs.calibration.is_known or self._calibration_state == NO_CALIBRATION:
            return f'no calibration that can be used comes on {inputs.calibration.topic}'
        if with_depth and self._depth_state == NO_DEPTH:
            return 'there is no depth: give distance_m, the distance measured'
        return ''

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
        """Hand parameters that changed to the pipeline."""
        if settings is not self._settings:
            self._settings = settings
            self._pipeline.configure(settings.pipeline_options())

    def _calibrated(
        self, stamp: Time, width: int, height: int
    ) -> tuple[CameraModel | None, DepthImage | None]:
        """The camera's model and the depth image for an image, as far as they are there."""
        camera, warning = self._inputs.calibration.model_for(width, height)
        depth = None
        if camera is None:
            self._calibration_state, self._depth_state = NO_CALIBRATION, ''
        else:
            depth, warning = self._inputs.depth.image_at(
                stamp, self._settings.depth_tolerance, camera, self._settings.max_image_pixels
            )
            fx, fy = camera.matrix[0, 0], camera.matrix[1, 1]
            self._calibration_state = f'{width}x{height}, fx {fx:.1f} px, fy {fy:.1f} px'
            self._depth_state = 'in use' if depth else 'not used' if warning else NO_DEPTH
        self._input_warning = warning
        return camera, depth

    def _count_lost(self, event) -> None:
        self.statistics.count_lost(event.total_count_change)

    def _reject(self, problem: str) -> None:
        text = f'{self.image_topic}: {problem}'
        self.statistics.count_error(text)
        self._error_log.add(text, time.monotonic())
