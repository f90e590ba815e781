"""The arguments of the launch files: their tables, and what is checked before anything starts.

launch itself ends on an error, but not the programs that it was about to start: all arguments are
checked before the first of them.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml
from launch.actions import DeclareLaunchArgument
from launch.logging import get_logger

from launch import LaunchContext, LaunchDescription

TRUE_OR_FALSE = ('true', 'false', 'True', 'False')
# What launch itself and launch_ros read from the command line.
LAUNCHS_OWN = (
    'emulate_tty',
    'launch-prefix',
    'launch-prefix-filter',
    'sigkill_timeout',
    'sigterm_timeout',
)


class Argument(NamedTuple):
    """An argument of a launch file; all values are text, as launch hands them over."""

    name: str
    default: str
    description: str
    choices: Sequence[str] | None = None


def declarations(arguments: Iterable[Argument]) -> list[DeclareLaunchArgument]:
    """The arguments as launch declares them."""
    return [
        DeclareLaunchArgument(name, default_value=default, description=text, choices=choices)
        for name, default, text, choices in arguments
    ]


def is_true(value: str) -> bool:
    """Return the truth of one of TRUE_OR_FALSE."""
    return value.lower() == 'true'


def enclave(program: str) -> tuple[str, str]:
    """What names the keys of a program under SROS2 (config/sros2/); without it nobody looks."""
    return '--enclave', f'/hand_tracking/{program}'


def checked_params_file(argument: str, value: str) -> str:
    """The path of a file of parameters.

    Raises:
        RuntimeError: there is none, or it is not one.
    """
    path = Path(os.path.expanduser(value))  # ~nobody stays as it is
    advice = 'give the YAML file with the parameters, or leave it out to get the defaults'
    if not path.is_file():
        raise RuntimeError(f"{argument} is '{path}', where no file is; {advice}")
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RuntimeError(f"{argument} is '{path}', which is not YAML ({error})") from error
    if not isinstance(content, dict):
        raise RuntimeError(
            f"{argument} is '{path}', which has no 'NODE: ros__parameters:' in it; {advice}"
        )
    return str(path)


def warn_of_unknown(
    context: LaunchContext, launch_file: str, description: LaunchDescription
) -> None:
    """Name arguments that were given to `ros2 launch` but do not exist: launch ignores them.

    Only where `ros2 launch` was told this very file: one that includes it has arguments of its own.
    """
    if launch_file not in (Path(word).name for word in sys.argv):
        return
    names = [argument.name for argument in description.get_launch_arguments()]
    for given in context.argv:
        name = given.partition(':=')[0]
        if name not in (*names, *LAUNCHS_OWN):
            guess = difflib.get_close_matches(name, names, 1)
            hint = f'; did you mean {guess[0]}?' if guess else f'; there are {", ".join(names)}'
            get_logger(launch_file).warning(f'There is no argument {name}{hint}')
