"""What a launch does when one of its programs ends."""

from __future__ import annotations

import signal
from typing import Any

from launch.actions import LogInfo, TimerAction
from launch.events.process import ProcessExited
from launch_ros.actions import Node

from launch import LaunchContext, LaunchDescriptionEntity

# How a program ends that did what it was told, Ctrl-C included.
CLEAN_EXIT_CODES = (0, -signal.SIGINT, 128 + signal.SIGINT)
# Long enough for a fault that lasts to leave the log readable.
RESPAWN_DELAY_S = 2.0


def guarded_node(respawn: bool, **arguments: Any) -> Node:
    """A node whose failure does not pass unnoticed.

    Args:
        respawn: it is started again when it fails; otherwise the whole launch ends.
        arguments: of launch_ros' Node. Its own `respawn` also restarts what has ended as it should.
    """

    def start_again(
        event: ProcessExited, context: LaunchContext
    ) -> list[LaunchDescriptionEntity] | None:
        if not _has_failed(event, context):
            return None
        again = guarded_node(respawn, **arguments)
        return [
            LogInfo(msg=f'{failure(event)}; starts again in {RESPAWN_DELAY_S:g} s'),
            TimerAction(period=RESPAWN_DELAY_S, actions=[again]),
        ]

    return Node(**arguments, on_exit=start_again if respawn else stop_if_failed)


def stop_if_failed(event: ProcessExited, context: LaunchContext) -> None:
    """End the whole launch, and let its exit code say so, when one of its programs fails.

    Raises:
        RuntimeError: it did; `ros2 launch` prints the text and exits with 1.
    """
    if _has_failed(event, context):
        raise RuntimeError(failure(event))


def failure(event: ProcessExited) -> str:
    """How a program failed, in words."""
    if event.returncode < 0:
        return f'{event.process_name} was ended by {signal.Signals(-event.returncode).name}'
    return f'{event.process_name} failed with exit code {event.returncode}'


def _has_failed(event: ProcessExited, context: LaunchContext) -> bool:
    return event.returncode not in CLEAN_EXIT_CODES and not context.is_shutdown
