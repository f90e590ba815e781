"""What was measured, and whether it reaches its target: the table that both programs print."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field

from evaluation.markdown import table


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: was measured.
        target: what is to be reached; empty if there is no target.
        reached: the figures as text.
        is_met: whether that is the target; None without one.
        values: the figures as numbers.
        misses: where and when single things went wrong.
    """

    what: str
    target: str
    reached: str
    is_met: bool | None = None
    values: dict[str, float] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)


def results_table(rows: Sequence[Row]) -> str:
    """Rows as a table in Markdown."""
    words = {None: '', True: 'yes', False: '**no**'}
    return table(
        ['Measured', 'Target', 'Reached', 'Met'],
        [[row.what, row.target or 'as it is', row.reached, words[row.is_met]] for row in rows],
    )


def machine_class() -> str:
    """The processor and the number of cores that this process may use."""
    with open('/proc/cpuinfo') as cpuinfo:
        models = [line.split(':')[1].strip() for line in cpuinfo if line.startswith('model name')]
    processor = models[0] if models else platform.machine()
    return f'{processor}, {len(os.sched_getaffinity(0))} cores'
