"""What video_publisher and simulated_camera share: parameters, topics, publishing, pacing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.parameter import Parameter as RclpyParameter
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header, UInt64

from hand_tracking_ros.cameras.pacing import Pacer
from hand_tracking_ros.media.prefetch import prefetch
from hand_tracking_ros.ros.compressed_images import compressed_from_rgb
from hand_tracking_ros.ros.fast_dds import use_image_profile
from hand_tracking_ros.ros.image_conversion import from_rgb
from hand_tracking_ros.ros.parameters import NodeParameters, fixed
from hand_tracking_ros.ros.process import ros_process, spinning, stop_on_signal
from hand_tracking_ros.signals import StopRequest


@dataclass(frozen=True)
class CameraSettings:
    """The parameters that every node of this room has."""

    wait_for_subscribers: int = fixed(
        0,
        'Number of subscribers, to image and image/compressed together, to wait for before the '
        'first frame.',
        within=(0, 100),
    )
    frame_id: str = fixed(
        'camera_optical_frame', 'TF frame of the camera (x right, y down, z forward).'
    )
    encoding: str = fixed('rgb8', 'Encoding of image.', choices=('rgb8', 'bgr8'))


TOPICS = """\
  image                 sensor_msgs/Image
  image/compressed      sensor_msgs/CompressedImage (jpeg), made only while somebody subscribes
  camera_info           sensor_msgs/CameraInfo, with the stamp of each image
  ~/frames_published    std_msgs/UInt64, how many frames were published so far
"""

# Frames made ahead: enough for a picture that takes long, little enough for memory.
PREFETCH_DEPTH = 4
# A publisher learns of a subscriber a moment before the subscriber learns of the publisher.
DISCOVERY_SETTLE_S = 0.5
# The last frames are still on their way when the last one is sent.
DELIVERY_S = 0.5
POLL_PERIOD_S = 0.02
WAIT_LOG_PERIOD_S = 5.0

# The messages of one frame by topic, all with a header.
Messages = dict[str, Any]


class CameraNode(Node):
    """Publishes frames as a camera driver does; `overrides` are parameters given without ROS.

    Attributes:
        settings: the values of its parameters.
        num_published: frames published so far.

    Raises:
        UserError: a parameter is wrong.
    """

    def __init__(
        self,
        name: str,
        settings_type: type[CameraSettings],
        overrides: Sequence[RclpyParameter] = (),
    ) -> None:
        super().__init__(name, parameter_overrides=list(overrides))
        self.settings = NodeParameters(self, settings_type).settings
        self.num_published = 0
        self._sensor_publishers: dict[str, Publisher] = {}
        self.add_publisher('camera_info', CameraInfo)
        self._image = self.add_publisher('image', Image)
        self._compressed = self.add_publisher('image/compressed', CompressedImage)
        self._frames_published = self.create_publisher(
            UInt64,
            '~/frames_published',
            QoSProfile(
                depth=1,
                reliability=ReliabilityPolicy.RELIABLE,
                durability=DurabilityPolicy.TRANSIENT_LOCAL,
            ),
        )

    @property
    def image_topic(self) -> str:
        """The full name of the topic of images."""
        return self._image.topic_name

    def add_publisher(self, topic: str, message_type: type) -> Publisher:
        """Create a publisher as sensors have them; parameters may change its quality of service."""
        self._sensor_publishers[topic] = self.create_publisher(
            message_type,
            topic,
            qos_profile_sensor_data,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        return self._sensor_publishers[topic]

    def make_messages(self, image: np.ndarray, camera_info: CameraInfo) -> Messages:
        """The messages of an image (H, W, 3) uint8 RGB; the jpeg only where it has subscribers."""
        camera_info.header = self.make_header()
        image_message = from_rgb(image, self.make_header(), self.settings.encoding)
        messages = {'camera_info': camera_info, 'image': image_message}
        if self._compressed.get_subscription_count() > 0:
            messages['image/compressed'] = compressed_from_rgb(image, self.make_header())
        return messages

    def make_header(self) -> Header:
        """A header in the camera's frame, without a stamp."""
        return Header(frame_id=self.settings.frame_id)

    def wait_for_subscribers(self, stop: StopRequest) -> None:
        """Wait for as many as the parameter says, or until told to stop."""
        expected = self.settings.wait_for_subscribers
        if not expected:
            return
        while (found := self._count_subscribers()) < expected and not stop.is_set():
            self.get_logger().info(
                f'Waiting for {expected} subscribers to {self.image_topic}, {found} so far',
                throttle_duration_sec=WAIT_LOG_PERIOD_S,
            )
            stop.wait(POLL_PERIOD_S)
        stop.wait(DISCOVERY_SETTLE_S)

    def publish_all(self, frames: Iterator[Messages], stop: StopRequest) -> None:
        """Publish until the end of a generator or until told to stop.

        All messages of a frame are published before it ends.
        """
        with contextlib.closing(frames):
            for messages in frames:
                if stop.is_set():
                    break
                self._publish(messages)
        time.sleep(DELIVERY_S)

    def close(self) -> None:
        """Say how much was published."""
        self.get_logger().info(f'Published {self.num_published} frames')
        self.destroy_node()

    def _publish(self, messages: Messages) -> None:
        stamp = self.get_clock().now().to_msg()
        for topic, message in messages.items():
            message.header.stamp = stamp
            self._sensor_publishers[topic].publish(message)
        self.num_published += 1
        self._frames_published.publish(UInt64(data=self.num_published))

    def _count_subscribers(self) -> int:
        return self._image.get_subscription_count() + self._compressed.get_subscription_count()


def paced(
    messages_and_due_s: Iterable[tuple[Messages, float]], stop: StopRequest
) -> Iterator[Messages]:
    """Yield messages when they are due, in seconds after the first; a thread makes them ahead."""
    pacer = Pacer(sleep=stop.wait)
    with contextlib.closing(prefetch(messages_and_due_s, PREFETCH_DEPTH)) as prepared:
        for messages, due_s in prepared:
            pacer.wait_for(due_s)
            yield messages


def run_camera(arguments: Sequence[str], make_node: Callable[[], CameraNode]) -> None:
    """Make such a node once ROS is there, and call its `run(stop)`; then a signal sets `stop`.

    While the node is made, which may take seconds, a signal ends the process at once.
    """
    use_image_profile()
    with (
        ros_process(arguments),
        contextlib.closing(make_node()) as node,
        stop_on_signal() as stop,
        spinning(node),
    ):
        node.run(stop)
