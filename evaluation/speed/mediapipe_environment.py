"""MediaPipe in virtual environments of its own, for the benchmark to compare with.

Two of them: the last release that has `mp.solutions`, and the newest one, which has Tasks instead.
They are kept apart because their requirements exclude each other and may exclude the user's Python.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.paths import CHECKOUT
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.networks.model_files import load_manifest
from hand_tracking_ros.tracking.networks.models import COMPLEXITIES

PYTHONS = ('python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10')
# Written last, with the requirements that are installed: without it a set-up was interrupted.
STAMP = 'complete'
OLDEST_PYTHON = (3, 10)
STANDARD_ERROR = 2


@dataclass(frozen=True)
class Release:
    """A release of MediaPipe.

    Attributes:
        version: its number.
        requirements: what is installed, below the checkout.
        newest_python: that its pinned requirements have wheels for; the oldest is `OLDEST_PYTHON`.
        module: what has to be importable.
        size_mb: of the environment.
    """

    version: str
    requirements: Path
    newest_python: tuple[int, int]
    module: str
    size_mb: int

    @property
    def folder(self) -> Path:
        """Of its environment, below the checkout."""
        return Path('.environment', f'mediapipe-{self.version}')


LEGACY = Release(
    '0.10.21',
    Path('environment', 'requirements-mediapipe.txt'),
    (3, 12),
    'mediapipe.python.solutions.hands',
    400,
)
TASKS = Release(
    '1.2.2',
    Path('environment', 'requirements-mediapipe-tasks.txt'),
    (3, 13),
    'mediapipe.tasks.python.vision',
    350,
)


def prepare_mediapipe(release: Release) -> Path:
    """Set a release up unless it is there already, and return its Python.

    Raises:
        UserError: there is no fitting Python, or a step of the set-up failed.
    """
    folder, requirements = CHECKOUT / release.folder, CHECKOUT / release.requirements
    python, stamp = folder / 'bin' / 'python', folder / STAMP
    folder.parent.mkdir(exist_ok=True)
    with open(folder.with_name(folder.name + '.lock'), 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another benchmark may be setting it up
        is_complete = python.exists() and stamp.exists()
        if not is_complete or stamp.read_text() != requirements.read_text():
            _set_up(release, folder, requirements)
            stamp.write_text(requirements.read_text())
    return python


def write_task(model_complexity: int, path: Path) -> None:
    """Write the bundle that Tasks want, of the networks that the legacy release brings.

    A .task is a zip file that must not be compressed.

    Raises:
        UserError: a network is missing or is not the one that our own models were made of.
    """
    kind = COMPLEXITIES[model_complexity]
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_STORED) as bundle:
        bundle.writestr('hand_detector.tflite', _read_network(f'palm_detection_{kind}'))
        bundle.writestr('hand_landmarks_detector.tflite', _read_network(f'hand_landmark_{kind}'))


def find_python(release: Release) -> str:
    """The first Python of `PYTHONS` that runs here and that this release has wheels for.

    Raises:
        UserError: there is none.
    """
    found = []
    for name in PYTHONS:
        version = _version_of(name)
        if version and OLDEST_PYTHON <= version <= release.newest_python:
            return shutil.which(name)
        if version:
            found.append(f'{name} is Python {version[0]}.{version[1]}')
    oldest, newest = ('.'.join(map(str, v)) for v in (OLDEST_PYTHON, release.newest_python))
    raise UserError(
        f'mediapipe {release.version}, which the benchmark compares with, needs Python '
        f'{oldest} to {newest}; looked for {", ".join(PYTHONS)} on the PATH '
        f'({"; ".join(found) or "none runs"}). '
        'Install one of them beside the Python that is there, for example python3.12.'
    )


def _read_network(name: str) -> bytes:
    entry, folder = load_manifest()['models'][name], CHECKOUT / LEGACY.folder
    installed = list(folder.glob(f'lib/python3.*/site-packages/{entry["path"]}'))
    content = installed[0].read_bytes() if installed else b''
    if hashlib.sha256(content).hexdigest() != entry['sha256']:
        raise UserError(
            f'{entry["path"]} in {folder} is missing or not the one of mediapipe '
            f'{LEGACY.version}: remove that folder, and it is set up anew'
        )
    return content


def _set_up(release: Release, folder: Path, requirements: Path) -> None:
    base, python = find_python(release), folder / 'bin' / 'python'
    _say(
        f'Setting up mediapipe {release.version}, once: {release.size_mb} MB in {folder}, '
        f'with {base}'
    )
    _run_step(
        'creating the virtual environment',
        [base, '-I', '-m', 'venv', '--clear', folder],
        'On Debian and Ubuntu the package python3-venv is needed for this.',
    )
    pip_install = [python, '-I', '-m', 'pip', '--disable-pip-version-check', 'install']
    _run_step(
        'installing',
        [*pip_install, '--no-deps', '--requirement', requirements],
        'Is the network there? Wheels exist for Linux on x86_64.',
    )
    _run_step('trying it', [python, '-I', '-c', f'import {release.module}'])


def _version_of(name: str) -> tuple[int, int] | None:
    """Its version, or None where no such Python runs (a version manager's shim may refuse to)."""
    program = shutil.which(name)
    if not program:
        return None
    query = [program, '-I', '-c', 'import sys; print(list(sys.version_info[:2]))']
    answer = subprocess.run(query, capture_output=True, text=True)
    return tuple(json.loads(answer.stdout)) if answer.returncode == 0 else None


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
