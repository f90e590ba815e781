"""What the evaluation prints of its figures."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from hand_tracking_ros.tracking.errors import UserError

README_MARKS = ('<!-- evaluation: begin -->', '<!-- evaluation: end -->')
_FIRST_TABLE = re.compile(r'(?:^\|.*\n?)+', re.MULTILINE)


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


def table(rows: Sequence[Row]) -> str:
    """Rows as a table in Markdown."""
    lines = ['| Measured | Target | Reached | Met |', '| --- | --- | --- | --- |']
    words = {None: '', True: 'yes', False: '**no**'}
    lines += [
        f'| {row.what} | {row.target or "as it is"} | {row.reached} | {words[row.is_met]} |'
        for row in rows
    ]
    return '\n'.join(lines)


def insert_into_readme(readme: str, heading: str, rows: Sequence[Row]) -> str:
    """A README with this table between its marks, and the words that stood below the old one.

    Args:
        readme: all of its text; where there is no table between the marks, all words there stay.
        heading: replaces the words above the table.
        rows: of the new table.

    Raises:
        UserError: the marks are missing.
    """
    begin, end = README_MARKS
    before, has_begin, rest = readme.partition(begin)
    old, has_end, after = rest.partition(end)
    if not (has_begin and has_end):
        raise UserError(f'--readme: found no {begin} with {end} after it; put them into the file')
    words = _FIRST_TABLE.split(old, maxsplit=1)[-1].strip()
    parts = [heading, table(rows), words] if words else [heading, table(rows)]
    return f'{before}{begin}\n' + '\n\n'.join(parts) + f'\n{end}{after}'


def machine_class() -> str:
    """What kind of machine this is."""
    with open('/proc/cpuinfo') as cpuinfo:
        models = [line.split(':')[1].strip() for line in cpuinfo if line.startswith('model name')]
    processor = models[0] if models else platform.machine()
    return f'{processor}, {len(os.sched_getaffinity(0))} cores'
