"""Publish a video, a folder of pictures or a camera as a ROS 2 camera would."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
import time
from collections.abc import Iterator, Sequence

from rclpy.node import Node
from rclpy.parameter import Parameter as RclpyParameter
from rclpy.qos import (
    DurabilityPolicy,
    QoSProfile,
    ReliabilityPolicy,
    qos_profile_sensor_data,
)
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import UInt64

from hand_tracking_ros.ros import parameters
from hand_tracking_ros.ros.parameters import Parameter
from hand_tracking_ros.ros.process import own_arguments, ros_process, spinning
from hand_tracking_ros.tools.camera_info import load_camera_info
from hand_tracking_ros.tools.frame_messages import FrameMessageMaker, FrameMessages
from hand_tracking_ros.tools.media import (
    PICTURE_RATE_HZ,
    SOURCE_HELP,
    Frame,
    find_first_camera,
    open_media,
)
from hand_tracking_ros.tools.pacing import Pacer, thinned, timeline
from hand_tracking_ros.tools.prefetch import prefetch
from hand_tracking_ros.tools.processes import stop_on_signal
from hand_tracking_ros.tools.programs import run_program

PARAMETERS = (
    Parameter(
        'source',
        '',
        f'What to publish: {SOURCE_HELP}. Empty: the first camera.',
        read_only=True,
        is_any_type=True,  # a camera index is a number to ROS: source:=0
    ),
    Parameter(
        'rate',
        0.0,
        'Frames per second (Hz); 0: those of the source itself '
        f'({PICTURE_RATE_HZ:g} for pictures). A camera is only ever thinned out.',
        minimum=0.0,
        maximum=1000.0,
        read_only=True,
    ),
    Parameter('loop', False, 'Start again at the end of the source.', read_only=True),
    Parameter(
        'wait_for_subscribers',
        0,
        'Number of subscribers, to image and image/compressed together, to wait for before the '
        'first frame.',
        minimum=0,
        maximum=100,
        read_only=True,
    ),
    Parameter(
        'frame_id',
        'camera_optical_frame',
        'TF frame of the camera (x right, y down, z forward).',
        read_only=True,
    ),
    Parameter('encoding', 'rgb8', 'Of image.', choices=('rgb8', 'bgr8'), read_only=True),
    Parameter(
        'horizontal_fov_deg',
        60.0,
        'Assumed horizontal field of view for camera_info (a common webcam has about 60 degrees). '
        'Distances of hands scale with it.',
        minimum=1.0,
        maximum=179.0,
        read_only=True,
    ),
    Parameter(
        'camera_info_file',
        '',
        'Calibration of the camera as camera_calibration writes it (YAML); instead of the assumed '
        'field of view.',
        read_only=True,
    ),
)

TOPICS = """
topics out:
  image                 sensor_msgs/Image
  image/compressed      sensor_msgs/CompressedImage (jpeg), made only when somebody listens
  camera_info           sensor_msgs/CameraInfo, with the stamp of each image
  ~/frames_published    std_msgs/UInt64, how many frames were published so far

Stamps are the time at which a frame is sent. The program ends at the end of the source.

