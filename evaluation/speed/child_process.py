"""Programs that the benchmark talks to: each in a process of its own, one line at a time."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluation.paths import CHECKOUT
from hand_tracking_ros.tracking.errors import UserError

SECONDS_TO_END = 5.0
LOG_LINES_TO_SHOW = 10


class ChildProcess:
    """A program that answers every line with a line of JSON, and ends when no more can come.

    Its first line says, unasked, that it is ready. `{"error": "..."}` says that it cannot go on.
    `worker.serve` is the other end.

    Args:
        name: what to call it in errors.
        command: starts it, in the checkout.
    """

    def __init__(self, name: str, command: Sequence[str | Path]) -> None:
        self.name = name
        self._log = tempfile.TemporaryFile('w+', errors='replace')  # noqa: SIM115 (see __exit__)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=CHECKOUT,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_exception) -> None:
        """End the process, which ends by itself once nothing more can be asked."""
        with contextlib.suppress(BrokenPipeError):  # it has ended already
            self._process.stdin.close()
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def wait_until_ready(self) -> dict[str, Any]:
        """Wait for its first line, and return what that says.

        Raises:
            UserError: it cannot begin.
        """
        line = self._process.stdout.readline()
        answer = json.loads(line) if line else {'error': self._end_of_log()}
        if 'error' in answer:
            raise UserError(f'{self.name}: {answer["error"]}')
        return answer

    def ask(self, request: str) -> dict[str, Any]:
        """Send a line and return the answer to it.

        Raises:
            UserError: the process failed.
        """
        with contextlib.suppress(BrokenPipeError):  # explained where the answer is missing
            self._process.stdin.write(f'{request}\n')
            self._process.stdin.flush()
        return self.wait_until_ready()

    def _end_of_log(self) -> str:
        status = self._process.wait()
        self._log.seek(0)
        lines = self._log.read().splitlines()[-LOG_LINES_TO_SHOW:]
        return '\n  '.join([f'its process ended with exit status {status}', *lines])
