"""What mutants need: cosmic-ray, a copy of the installed package to change, and one of the tests.

Copies, so that the checkout may be edited meanwhile.
"""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import subprocess
import sys

from evaluation.paths import CHECKOUT, TEST_DATA_VARIABLE, data_folder
from hand_tracking_ros.tracking.errors import UserError

FOLDER = CHECKOUT / '.environment' / 'mutation'
TOOLS, PACKAGE, REPOSITORY = (FOLDER / name for name in ('tools', 'package', 'repository'))
REQUIREMENTS = CHECKOUT / 'environment' / 'requirements-mutation.lock'
# Written last, with the requirements that are installed: without it a set-up was interrupted.
STAMP = TOOLS / 'complete'


def prepare_workplace() -> None:
    """Install the tools once, copy package and repository anew, and go to the copied tests.

    Raises:
        UserError: a step failed.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not (STAMP.exists() and STAMP.read_text() == REQUIREMENTS.read_text()):
        _install_tools()
    sys.path.append(str(TOOLS))  # last: what the environment has goes first
    _copy_package()
    _copy_repository()
    os.chdir(REPOSITORY / 'test')  # from where the tests see the installed package
    os.environ['PYTHONPATH'] = os.pathsep.join([str(PACKAGE), os.environ.get('PYTHONPATH', '')])
    os.environ[TEST_DATA_VARIABLE] = str(data_folder())


def _install_tools() -> None:
    shutil.rmtree(TOOLS, ignore_errors=True)
    pip = [sys.executable, '-m', 'pip', '--disable-pip-version-check', 'install', '--no-deps']
    command = [
        *pip,
        '--quiet',
        '--require-hashes',
        '--target',
        str(TOOLS),
        '--requirement',
        str(REQUIREMENTS),
    ]
    if subprocess.run(command).returncode:
        raise UserError(f'installing {REQUIREMENTS.name} failed, see above')
    STAMP.write_text(REQUIREMENTS.read_text())


def _copy_package() -> None:
    """The installed package with its messages; links become files."""
    code = 'import hand_tracking_ros.msg; print(*hand_tracking_ros.__path__)'
    # Not from the checkout, whose folder would hide the installed package.
    found = subprocess.run(
        [sys.executable, '-c', code], cwd=FOLDER, check=True, capture_output=True, text=True
    )
    shutil.rmtree(PACKAGE, ignore_errors=True)
    no_caches = shutil.ignore_patterns('__pycache__')
    shutil.copytree(found.stdout.strip(), PACKAGE / 'hand_tracking_ros', ignore=no_caches)
    # Python compares the contents, as two mutants of a file may have the same size and time.
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    compileall.compile_dir(PACKAGE, quiet=1, invalidation_mode=mode)


def _copy_repository() -> None:
    """All that git knows or would know; tests find their neighbours by their own place."""
    command = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    listed = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True)
    shutil.rmtree(REPOSITORY, ignore_errors=True)
    for name in filter(None, listed.stdout.split('\0')):
        if (CHECKOUT / name).is_file():
            (REPOSITORY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, REPOSITORY / name)
