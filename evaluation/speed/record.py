"""The benchmark's last recorded figures: docs/benchmark.json, their plot, and README's tables."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from evaluation.results import table
from evaluation.speed.mediapipe_environment import TASKS, prepare_mediapipe
from evaluation.speed.report import (
    cameras_table,
    curve_table,
    heading,
    node_table,
    trackers_table,
)
from evaluation.speed.targets import target_rows
from evaluation.speed.trackers import LABELS
from hand_tracking_ros.command_line import write_json, write_text
from hand_tracking_ros.tracking.errors import UserError

OPTION = '--record'
RECORD = Path('docs', 'benchmark.json')
PLOT = Path('docs', 'benchmark.png')
README = Path('README.md')
BEGIN, END = '<!-- benchmark: begin -->', '<!-- benchmark: end -->'
PLOTTER = Path(__file__).with_name('plot.py')
SIGNIFICANT_DIGITS = 4


def load_record(checkout: Path) -> dict | None:
    """The last recorded figures; None where there are none."""
    path = checkout / RECORD
    return json.loads(path.read_text()) if path.is_file() else None


def write_record(checkout: Path, result: dict) -> None:
    """Put figures into the record, the plot and the README of a checkout.

    Raises:
        UserError: a section was not measured, the README has no place for the tables, or a file
            cannot be written.
    """
    for name, section in result['sections'].items():
        if 'not_measured' in section:
            raise UserError(f'{OPTION}: {name} was not measured ({section["not_measured"]})')
    rounded = round_numbers(result)
    readme = insert_into_readme((checkout / README).read_text(encoding='utf-8'), rounded)
    draw(checkout, rounded, checkout / PLOT)
    write_json(OPTION, checkout / RECORD, rounded, indent=1)
    write_text(OPTION, checkout / README, readme)


def round_numbers(value: Any) -> Any:
    """The same with no more digits than a measurement has."""
    if isinstance(value, dict):
        return {key: round_numbers(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [round_numbers(each) for each in value]
    return float(f'{value:.{SIGNIFICANT_DIGITS}g}') if isinstance(value, float) else value


def draw(checkout: Path, result: dict, path: Path) -> None:
    """Plot figures, with the matplotlib that came along with mediapipe.

    Raises:
        UserError: that failed.
    """
    python = prepare_mediapipe(TASKS, checkout)
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder, 'figures.json')
        figures.write_text(json.dumps(result))
        attempt = subprocess.run(
            [python, '-I', PLOTTER, figures, path], capture_output=True, text=True
        )
    if attempt.returncode != 0:
        raise UserError(f'the plot could not be drawn: {attempt.stderr.strip().splitlines()[-1]}')


def insert_into_readme(readme: str, result: dict) -> str:
    """A README with these figures between its marks.

    Raises:
        UserError: the marks are missing.
    """
    before, has_begin, rest = readme.partition(BEGIN)
    _, has_end, after = rest.partition(END)
    if not (has_begin and has_end):
        raise UserError(f'{OPTION}: found no {BEGIN} with {END} after it in {README}')
    return f'{before}{BEGIN}\n{readme_text(result)}\n{END}{after}'


def readme_text(result: dict) -> str:
    """What the README says of a complete run."""
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
        table(target_rows(result)),
    ]
    if result['not_measured']:
        parts.append(f'Not measured: {", ".join(LABELS[each] for each in result["not_measured"])}.')
    return '\n\n'.join(parts)
