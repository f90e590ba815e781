"""The programs of this package: the only place that knows which module each of them is.

    ros2 run hand_tracking_ros NAME ...
    python3 -m hand_tracking_ros NAME ...

CMakeLists.txt and setup.py read the table too, so that each program is installed under its name.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hand_tracking_ros.preflight import explained_imports
from hand_tracking_ros.version import VERSION

# One line for each program: CMakeLists.txt takes the names from here.
PROGRAMS = {
    'demo': 'hand_tracking_ros.demo.demo',
    'hand_teleop': 'hand_tracking_ros.teleop.hand_teleop_node',
    'hand_tracker': 'hand_tracking_ros.ros.hand_tracker_node',
    'prepare_models': 'hand_tracking_ros.model_conversion.prepare_models',
    'process_media': 'hand_tracking_ros.offline.process_media',
    'simulated_camera': 'hand_tracking_ros.cameras.simulated_camera',
    'video_publisher': 'hand_tracking_ros.cameras.video_publisher',
}
# For these a signal is the ordinary end.
NODES = ('hand_teleop', 'hand_tracker', 'simulated_camera', 'video_publisher')


def run(name: str, arguments: Sequence[str] | None = None) -> int:
    """Run a program and return its exit status; None: with the arguments of the command line."""
    if '--version' in (sys.argv[1:] if arguments is None else arguments):
        print(f'{name} {VERSION}')
        return 0
    with _signals_end_the_process(name):
        with explained_imports():
            program = importlib.import_module(PROGRAMS[name])
        if name in NODES:
            return program.main(arguments)  # it takes over the signals
    return program.main(arguments)


def run_as_called() -> int:
    """Run the program that this process was started as: pip installs one script for each."""
    return run(Path(sys.argv[0]).stem)


@contextmanager
def _signals_end_the_process(name: str) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the process at once, without a traceback.

    For the second that imports take: nothing has begun that would have to be ended in order.
    """

    def end(number: int, _frame: Any) -> None:
        os._exit(0 if name in NODES else 128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) == end:  # else the program has handlers of its own
                signal.signal(number, handler)


def main() -> int:
    """Run the program that the first argument names."""
    if len(sys.argv) > 1 and sys.argv[1] in PROGRAMS:
        return run(sys.argv[1], sys.argv[2:])
    if sys.argv[1:] == ['--version']:
        print(f'hand_tracking_ros {VERSION}')
        return 0
    print(f'usage: python3 -m hand_tracking_ros {{{",".join(PROGRAMS)}}} ...', file=sys.stderr)
    return 0 if sys.argv[1:] in (['-h'], ['--help']) else 2
