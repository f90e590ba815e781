"""Output files: complete under their name or not there at all, and never over an input.

    with replacing('--json', path) as unfinished:
        unfinished.write_text(text)

A file is written under a hidden name in the same folder, and takes its own name once it is complete
and on disk. Until then, and if the work fails, the older file stays. Only one program at a time
writes a file; what a killed one left behind, the next one with the same output takes over.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from hand_tracking_ros.tracking.errors import UserError

# Where the kernel keeps what is open: such files are written as they are, as a pipe is.
_OPEN_FILES = ('/dev', '/dev/fd', '/proc/self/fd')


@contextlib.contextmanager
def replacing(option: str, path: Path) -> Iterator[Path]:
    """Yield where to write a file, which replaces the one at `path` once the block has ended well.

    Pipes and devices such as /dev/stdout are written directly. Folders are made.

    Args:
        option: where the user named the file, such as '--json'; empty if he did not.
        path: of the result. What a symbolic link points to is replaced, not the link.

    Raises:
        UserError: the file cannot be written, or another program is writing it.
    """
    if _is_stream(path):
        yield path
        return
    with _unfinished(option, path) as (unfinished, descriptor):
        yield unfinished
        with explained(option, path):
            target = Path(os.path.realpath(path))
            if target.exists():
                os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
            # A full disk or a lost server is told here at the latest.
            os.fsync(descriptor)
            unfinished.replace(target)


def check_writable(option: str, path: Path) -> None:
    """Fail before the work if its result cannot be written; makes its folder.

    `option` is where the user named the file, such as '--json'.

    Raises:
        UserError: it cannot be written, or another program is writing it.
    """
    if not _is_stream(path):
        with _unfinished(option, path):
            pass  # work that fails leaves nothing behind


def check_apart(outputs: Iterable[tuple[str, Path]], inputs: Iterable[Path]) -> None:
    """Fail before the work if a result would replace an input or another result.

    Files are compared themselves, not their names: links lead to the file that they name.

    Args:
        outputs: files to be written, each with the option in which the user named it.
        inputs: files to be read.

    Raises:
        UserError: an output is one of the inputs, or the same file as another output.
    """
    taken = {_identity(path): f'the input {path}' for path in inputs}
    for option, path in outputs:
        if _is_stream(path):
            continue
        holder = taken.get(_identity(path)) or taken.get(_identity(unfinished_path(path)))
        if holder:
            raise UserError(f'{option} {path}: this would overwrite {holder}; name another file')
        taken[_identity(path)] = f'another result, {option} {path}'


@contextlib.contextmanager
def replacing_all(option: str, folder: Path) -> Iterator[Path]:
    """Yield a folder; what is written there moves into `folder` once the block has ended well.

    Files and folders of the same names are replaced then. Folders are made.

    Args:
        option: where the user named the folder, such as '--output'.
        folder: of the results; whatever else is there stays.

    Raises:
        UserError: the folder cannot be written, or another program is writing it.
    """
    unfinished, lock = folder / '.unfinished', folder / '.lock'
    with contextlib.ExitStack() as stack:
        with explained(option, folder):
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(_locked(option, folder, lock))
            stack.callback(lock.unlink)  # while it is held
            if unfinished.exists():  # of a program that was killed
                shutil.rmtree(unfinished)
            unfinished.mkdir()
            stack.callback(shutil.rmtree, unfinished, ignore_errors=True)
        yield unfinished
        with explained(option, folder):
            _move_all(unfinished, folder)


@contextlib.contextmanager
def explained(option: str, path: Path) -> Iterator[None]:
    """Turn what the operating system says about a file into a sentence for the user.

    Raises:
        UserError: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f'{_place(option, path)} cannot be written ({reason})') from error


def unfinished_path(path: Path) -> Path:
    """Where a file is until it is complete; the suffix says its format to who writes it."""
    target = Path(os.path.realpath(path))
    return target.with_name(f'.{target.stem}.unfinished{target.suffix}')


@contextlib.contextmanager
def _unfinished(option: str, path: Path) -> Iterator[tuple[Path, int]]:
    unfinished = unfinished_path(path)
    with contextlib.ExitStack() as stack:
        with explained(option, path):
            _check_replaceable(path)
            unfinished.parent.mkdir(parents=True, exist_ok=True)
            descriptor = stack.enter_context(_locked(option, path, unfinished))
        try:
            yield unfinished, descriptor
        finally:
            # While it is locked: afterwards a file of this name would be another program's.
            if _is_file_of(descriptor, unfinished):
                unfinished.unlink()


@contextlib.contextmanager
def _locked(option: str, path: Path, file: Path) -> Iterator[int]:
    """Hold a file, which is made where it is missing, while `path` is written.

    The operating system lets go of it when the process ends, however that happens.
    """
    try:
        descriptor = _lock(file)
    except BlockingIOError as error:
        raise UserError(f'{_place(option, path)}: another program is writing there') from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _place(option: str, path: Path) -> str:
    return f'{option}: {path}' if option else str(path)


def _move_all(source: Path, target: Path) -> None:
    for entry in list(source.iterdir()):
        place = target / entry.name
        if place.is_dir() and not place.is_symlink():
            place.rename(source / f'{entry.name}.old')  # only a file is replaced by a rename
        entry.replace(place)


def _check_replaceable(path: Path) -> None:
    """A rename would also replace a file that its owner has made read-only."""
    with contextlib.suppress(FileNotFoundError):
        os.close(os.open(path, os.O_WRONLY))


def _lock(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise
        except OSError:
            pass  # a file system without locks
        # Its last holder may have renamed or removed it between the two lines.
        if _is_file_of(descriptor, path):
            return descriptor
        os.close(descriptor)


def _is_file_of(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False


def _is_stream(path: Path) -> bool:
    if str(path.absolute().parent) in _OPEN_FILES:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _identity(path: Path) -> tuple[int, int] | str:
    try:
        status = path.stat()
    except OSError:
        return os.path.realpath(path)
    return status.st_dev, status.st_ino
