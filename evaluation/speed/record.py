"""The benchmark's last recorded figures: docs/benchmark.json, their plot, and docs/speed.md."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from evaluation.markdown import insert_between_marks
from evaluation.paths import CHECKOUT
from evaluation.results import results_table
from evaluation.speed.mediapipe_environment import TASKS, prepare_mediapipe
from evaluation.speed.report import (
    cameras_table,
    curve_table,
    heading,
    node_table,
    trackers_table,
)
from evaluation.speed.targets import target_rows
from evaluation.speed.trackers import LABELS, label
from hand_tracking_ros.command_line import write_json, write_text
from hand_tracking_ros.output_files import check_writable
from hand_tracking_ros.tracking.errors import UserError

OPTION = '--record'
DOCS = CHECKOUT / 'docs'
RECORD, PLOT, DOCUMENT = 'benchmark.json', 'benchmark.png', 'speed.md'
MARK = 'benchmark'
PLOTTER = Path(__file__).with_name('plot.py')
SIGNIFICANT_DIGITS = 4


def load_record() -> dict | None:
    """The last recorded figures; None where there are none."""
    path = DOCS / RECORD
    return json.loads(path.read_text()) if path.is_file() else None


def check_record() -> None:
    """Fail before the long run if it cannot be recorded.

    Raises:
        UserError: the document has no place for the tables, or a file cannot be written.
    """
    insert_between_marks(DOCS / DOCUMENT, MARK, '')
    for name in (RECORD, PLOT, DOCUMENT):
        check_writable(OPTION, DOCS / name)


def write_record(result: dict) -> None:
    """Put figures into the record, the plot and the document.

    Raises:
        UserError: a section was not measured, the document has no place for the tables, or a file
            cannot be written.
    """
    for name, section in result['sections'].items():
        if 'not_measured' in section:
            raise UserError(f'{OPTION}: {name} was not measured ({section["not_measured"]})')
    rounded = round_numbers(result)
    document = insert_between_marks(DOCS / DOCUMENT, MARK, as_markdown(rounded))
    draw(rounded, DOCS / PLOT)
    write_json(OPTION, DOCS / RECORD, rounded, indent=1)
    write_text(OPTION, DOCS / DOCUMENT, document)


def round_numbers(value: Any) -> Any:
    """The same with no more digits than a measurement has."""
    if isinstance(value, dict):
        return {key: round_numbers(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [round_numbers(each) for each in value]
    return float(f'{value:.{SIGNIFICANT_DIGITS}g}') if isinstance(value, float) else value


def draw(result: dict, path: Path) -> None:
    """Plot figures, with the matplotlib that came along with mediapipe.

    Raises:
        UserError: that failed.
    """
    figures = json.dumps({**result, 'labels': {name: label(name) for name in LABELS}})
    attempt = subprocess.run(
        [prepare_mediapipe(TASKS), '-I', PLOTTER, path],
        input=figures,
        capture_output=True,
        text=True,
    )
    if attempt.returncode != 0:
        raise UserError(f'the plot could not be drawn: {attempt.stderr.strip().splitlines()[-1]}')


def as_markdown(result: dict) -> str:
    """What the document says of a complete run."""
    sections = result['sections']
    parts = [
        f'All in one run (`make benchmark`; {heading(result)}).',
        'Trackers beside each other, taking turns on the same images; ours with its defaults:',
        trackers_table({name: sections[name] for name in ('video', 'pictures', 'start')}),
        'The node, from the camera to `HandArray` received by another process; the bare transport '
        'is an `rclpy` subscriber that does nothing, in turns with it (median, 95 %):',
        node_table(sections['node']),
        cameras_table(sections['cameras']),
        curve_table('hands', sections['hands']),
        curve_table('sizes', sections['sizes']),
        f'![The same as a plot]({PLOT})',
        results_table(target_rows(result)),
    ]
    if result['not_measured']:
        parts.append(f'Not measured: {", ".join(LABELS[each] for each in result["not_measured"])}.')
    return '\n\n'.join(parts)
