"""Time our tracker beside two releases of MediaPipe, and the ROS node beside the bare transport.

All in one run on this machine: every tracker has a process and an environment of its own, they take
turns every few images, and what is timed is a tracker's own call for one RGB image. MediaPipe is
installed the first time. At the end stands what became slower since the figures were last recorded.
docs/speed.md says how to read them.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from evaluation.paths import CHECKOUT, TEST_DATA_VARIABLE
from evaluation.results import machine_class, results_table
from evaluation.speed.conditions import QUICK, Conditions, Lengths
from evaluation.speed.media import TEST_VIDEO, find_video
from evaluation.speed.mediapipe_environment import LEGACY, TASKS
from evaluation.speed.node import measure_cameras, measure_node, why_not_measured
from evaluation.speed.record import check_record, load_record, write_record
from evaluation.speed.regressions import compare_with_record, describe
from evaluation.speed.report import describe_section, heading
from evaluation.speed.targets import target_rows
from evaluation.speed.timed_tracker import WARM_UP_FRAMES
from evaluation.speed.trackers import MEASURED_RUNTIMES, RUNTIMES, Trackers
from evaluation.speed.tracking import (
    measure_hands,
    measure_pictures,
    measure_sizes,
    measure_start,
    measure_video,
)
from hand_tracking_ros.command_line import run_program, write_json
from hand_tracking_ros.output_files import check_writable
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.networks.models import COMPLEXITIES

SCHEMA = 1
SECTIONS = {
    'video': measure_video,
    'pictures': measure_pictures,
    'start': measure_start,
    'node': measure_node,
    'cameras': measure_cameras,
    'hands': measure_hands,
    'sizes': measure_sizes,
}
NUM_SIMULATED_FRAMES = 450
BUSY_LOAD = 0.5


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    return run_program(lambda: benchmark(_parse(argv)))


def benchmark(arguments: argparse.Namespace) -> None:
    """Measure, print, compare with the record, and write what is wished.

    Raises:
        UserError: something cannot be measured or written, or is slower and must not be.
    """
    figures = load_figures(arguments.figures) if arguments.figures else None
    _check(arguments, figures)
    if figures:
        result = figures
        print(heading(result))
        for name, section in result['sections'].items():
            print(f'\n{describe_section(name, section)}')
    else:
        result = measure(arguments)
    if targets := target_rows(result):
        print(f'\n{results_table(targets)}')
    slower = _compare(result, load_record())
    if arguments.record:
        write_record(result)
        print('\nRecorded in docs/benchmark.json, docs/benchmark.png and docs/speed.md.')
    if slower and arguments.fail_if_slower:
        raise UserError(f'{len(slower)} figures are slower than recorded, see above')


def measure(arguments: argparse.Namespace) -> dict:
    """Run the chosen sections, and print the figures of each as soon as they are there."""
    lengths = QUICK if arguments.quick else Lengths()
    if arguments.frames:
        lengths = replace(lengths, video_frames=arguments.frames)
    with tempfile.TemporaryDirectory(prefix='benchmark_') as scratch:
        folder = Path(scratch)
        video = find_video(arguments.video, folder, min(lengths.video_frames, NUM_SIMULATED_FRAMES))
        trackers = Trackers(folder, arguments.model_complexity, arguments.provider)
        conditions = Conditions(trackers, video, folder, lengths)
        result = {
            'schema': SCHEMA,
            'date': datetime.now(timezone.utc).isoformat(timespec='seconds'),
            'machine': _machine(trackers.runtimes),
            'load_before': os.getloadavg()[0],
            'versions': _versions(),
            'model_complexity': arguments.model_complexity,
            'quick': arguments.quick,
            'runtimes': list(trackers.runtimes),
            'not_measured': list(trackers.not_measured),
            'sections': {},
        }
        print(heading(result), flush=True)
        if result['load_before'] > BUSY_LOAD:
            print('The machine is busy: ratios suffer less than milliseconds, but both suffer.')
        for reason in trackers.not_measured.values():
            print(f'not measured: {reason}', flush=True)
        for name in arguments.only:
            section = result['sections'][name] = SECTIONS[name](conditions)
            print(f'\n{describe_section(name, section)}', flush=True)
            if arguments.json:  # what is there survives what may go wrong later
                write_json('--json', arguments.json, result, indent=2)
    return result


def load_figures(path: Path) -> dict:
    """Figures that --json has written.

    Raises:
        UserError: they are not.
    """
    try:
        result = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UserError(f'--figures: {path} cannot be read ({error})') from error
    if not isinstance(result, dict) or result.get('schema') != SCHEMA:
        raise UserError(f'--figures: {path} was not written by --json of this version')
    return result


def _compare(result: dict, recorded: dict | None) -> list[str]:
    """Print how this run differs from the recorded one; returns what is slower."""
    if recorded is None or recorded.get('schema') != SCHEMA:
        print('\nNothing to compare with: no docs/benchmark.json of this version (see --record)')
        return []
    comparison = compare_with_record(result, recorded)
    print(f'\n{describe(comparison, recorded)}')
    return comparison.slower


def _check(arguments: argparse.Namespace, figures: dict | None) -> None:
    """Fail now if it must be, not after the long run."""
    if arguments.json:
        check_writable('--json', arguments.json)
    if not arguments.record:
        return
    if figures:
        is_whole = set(figures['sections']) == set(SECTIONS) and not figures['quick']
    else:
        parts = (arguments.quick, arguments.frames, arguments.provider, arguments.video)
        is_whole = set(arguments.only) == set(SECTIONS) and not any(parts)
        if reason := why_not_measured():
            raise UserError(f'--record: the node cannot be measured here ({reason})')
    if not is_whole:
        raise UserError(
            '--record: a record is a whole run, without --only, --quick, --frames, --provider and '
            '--video'
        )
    check_record()


def _machine(runtimes: Sequence[str]) -> str:
    """What kind of machine this is, with its GPU where one is used."""
    machine = machine_class()
    if not {'cuda', 'tensorrt'} & set(runtimes) or not shutil.which('nvidia-smi'):
        return machine
    query = ['nvidia-smi', '--query-gpu=name', '--format=csv,noheader']
    gpus = subprocess.run(query, capture_output=True, text=True).stdout.splitlines()
    return ', '.join([machine, *gpus])


def _versions() -> dict[str, str]:
    """Of everything that takes part."""
    package = re.search('<version>(.*)</version>', (CHECKOUT / 'package.xml').read_text())
    versions = {
        'hand_tracking_ros': package.group(1) if package else '',
        'python': platform.python_version(),
        'numpy': np.__version__,
        'opencv': cv2.__version__,
        'onnxruntime': onnxruntime.__version__,
        'legacy': LEGACY.version,
        'tasks': TASKS.version,
    }
    for module in ('openvino', 'rclpy'):
        try:
            versions[module] = importlib.metadata.version(module)
        except importlib.metadata.PackageNotFoundError:
            continue
    for variable in ('ROS_DISTRO', 'RMW_IMPLEMENTATION'):
        if variable in os.environ:
            versions[variable] = os.environ[variable]
    return versions


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='benchmark', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    sections, runtimes = ', '.join(SECTIONS), ', '.join(RUNTIMES)
    add(
        '--only',
        nargs='+',
        choices=SECTIONS,
        default=list(SECTIONS),
        metavar='SECTION',
        help=f'measure only these: {sections} (default: all, 15 minutes)',
    )
    add('--quick', action='store_true', help='short of everything: to see that it runs')
    add(
        '--provider',
        choices=RUNTIMES,
        metavar='NAME',
        help=f'runtime of ours and of the node: {runtimes} (default: of ours every one '
        f'of {", ".join(MEASURED_RUNTIMES)} that works here; of the node auto)',
    )
    add(
        '--video',
        type=Path,
        metavar='FILE',
        help=f'a video of hands (default: {TEST_VIDEO} in the folder that the environment '
        f'variable {TEST_DATA_VARIABLE} names; without it simulated hands)',
    )
    add('--frames', type=_frames, metavar='N', help='stop the video after this many frames')
    add(
        '--model-complexity',
        type=int,
        choices=sorted(COMPLEXITIES),
        default=1,
        help='0: lite networks, 1: full networks (default)',
    )
    add('--json', type=Path, metavar='OUT.json', help='write the figures here too')
    add('--figures', type=Path, metavar='IN.json', help='measure nothing, take what --json wrote')
    add(
        '--record',
        action='store_true',
        help='keep the figures: in docs/benchmark.json, docs/benchmark.png and docs/speed.md',
    )
    add('--fail-if-slower', action='store_true', help='exit status 1 if something is slower')
    return parser.parse_args(argv)


def _frames(text: str) -> int:
    if not text.isdecimal() or int(text) <= WARM_UP_FRAMES:
        raise argparse.ArgumentTypeError(
            f'{text!r} is too few or no number: expected more than {WARM_UP_FRAMES}, '
            'which are not timed'
        )
    return int(text)


if __name__ == '__main__':
    sys.exit(main())
