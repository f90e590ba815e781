"""MediaPipe in a virtual environment of its own, for the benchmark to compare with.

It is kept apart because it asks for numpy 1 and for a Python that may be older than the user's.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from hand_tracking_ros.tracking.errors import UserError

VERSION = '0.10.21'
OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 12)
PYTHONS = ('python3', 'python3.12', 'python3.11', 'python3.10')
REQUIREMENTS = Path('environment', 'requirements-mediapipe.txt')
FOLDER = Path('.environment', f'mediapipe-{VERSION}')
# Written last, with the requirements that are installed: without it a set-up was interrupted.
STAMP = 'complete'
STANDARD_ERROR = 2


def prepare_mediapipe(checkout: Path | None = None) -> Path:
    """Set MediaPipe up unless it is there already, and return its Python.

    Args:
        checkout: the repository; found from where this file or the user is if None.

    Raises:
        UserError: there is no checkout or no fitting Python, or a step of the set-up failed.
    """
    checkout = checkout or _find_checkout()
    folder = checkout / FOLDER
    folder.parent.mkdir(exist_ok=True)
    with open(folder.with_name(folder.name + '.lock'), 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another benchmark may be setting it up
        if not _is_complete(folder, checkout / REQUIREMENTS):
            _set_up(folder, checkout / REQUIREMENTS)
    return _python_of(folder)


def _python_of(folder: Path) -> Path:
    return folder / 'bin' / 'python'


def _is_complete(folder: Path, requirements: Path) -> bool:
    stamp = folder / STAMP
    return (
        _python_of(folder).exists()
        and stamp.exists()
        and stamp.read_text() == requirements.read_text()
    )


def _set_up(folder: Path, requirements: Path) -> None:
    base, python = find_python(), _python_of(folder)
    _say(f'Setting up mediapipe {VERSION}, once: 400 MB in {folder}, with {base}')
    if folder.exists():
        _say('  removing what an interrupted or older set-up left there')
        shutil.rmtree(folder)
    _run_step(
        'creating the virtual environment',
        [base, '-I', '-m', 'venv', folder],
        'On Debian and Ubuntu the package python3-venv is needed for this.',
    )
    pip_install = [python, '-I', '-m', 'pip', '--disable-pip-version-check', 'install']
    _run_step(
        'installing',
        [*pip_install, '--no-deps', '--requirement', requirements],
        'Is the network there? Wheels exist for Linux on x86_64.',
    )
    _run_step('trying it', [python, '-I', '-c', 'import mediapipe.python.solutions.hands'])
    (folder / STAMP).write_text(requirements.read_text())


def find_python() -> str:
    """The first Python of `PYTHONS` that runs here and that MediaPipe has wheels for.

    Raises:
        UserError: there is none.
    """
    found = []
    for name in PYTHONS:
        version = _version_of(name)
        if version and OLDEST_PYTHON <= version <= NEWEST_PYTHON:
            return shutil.which(name)
        if version:
            found.append(f'{name} is Python {version[0]}.{version[1]}')
    raise UserError(
        f'mediapipe {VERSION}, which the benchmark compares with, needs Python 3.10, 3.11 or 3.12; '
        f'looked for {", ".join(PYTHONS)} on the PATH ({"; ".join(found) or "none runs"}). '
        'Install one of them beside the Python that is there, for example python3.12.'
    )


def _version_of(name: str) -> tuple[int, int] | None:
    """Its version, or None where no such Python runs (a version manager's shim may refuse to)."""
    program = shutil.which(name)
    if not program:
        return None
    query = [program, '-I', '-c', 'import sys; print(list(sys.version_info[:2]))']
    answer = subprocess.run(query, capture_output=True, text=True)
    return tuple(json.loads(answer.stdout)) if answer.returncode == 0 else None


def _find_checkout() -> Path:
    here = Path(__file__).resolve()
    for folder in (*here.parents, Path.cwd(), *Path.cwd().parents):
        if (folder / REQUIREMENTS).is_file():
            return folder
    raise UserError(
        f'no {REQUIREMENTS} above {here.parent} or {Path.cwd()}: '
        'the benchmark runs in a checkout of the repository; go there and say make benchmark'
    )


def _run_step(what: str, command: Sequence[str | Path], hint: str = '') -> None:
    """Run a step of the set-up; what it prints goes to standard error, where progress belongs."""
    _say(f'  {what} ...')
    status = subprocess.run(command, stdout=STANDARD_ERROR).returncode
    if status != 0:
        line = ' '.join(map(str, command))
        raise UserError(
            f'{what} failed, see above (exit status {status} of `{line}`). {hint}'.rstrip()
        )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
