"""What all programs share: numbers from users, files of results, errors in one line."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hand_tracking_ros.output_files import explained, replacing
from hand_tracking_ros.tracking.errors import InternalError, UserError

EXIT_USER_ERROR = 1
EXIT_INTERNAL_ERROR = 70  # EX_SOFTWARE of sysexits.h; a restart may help
EXIT_INTERRUPTED = 130  # as shells report a program ended by SIGINT


def run_program(job: Callable[[], None]) -> int:
    """Do a program's job and return its exit status."""
    try:
        job()
    except UserError as error:
        print(f'error: {error}', file=sys.stderr)
        return EXIT_USER_ERROR
    except InternalError as error:
        print(f'error: {error}', file=sys.stderr)
        return EXIT_INTERNAL_ERROR
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0


def counted(count: int, noun: str) -> str:
    """Such as `1 frame`, `2 frames`."""
    return f'{count} {noun}{"" if count == 1 else "s"}'


def positive_integer(text: str) -> int:
    """An argument's `type` for argparse: 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'{text!r} is no whole number above 0')
    return int(text)


def positive_number(text: str) -> float:
    """An argument's `type` for argparse: finite, above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f'{text!r} is no number above 0')
    return number


def write_text(option: str, path: Path, text: str) -> None:
    """Write a text file in place of what was there, which stays if that fails; makes its folder.

    `option` is where the user named the file, such as '--readme'.

    Raises:
        UserError: it cannot be written.
    """
    with replacing(option, path) as unfinished, explained(option, path):
        unfinished.write_text(text, encoding='utf-8')


def write_json(option: str, path: Path, content: Any, indent: int | None = None) -> None:
    """Write results as JSON, as `write_text` does; `indent` spaces for each level, None: one line.

    Raises:
        UserError: the file cannot be written.
    """
    write_text(option, path, json.dumps(content, indent=indent) + '\n')
