"""The camera model that CameraInfo messages describe, or why there is none."""

from __future__ import annotations

from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo

from hand_tracking_ros.tracking.placing.camera_matrix import CameraInfoError
from hand_tracking_ros.tracking.placing.camera_model import CameraModel

NO_POSE = 'hands have no pose in camera space (no TF, no markers)'


class CameraCalibration:
    """Subscribes to the calibration of one camera and keeps the newest.

    `consequence` is what follows where there is none that can be used.
    """

    def __init__(self, node: Node, topic: str, qos: QoSProfile, consequence: str = NO_POSE) -> None:
        self._node = node
        self._consequence = consequence
        self._message: CameraInfo | None = None
        # The message and image size that the model and its warning belong to.
        self._model_is_for: tuple[CameraInfo, int, int] | None = None
        self._model: tuple[CameraModel | None, str] = (None, '')
        self._subscription = node.create_subscription(
            CameraInfo,
            topic,
            self._update,
            qos,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def close(self) -> None:
        """End the subscription."""
        self._node.destroy_subscription(self._subscription)

    @property
    def topic(self) -> str:
        """Full name of the topic."""
        return self._subscription.topic_name

    @property
    def is_known(self) -> bool:
        """Whether any message has come."""
        return self._message is not None

    def model_for(self, width: int, height: int) -> tuple[CameraModel | None, str]:
        """The camera model for images of this size, None if there is none; and why not."""
        message, topic = self._message, self.topic
        if message is None:
            return None, f'{topic}: no camera_info received yet; {self._consequence}'
        if self._model_is_for != (message, width, height):
            self._model_is_for = (message, width, height)
            try:
                model = CameraModel.from_camera_info_fields(
                    message.width, message.height, message.k, message.d, message.distortion_model
                )
                self._model = model.scaled_to(width, height), ''
            except CameraInfoError as error:
                self._model = None, f'{topic}: {error}; {self._consequence}'
        return self._model

    def _update(self, message: CameraInfo) -> None:
        # Cameras repeat their calibration with every image; only a change is news.
        if self._message is None or _calibration(message) != _calibration(self._message):
            self._message = message


def _calibration(message: CameraInfo) -> tuple:
    numbers = tuple(message.k), tuple(message.d)
    return message.width, message.height, message.distortion_model, *numbers
