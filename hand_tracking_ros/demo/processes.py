"""Other programs of this package, run as processes of their own with a log file each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from hand_tracking_ros.tracking.errors import UserError

STOP_TIMEOUT_S = 10.0
NUM_LOG_LINES = 12


class Program:
    """A running program of this package.

    Args:
        name: of the program, as in `python3 -m hand_tracking_ros <name>`.
        arguments: its command line.
        log_folder: its output goes there, into `<name>.log`.
    """

    def __init__(self, name: str, arguments: Sequence[str], log_folder: Path) -> None:
        self.name = name
        self.log_path = log_folder / f'{name}.log'
        with self.log_path.open('w') as log:
            # In a session of its own: Ctrl-C reaches only the parent, which ends its programs in
            # the right order.
            self._process = subprocess.Popen(
                [sys.executable, '-m', 'hand_tracking_ros', name, *arguments],
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

    def stop(self) -> None:
        """End the program as Ctrl-C does, by force if it does not follow."""
        if self.exit_status is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def failure(self) -> UserError:
        """What to tell the user of a program that ended by itself."""
        status, end = self.exit_status, f'ended with exit status {self.exit_status}'
        if status is not None and status < 0:
            end = f'was ended by {signal.Signals(-status).name}'
        lines = self.log_path.read_text(errors='replace').splitlines()[-NUM_LOG_LINES:]
        return UserError('\n  '.join([f'{self.name} {end}; the end of {self.log_path}:', *lines]))
