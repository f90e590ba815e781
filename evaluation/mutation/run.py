"""Changes the package in one place, runs the tests that reach it, and counts what they notice.

    make coverage                                   which test reaches which line: needed first
    make mutants ARGS='--number 150 --seed 1'       the sample of this seed
    make mutants ARGS='--files ros/transforms.py'   every place of a file

Package and tests are copied first: the checkout stays as it is, and may be edited meanwhile. A
change that no test notices is printed. Exit status 1 if fewer than 85 % are noticed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from evaluation.mutation.workplace import FOLDER, PACKAGE, REPOSITORY, prepare_workplace
from evaluation.paths import CHECKOUT
from hand_tracking_ros.tracking.errors import UserError

TARGET = 0.85
BUDGET_S = 60.0
# A mutant may hang; a busy machine must not look like one.
LIMIT_FACTOR, LIMIT_EXTRA_S = 5.0, 120.0
SOURCES = CHECKOUT / 'hand_tracking_ros'
ROOMS = ('ros', 'tracking')
NOTICED = re.compile(r'^(FAILED|ERROR) .*', re.MULTILINE)
CHANGED = re.compile(r'[-+](?![-+]{2} )')
# One test in a line; what pytest is given in a file may be long.
TESTS_FILE = FOLDER / 'tests.txt'
PYTEST = [sys.executable, '-m', 'pytest', '-q', '-x', '--tb=line', '--no-header', '--no-cov']
PYTEST += ['-o', f'cache_dir={FOLDER / "cache"}', f'@{TESTS_FILE}']


def main() -> int:
    """Run the program and return its exit status."""
    parser = argparse.ArgumentParser(
        prog='make mutants', description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--number', type=int, default=150, help='of places to change (150)')
    parser.add_argument('--seed', type=int, default=1, help='of the sample (1)')
    parser.add_argument('--files', nargs='+', metavar='FILE', help='below hand_tracking_ros/')
    parser.add_argument('--rooms', nargs='+', metavar='ROOM', default=ROOMS, help='to sample from')
    parser.add_argument(
        '--budget', type=float, default=BUDGET_S, help='of tests for a change, s (60)'
    )
    arguments = parser.parse_args()
    try:
        prepare_workplace()
        if arguments.files:
            files, number = [SOURCES / file for file in arguments.files], sys.maxsize
        else:
            files = [file for room in arguments.rooms for file in (SOURCES / room).rglob('*.py')]
            number = arguments.number
        counts = _run(files, number, arguments.seed, arguments.budget)
    except UserError as error:
        parser.error(str(error))
    noticed, total = counts['noticed'] + counts['timed out'], counts.total()
    share = noticed / total
    print(f'seed {arguments.seed}: {noticed} of {total} noticed ({share:.1%}); {dict(counts)}')
    return 0 if share >= TARGET else 1


def _run(files: Sequence[Path], number: int, seed: int, budget_s: float) -> Counter[str]:
    """What became of each mutant of the sample."""
    # The workplace has installed what these import.
    from evaluation.mutation.mutants import sample_mutants
    from evaluation.mutation.reach import Reach

    reach = Reach()
    unreached = [file for file in files if not reach.is_reached(file)]
    if unreached:
        names = ', '.join(sorted(str(file.relative_to(SOURCES)) for file in unreached))
        print(f'no test reaches these here, they are left out: {names}', flush=True)
    files = [file for file in files if file not in unreached]
    mutants = sample_mutants(files, number, seed)
    tests = [reach.tests_for(mutant, budget_s) for mutant in mutants]
    _check_tests({test for of_mutant in tests for test in of_mutant})
    counts: Counter[str] = Counter()
    for index, (mutant, of_mutant) in enumerate(zip(mutants, tests, strict=True), 1):
        started_s = time.monotonic()
        limit_s = LIMIT_EXTRA_S + LIMIT_FACTOR * reach.seconds(of_mutant)
        outcome, report = _try(mutant.change, of_mutant, limit_s)
        counts[outcome] += 1
        place = f'{mutant.change.module_path.relative_to(SOURCES)}:{mutant.change.start_pos[0]}'
        seconds = time.monotonic() - started_s
        print(f'[{index}/{len(mutants)}] {outcome:9} {seconds:5.1f} s  {place}', flush=True)
        print(report, end='', flush=True)
    return counts


def _try(change, tests: Sequence[str], limit_s: float) -> tuple[str, str]:
    """Whether the tests notice a change; and which test does, or else the change."""
    import attrs
    from cosmic_ray.mutating import mutate_and_test
    from cosmic_ray.work_item import WorkerOutcome

    path = PACKAGE / change.module_path.relative_to(CHECKOUT)
    _write_tests(tests)
    command = ' '.join(PYTEST) if tests else 'true'
    result = mutate_and_test([attrs.evolve(change, module_path=path)], command, limit_s)
    if result.worker_outcome != WorkerOutcome.NORMAL:
        raise RuntimeError(f'{change}: {result.output}')
    if result.output == 'timeout':
        return 'timed out', ''
    if result.is_killed:
        found = NOTICED.search(result.output)
        if not found:
            raise RuntimeError(f'{change}: pytest failed, and no test did\n{result.output}')
        return 'noticed', f'    {found[0]}\n'
    lines = [line for line in result.diff.splitlines() if CHANGED.match(line)]
    return 'survived' if tests else 'no test', ''.join(f'    {line}\n' for line in lines)


def _check_tests(tests: Iterable[str]) -> None:
    """A test that is not there any more would look like one that fails."""
    _write_tests(tests)
    found = subprocess.run([*PYTEST, '--collect-only'], capture_output=True, text=True)
    if found.returncode:
        raise UserError(
            f'the tests are not those that coverage was measured with: run `make coverage` again\n'
            f'{found.stdout[-2000:]}{found.stderr[-2000:]}'
        )


def _write_tests(tests: Iterable[str]) -> None:
    TESTS_FILE.write_text(''.join(f'{REPOSITORY / test}\n' for test in tests))


if __name__ == '__main__':
    sys.exit(main())