parameters (--ros-args -p NAME:=VALUE):
"""

# Frames decoded ahead: enough for a picture that takes long, little enough for memory.
PREFETCH_DEPTH = 4
# A publisher learns of a subscriber a moment before the subscriber learns of the publisher.
DISCOVERY_SETTLE_S = 0.5
# The last frames are still on their way when the last one is sent.
DELIVERY_S = 0.5
POLL_PERIOD_S = 0.02
WAIT_LOG_PERIOD_S = 5.0


class VideoPublisher(Node):
    """Publishes the frames of a source with the rhythm that they were taken in.

    Args:
        overrides: parameters given in another way than by ROS.

    Raises:
        UserError: a parameter or the source is wrong.
    """

    def __init__(self, overrides: Sequence[RclpyParameter] = ()) -> None:
        super().__init__('video_publisher', parameter_overrides=list(overrides))
        parameters.declare(self, PARAMETERS)
        self._settings = {row.name: self.get_parameter(row.name).value for row in PARAMETERS}
        calibration = self._settings['camera_info_file']
        self._maker = FrameMessageMaker(
            self._settings['frame_id'],
            self._settings['encoding'],
            self._settings['horizontal_fov_deg'],
            load_camera_info(calibration) if calibration else None,
        )
        self._source = open_media(str(self._settings['source']) or find_first_camera())
        self._num_published = 0
        self._image = self._create_sensor_publisher(Image, 'image')
        self._compressed = self._create_sensor_publisher(CompressedImage, 'image/compressed')
        self._camera_info = self._create_sensor_publisher(CameraInfo, 'camera_info')
        self._frames_published = self.create_publisher(
            UInt64,
            '~/frames_published',
            QoSProfile(
                depth=1,
                reliability=ReliabilityPolicy.RELIABLE,
                durability=DurabilityPolicy.TRANSIENT_LOCAL,
            ),
        )

    def run(self, stop: threading.Event) -> None:
        """Publish all frames, to the end of the source or until told to stop.

        A frame that has begun to be published is published and counted whole.

        Raises:
            UserError: the calibration is for another image size.
        """
        source, rate_hz = self._source, self._settings['rate'] or self._source.rate_hz
        length = f'{source.num_frames} frames' if source.num_frames else 'frames'
        self._wait_for_subscribers(stop)
        self.get_logger().info(
            f'Publishing {length} of {source.name}, {source.width}x{source.height} at '
            f'{rate_hz:g} Hz, on {self._image.topic_name}'
        )
        with contextlib.closing(
            self._live_messages() if source.is_live else self._paced_messages(stop)
        ) as frame_messages:
            for messages in frame_messages:
                if stop.is_set():
                    break
                self._publish(messages)
        time.sleep(DELIVERY_S)

    def close(self) -> None:
        """Give the source back and say how much of it was published."""
        self._source.close()
        self.get_logger().info(f'Published {self._num_published} frames of {self._source.name}')
        self.destroy_node()

    def _create_sensor_publisher(self, message_type: type, topic: str):
        return self.create_publisher(
            message_type,
            topic,
            qos_profile_sensor_data,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def _wait_for_subscribers(self, stop: threading.Event) -> None:
        expected = self._settings['wait_for_subscribers']
        if not expected:
            return
        while (found := self._count_subscribers()) < expected and not stop.is_set():
            self.get_logger().info(
                f'Waiting for {expected} subscribers to {self._image.topic_name}, {found} so far',
                throttle_duration_sec=WAIT_LOG_PERIOD_S,
            )
            stop.wait(POLL_PERIOD_S)
        stop.wait(DISCOVERY_SETTLE_S)

    def _count_subscribers(self) -> int:
        return self._image.get_subscription_count() + self._compressed.get_subscription_count()

    def _paced_messages(self, stop: threading.Event) -> Iterator[FrameMessages]:
        """Messages of files, made ahead and yielded when they are due."""
        frames = timeline(self._source, self._settings['rate'], self._settings['loop'])
        prepared = prefetch(
            ((self._make_messages(frame), due_s) for frame, due_s in frames), PREFETCH_DEPTH
        )
        pacer = Pacer(sleep=stop.wait)
        with contextlib.closing(prepared):
            for messages, due_s in prepared:
                pacer.wait_for(due_s)
                yield messages

    def _live_messages(self) -> Iterator[FrameMessages]:
        """Messages of a camera, each as soon as it is there."""
        for frame in thinned(self._source, self._settings['rate']):
            yield self._make_messages(frame)

    def _make_messages(self, frame: Frame) -> FrameMessages:
        has_listener = self._compressed.get_subscription_count() > 0
        return self._maker.make(frame, with_compressed=has_listener)

    def _publish(self, messages: FrameMessages) -> None:
        messages.set_stamp(self.get_clock().now().to_msg())
        self._camera_info.publish(messages.camera_info)
        self._image.publish(messages.image)
        if messages.compressed is not None:
            self._compressed.publish(messages.compressed)
        self._num_published += 1
        self._frames_published.publish(UInt64(data=self._num_published))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    source = _parse(own_arguments(arguments)).source
    return run_program(lambda: _run(['video_publisher', *arguments], source))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='video_publisher',
        usage='video_publisher [-h] [SOURCE] [--ros-args -p NAME:=VALUE -r FROM:=TO ...]',
        description=__doc__,
        epilog=TOPICS + parameters.describe(PARAMETERS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'source', nargs='?', metavar='SOURCE', help=f'{SOURCE_HELP}; the same as -p source:=SOURCE'
    )
    return parser.parse_args(arguments)


def _run(arguments: Sequence[str], source: str | None) -> None:
    overrides = [RclpyParameter('source', value=source)] if source else []
    with (
        ros_process(arguments),
        stop_on_signal() as stop,
        contextlib.closing(VideoPublisher(overrides)) as node,
        spinning(node),
    ):
        node.run(stop)


if __name__ == '__main__':
    sys.exit(main())
