"""Depth images of one camera: kept until the colour image of the same moment asks for one."""

from __future__ import annotations

from collections import deque

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.time import Time
from sensor_msgs.msg import Image

from hand_tracking_ros.ros.camera_calibration import CameraCalibration
from hand_tracking_ros.ros.image_conversion import ImageError, depth_to_metres, image_stamp
from hand_tracking_ros.tracking.placing.camera_matrix import CameraInfoError
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage

# Depth comes a little earlier or later than its colour image; more than these never help.
NUM_KEPT = 5
DEPTH_QOS = QoSProfile(depth=NUM_KEPT, reliability=ReliabilityPolicy.BEST_EFFORT)
CONSEQUENCE = 'the distance of hands rests on their size'
ERROR_LOG_PERIOD_S = 5.0


class _DepthError(ValueError):
    """Why depth cannot be used for an image."""


class DepthInput:
    """Subscribes to depth images that are registered to the colour images.

    `camera_info_topic` is that of their calibration, where it is not the colour camera's.
    """

    def __init__(self, node: Node, topic: str, camera_info_topic: str) -> None:
        self._node = node
        self._images: deque[tuple[Time, Image]] = deque(maxlen=NUM_KEPT)
        self._refusal = ''  # why the newest was not kept, until somebody asks
        self._logger = node.get_logger()
        self._subscription = node.create_subscription(
            Image,
            topic,
            self._receive,
            DEPTH_QOS,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        self._calibration = CameraCalibration(node, camera_info_topic, DEPTH_QOS, CONSEQUENCE)

    def close(self) -> None:
        """End the subscriptions."""
        self._calibration.close()
        self._node.destroy_subscription(self._subscription)

    def image_at(
        self, stamp: Time, tolerance_s: float, color_camera: CameraModel, max_pixels: int
    ) -> tuple[DepthImage | None, str]:
        """The depth image nearest to a stamp, None if there is none that can be used; and why not.

        Nothing is wrong, and the reason empty, if nobody ever sent a depth image.

        Args:
            stamp: of the colour image.
            tolerance_s: how far the depth image's may be from it.
            color_camera: the calibration, unless depth has one of its own.
            max_pixels: that the depth image may have.
        """
        images = list(self._images)  # the other thread may add one meanwhile
        refusal, self._refusal = self._refusal, ''
        if not images:
            return None, refusal
        try:
            message = _nearest(images, stamp, tolerance_s)
            depth_m = depth_to_metres(message, max_pixels)
            if not np.any(np.isfinite(depth_m) & (depth_m > 0)):
                raise _DepthError(
                    'the depth image is empty: every value is 0, infinite or not a number'
                )
            camera: CameraModel | None = color_camera
            if self._calibration.is_known:
                camera, warning = self._calibration.model_for(message.width, message.height)
            if camera is None:
                return None, warning
            return DepthImage(depth_m, camera), refusal
        except (ImageError, CameraInfoError, _DepthError) as error:
            return None, f'{self._subscription.topic_name}: {error}; {CONSEQUENCE}'

    def _receive(self, message: Image) -> None:
        """Keep an image, but for one that never can be the nearest in time."""
        try:
            self._images.append((image_stamp(message.header), message))
        except ImageError as error:
            self._refusal = f'{self._subscription.topic_name}: {error}; depth image left out'
            self._logger.error(self._refusal, throttle_duration_sec=ERROR_LOG_PERIOD_S)


def _nearest(images: list[tuple[Time, Image]], stamp: Time, tolerance_s: float) -> Image:
    """The image nearest to a stamp; a _DepthError if it is not near enough."""
    distances_s = [abs((stamp - other).nanoseconds) / 1e9 for other, _ in images]
    nearest = int(np.argmin(distances_s))
    if distances_s[nearest] > tolerance_s:
        raise _DepthError(
            f'the nearest depth image is {distances_s[nearest]:.3f} s from the colour image, '
            f'expected at most {tolerance_s:g} (parameter depth_tolerance)'
        )
    return images[nearest][1]
