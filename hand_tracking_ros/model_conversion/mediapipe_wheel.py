"""The wheel of mediapipe, which holds the models: pip downloads it, but nothing is installed."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import resource
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hand_tracking_ros.tracking.errors import UserError

# The wheel has 36 MB, the largest model 5.5 MB. Whatever is larger is something else, and would
# fill the disk or the memory before its checksum is known.
MAX_WHEEL_BYTES = 100_000_000
MAX_MODEL_BYTES = 20_000_000


def download_wheel(source: dict[str, Any], folder: Path) -> Path:
    """Let pip download the wheel that the manifest's `source` names into `folder`.

    Raises:
        UserError: there is no pip, or it fails, or it finds a file that is too large or has another
            SHA-256; it has printed why.
    """
    package = f'{source["package"]} {source["version"]}'
    # One fixed platform: the models are the same in all wheels.
    arguments = [
        *('-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--retries', '2'),
        *('--platform', source['platform'], '--implementation', 'cp'),
        *('--python-version', source['python_version'], '--abi', source['abi']),
    ]
    requirement = f'{source["package"]}=={source["version"]}'
    elsewhere = (
        'or download the wheel on another machine and give it with --wheel:\n'
        f'  python3 {" ".join(arguments)} {requirement}'
    )
    if importlib.util.find_spec('pip') is None:
        raise UserError(
            f'{sys.executable} has no pip. Install it (`sudo apt install python3-pip` on Debian '
            f'and Ubuntu, `{sys.executable} -m ensurepip` in a virtual environment), {elsewhere}'
        )
    print(f'downloading {package} through pip', flush=True)
    # pip's temporary files go below `folder` too: an interrupted download leaves nothing behind.
    requirements = folder / 'requirements.txt'
    requirements.write_text(f'{requirement} --hash=sha256:{source["wheel_sha256"]}\n')
    arguments += ['--require-hashes', '--requirement', str(requirements)]
    pip = subprocess.run(
        [sys.executable, *arguments, '--disable-pip-version-check', '--dest', str(folder)],
        stdin=subprocess.DEVNULL,
        env={**os.environ, 'TMPDIR': str(folder)},
        preexec_fn=_limit_file_size,
    )
    if pip.returncode != 0:
        raise UserError(
            f'pip could not download {package}, see above. Try again when the network is there, '
            f'{elsewhere}'
        )
    return next(folder.glob('*.whl'))


def read_sources(wheel: Path, manifest: dict[str, Any], names: Sequence[str]) -> dict[str, bytes]:
    """Take the .tflite files of the models `names` out of the wheel.

    Raises:
        UserError: the wheel cannot be read, lacks a file, or holds one that is too large or has
            another SHA-256.
    """
    package = f'{manifest["source"]["package"]} {manifest["source"]["version"]}'
    sources = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name in names:
                path, expected = (manifest['models'][name][key] for key in ('path', 'sha256'))
                with archive.open(path) as entry:
                    sources[name] = entry.read(MAX_MODEL_BYTES + 1)
                if len(sources[name]) > MAX_MODEL_BYTES:
                    raise UserError(
                        f'{path} in {wheel} is larger than {MAX_MODEL_BYTES} bytes: it is not the '
                        f'file of {package}, and was not used'
                    )
                found = hashlib.sha256(sources[name]).hexdigest()
                if found != expected:
                    raise UserError(
                        f'{path} in {wheel} has the SHA-256 {found}, expected {expected}: it is '
                        f'not the file of {package}, and was not used. Download the wheel again; '
                        'if the sum stays wrong, do not trust the place it comes from'
                    )
    except KeyError:
        raise UserError(f'{wheel} does not hold {path}: give a wheel of {package}') from None
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise UserError(f'{wheel} is not a whole wheel (zip file): download it again') from None
    except OSError as error:
        raise UserError(f'{wheel} cannot be read: {error.strerror}') from None
    return sources


def _limit_file_size() -> None:
    """Let this process, pip, write no file larger than the wheel may be."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_WHEEL_BYTES, MAX_WHEEL_BYTES))
