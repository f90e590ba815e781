"""A program that stands in for a camera, as a process of its own, and a node that hears it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import UInt64

DOMAIN_ID = int(os.environ['ROS_DOMAIN_ID'])  # of this test run, see conftest.py
TIMEOUT_S = 60.0


class Listener(Node):
    """Keeps everything that a camera sends."""

    def __init__(self, context: Context, program: str, topics: Mapping[str, type]) -> None:
        super().__init__('listener', context=context)
        self.images, self.infos, self.compressed, self.counts = [], [], [], []
        self.heard = {topic: [] for topic in topics}
        for message_type, topic, received in (
            (Image, 'image', self.images),
            (CameraInfo, 'camera_info', self.infos),
            (CompressedImage, 'image/compressed', self.compressed),
            *((kind, topic, self.heard[topic]) for topic, kind in topics.items()),
        ):
            self.create_subscription(message_type, topic, received.append, qos_profile_sensor_data)
        reliable = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
        self.create_subscription(
            UInt64, f'{program}/frames_published', self.counts.append, reliable
        )


@contextlib.contextmanager
def listening(program: str, topics: Mapping[str, type] | None = None) -> Iterator[Listener]:
    """A listener to a program, and to more topics than all cameras have."""
    context = Context()
    rclpy.init(context=context, domain_id=DOMAIN_ID)
    node = Listener(context, program, topics or {})
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    node.spin_once = lambda: executor.spin_once(timeout_sec=0.05)
    yield node
    executor.shutdown()
    node.destroy_node()
    context.try_shutdown()


def start(program: str, folder: Path, *arguments: str) -> subprocess.Popen:
    """Start a program; not from the checkout, whose folder would hide the installed package."""
    return subprocess.Popen(
        [sys.executable, '-m', 'hand_tracking_ros', program, *arguments],
        cwd=folder,
        env={**os.environ, 'ROS_DOMAIN_ID': str(DOMAIN_ID), 'ROS_LOG_DIR': str(folder / 'log')},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(program: str, folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit status and output of a program that ends by itself."""
    process = start(program, folder, *arguments)
    output, _ = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, output


def listen_until(listener: Listener, condition: Callable[[], bool]) -> None:
    """Listen until a condition holds."""
    deadline_s = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline_s, 'nothing more is heard from the publisher'
        listener.spin_once()


def listen_to_all(listener: Listener, program: str, folder: Path, *arguments: str) -> str:
    """Run a program to its end with both image topics listened to; returns its log."""
    process = start(program, folder, *arguments, '-p', 'wait_for_subscribers:=2')
    listen_until(listener, lambda: process.poll() is not None)
    output = process.communicate()[0]
    assert process.returncode == 0, output
    return output


def stamps_ns(messages) -> list[int]:
    """The stamp of every message."""
    stamps = (message.header.stamp for message in messages)
    return [stamp.sec * 10**9 + stamp.nanosec for stamp in stamps]


def pixels(message: Image) -> np.ndarray:
    """(H, W, 3) uint8 of an image without padding."""
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)
