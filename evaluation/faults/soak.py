"""Let the real nodes run while everything around them goes wrong at random.

hand_tracker and hand_teleop, a camera with faults, and clients that come and go are processes of
their own and talk over DDS. Every message is held against what docs/reliability.md promises; every
ten seconds it is noted what hand_tracker takes of the machine. Exit status 1: a promise was broken.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from tqdm import tqdm

from evaluation.faults.clip import QUICK_SCENES, SCENES, write_clip
from evaluation.faults.processes import own_domain
from evaluation.faults.soak_run import Plan, SoakRun
from evaluation.results import machine_class
from hand_tracking_ros.command_line import (
    positive_number,
    run_program,
    write_json,
)
from hand_tracking_ros.output_files import check_writable
from hand_tracking_ros.ros.process import ros_process
from hand_tracking_ros.tracking.errors import UserError

NOT_IN_THE_SUMMARY = ('samples', 'examples', 'times of disturbances')


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    return run_program(lambda: _soak(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='make soak', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--minutes', type=positive_number, default=10.0, help='10 by default')
    parser.add_argument('--seed', type=int, default=0, help='of everything random (0)')
    parser.add_argument(
        '--transport', choices=('raw', 'compressed'), default='raw', help='of the images (raw)'
    )
    parser.add_argument('--json', type=Path, help='write all figures and samples to this file')
    parser.add_argument('--logs', type=Path, help='keep what the processes print in this folder')
    parser.add_argument(
        '--quick', action='store_true', help='render one second only: starts half a minute sooner'
    )
    return parser


def _soak(options: argparse.Namespace) -> None:
    if options.json:
        check_writable('--json', options.json)
    os.environ.setdefault('ROS_DOMAIN_ID', own_domain())
    plan = Plan(60 * options.minutes, options.seed, options.transport)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='soak_')))
        write_clip(folder, options.seed, QUICK_SCENES if options.quick else SCENES)
        if options.logs:
            options.logs.mkdir(parents=True, exist_ok=True)
        stack.enter_context(ros_process([]))
        soak = SoakRun(stack, folder, options.logs or folder, plan)
        progress = stack.enter_context(tqdm(total=round(plan.seconds), unit='s', desc='soak'))

        def tell(seconds: float, state: str) -> None:
            progress.update(round(seconds) - progress.n)
            progress.set_postfix_str(state, refresh=False)

        with suppress(KeyboardInterrupt):  # what there is until then counts
            soak.run(tell)
        result = {
            'date': time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime()),
            'machine': machine_class(),
            **soak.result(),
        }
    if options.json:
        write_json('--json', options.json, result, indent=2)
    for name, value in result.items():
        if name not in NOT_IN_THE_SUMMARY:
            print(f'{name}: {value}')
    if result['broken']:
        examples = [
            f'{kind}: {text}' for kind, texts in result['examples'].items() for text in texts
        ]
        raise UserError('\n  '.join(['a promise was broken', *examples]))


if __name__ == '__main__':
    sys.exit(main())
