"""The log says what is wrong once when it begins and once when it is over, not all the time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus

# What is over for this long is over: one that comes and goes is said once.
SETTLED_S = 3.0
REPEAT_S = 5.0
# Different errors in REPEAT_S; whoever sends more kinds of bad images does so on purpose.
MAX_KINDS = 10


@dataclass(frozen=True)
class Finding:
    """Something that is wrong now.

    Attributes:
        level: of DiagnosticStatus: WARN, ERROR or STALE.
        text: what is wrong, where, and what to do.
        recovered: what the log says when it, and all that says the same here, is over; empty: the
            log says nothing of this at all.
    """

    level: bytes
    text: str
    recovered: str = ''


class FindingLog:
    """Logs each finding when it begins and when it is over.

    Args:
        warn, info: take a line for the log.
    """

    def __init__(self, warn: Callable[[str], object], info: Callable[[str], object]) -> None:
        self._warn = warn
        self._info = info
        # By kind: the finding, and when it was found last.
        self._open: dict[str, tuple[Finding, float]] = {}

    def update(self, findings: Sequence[Finding], now_s: float) -> None:
        """Take what is wrong now, at a time of a steady clock."""
        for finding in findings:
            if finding.recovered:
                kind = _kind(finding.text)
                if kind not in self._open:
                    self._warn(finding.text)
                self._open[kind] = finding, now_s
        for kind, (finding, found_s) in list(self._open.items()):
            if now_s - found_s >= SETTLED_S:
                del self._open[kind]
                if finding.recovered not in [other.recovered for other, _ in self._open.values()]:
                    self._info(finding.recovered)


class ErrorLog:
    """Logs errors, each kind at most once in REPEAT_S; `error` takes a line for the log."""

    def __init__(self, error: Callable[[str], object]) -> None:
        self._error = error
        self._last_s: dict[str, float] = {}

    def add(self, text: str, now_s: float) -> None:
        """An error, at a time of a steady clock."""
        self._last_s = {
            k: last_s for k, last_s in self._last_s.items() if now_s - last_s < REPEAT_S
        }
        kind = _kind(text)
        if kind not in self._last_s and len(self._last_s) < MAX_KINDS:
            self._last_s[kind] = now_s
            self._error(text)


def worst(findings: Sequence[Finding]) -> bytes:
    """The highest level of what is wrong."""
    return max((finding.level for finding in findings), default=DiagnosticStatus.OK)


def _kind(text: str) -> str:
    """What texts have in common that differ in numbers only."""
    return re.sub(r'\d+(\.\d+)?', '#', text)
