"""Signals that end a program in order: what it has begun is taken back, and said in one line.

Programs with nodes of their own use `ros/process.py`.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

Item = TypeVar('Item')

# Ctrl-C, `kill`, and a closed terminal.
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequest:
    """A `threading.Event` that a signal handler may set.

    An Event's own `set` waits for ever when the signal comes while the same thread is just inside
    its `wait`: both need one lock. This one has a pipe.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._reader, self._writer = os.pipe()

    def is_set(self) -> bool:
        """Whether the end was requested."""
        return self._is_set

    def set(self) -> None:
        """Request the end; wakes who waits."""
        if not self._is_set:
            self._is_set = True
            os.write(self._writer, b'.')

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the request, at most `timeout` seconds; whether it came."""
        select.select([self._reader], [], [], None if timeout is None else max(0.0, timeout))
        return self._is_set

    def __del__(self) -> None:
        os.close(self._reader)
        os.close(self._writer)


@contextlib.contextmanager
def exit_on_signal() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt, SIGTERM and SIGHUP SystemExit, in the main thread.

    Only once: further signals would interrupt what the first one has to clean up. A signal that is
    ignored from the beginning, as `nohup` does with SIGHUP, stays so.
    """
    with _handled(_end):
        yield


@contextlib.contextmanager
def stop_on_first_signal() -> Iterator[StopRequest]:
    """Turn the first Ctrl-C or SIGTERM into a request; SIGHUP and a second one end the program."""
    stop = StopRequest()

    def request_stop(number: int, frame: Any) -> None:
        if stop.is_set() or number == signal.SIGHUP:
            _end(number, frame)
        stop.set()

    with _handled(request_stop):
        yield stop


def until_signal(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items until the first Ctrl-C or SIGTERM, the ordinary end of what else never ends."""
    with stop_on_first_signal() as stop:
        for item in items:
            yield item
            if stop.is_set():
                return


def _end(number: int, _frame: Any) -> None:
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    with contextlib.suppress(OSError):  # a terminal that is gone
        os.write(2, f'\nended by {signal.Signals(number).name}\n'.encode())
    sys.exit(128 + number)


@contextlib.contextmanager
def _handled(handler: Callable[[int, Any], None]) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in _ENDING}
    heard = [number for number in _ENDING if before[number] != signal.SIG_IGN]
    for number in heard:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in heard:
            if signal.getsignal(number) == handler:  # else the program is ending
                signal.signal(number, before[number])
