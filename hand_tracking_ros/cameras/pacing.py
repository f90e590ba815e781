"""When the frames of a source are due, and waiting until then."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator

from hand_tracking_ros.media.media_source import Frame, MediaSource


class Pacer:
    """Waits until each frame is due.

    A frame that is late by more than its interval moves all later ones: a camera does not send a
    burst after a stall.

    Args:
        clock: returns seconds, rising.
        sleep: waits for this number of seconds, or less to end early.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._start_s: float | None = None
        self._last_due_s = 0.0

    def wait_for(self, due_s: float) -> None:
        """Return at `due_s` after the first frame."""
        if self._start_s is None:
            self._start_s = self._clock() - due_s
        ahead_s = self._start_s + due_s - self._clock()
        if ahead_s > 0:
            self._sleep(ahead_s)
        elif -ahead_s > due_s - self._last_due_s:
            self._start_s -= ahead_s
        self._last_due_s = due_s


def timeline(source: MediaSource, rate_hz: float, loop: bool) -> Iterator[tuple[Frame, float]]:
    """Yield the frames of a source, each with the time after the first at which it is due."""
    start_s = 0.0
    while True:
        due_s = None
        for index, frame in enumerate(source):
            due_s = start_s + (index / rate_hz if rate_hz else frame.stamp_s)
            yield frame, due_s
        if not loop or due_s is None:
            return
        start_s = due_s + 1.0 / (rate_hz or source.rate_hz)


def thinned(frames: Iterable[Frame], rate_hz: float) -> Iterator[Frame]:
    """Leave out frames that a camera delivers faster than this rate (0: none)."""
    # A quarter early is in time: a camera at exactly this rate jitters around it.
    interval_s = 0.75 / rate_hz if rate_hz else 0.0
    previous_s = -math.inf
    for frame in frames:
        if frame.stamp_s - previous_s >= interval_s:
            previous_s = frame.stamp_s
            yield frame
