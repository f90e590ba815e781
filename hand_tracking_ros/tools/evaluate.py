"""Measure how good the tracking is, against the simulated camera's truth and real test data.

Prints a table in Markdown. Every figure follows from the seeds: the same program on the same kind
of machine gives the same table.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from tqdm import tqdm

from hand_tracking_ros.simulation.scenes import SCENES
from hand_tracking_ros.tools.benchmark import PACKAGE_PARENT, TEST_DATA_VARIABLE
from hand_tracking_ros.tools.evaluation_accuracy import pose_rows, smoothing_rows, tracking_row
from hand_tracking_ros.tools.evaluation_identity import identity_rows
from hand_tracking_ros.tools.evaluation_media import picture_rows, video_row
from hand_tracking_ros.tools.evaluation_report import Row, machine_class, table
from hand_tracking_ros.tools.evaluation_takes import (
    KNOWN_SIZE,
    UNKNOWN_SIZE,
    WITH_DEPTH,
    Recording,
    Take,
    in_workers,
    record,
)
from hand_tracking_ros.tools.evaluation_teleop import teleop_rows
from hand_tracking_ros.tools.programs import run_program
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.models import HandModels

# Seconds of each take. Periodic motions begin anywhere, so that the seeds cover all of them.
POSE_SCENES = {
    'still': 3.0, 'wave': 2.0, 'open_close': 2.5, 'pinch': 2.0, 'turn': 3.0, 'approach': 4.0,
}  # fmt: skip
IDENTITY_SCENES = {'crossing': 5.0, 'occlusion': 5.0, 'leave_and_return': 5.0}
FAR_S = 1.0
COVERED_TAKES = ('wave', 1.5, 1.0)  # scene, duration, when the lens is covered
MEASURES = ('tracking', 'pose', 'pictures', 'smoothing', 'identity', 'video', 'teleop')
DEFAULT_SEEDS = 20
FIRST_SEED = 1000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    return run_program(lambda: evaluate(_parse(argv)))


def evaluate(arguments: argparse.Namespace) -> list[Row]:
    """Measure, print the table, and write the figures if wished.

    Raises:
        UserError: models are missing, or the file cannot be written.
    """
    if arguments.json:
        _write(arguments.json, '', 'a')  # fails now if it must, not after the long run
    data = Path(os.environ.get(TEST_DATA_VARIABLE) or PACKAGE_PARENT.parent / 'shared' / 'data')
    recordings = _record(takes(arguments.only, arguments.seeds), arguments.workers)
    rows = measure(arguments.only, recordings)
    if 'pictures' in arguments.only:
        rows += picture_rows(data, HandModels.load(num_threads=1))
    if 'video' in arguments.only:
        tasks = [(data, False), (data, True)]
        videos = in_workers(video_row, tasks, arguments.workers)
        rows += tqdm(videos, total=len(tasks), desc='videos', unit='video', leave=False)
    date = datetime.now(timezone.utc).date().isoformat()
    print(f'{date}, {machine_class()}, {arguments.seeds} seeds\n\n{table(rows)}')
    if arguments.json:
        result = {'date': date, 'machine': machine_class(), 'seeds': arguments.seeds}
        result['rows'] = [asdict(row) for row in rows]
        _write(arguments.json, json.dumps(result, indent=2) + '\n', 'w')
    return rows


def takes(measures: Sequence[str], seeds: int) -> list[Take]:
    """What has to be filmed for these measures, each take once, the longest first.

    The scenes that say whose hand is whose get all the seeds, the others half as many: of them
    every frame is a measurement.
    """
    wanted: list[Take] = []
    scenes = dict(IDENTITY_SCENES) if {'identity', 'tracking', 'teleop'} & set(measures) else {}
    wanted += [
        Take(scene, seed, seconds) for scene, seconds in scenes.items() for seed in range(seeds)
    ]
    fewer = (seeds + 1) // 2
    scenes = {}
    if {'pose', 'tracking', 'teleop'} & set(measures):
        scenes = POSE_SCENES
    elif 'smoothing' in measures:
        scenes = {scene: POSE_SCENES[scene] for scene in ('still', 'wave')}
    fits = (UNKNOWN_SIZE, KNOWN_SIZE, WITH_DEPTH) if 'pose' in measures else (UNKNOWN_SIZE,)
    for place, (scene, seconds) in enumerate(scenes.items()):
        # Seeds of their own: other hands in every scene.
        first = FIRST_SEED * (place + 1)
        wanted += [
            Take(scene, first + number, seconds, is_hard=(place + number) % 2 == 1, fits=fits)
            for number in range(fewer)
        ]
    if 'tracking' in measures:
        wanted += [Take('far', seed, FAR_S) for seed in range(fewer)]
    if 'teleop' in measures:
        scene, seconds, covered_s = COVERED_TAKES
        wanted += [Take(scene, seed, seconds, covered_s=covered_s) for seed in range(fewer)]
    return sorted(wanted, key=lambda take: -take.duration_s)


def measure(measures: Sequence[str], recordings: Sequence[Recording]) -> list[Row]:
    """The table's lines that recordings give."""
    rows: list[Row] = []
    uncovered = [each for each in recordings if each.take.covered_s > each.take.duration_s]
    if 'tracking' in measures:
        rows += [tracking_row(uncovered, scene) for scene in SCENES]
    if 'pose' in measures:
        rows += pose_rows([each for each in uncovered if each.take.scene in POSE_SCENES])
    if 'smoothing' in measures:
        rows += smoothing_rows(uncovered)
    if 'identity' in measures:
        rows += [row for scene in IDENTITY_SCENES for row in identity_rows(uncovered, scene)]
    if 'teleop' in measures:
        rows += teleop_rows(recordings)
    return rows


def _record(wanted: Sequence[Take], workers: int) -> list[Recording]:
    recordings = []
    seconds = sum(take.duration_s for take in wanted)
    with tqdm(total=round(seconds), desc='scenes', unit='s of video', leave=False) as progress:
        for recording in in_workers(record, wanted, workers):
            recordings.append(recording)
            progress.update(recording.take.duration_s)
    return sorted(recordings, key=lambda each: (each.take.scene, each.take.seed))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='evaluate', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--seeds',
        type=_positive,
        default=DEFAULT_SEEDS,
        metavar='N',
        help='takes of each scene with crossing, occluded and leaving hands; half as many of the '
        f'other scenes (default {DEFAULT_SEEDS})',
    )
    parser.add_argument(
        '--only',
        nargs='+',
        choices=MEASURES,
        default=MEASURES,
        metavar='NAME',
        help=f'measure only these: {", ".join(MEASURES)} (default: all)',
    )
    parser.add_argument(
        '--workers',
        type=_positive,
        default=len(os.sched_getaffinity(0)),
        metavar='N',
        help='processes (default: one for each core)',
    )
    parser.add_argument(
        '--json', type=Path, metavar='OUT.json', help='write the figures here too, with each miss'
    )
    return parser.parse_args(argv)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'{text!r} is no whole number above 0')
    return int(text)


def _write(path: Path, text: str, mode: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode) as file:
            file.write(text)
    except OSError as error:
        raise UserError(f'--json: {path} cannot be written ({error.strerror})') from error


if __name__ == '__main__':
    sys.exit(main())
