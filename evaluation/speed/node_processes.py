"""The processes of the benchmark's node sections: camera, bare subscriber, node, and listener."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from evaluation.speed.child_process import Partner
from evaluation.speed.trackers import RUNTIMES
from hand_tracking_ros.demo.processes import Program

# The last frames are still on their way when the last one is sent.
DELIVERY_S = 0.5
CLOCK_TICK_S = 1.0 / os.sysconf('SC_CLK_TCK')
# What the node counts, as its diagnostics call it.
COUNTS = {
    'received': 'frames received',
    'processed': 'frames processed',
    'dropped': 'frames dropped',
    'with_errors': 'frames with errors',
}


@dataclass
class Run:
    """What the node did in all turns of one kind.

    Attributes:
        published: frames sent, by topic of the hands found in them.
        turns_ms: stamp to HandArray received, by the same topic, for each turn.
        hands: seen in each image, of all topics.
        late: frames that the camera sent late by more than a frame.
        processor_s, seconds: that the node worked, and that the camera sent.
    """

    published: dict[str, int] = field(default_factory=dict)
    turns_ms: dict[str, list[list[float]]] = field(default_factory=dict)
    hands: list[int] = field(default_factory=list)
    late: int = 0
    processor_s: float = 0.0
    seconds: float = 0.0


class NodeSetup:
    """A camera, a bare subscriber, the node and who listens to it, all running.

    Args:
        stack: ends them.
        clip: what the camera shows.
        rate_hz: of the camera.
        runtime: of the node, a key of RUNTIMES.
        folder: for logs.
        cameras: of the node; empty: one without a name.
    """

    def __init__(
        self,
        stack: ExitStack,
        clip: Path,
        rate_hz: float,
        runtime: str,
        folder: Path,
        cameras: Sequence[str] = (),
    ) -> None:
        self._rate_hz = rate_hz
        # A robot that works on the same network must not see these hands.
        base = f'/hand_tracking_benchmark_{os.getpid()}'
        namespace, diagnostics = f'{base}/node', f'{base}/diagnostics'
        inner = [f'{name}/' for name in cameras] or ['']
        self._image_topics = [f'{namespace}/{name}image' for name in inner]
        self.hands_topics = [f'{namespace}/hand_tracker/{name}hands' for name in inner]
        self._bare_topic = f'{base}/bare/image'
        remap = [f'__ns:={namespace}', f'/diagnostics:={diagnostics}', f'/tf:={base}/tf']
        provider, precision = RUNTIMES[runtime]
        arguments = ['--ros-args', '-p', f'execution_provider:={provider}']
        arguments += ['-p', f'precision:={precision}'] if precision != 'fp32' else []
        arguments += [word for rule in remap for word in ('-r', rule)]
        if cameras:
            arguments += ['-p', f'cameras:=[{", ".join(cameras)}]']
        self.node = Program('hand_tracker', arguments, folder / 'hand_tracker.log')
        stack.callback(self.node.stop)
        self._bare = stack.enter_context(
            _partner('listener', 'images', diagnostics, self._bare_topic)
        )
        self._hands = stack.enter_context(
            _partner('listener', 'hands', diagnostics, *self.hands_topics)
        )
        topics = (self._bare_topic, *self._image_topics)
        self._camera = stack.enter_context(_partner('camera', str(clip), str(rate_hz), *topics))
        for partner in (self._bare, self._hands, self._camera):
            partner.wait_until_ready()

    def bare_turn(self, seconds: float) -> list[float]:
        """Publish for so long to the bare subscriber; times from stamp to callback, ms."""
        self._bare.ask('collect')
        self._camera.ask(f'{round(seconds * self._rate_hz)} {self._bare_topic}')
        time.sleep(DELIVERY_S)
        return self._bare.ask('collect')[self._bare_topic]['latencies_ms']

    def node_turn(self, seconds: float, run: Run) -> None:
        """Publish for so long to the node, and add to `run` what came of it.

        Raises:
            UserError: the node ended.
        """
        count = round(seconds * self._rate_hz)
        self._hands.ask('collect')
        before_s = self._processor_s()
        sent = self._camera.ask(f'{count} {" ".join(self._image_topics)}')
        run.processor_s += self._processor_s() - before_s
        run.seconds += sent['seconds']
        run.late += sent['late']
        time.sleep(DELIVERY_S)
        for topic, arrived in self._hands.ask('collect').items():
            run.published[topic] = run.published.get(topic, 0) + count
            run.turns_ms.setdefault(topic, []).append(arrived['latencies_ms'])
            run.hands += arrived['hands']

    def counts(self) -> dict[str, dict[str, int]]:
        """What the node says became of its frames so far, by camera."""
        answer = self._hands.ask('diagnostics')
        return {
            status.rpartition(' ')[2]: {name: int(numbers[key]) for name, key in COUNTS.items()}
            for status, numbers in answer.items()
        }

    def _processor_s(self) -> float:
        """Processor time of all threads of the node so far."""
        if self.node.exit_status is not None:
            raise self.node.failure()
        fields = Path(f'/proc/{self.node.pid}/stat').read_text().rpartition(')')[2].split()
        user, system = fields[11:13]
        return (int(user) + int(system)) * CLOCK_TICK_S


def _partner(what: str, *arguments: str) -> Partner:
    module = f'evaluation.speed.{what}'
    return Partner(what, [sys.executable, '-m', module, *arguments])
