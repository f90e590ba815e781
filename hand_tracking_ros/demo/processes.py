"""Other programs of this package, run as processes of their own with a log file each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hand_tracking_ros.output_files import explained
from hand_tracking_ros.tracking.errors import UserError

STOP_TIMEOUT_S = 10.0
NUM_LOG_LINES = 12


class Program:
    """A running program of this package, which ends with this process at the latest.

    Args:
        name: of the program, as in `python3 -m hand_tracking_ros <name>`.
        arguments: its command line.
        log_folder: its output goes there, into `<name>.log`.

    Raises:
        UserError: the log cannot be written.
    """

    def __init__(self, name: str, arguments: Sequence[str], log_folder: Path) -> None:
        self.name = name
        self.log_path = log_folder / f'{name}.log'
        child = [sys.executable, '-m', 'hand_tracking_ros.demo.child', str(os.getpid())]
        with explained('', self.log_path), self.log_path.open('w') as log:
            # In a session of its own: Ctrl-C reaches only the parent, which ends its programs in
            # the right order.
            self._process = subprocess.Popen(
                [*child, name, *arguments],
                env={**os.environ, 'PYTHONUNBUFFERED': '1'},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def interrupt(self) -> None:
        """Ask the program to end, as Ctrl-C does."""
        if self.exit_status is None:
            self._process.send_signal(signal.SIGINT)

    def wait(self, timeout_s: float) -> None:
        """Wait for its end; by force if it does not come, or if this process is interrupted."""
        try:
            self._process.wait(max(0.0, timeout_s))
        except subprocess.TimeoutExpired:
            self._kill()
        except BaseException:
            self._kill()
            raise

    def failure(self) -> UserError:
        """What to tell the user of a program that ended by itself."""
        status, end = self.exit_status, f'ended with exit status {self.exit_status}'
        if status is not None and status < 0:
            end = f'was ended by {signal.Signals(-status).name}'
        lines = self.log_path.read_text(errors='replace').splitlines()[-NUM_LOG_LINES:]
        return UserError('\n  '.join([f'{self.name} {end}; the end of {self.log_path}:', *lines]))

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()


def stop_all(programs: Sequence[Program]) -> None:
    """End programs: each is asked before any is waited for, so an interrupt leaves none behind."""
    for program in programs:
        program.interrupt()
    deadline_s = time.monotonic() + STOP_TIMEOUT_S
    waiting = list(programs)
    try:
        while waiting:
            waiting[0].wait(deadline_s - time.monotonic())
            waiting.pop(0)
    except BaseException:
        for program in waiting:
            program.wait(0.0)
        raise
