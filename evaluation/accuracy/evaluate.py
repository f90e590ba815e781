"""Measure how good the tracking is, against the simulated camera's truth and real test data.

Prints a table in Markdown. Every figure follows from the seeds: the same program on the same kind
of machine gives the same table. With --record it goes into docs/accuracy.md. Hands in the wild have
a table of their own: `--only wild`, with --record too.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from tqdm import tqdm

from evaluation.accuracy.identity import identity_rows, tracking_row
from evaluation.accuracy.lost_hands import lost_hands_rows
from evaluation.accuracy.pose_errors import pose_rows
from evaluation.accuracy.real_data import picture_rows, video_row
from evaluation.accuracy.sequences import (
    KNOWN_SIZE,
    SMOOTHED,
    UNKNOWN_SIZE,
    WITH_DEPTH,
    SequencePlan,
    TrackedSequence,
    in_workers,
    track_sequence,
)
from evaluation.accuracy.smoothing import smoothing_rows
from evaluation.accuracy.teleop import teleop_rows
from evaluation.accuracy.wild import MEASURES as WILD_MEASURES
from evaluation.accuracy.wild import wild_rows
from evaluation.markdown import insert_between_marks
from evaluation.paths import CHECKOUT, data_folder
from evaluation.results import Row, machine_class, results_table
from hand_tracking_ros.command_line import (
    positive_integer,
    run_program,
    write_json,
    write_text,
)
from hand_tracking_ros.output_files import check_writable
from hand_tracking_ros.tracking import HandModels

DOCUMENT = CHECKOUT / 'docs' / 'accuracy.md'
# Seconds of each sequence. Periodic motions begin anywhere, so that the seeds cover all of them.
POSE_SCENES = {
    'still': 3.0, 'wave': 2.0, 'open_close': 2.5, 'pinch': 2.0, 'turn': 3.0, 'approach': 4.0,
}  # fmt: skip
IDENTITY_SCENES = {'crossing': 5.0, 'occlusion': 5.0, 'leave_and_return': 5.0}
ALL_SCENES = {**POSE_SCENES, **IDENTITY_SCENES, 'far': 3.0}
# Scene, seconds, and when the lens is covered.
COVERED = ('wave', 1.5, 1.0)
# The scenes of each measure, and the pipelines that it compares with the truth.
MEASURES = {
    'tracking': (ALL_SCENES, (UNKNOWN_SIZE,)),
    'pose': (POSE_SCENES, (UNKNOWN_SIZE, KNOWN_SIZE, WITH_DEPTH)),
    'pictures': ((), ()),
    'smoothing': (('still', 'wave'), (UNKNOWN_SIZE, SMOOTHED)),
    'identity': (IDENTITY_SCENES, (UNKNOWN_SIZE,)),
    'video': ((), ()),
    'teleop': (ALL_SCENES, (SMOOTHED,)),
    **{name: ((), ()) for name in WILD_MEASURES},
}
# The tables of docs/accuracy.md, by the names of their marks, and the measures of each.
TABLES = {
    'evaluation': tuple(each for each in MEASURES if each not in WILD_MEASURES),
    'wild': tuple(WILD_MEASURES),
}
DEFAULT_SEEDS = 20
# Of lower seeds some were looked at while tracking and fits were made.
DEFAULT_FIRST_SEED = 10_000
# From one scene's first seed to the next one's: other hands in every scene.
SEEDS_APART = 1000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    return run_program(lambda: evaluate(_parse(argv)))


def evaluate(arguments: argparse.Namespace) -> None:
    """Measure, print the table, and write the figures if wished.

    Raises:
        UserError: models are missing, or a file cannot be written.
    """
    if arguments.json:
        check_writable('--json', arguments.json)
    if arguments.record:
        insert_between_marks(DOCUMENT, arguments.table, '')  # fails now if it has no place for it
        check_writable('--record', DOCUMENT)
    plans = plan_sequences(arguments.only, arguments.seeds, arguments.first_seed)
    rows = measure(arguments.only, _track(plans, arguments.workers))
    rows += _measure_real(arguments.only, arguments.workers)
    date = datetime.now(timezone.utc).date().isoformat()
    seeds = f'{arguments.seeds} seeds from {arguments.first_seed}'
    heading = (
        f"Hands in the wild (`make evaluate ARGS='--only wild'`; {date}):"
        if arguments.table == 'wild'
        else 'Against the simulated camera and the test data '
        f'(`make evaluate`; {date}, {machine_class()}, {seeds}):'
    )
    report = f'{heading}\n\n{results_table(rows)}'
    print(report)
    if arguments.json:
        result = {
            'date': date,
            'machine': machine_class(),
            'seeds': arguments.seeds,
            'first_seed': arguments.first_seed,
            'seeds_of_scenes': _seeds_of_scenes(plans),
            'rows': [asdict(row) for row in rows],
        }
        write_json('--json', arguments.json, result, indent=2)
    if arguments.record:
        write_text('--record', DOCUMENT, insert_between_marks(DOCUMENT, arguments.table, report))


def plan_sequences(measures: Sequence[str], seeds: int, first_seed: int) -> list[SequencePlan]:
    """What has to be simulated for these measures, each sequence once, the longest first.

    The scenes that say whose hand is whose get all the seeds, the others half as many: of them
    every frame is a measurement.
    """
    plans: list[SequencePlan] = []
    for place, (scene, seconds) in enumerate(ALL_SCENES.items()):
        needed = [variants for scenes, variants in map(MEASURES.get, measures) if scene in scenes]
        if needed:
            plans += [
                SequencePlan(
                    scene,
                    first_seed + SEEDS_APART * place + number,
                    seconds,
                    is_hard=scene in POSE_SCENES and (place + number) % 2 == 1,
                    variants=tuple(dict.fromkeys(itertools.chain(*needed))),
                )
                for number in range(seeds if scene in IDENTITY_SCENES else (seeds + 1) // 2)
            ]
    if 'teleop' in measures:
        scene, seconds, covered_s = COVERED
        first = first_seed + SEEDS_APART * len(ALL_SCENES)
        plans += [
            SequencePlan(scene, seed, seconds, variants=(SMOOTHED,), covered_s=covered_s)
            for seed in range(first, first + (seeds + 1) // 2)
        ]
    return sorted(plans, key=lambda plan: -plan.duration_s)


def measure(measures: Sequence[str], sequences: Sequence[TrackedSequence]) -> list[Row]:
    """The table's lines that simulated sequences give."""
    rows: list[Row] = []
    uncovered = [each for each in sequences if each.plan.covered_s > each.plan.duration_s]
    if 'tracking' in measures:
        rows += [tracking_row(uncovered, scene) for scene in ALL_SCENES]
    if 'pose' in measures:
        rows += pose_rows([each for each in uncovered if each.plan.scene in POSE_SCENES])
    if 'smoothing' in measures:
        rows += smoothing_rows(uncovered)
    if 'identity' in measures:
        for scene in IDENTITY_SCENES:
            rows += identity_rows(uncovered, scene) + lost_hands_rows(uncovered, scene)
    if 'teleop' in measures:
        rows += teleop_rows(sequences)
    return rows


