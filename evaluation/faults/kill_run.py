"""Starts programs, kills them, starts them again, and notes what does not work then."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import rclpy
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from evaluation.faults.kill_cases import CAMERA, Job, Node
from evaluation.faults.processes import shared_memory_of

# Everything that is started has this environment variable, and so has everything that it starts.
MARK = 'HAND_TRACKING_KILLED'
TIMEOUT_S = 120.0
# Nodes are killed until this long after their first message, so also at work.
AT_WORK_S = 1.0
# A program that lost its parent has ended by then.
ORPHAN_TIMEOUT_S = 10.0
POLL_PERIOD_S = 0.02
# Takes the messages of all publishers; a status is latched.
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
LOG_CHARACTERS_TO_SHOW = 1000


class KillRun:
    """Kills programs, which write into folders of `folder`.

    `moment_s` chooses when, from the longest time that it may take.

    Attributes:
        problems: what did not work.
    """

    def __init__(self, moment_s: Callable[[float], float], folder: Path) -> None:
        self.problems: list[str] = []
        self._moment_s, self._folder = moment_s, folder
        self._numbers = itertools.count()
        self._left: set[Path] = set()

    def left_in_shared_memory(self) -> set[Path]:
        """The files of killed programs that are still there."""
        return {path for path in self._left if path.exists()}

    def node(self, name: str, node: Node, num_kills: int) -> None:
        """Kill a node a number of times, and see each time that it works again."""
        listener = rclpy.create_node('kills')
        camera = _Run(CAMERA, self._new_folder()) if node.needs_camera else None
        longest_s = self._see_working(listener, name, node) + AT_WORK_S
        for _ in range(num_kills):
            killed = self._start_and_kill(node.command, self._new_folder(), longest_s)
            self._see_working(listener, name, node)
            self._look_for_orphans(name, killed)
        if camera:
            camera.interrupt()
        listener.destroy_node()

    def job(self, name: str, job: Job, num_kills: int) -> None:
        """Kill a program a number of times, and see each time that it does its work after that."""
        folder = job.folder or self._new_folder()
        longest_s = self._finish(name, job, folder)
        expected = _files(folder) if job.folder is None else set()
        for _ in range(num_kills):
            folder = job.folder or self._new_folder()
            job.prepare()
            killed = self._start_and_kill(job.command, folder, longest_s)
            self._finish(name, job, folder)
            if job.folder:
                continue  # what it started may go on: the next one waits for it
            self._look_for_orphans(name, killed)
            if (found := _files(folder)) != expected:
                missing, surplus = sorted(expected - found), sorted(found - expected)
                self._complain(name, killed, f'leaves {surplus} and not {missing}')

    def _finish(self, name: str, job: Job, folder: Path) -> float:
        """Run to the end; returns how long that took, s."""
        run = _Run(job.command, folder)
        run.wait()
        if run.status:
            self._complain(name, run, f'ended with status {run.status}')
        return run.seconds

    def _see_working(self, listener: rclpy.node.Node, name: str, node: Node) -> float:
        """Start a node, wait for its message, and end it; returns how long the message took, s."""
        heard: list[object] = []
        qos = LATCHED if node.is_latched else BEST_EFFORT
        subscription = listener.create_subscription(
            node.message_type, node.topic, heard.append, qos
        )
        run = _Run(node.command, self._new_folder())
        while not heard and run.status is None and run.seconds < TIMEOUT_S:
            rclpy.spin_once(listener, timeout_sec=POLL_PERIOD_S)
        needed_s = run.seconds
        listener.destroy_subscription(subscription)
        if not heard:
            self._complain(name, run, f'sent nothing on {node.topic}')
        run.interrupt()
        if run.status:
            self._complain(name, run, f'ended with status {run.status}')
        return needed_s

    def _start_and_kill(self, command: Sequence[str], folder: Path, longest_s: float) -> _Run:
        run = _Run(command, folder)
        time.sleep(self._moment_s(longest_s))
        for pid in run.processes():
            self._left.update(shared_memory_of(pid))
        run.kill()
        return run

    def _look_for_orphans(self, name: str, killed: _Run) -> None:
        deadline_s = time.monotonic() + ORPHAN_TIMEOUT_S
        while (orphans := killed.processes()) and time.monotonic() < deadline_s:
            time.sleep(POLL_PERIOD_S)
        if orphans:
            self._complain(name, killed, f'left processes {orphans}')
        for pid in orphans:
            os.kill(pid, signal.SIGKILL)

    def _complain(self, name: str, run: _Run, text: str) -> None:
        self.problems.append(f'{name}, killed after {run.seconds:.2f} s: {text}\n{run.log()}')

    def _new_folder(self) -> Path:
        folder = self._folder / str(next(self._numbers))
        folder.mkdir()
        return folder


class _Run:
    """A command that was started in a folder."""

    _numbers = itertools.count()

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        value = f'{os.getpid()}_{next(self._numbers)}'
        self._mark = f'{MARK}={value}'.encode()
        self._output = tempfile.TemporaryFile('w+', errors='replace')  # noqa: SIM115 (lives longer)
        self._started_s = time.monotonic()
        self._ended_s: float | None = None
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, MARK: value},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
        )

    @property
    def status(self) -> int | None:
        """Of its end; None while it runs."""
        return self._process.poll()

    @property
    def seconds(self) -> float:
        """Since it was started, until it ended."""
        return (self._ended_s or time.monotonic()) - self._started_s

    def wait(self) -> None:
        """Wait until it ends; after a long time by force."""
        try:
            self._process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._ended_s = time.monotonic()

    def interrupt(self) -> None:
        """End it as Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)
        self.wait()

    def kill(self) -> None:
        """End it by force."""
        self._process.kill()
        self.wait()

    def processes(self) -> list[int]:
        """Itself and all that it started, as far as they run."""
        return [pid for pid in _all_processes() if self._mark in _environment(pid)]

    def log(self) -> str:
        """The end of what it printed."""
        self._output.seek(0)
        return self._output.read()[-LOG_CHARACTERS_TO_SHOW:]


def _all_processes() -> list[int]:
    return [int(path.name) for path in Path('/proc').iterdir() if path.name.isdecimal()]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path('/proc', str(pid), 'environ').read_bytes().split(b'\0')
    except OSError:  # it has ended, or is another user's
        return []


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob('*')}
