"""Publish a video, a folder of pictures or a camera as a ROS 2 camera would."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

from rclpy.parameter import Parameter as RclpyParameter
from sensor_msgs.msg import CameraInfo

from hand_tracking_ros.cameras.camera_info import assumed_camera_info, load_camera_info
from hand_tracking_ros.cameras.camera_node import (
    TOPICS,
    CameraNode,
    CameraSettings,
    Messages,
    paced,
    run_camera,
)
from hand_tracking_ros.cameras.pacing import thinned, timeline
from hand_tracking_ros.command_line import run_program
from hand_tracking_ros.media.media_source import Frame
from hand_tracking_ros.media.pictures import PICTURE_RATE_HZ
from hand_tracking_ros.media.sources import CAMERA, SOURCE_HELP, open_media
from hand_tracking_ros.ros.parameters import describe, fixed
from hand_tracking_ros.ros.process import node_arguments
from hand_tracking_ros.signals import StopRequest
from hand_tracking_ros.tracking.errors import UserError


@dataclass(frozen=True)
class VideoPublisherSettings(CameraSettings):
    """The parameters of the video publisher."""

    source: str = fixed(
        '', f'What to publish: {SOURCE_HELP}. Empty: the first camera.', is_any_type=True
    )
    rate: float = fixed(
        0.0,
        'Frames per second (Hz); 0: those of the source itself '
        f'({PICTURE_RATE_HZ:g} for pictures). Of a camera, frames are only left out.',
        within=(0.0, 1000.0),
    )
    loop: bool = fixed(False, 'Start again at the end of the source.')
    horizontal_fov_deg: float = fixed(
        60.0,
        'Assumed horizontal field of view for camera_info (a common webcam has about 60 degrees). '
        'Distances of hands scale with it. A simulated source knows its own.',
        within=(1.0, 179.0),
    )
    camera_info_file: str = fixed(
        '',
        'Calibration of the camera as camera_calibration writes it (YAML); instead of the assumed '
        'field of view.',
    )


DESCRIPTION = f"""{__doc__}

topics out:
{TOPICS}
Stamps are the time at which a frame is sent. The program ends at the end of the source.

parameters (--ros-args -p NAME:=VALUE):
{describe(VideoPublisherSettings)}"""


class VideoPublisher(CameraNode):
    """Publishes the frames of a source with the rhythm that they were taken in.

    Raises:
        UserError: a parameter or the source is wrong.
    """

    def __init__(self, overrides: Sequence[RclpyParameter] = ()) -> None:
        super().__init__('video_publisher', VideoPublisherSettings, overrides)
        self._source = open_media(str(self.settings.source) or CAMERA)
        self._source.prepare()
        path = self.settings.camera_info_file
        self._calibration = load_camera_info(path) if path else None

    def run(self, stop: StopRequest) -> None:
        """Publish all frames, to the end of the source or until told to stop.

        Raises:
            UserError: the calibration is for another image size.
        """
        source, rate_hz = self._source, self.settings.rate or self._source.rate_hz
        length = f'{source.num_frames} frames' if source.num_frames else 'frames'
        self.wait_for_subscribers(stop)
        self.get_logger().info(
            f'Publishing {length} of {source.name}, {source.width}x{source.height} at '
            f'{rate_hz:g} Hz, on {self.image_topic}'
        )
        if source.is_live:  # each frame is published as soon as it is there
            live = thinned(source, self.settings.rate)
            messages = (self._messages_of(frame) for frame in live)
        else:
            due = timeline(source, self.settings.rate, self.settings.loop)
            messages = paced(((self._messages_of(frame), due_s) for frame, due_s in due), stop)
        self.publish_all(messages, stop)

    def close(self) -> None:
        """Release the source, and say how much of it was published."""
        self._source.close()
        super().close()

    def _messages_of(self, frame: Frame) -> Messages:
        return self.make_messages(frame.image, self._camera_info(frame))

    def _camera_info(self, frame: Frame) -> CameraInfo:
        height, width = frame.image.shape[:2]
        known = self._calibration
        if known is None:
            fov_deg = self._source.horizontal_fov_deg or self.settings.horizontal_fov_deg
            return assumed_camera_info(width, height, fov_deg)
        if (known.width, known.height) != (width, height):
            raise UserError(
                f'parameter camera_info_file: this calibration is for images of '
                f'{known.width}x{known.height}, but {frame.name} has {width}x{height}'
            )
        return copy.copy(known)  # every frame has a header of its own


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    own, arguments = node_arguments(
        'video_publisher', argv, DESCRIPTION, source=f'{SOURCE_HELP}; the same as -p source:=SOURCE'
    )
    overrides = [RclpyParameter('source', value=own.source)] if own.source else []
    return run_program(lambda: run_camera(arguments, lambda: VideoPublisher(overrides)))
