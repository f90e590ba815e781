"""What the nodes that stand in for a camera driver have in common."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

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

from hand_tracking_ros.cameras.frame_messages import FrameMessages
from hand_tracking_ros.cameras.pacing import Pacer
from hand_tracking_ros.media.prefetch import prefetch
from hand_tracking_ros.ros.parameters import NodeParameters, fixed
from hand_tracking_ros.ros.process import ros_process, spinning, stop_on_signal


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
    encoding: str = fixed('rgb8', 'Of image.', choices=('rgb8', 'bgr8'))


TOPICS = """\
  image                 sensor_msgs/Image
  image/compressed      sensor_msgs/CompressedImage (jpeg), made only when somebody listens
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

Messages = TypeVar('Messages', bound=FrameMessages)


class CameraNode(Node):
    """Publishes frames as a camera driver does.

    Args:
        name: of the node.
        settings_type: its parameters, a subclass of CameraSettings.
        overrides: parameters given in another way than by ROS.

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
        self._image = self.create_sensor_publisher(Image, 'image')
        self._compressed = self.create_sensor_publisher(CompressedImage, 'image/compressed')
        self._camera_info = self.create_sensor_publisher(CameraInfo, 'camera_info')
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

    @property
    def wants_compressed(self) -> bool:
        """Whether somebody listens to the jpegs."""
        return self._compressed.get_subscription_count() > 0

    def create_sensor_publisher(self, message_type: type, topic: str):
        """A publisher as sensors have them, whose reliability parameters may change."""
        return self.create_publisher(
            message_type,
            topic,
            qos_profile_sensor_data,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def wait_for_subscribers(self, stop: threading.Event) -> None:
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

    def publish_all(self, frames: Iterator[Messages], stop: threading.Event) -> None:
        """Publish until the end of a generator or until told to stop.

        A frame that has begun to be published is published and counted whole.
        """
        with contextlib.closing(frames):
            for messages in frames:
                if stop.is_set():
                    break
                messages.set_stamp(self.get_clock().now().to_msg())
                self.publish_frame(messages)
        time.sleep(DELIVERY_S)

    def publish_frame(self, messages: Messages) -> None:
        """Publish one frame, which has its stamp."""
        self._camera_info.publish(messages.camera_info)
        self._image.publish(messages.image)
        if messages.compressed is not None:
            self._compressed.publish(messages.compressed)
        self.num_published += 1
        self._frames_published.publish(UInt64(data=self.num_published))

    def _count_subscribers(self) -> int:
        return self._image.get_subscription_count() + self._compressed.get_subscription_count()


def paced(
    messages_and_due_s: Iterable[tuple[Messages, float]], stop: threading.Event
) -> Iterator[Messages]:
    """Messages, made ahead and yielded when they are due, in seconds after the first."""
    pacer = Pacer(sleep=stop.wait)
    with contextlib.closing(prefetch(messages_and_due_s, PREFETCH_DEPTH)) as prepared:
        for messages, due_s in prepared:
            pacer.wait_for(due_s)
            yield messages


def run_camera(arguments: Sequence[str], make_node: Callable[[], CameraNode]) -> None:
    """Run such a node, which has `run(stop)` and `close()`, until it ends or a signal ends it.

    Args:
        arguments: the program's name and its command line.
        make_node: called once ROS is there.
    """
    with (
        ros_process(arguments),
        stop_on_signal() as stop,
        contextlib.closing(make_node()) as node,
        spinning(node),
    ):
        node.run(stop)
