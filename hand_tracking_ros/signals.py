"""Signals that end a program without ROS, in order: what it has begun to write is removed.

Python does so for Ctrl-C only. Programs with ROS use `ros/process.py`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

Item = TypeVar('Item')

# `kill`, and a closed terminal.
_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def exit_on_signal() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise SystemExit in the main thread, with the shells' exit status.

    A signal that is ignored, as `nohup` does with SIGHUP, stays so.
    """
    with _handled(_ENDING, _end):
        yield


def until_signal(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items until Ctrl-C, SIGTERM or SIGHUP: the ordinary end of what has no end of its own.

    The second signal ends the program.
    """
    received: list[int] = []

    def request_end(number: int, _frame: object) -> None:
        if received:
            _end(number, _frame)
        received.append(number)

    with _handled((signal.SIGINT, *_ENDING), request_end):
        for item in items:
            yield item
            if received:
                return


def _end(number: int, _frame: object) -> None:
    with contextlib.suppress(OSError):  # a terminal that is gone
        os.write(2, f'\nended by {signal.Signals(number).name}\n'.encode())
    sys.exit(128 + number)


@contextlib.contextmanager
def _handled(
    numbers: Sequence[signal.Signals], handler: Callable[[int, Any], None]
) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in numbers}
    heard = [number for number in numbers if before[number] != signal.SIG_IGN]
    for number in heard:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])
