"""Depth images of one camera: kept until the colour image of the same moment asks for one."""

from __future__ import annotations

from collections import deque

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, Image

from hand_tracking_ros.ros.camera_calibration import CameraCalibration
from hand_tracking_ros.ros.image_conversion import ImageError, depth_to_metres
from hand_tracking_ros.tracking.placing.camera_model import CameraInfoError, CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage

# Depth comes a little earlier or later than its colour image; more than these never help.
NUM_KEPT = 5
NANOSECONDS_PER_SECOND = 1e9
CONSEQUENCE = 'the distance of hands rests on their size'


class DepthInput:
    """Subscribes to depth images that are registered to the colour images.

    Args:
        node: whose topics these are.
        topic: of the depth images.
        camera_info_topic: of their calibration, where it is not the colour camera's.

    Attributes:
        complaint: why there is no depth for the last image although there was some before; empty
            if there is, or if nobody ever sent any.
    """

    def __init__(self, node: Node, topic: str, camera_info_topic: str) -> None:
        self.complaint = ''
        self._images: deque[Image] = deque(maxlen=NUM_KEPT)
        options = {'qos_overriding_options': QoSOverridingOptions.with_default_policies()}
        qos = QoSProfile(depth=NUM_KEPT, reliability=ReliabilityPolicy.BEST_EFFORT)
        self._subscription = node.create_subscription(
            Image, topic, lambda message: self._images.append(message), qos, **options
        )
        info = node.create_subscription(
            CameraInfo, camera_info_topic, lambda message: self._calibration.update(message), qos
        )
        self._calibration = CameraCalibration(info.topic_name)

    def image_at(
        self, stamp: Time, tolerance_s: float, color_camera: CameraModel
    ) -> DepthImage | None:
        """The depth image nearest to a stamp; None if none is near enough, or it is not usable.

        Args:
            stamp: of the colour image.
            tolerance_s: how far the depth image's may be from it.
            color_camera: the calibration, unless depth has one of its own.
        """
        images = list(self._images)  # the other thread may add one meanwhile
        if not images:
            self.complaint = ''
            return None
        distance_s, _, message = min(
            (abs(_seconds(stamp, image)), index, image) for index, image in enumerate(images)
        )
        if distance_s > tolerance_s:
            self._complain(
                f'the nearest depth image is {distance_s:.3f} s from the colour image, expected at '
                f'most {tolerance_s:g} (parameter depth_tolerance)'
            )
            return None
        try:
            depth_m = depth_to_metres(message)
            camera = color_camera
            if self._calibration.is_known:
                camera = self._calibration.model_for(message.width, message.height)
            if camera is None:
                self.complaint = self._calibration.complaint
                return None
            image = DepthImage(depth_m, camera)
        except (ImageError, CameraInfoError) as error:
            self._complain(str(error))
            return None
        if not np.any(np.isfinite(depth_m) & (depth_m > 0)):
            self._complain('the depth image is empty: every value is 0, infinite or not a number')
            return None
        self.complaint = ''
        return image

    def _complain(self, reason: str) -> None:
        self.complaint = f'{self._subscription.topic_name}: {reason}; {CONSEQUENCE}'


def _seconds(stamp: Time, image: Image) -> float:
    return (stamp - Time.from_msg(image.header.stamp)).nanoseconds / NANOSECONDS_PER_SECOND
