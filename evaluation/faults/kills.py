"""Kill each program with SIGKILL at random moments, and start it again: it has to work at once.

A node works when a message comes from it and Ctrl-C then ends it with status 0; any other program
when it ends with status 0 and leaves the same files as without the kill, and no others. Nothing
that a killed program started may go on. At the end `fastdds shm clean` has to remove the shared
memory that killed programs left. Exit status 1: something would have to be cleaned up by hand.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from evaluation.faults.kill_cases import Node, cases
from evaluation.faults.kill_run import KillRun
from evaluation.faults.processes import own_domain
from hand_tracking_ros.command_line import positive_integer, run_program
from hand_tracking_ros.ros.process import ros_process
from hand_tracking_ros.tracking.errors import UserError

CLEAN = ('fastdds', 'shm', 'clean')
PROGRAMS = (
    'hand_tracker', 'hand_teleop', 'simulated_camera', 'video_publisher', 'process_media',
    'prepare_models', 'demo', 'environment/setup',
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog='make kills', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--kills', type=positive_integer, default=5, help='of each program (5)')
    parser.add_argument('--seed', type=int, default=0, help='of the moments (0)')
    parser.add_argument('--programs', nargs='+', choices=PROGRAMS, default=PROGRAMS)
    options = parser.parse_args(argv)
    return run_program(lambda: _kill_all(options))


def _kill_all(options: argparse.Namespace) -> None:
    os.environ.setdefault('ROS_DOMAIN_ID', own_domain())
    with tempfile.TemporaryDirectory(prefix='kills_') as name, ros_process([]):
        pictures = Path(name, 'pictures')
        pictures.mkdir()
        all_cases = cases(pictures)
        chance = random.Random(options.seed)
        run = KillRun(lambda longest_s: chance.uniform(0.0, longest_s), Path(name))
        for program in tqdm(options.programs, unit='program'):
            case = all_cases[program]
            (run.node if isinstance(case, Node) else run.job)(program, case, options.kills)
        left = run.left_in_shared_memory()
        left_mb = sum(path.stat().st_size for path in left) / 1e6
        print(f'{len(options.programs)} programs killed {options.kills} times each')
        print(f'left in shared memory: {len(left)} files, {left_mb:.0f} MB')
        subprocess.run(CLEAN, check=True, stdout=subprocess.DEVNULL)
        if kept := run.left_in_shared_memory():
            run.problems.append(f'{" ".join(CLEAN)} keeps {sorted(map(str, kept))}')
    if run.problems:
        raise UserError('\n  '.join(['not all went on as if nothing had been', *run.problems]))


if __name__ == '__main__':
    sys.exit(main())
