"""A ROS process with an orderly end, whatever tells it to end and whenever.

rclpy's own signal handlers shut the middleware down under whoever is using it, and what that
raises differs by place and distribution. Here SIGINT and SIGTERM raise KeyboardInterrupt in the
main thread, and the middleware goes last.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import math
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future

from hand_tracking_ros.tracking.errors import UserError

# A terminal and `ros2 launch` both pass Ctrl-C on: that is one wish to end, said twice.
SAME_WISH_S = 1.0


def node_arguments(
    name: str, argv: Sequence[str] | None, description: str, **positional: str
) -> tuple[argparse.Namespace, list[str]]:
    """Read a node's command line.

    Args:
        name: of the program.
        argv: None: the command line of this process.
        description: for --help, with topics and parameters.
        positional: help text of each optional argument before --ros-args, by its name.

    Returns:
        The program's own arguments; and all of them, after the name, as rclpy wants them.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    shown = ''.join(f' [{word.upper()}]' for word in positional)
    parser = argparse.ArgumentParser(
        prog=name,
        usage=f'{name} [-h]{shown} [--ros-args -p NAME:=VALUE -r FROM:=TO ...]',
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for word, text in positional.items():
        parser.add_argument(word, nargs='?', metavar=word.upper(), help=text)
    return parser.parse_args(own_arguments(arguments)), [name, *arguments]


def own_arguments(arguments: Sequence[str]) -> list[str]:
    """The part of a command line that is the program's; ROS reads all from --ros-args on."""
    return list(itertools.takewhile(lambda argument: argument != '--ros-args', arguments))


@contextlib.contextmanager
def ros_process(arguments: Sequence[str]) -> Iterator[None]:
    """Use the middleware in the main thread until the block ends or a signal ends it.

    The process is to end then: whatever signals come afterwards are ignored.

    Args:
        arguments: the program's name and its command line.

    Raises:
        UserError: the ROS arguments are wrong.
    """
    interrupt = _Interrupt()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    try:
        rclpy.init(args=list(arguments), signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:
        raise UserError(f'ROS arguments: {error}') from error
    try:
        yield
    except KeyboardInterrupt:
        pass  # the ordinary way to end a node
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # it is ending
        rclpy.get_default_context().try_shutdown()


class _Interrupt:
    """A signal handler that raises KeyboardInterrupt, once for each wish to end."""

    def __init__(self) -> None:
        self._last_s = -math.inf

    def __call__(self, _number, _frame) -> None:
        now_s = time.monotonic()
        is_said_again = now_s - self._last_s < SAME_WISH_S
        self._last_s = now_s
        if not is_said_again:
            raise KeyboardInterrupt


@contextlib.contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C (or SIGTERM) into an event; a second one interrupts as usual."""
    stop = threading.Event()

    def request(signal_number, frame):
        if stop.is_set():
            signal.default_int_handler(signal_number, frame)
        stop.set()

    numbers = (signal.SIGINT, signal.SIGTERM)
    previous = [signal.signal(number, request) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, previous, strict=True):
            signal.signal(number, handler)


@contextlib.contextmanager
def spinning(node: Node) -> Iterator[None]:
    """Serve the node's callbacks in another thread, so that the main thread can work."""
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    ended = Future()
    # Not executor.spin: shutting the executor down under it takes away what it waits for.
    thread = threading.Thread(target=executor.spin_until_future_complete, args=(ended,))
    try:
        with _signals_held():
            thread.start()
        yield
    finally:
        ended.set_result(None)
        if thread.ident is not None:
            thread.join()
        executor.shutdown()


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Let no signal come in between; those that come meanwhile come afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
