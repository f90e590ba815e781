"""Processes that the soak starts, stops, freezes and kills."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from evaluation.faults.resources import SHARED_MEMORY
from evaluation.paths import CHECKOUT

SECONDS_TO_END = 20.0
LOCK_ENDING = '_el'
FREE_DOMAINS = range(215, 233)


def own_domain() -> str:
    """A ROS domain in which nobody else's nodes are heard or disturbed.

    Above the ports that Linux gives to anybody: tests of this package, and most robots, are below.
    https://docs.ros.org/en/jazzy/Concepts/Intermediate/About-Domain-ID.html
    """
    return str(FREE_DOMAINS[os.getpid() % len(FREE_DOMAINS)])


class Process:
    """A Python module that runs in a process of its own; a context manager.

    Args:
        name: to call it by, and of its log.
        folder: for the log.
        module: with its arguments, as after `python3 -m`.
    """

    def __init__(self, name: str, folder: Path, *module: str) -> None:
        self.name = name
        self.log = folder / f'{name}.log'
        self._folder, self._module = folder, module
        self.start()

    def start(self) -> None:
        """Start it; again, if it has ended."""
        with self.log.open('a') as log:
            self._process = subprocess.Popen(
                [sys.executable, '-m', *self._module],
                cwd=CHECKOUT,
                env={**os.environ, 'PYTHONUNBUFFERED': '1', 'ROS_LOG_DIR': str(self._folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the soak, which ends them in order
            )

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_exception) -> None:
        if self.is_running:
            self.stop()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def stop(self) -> int:
        """End it as Ctrl-C does, by force if it does not follow; returns its exit status."""
        self.send(signal.SIGINT)
        try:
            return self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.kill()
            return self._process.wait()

    def kill(self) -> None:
        """End it by force, and remove the shared memory that it leaves."""
        left = shared_memory_of(self.pid)
        self._process.kill()
        self._process.wait()
        for file in left:
            file.unlink(missing_ok=True)


def shared_memory_of(pid: int) -> list[Path]:
    """The files of the segments that a process made: it holds a lock on one beside each."""
    targets = []
    with contextlib.suppress(OSError):  # the process ends, or a file is closed meanwhile
        for handle in Path('/proc', str(pid), 'fd').iterdir():
            targets.append(handle.readlink())
    locks = [
        target
        for target in targets
        if target.parent == SHARED_MEMORY
        and target.name.endswith(LOCK_ENDING)
        and 'port' not in target.name  # shared by all processes, and reused
    ]
    return [*locks, *(lock.with_name(lock.name.removesuffix(LOCK_ENDING)) for lock in locks)]
