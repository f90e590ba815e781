"""A program that was killed works at once when it is started again."""

import subprocess
import sys

import pytest

from evaluation.faults import kill_run
from evaluation.faults.kill_cases import Job
from evaluation.faults.kill_run import KillRun
from support.checkout import CHECKOUT


def test_programs_that_were_killed_work_again_and_one_command_cleans_up():
    ended = subprocess.run(
        [
            *(sys.executable, '-m', 'evaluation.faults.kills', '--kills', '1'),
            *('--programs', 'hand_teleop', 'process_media'),
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert '2 programs killed 1 times each' in ended.stdout


WAITS = 'import time; time.sleep(0.3); '
GOOD = WAITS + "open('result', 'w').close()"
LEAVES_A_FILE = (
    "import os; open('result', 'w').close(); open(f'half_{os.getpid()}', 'w').close(); "
    f"{WAITS} os.remove(f'half_{{os.getpid()}}')"
)
LEAVES_A_PROCESS = (
    "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', "
    f"'import time; time.sleep(60)']); {WAITS} child.kill(); child.wait()"
)
LEAVES_A_LOCK = f"open('lock', 'x').close(); {WAITS} import os; os.remove('lock')"


@pytest.mark.parametrize(
    ('program', 'said'),
    [
        (GOOD, ''),
        (LEAVES_A_FILE, "leaves ['half_"),
        (LEAVES_A_PROCESS, 'left processes'),
        (LEAVES_A_LOCK, 'ended with status 1'),
    ],
    ids=['nothing', 'a file', 'a process', 'a lock'],
)
def test_what_a_killed_program_leaves_is_found(program, said, tmp_path, monkeypatch):
    monkeypatch.setattr(kill_run, 'ORPHAN_TIMEOUT_S', 0.1)
    run = KillRun(lambda longest_s: longest_s / 2, tmp_path)
    run.job('program', Job((sys.executable, '-c', program)), 1)
    assert said in str(run.problems)
    assert bool(run.problems) is bool(said)
