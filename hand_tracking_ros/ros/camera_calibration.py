"""The camera model that CameraInfo messages tell, or why there is none."""

from __future__ import annotations

from sensor_msgs.msg import CameraInfo

from hand_tracking_ros.tracking.placing.camera_model import CameraInfoError, CameraModel

CONSEQUENCE = 'hands have no pose in camera space (no TF, no markers)'


class CameraCalibration:
    """Keeps the newest calibration of one camera.

    Attributes:
        complaint: why there is no model for the last image; empty if there is one.
    """

    def __init__(self, topic: str) -> None:
        self.complaint = ''
        self._topic = topic
        self._message: CameraInfo | None = None
        # The model of one message and image size, for as long as both stay the same.
        self._known: tuple[CameraInfo, int, int] | None = None
        self._model: CameraModel | None = None

    @property
    def is_known(self) -> bool:
        """Whether any message has come."""
        return self._message is not None

    def update(self, message: CameraInfo) -> None:
        """Take the newest message."""
        # Cameras repeat their calibration with every image; only a change is news.
        if self._message is None or _calibration(message) != _calibration(self._message):
            self._message = message

    def model_for(self, width: int, height: int) -> CameraModel | None:
        """The camera model for images of this size, None if none is known."""
        message = self._message
        if message is None:
            self.complaint = f'{self._topic}: no camera_info received yet; {CONSEQUENCE}'
            return None
        if self._known != (message, width, height):
            self._known = (message, width, height)
            self._model = self._make_model(message, width, height)
        return self._model

    def _make_model(self, message: CameraInfo, width: int, height: int) -> CameraModel | None:
        self.complaint = ''
        try:
            model = CameraModel.from_camera_info_fields(
                message.width, message.height, message.k, message.d, message.distortion_model
            )
            return model.scaled_to(width, height)
        except CameraInfoError as error:
            self.complaint = f'{self._topic}: {error}; {CONSEQUENCE}'
            return None


def _calibration(message: CameraInfo) -> tuple:
    return (
        message.width,
        message.height,
        message.distortion_model,
        tuple(message.k),
        tuple(message.d),
    )
