"""Gets one wheel from PyPI through pip, with a progress bar, and installs nothing."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from hand_tracking_ros.tracking.errors import UserError


def download_wheel(source: dict, folder: Path) -> Path:
    """Let pip download the wheel that the manifest's `source` names into `folder`."""
    if importlib.util.find_spec('pip') is None:
        raise UserError(
            f'{sys.executable} has no pip. Install it (`sudo apt install python3-pip` on Debian '
            f'and Ubuntu, `{sys.executable} -m ensurepip` in a virtual environment), '
            + _download_elsewhere(source)
        )
    print(f'downloading {source["package"]} {source["version"]} through pip', flush=True)
    output_path = folder / 'pip_output.txt'
    # pip keeps the growing file in its temporary folder: below `folder`, its size can be watched,
    # and nothing stays behind when the download is interrupted.
    environment = {**os.environ, 'TMPDIR': str(folder)}
    with output_path.open('w') as output:
        process = subprocess.Popen(
            [sys.executable, *_pip_arguments(source), '--dest', str(folder)],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
        )
        try:
            _watch_download(process, folder, source['size_bytes'])
        finally:
            process.terminate()
            process.wait()
    wheels = list(folder.glob('*.whl'))
    if process.returncode != 0 or len(wheels) != 1:
        raise UserError(
            f'pip could not download {source["package"]} {source["version"]}; it said last:\n'
            f'{_last_lines(output_path)}\nTry again when the network is there, '
            + _download_elsewhere(source)
        )
    return wheels[0]


def _watch_download(process: subprocess.Popen, folder: Path, size_bytes: int) -> None:
    """Show a progress bar until pip has ended."""
    from tqdm import tqdm

    with tqdm(total=size_bytes, unit='B', unit_scale=True, leave=False, disable=None) as bar:
        while process.poll() is None:
            bar.n = min(sum(map(_size_bytes, folder.rglob('*.whl'))), size_bytes)
            bar.refresh()
            try:
                process.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue


def _last_lines(path: Path, count: int = 3) -> str:
    """The end of a program's output, indented, without empty lines and overlong ones."""
    lines = path.read_text(encoding='utf-8', errors='replace').splitlines()
    said = [line.strip()[:300] for line in lines if line.strip()]
    return '\n'.join(f'  {line}' for line in said[-count:])


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        # pip moves its file when the download is complete.
        return 0


def _pip_arguments(source: dict) -> list[str]:
    """The arguments after `python3`; the platform is fixed, any serves to read files from."""
    return [
        *('-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--retries', '2'),
        *('--platform', source['platform'], '--implementation', 'cp'),
        *('--python-version', source['python_version'], '--abi', source['abi']),
        f'{source["package"]}=={source["version"]}',
    ]


def _download_elsewhere(source: dict) -> str:
    return (
        'or download the wheel on another machine and give it with --wheel:\n'
        f'  python3 {" ".join(_pip_arguments(source))}'
    )
