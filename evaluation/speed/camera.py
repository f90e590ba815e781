"""The camera of the benchmark: publishes frames that are ready, as cheaply as rclpy can.

Started by the benchmark in a process of its own. Each line of standard input, `COUNT TOPICS...`,
lets it publish this many frames on each of these topics at once, as cameras with a common trigger
do; the answer says how that went. Beside every image goes its camera_info.

    python3 -m evaluation.speed.camera CLIP.npy RATE_HZ TOPICS...
"""

from __future__ import annotations

import array
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image

from evaluation.speed.worker import back_and_forth, serve
from hand_tracking_ros.cameras.camera_info import assumed_camera_info
from hand_tracking_ros.ros.process import ros_process
from hand_tracking_ros.tracking.errors import UserError

FRAME_ID = 'camera_optical_frame'
HORIZONTAL_FOV_DEG = 60.0
DISCOVERY_TIMEOUT_S = 30.0
# A publisher learns of a subscriber a moment before the subscriber learns of the publisher.
DISCOVERY_SETTLE_S = 0.5


class BenchmarkCamera(Node):
    """Publishes a clip back and forth.

    Args:
        clip: (N, H, W, 3) uint8 RGB.
        rate_hz: frames per second.
        topics: of the images; camera_info lies beside each.
    """

    def __init__(self, clip: np.ndarray, rate_hz: float, topics: Sequence[str]) -> None:
        super().__init__('benchmark_camera')
        self._interval_s = 1.0 / rate_hz
        self._messages = [_message(image) for image in clip]
        self._order = back_and_forth(len(clip))
        height, width = clip.shape[1:3]
        self._camera_info = assumed_camera_info(width, height, HORIZONTAL_FOV_DEG)
        self._camera_info.header.frame_id = FRAME_ID
        self._outputs: dict[str, tuple[Publisher, Publisher]] = {}
        self._first: dict[str, int] = {}
        self._has_subscriber: set[str] = set()
        for place, topic in enumerate(topics):
            camera_info = f'{topic.rpartition("/")[0]}/camera_info'
            self._outputs[topic] = (
                self.create_publisher(Image, topic, qos_profile_sensor_data),
                self.create_publisher(CameraInfo, camera_info, qos_profile_sensor_data),
            )
            # Cameras begin at different places of the clip.
            self._first[topic] = place * len(self._order) // len(topics)
        self._num_published = 0

    def answer(self, request: str) -> dict[str, float]:
        """Publish as many frames as a line asks for."""
        count, *topics = request.split()
        for topic in topics:
            self._wait_for_subscriber(topic)
        late = 0
        start_s = time.perf_counter()
        for number in range(int(count)):
            late += _wait_until(start_s + number * self._interval_s) > self._interval_s
            self._publish(topics)
        # The last frame has its share of the time too.
        _wait_until(start_s + int(count) * self._interval_s)
        return {'late': late, 'seconds': time.perf_counter() - start_s}

    def _publish(self, topics: Sequence[str]) -> None:
        for topic in topics:
            place = (self._first[topic] + self._num_published) % len(self._order)
            image = self._messages[self._order[place]]
            stamp = self.get_clock().now().to_msg()
            image.header.stamp = self._camera_info.header.stamp = stamp
            image_publisher, camera_info_publisher = self._outputs[topic]
            camera_info_publisher.publish(self._camera_info)
            image_publisher.publish(image)
        self._num_published += 1

    def _wait_for_subscriber(self, topic: str) -> None:
        if topic in self._has_subscriber:
            return
        deadline_s = time.monotonic() + DISCOVERY_TIMEOUT_S
        while not self._outputs[topic][0].get_subscription_count():
            if time.monotonic() > deadline_s:
                raise UserError(f'nobody listens to {topic} after {DISCOVERY_TIMEOUT_S:g} s')
            time.sleep(0.02)
        time.sleep(DISCOVERY_SETTLE_S)
        self._has_subscriber.add(topic)


def _wait_until(due_s: float) -> float:
    """Returns by how many seconds it was too late for that."""
    ahead_s = due_s - time.perf_counter()
    time.sleep(max(0.0, ahead_s))
    return -ahead_s


def _message(image: np.ndarray) -> Image:
    height, width = image.shape[:2]
    message = Image(height=height, width=width, encoding='rgb8', step=3 * width)
    message.header.frame_id = FRAME_ID
    message.data = array.array('B', image.tobytes())
    return message


@contextmanager
def running_camera(
    clip: str, rate_hz: str, *topics: str
) -> Iterator[tuple[dict, Callable[[str], dict]]]:
    """A camera as `serve` wants it."""
    with ros_process([]):
        camera = BenchmarkCamera(np.load(clip), float(rate_hz), topics)
        try:
            yield {}, camera.answer
        finally:
            camera.destroy_node()  # else its shared memory stays behind


if __name__ == '__main__':
    sys.exit(serve(lambda: running_camera(*sys.argv[1:])))
