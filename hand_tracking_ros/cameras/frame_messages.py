"""The messages that one frame of a source becomes."""

from __future__ import annotations

from dataclasses import dataclass

from builtin_interfaces.msg import Time
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from hand_tracking_ros.cameras.camera_info import assumed_camera_info
from hand_tracking_ros.media.media_source import Frame
from hand_tracking_ros.ros.image_conversion import compressed_from_rgb, from_rgb
from hand_tracking_ros.tracking.errors import UserError


@dataclass(frozen=True)
class FrameMessages:
    """One frame, ready to be sent but for the stamp.

    Attributes:
        image, camera_info: always.
        compressed: None if nobody wants it.
    """

    image: Image
    camera_info: CameraInfo
    compressed: CompressedImage | None

    def set_stamp(self, stamp: Time) -> None:
        """Give all of them the same stamp."""
        self.image.header.stamp = stamp
        self.camera_info.header.stamp = stamp
        if self.compressed is not None:
            self.compressed.header.stamp = stamp


class FrameMessageMaker:
    """Makes messages of frames.

    Args:
        frame_id: of the camera.
        encoding: of the images, rgb8 or bgr8.
        horizontal_fov_deg: assumed where there is no calibration.
        calibration: of the camera, or None.
    """

    def __init__(
        self,
        frame_id: str,
        encoding: str,
        horizontal_fov_deg: float,
        calibration: CameraInfo | None,
    ) -> None:
        self._frame_id = frame_id
        self._encoding = encoding
        self._horizontal_fov_deg = horizontal_fov_deg
        self._calibration = calibration

    def make(self, frame: Frame, with_compressed: bool) -> FrameMessages:
        """The messages of a frame.

        Raises:
            UserError: the calibration is for another image size.
        """
        image = from_rgb(frame.image, self._header(), self._encoding)
        compressed = compressed_from_rgb(frame.image, self._header()) if with_compressed else None
        return FrameMessages(image, self._make_camera_info(frame), compressed)

    def _header(self) -> Header:
        return Header(frame_id=self._frame_id)

    def _make_camera_info(self, frame: Frame) -> CameraInfo:
        height, width = frame.image.shape[:2]
        known = self._calibration
        if known is None:
            info = assumed_camera_info(width, height, self._horizontal_fov_deg)
            info.header = self._header()
            return info
        if (known.width, known.height) != (width, height):
            raise UserError(
                f'parameter camera_info_file: this calibration is for images of '
                f'{known.width}x{known.height}, but {frame.name} has {width}x{height}'
            )
        return CameraInfo(
            header=self._header(),
            width=width,
            height=height,
            distortion_model=known.distortion_model,
            d=known.d,
            k=known.k,
            r=known.r,
            p=known.p,
        )
