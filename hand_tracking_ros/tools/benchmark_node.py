"""The part of the benchmark that needs ROS 2: what the real node weighs while it works.

Started by the benchmark in a process of its own: prints one line of JSON on standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack

import rclpy
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image
from tqdm import tqdm

from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.tools.benchmark_worker import memory_mb
from hand_tracking_ros.tools.programs import run_program
from hand_tracking_ros.tracking.errors import UserError

SECONDS_TO_END = 5.0
LOG_LINES_TO_SHOW = 10


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('video')
    parser.add_argument('frames', type=int)
    arguments = parser.parse_args(argv)
    return run_program(lambda: print(json.dumps(weigh_node(arguments.video, arguments.frames))))


def weigh_node(video: str, max_frames: int) -> dict:
    """Let the node process frames of a video, and return the memory it had resident.

    Raises:
        UserError: the node or the publisher of the video failed.
    """
    namespace = f'/hand_tracking_benchmark_{os.getpid()}'
    # A robot that works on the same network must not see these hands.
    remap = ['__ns:=' + namespace, '/tf:=tf', '/diagnostics:=diagnostics']
    ros_arguments = ['--ros-args', *(word for rule in remap for word in ('-r', rule))]
    with ExitStack() as stack:
        rclpy.init()
        stack.callback(rclpy.get_default_context().try_shutdown)
        listener = Listener(namespace)
        node = stack.enter_context(Program('hand_tracker', ros_arguments))
        publisher_arguments = [video, *ros_arguments, '-p', 'wait_for_subscribers:=1']
        publisher = stack.enter_context(Program('video_publisher', publisher_arguments))
        progress = stack.enter_context(
            tqdm(total=max_frames, desc='ROS node', unit='image', leave=False)
        )
        while publisher.is_running() and listener.num_results < max_frames:
            if not node.is_running():
                raise UserError('hand_tracker ended before the video did')
            rclpy.spin_once(listener, timeout_sec=0.1)
            progress.update(listener.num_results - progress.n)
        if not listener.num_results:
            raise UserError('hand_tracker published no hands for any image of the video')
        return {
            'images': listener.num_results,
            'memory_mb': memory_mb('VmRSS', node.pid),
            'peak_memory_mb': memory_mb('VmHWM', node.pid),
        }


class Listener(Node):
    """Listens as RViz would, so that the node has everything to do."""

    def __init__(self, namespace: str) -> None:
        super().__init__('benchmark', namespace=namespace)
        self.num_results = 0
        self.create_subscription(HandArray, 'hand_tracker/hands', self._count, 10)
        self.create_subscription(
            Image, 'hand_tracker/annotated_image', lambda _: None, qos_profile_sensor_data
        )

    def _count(self, _: HandArray) -> None:
        self.num_results += 1


class Program:
    """One of this package's programs, running in a process of its own."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self._name = name
        self._log = tempfile.TemporaryFile('w+', errors='replace')  # noqa: SIM115 (see __exit__)
        self._process = subprocess.Popen(
            [sys.executable, '-m', f'hand_tracking_ros.tools.{name}', *arguments],
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_exception) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        """Whether it still works; False once it has ended in order.

        Raises:
            UserError: it has failed.
        """
        status = self._process.poll()
        if status:
            self._log.seek(0)
            lines = self._log.read().splitlines()[-LOG_LINES_TO_SHOW:]
            raise UserError('\n  '.join([f'{self._name} ended with exit status {status}', *lines]))
        return status is None


if __name__ == '__main__':
    sys.exit(main())