def _track(plans: Sequence[SequencePlan], workers: int) -> list[TrackedSequence]:
    sequences = []
    seconds = sum(plan.duration_s for plan in plans)
    with tqdm(total=round(seconds), desc='scenes', unit='s of video', leave=False) as progress:
        for sequence in in_workers(track_sequence, plans, workers):
            sequences.append(sequence)
            progress.update(sequence.plan.duration_s)
    return sorted(sequences, key=lambda each: (each.plan.scene, each.plan.seed))


def _measure_real(measures: Sequence[str], workers: int) -> list[Row]:
    data = data_folder()
    rows: list[Row] = []
    if 'pictures' in measures:
        rows += picture_rows(data, HandModels.load(num_threads=1))
    if 'video' in measures:
        tasks = [(data, False), (data, True)]
        videos = in_workers(video_row, tasks, workers)
        rows += tqdm(videos, total=len(tasks), desc='videos', unit='video', leave=False)
    return rows + wild_rows(measures, data, workers)


def _seeds_of_scenes(plans: Sequence[SequencePlan]) -> dict[str, list[int]]:
    scenes = sorted({plan.scene for plan in plans})
    return {scene: sorted(plan.seed for plan in plans if plan.scene == scene) for scene in scenes}


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='evaluate', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--seeds',
        type=positive_integer,
        default=DEFAULT_SEEDS,
        metavar='N',
        help='sequences of each scene with crossing, occluded and leaving hands; half as many of '
        f'the other scenes (default {DEFAULT_SEEDS})',
    )
    parser.add_argument(
        '--first-seed',
        type=positive_integer,
        default=DEFAULT_FIRST_SEED,
        metavar='N',
        help=f'where the seeds begin; those of each scene {SEEDS_APART} after those of the one '
        f'before (default {DEFAULT_FIRST_SEED}; of lower ones some were looked at while tuning)',
    )
    parser.add_argument(
        '--only',
        nargs='+',
        choices=[*MEASURES, 'wild'],
        default=list(TABLES['evaluation']),
        metavar='NAME',
        help=f'measure only these: {", ".join(MEASURES)}, or wild for all of the wild '
        '(default: all others)',
    )
    parser.add_argument(
        '--workers',
        type=positive_integer,
        default=len(os.sched_getaffinity(0)),
        metavar='N',
        help='processes (default: one for each core)',
    )
    parser.add_argument(
        '--json', type=Path, metavar='OUT.json', help='write the figures here too, with each miss'
    )
    parser.add_argument('--record', action='store_true', help='put the table into docs/accuracy.md')
    arguments = parser.parse_args(argv)
    if 'wild' in arguments.only:
        arguments.only = [*TABLES['wild'], *(set(arguments.only) - {'wild'})]
    tables = [name for name, measures in TABLES.items() if set(measures) == set(arguments.only)]
    arguments.table = tables[0] if tables else ''
    if arguments.record and not arguments.table:
        parser.error('--record takes a whole table: leave out --only, or --only wild')
    return arguments


if __name__ == '__main__':
    sys.exit(main())
