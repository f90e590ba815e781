"""The processes of the benchmark's node sections: camera, bare subscriber, node, and listener."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from evaluation.speed.child_process import ChildProcess
from evaluation.speed.trackers import RUNTIMES
from hand_tracking_ros.demo.processes import Program, stop_all

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
class NodeRun:
    """What the node did in some turns.

    Attributes:
        published: frames sent by each camera.
        turns_ms: stamp to HandArray received, by its topic, for each turn.
        hands: seen in each image, of all topics.
        late: frames that the camera sent late by more than a frame.
        processor_s, seconds: that the node worked, and that the camera sent.
    """

    published: int = 0
    turns_ms: dict[str, list[list[float]]] = field(default_factory=dict)
    hands: list[int] = field(default_factory=list)
    late: int = 0
    processor_s: float = 0.0
    seconds: float = 0.0

    @property
    def processor_percent(self) -> float:
        """Of one core."""
        return 100 * self.processor_s / self.seconds


class NodeProcesses:
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
        self.node = Program('hand_tracker', arguments, folder)
        stack.callback(stop_all, [self.node])
        self._bare, self._hands, self._camera = processes = [
            stack.enter_context(
                ChildProcess(what, [sys.executable, '-m', f'evaluation.speed.{what}', *arguments])
            )
            for what, *arguments in (
                ('listener', 'images', diagnostics, self._bare_topic),
                ('listener', 'hands', diagnostics, *self.hands_topics),
                ('camera', clip, str(rate_hz), self._bare_topic, *self._image_topics),
            )
        ]
        for process in processes:
            process.wait_until_ready()
        self._counts: dict[str, dict[str, int]] = {}

    def bare_turn(self, seconds: float) -> list[float]:
        """Publish for this long to the bare subscriber; times from stamp to callback, ms."""
        self._bare.ask('collect')
        self._camera.ask(f'{round(seconds * self._rate_hz)} {self._bare_topic}')
        time.sleep(DELIVERY_S)
        return self._bare.ask('collect')[self._bare_topic]['latencies_ms']

    def node_turn(self, seconds: float, run: NodeRun) -> None:
        """Publish for this long to the node, and add to `run` what came of it.

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
        run.published += count
        time.sleep(DELIVERY_S)
        for topic, arrived in self._hands.ask('collect').items():
            run.turns_ms.setdefault(topic, []).append(arrived['latencies_ms'])
            run.hands += arrived['hands']

    def new_counts(self) -> list[dict[str, int]]:
        """What the node says became of its frames since the last call, for each camera."""
        before, self._counts = (
            self._counts,
            {
                status: {name: int(values[key]) for name, key in COUNTS.items()}
                for status, values in self._hands.ask('diagnostics').items()
            },
        )
        return [
            {name: number - before.get(status, {}).get(name, 0) for name, number in counts.items()}
            for status, counts in self._counts.items()
        ]

    def _processor_s(self) -> float:
        """Processor time of all threads of the node so far."""
        if self.node.exit_status is not None:
            raise self.node.failure()
        fields = Path(f'/proc/{self.node.pid}/stat').read_text().rpartition(')')[2].split()
        user, system = fields[11:13]
        return (int(user) + int(system)) * CLOCK_TICK_S
