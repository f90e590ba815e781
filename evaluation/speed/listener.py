"""Listens for the benchmark: when images or hands arrive, and what the node says of its frames.

Started by the benchmark in a process of its own. Each line of standard input is answered: `collect`
with the time from stamp to callback of everything that came since the last time, by topic;
`diagnostics` with the next numbers that the node publishes about its cameras.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from contextlib import ExitStack

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from evaluation.speed.worker import serve, take_standard_output
from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.process import ros_process, spinning

TYPES = {'images': Image, 'hands': HandArray}
# As the node subscribes to images.
NEWEST_IMAGE = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
ALL_HANDS = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
QOS = {'images': NEWEST_IMAGE, 'hands': ALL_HANDS}
DIAGNOSTICS_TIMEOUT_S = 10.0


class BenchmarkListener:
    """Notes what comes.

    Args:
        kind: of the messages, a key of TYPES.
        topics: where they come from.
        diagnostics: the node's topic.

    Attributes:
        node: whose callbacks somebody has to serve.
    """

    def __init__(self, kind: str, topics: list[str], diagnostics: str) -> None:
        self.node = Node(f'benchmark_listener_of_{kind}')
        self._arrivals: dict[str, list[dict]] = {topic: [] for topic in topics}
        self._counts: dict[str, dict[str, float]] = {}
        self._diagnostics_changed = threading.Condition()
        self._num_diagnostics = 0
        for topic in topics:
            self.node.create_subscription(
                TYPES[kind], topic, lambda m, topic=topic: self._note(topic, m), QOS[kind]
            )
        self.node.create_subscription(DiagnosticArray, diagnostics, self._count, 10)

    def work(self, request: str) -> dict:
        """Do what a line asks for."""
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
            come = arrivals[:]  # more may come meanwhile
            del arrivals[: len(come)]
            answer[topic] = {
                'latencies_ms': [latency_ms for latency_ms, _ in come],
                'hands': [num_hands for _, num_hands in come],
            }
        return answer

    def _count(self, message: DiagnosticArray) -> None:
        with self._diagnostics_changed:
            for status in message.status:
                numbers = {pair.key: _number(pair.value) for pair in status.values}
                self._counts[status.name] = {k: v for k, v in numbers.items() if v is not None}
            self._num_diagnostics += 1
            self._diagnostics_changed.notify()

    def _next_diagnostics(self) -> dict:
        with self._diagnostics_changed:
            seen = self._num_diagnostics
            if not self._diagnostics_changed.wait_for(
                lambda: self._num_diagnostics > seen, DIAGNOSTICS_TIMEOUT_S
            ):
                raise RuntimeError(f'no diagnostics within {DIAGNOSTICS_TIMEOUT_S:g} s')
            return {name: dict(numbers) for name, numbers in self._counts.items()}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('kind', choices=TYPES)
    parser.add_argument('diagnostics', help='topic of the node')
    parser.add_argument('topics', nargs='+')
    arguments = parser.parse_args()
    answer = take_standard_output()

    with ExitStack() as stack:

        def start():
            stack.enter_context(ros_process([]))
            listener = BenchmarkListener(arguments.kind, arguments.topics, arguments.diagnostics)
            stack.callback(listener.node.destroy_node)  # else its shared memory stays behind
            stack.enter_context(spinning(listener.node))
            return {}, listener.work

        return serve(start, sys.stdin, answer)


if __name__ == '__main__':
    sys.exit(main())
