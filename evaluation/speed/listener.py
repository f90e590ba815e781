"""Listens for the benchmark: when images or hands arrive, and what the node says of its frames.

Started by the benchmark in a process of its own. Each line of standard input is answered: `collect`
with the time from stamp to callback of everything that came since the last time, by topic;
`diagnostics` with the next numbers that the node publishes about its cameras.

    python3 -m evaluation.speed.listener images|hands DIAGNOSTICS_TOPIC TOPICS...
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from evaluation.speed.worker import serve
from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.process import ros_process, spinning

# Type and QoS: images as the node subscribes to them, and all hands.
KINDS = {
    'images': (Image, QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)),
    'hands': (HandArray, QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)),
}
DIAGNOSTICS_TIMEOUT_S = 10.0


class BenchmarkListener(Node):
    """Notes what comes; somebody has to serve its callbacks.

    Args:
        kind: of the messages, a key of KINDS.
        topics: where they come from.
        diagnostics: the node's topic.
    """

    def __init__(self, kind: str, topics: Sequence[str], diagnostics: str) -> None:
        super().__init__(f'benchmark_listener_of_{kind}')
        self._arrivals: dict[str, list[tuple[float, int]]] = {topic: [] for topic in topics}
        self._diagnostics: DiagnosticArray | None = None
        self._diagnostics_came = threading.Condition()
        message_type, qos = KINDS[kind]
        for topic in topics:
            self.create_subscription(
                message_type, topic, lambda m, topic=topic: self._note(topic, m), qos
            )
        self.create_subscription(DiagnosticArray, diagnostics, self._note_diagnostics, 10)

    def answer(self, request: str) -> dict:
        """Say what a line asks for."""
        return {'collect': self._collect, 'diagnostics': self._next_diagnostics}[request]()

    def _note(self, topic: str, message: Image | HandArray) -> None:
        now_ns = time.time_ns()
        stamp = message.header.stamp
        latency_ms = (now_ns - stamp.sec * 1_000_000_000 - stamp.nanosec) / 1e6
        num_hands = len(message.hands) if isinstance(message, HandArray) else 0
        self._arrivals[topic].append((latency_ms, num_hands))

    def _collect(self) -> dict:
        answer = {}
        for topic, arrivals in self._arrivals.items():
            new = arrivals[:]  # more may come meanwhile
            del arrivals[: len(new)]
            answer[topic] = {
                'latencies_ms': [latency_ms for latency_ms, _ in new],
                'hands': [num_hands for _, num_hands in new],
            }
        return answer

    def _note_diagnostics(self, message: DiagnosticArray) -> None:
        with self._diagnostics_came:
            self._diagnostics = message
            self._diagnostics_came.notify()

    def _next_diagnostics(self) -> dict[str, dict[str, str]]:
        with self._diagnostics_came:
            if not self._diagnostics_came.wait(DIAGNOSTICS_TIMEOUT_S):
                raise RuntimeError(f'no diagnostics within {DIAGNOSTICS_TIMEOUT_S:g} s')
            return {
                status.name: {pair.key: pair.value for pair in status.values}
                for status in self._diagnostics.status
            }


@contextmanager
def running_listener(
    kind: str, diagnostics: str, *topics: str
) -> Iterator[tuple[dict, Callable[[str], dict]]]:
    """A listener as `serve` wants it."""
    with ros_process([]):
        listener = BenchmarkListener(kind, topics, diagnostics)
        try:
            with spinning(listener):
                yield {}, listener.answer
        finally:
            listener.destroy_node()  # else its shared memory stays behind


if __name__ == '__main__':
    sys.exit(serve(lambda: running_listener(*sys.argv[1:])))
