"""How a launch ends when one of its programs does."""

from __future__ import annotations

import signal

from launch.events.process import ProcessExited

from launch import LaunchContext

# How a program ends that did what it was told, Ctrl-C included.
CLEAN_EXIT_CODES = (0, -signal.SIGINT, 128 + signal.SIGINT)


def stop_if_failed(event: ProcessExited, context: LaunchContext) -> None:
    """End the whole launch, and let its exit code say so, when one of its programs fails.

    Raises:
        RuntimeError: it did; `ros2 launch` prints the text and exits with 1.
    """
    if event.returncode not in CLEAN_EXIT_CODES and not context.is_shutdown:
        raise RuntimeError(
            f'{event.process_name} failed with exit code {event.returncode}; its error is above'
        )
