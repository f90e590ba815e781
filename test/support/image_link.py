"""Two processes with images between them, for the tests of the transport.

    image_link.py send WIDTH HEIGHT COUNT      images at once, as soon as a line comes on stdin
    image_link.py receive WIDTH HEIGHT COUNT   prints 'hearing', then the number of each good image

Before that the sender repeats an image of one pixel, by which the receiver knows that it hears.
"""

import array
import select
import sys
import time

import numpy as np
import rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

TIMEOUT_S = 20.0
HELLO_PERIOD_S = 0.05


def image(width: int, height: int, number: int) -> Image:
    """An rgb8 image full of one number."""
    data = array.array('B', bytes([number]) * (3 * width * height))
    message = Image(width=width, height=height, step=3 * width, encoding='rgb8', data=data)
    message.header.frame_id = str(number)
    return message


def send(node, width: int, height: int, count: int) -> None:
    """Send images; stay until stdin ends, because the shared memory goes with this process."""
    best_effort = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    publisher = node.create_publisher(Image, 'image', best_effort)
    images = [image(width, height, number) for number in range(count)]
    while not select.select([sys.stdin], [], [], HELLO_PERIOD_S)[0]:
        publisher.publish(image(1, 1, 0))
    sys.stdin.readline()
    for message in images:
        publisher.publish(message)
    sys.stdin.read()


def receive(node, width: int, height: int, count: int) -> None:
    """Report the images that come, until all are there or nobody can be waiting any more."""
    started = []
    numbers = []

    def on_image(message: Image) -> None:
        if message.width != width:
            if not started:
                started.append(True)
                print('hearing', flush=True)
            return
        number = int(message.header.frame_id)
        if np.all(np.frombuffer(message.data, np.uint8) == number) and message.height == height:
            numbers.append(number)

    best_effort = QoSProfile(depth=count, reliability=ReliabilityPolicy.BEST_EFFORT)
    subscription = node.create_subscription(Image, 'image', on_image, best_effort)
    deadline_s = time.monotonic() + TIMEOUT_S
    while len(numbers) < count and time.monotonic() < deadline_s:
        rclpy.spin_once(node, timeout_sec=0.1)
    node.destroy_subscription(subscription)
    print(*numbers, flush=True)


if __name__ == '__main__':
    role, *numbers = sys.argv[1:]
    rclpy.init()
    link_end = rclpy.create_node(role)
    {'send': send, 'receive': receive}[role](link_end, *map(int, numbers))
    link_end.destroy_node()
    rclpy.shutdown()
