"""A ROS process: its command line, and an orderly end when a signal comes or the node fails.

rclpy's own signal handlers shut the middleware down while it is in use, and what that raises
differs by place and distribution. Here SIGINT and SIGTERM raise KeyboardInterrupt in the main
thread, and the middleware goes last.
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
import traceback
from collections.abc import Iterator, Sequence
from typing import Any

import rclpy
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from hand_tracking_ros.signals import StopRequest
from hand_tracking_ros.tracking.errors import InternalError, UserError, first_line

# A terminal and `ros2 launch` both pass one Ctrl-C on.
SAME_INTERRUPT_S = 1.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)


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
    # ROS reads all from --ros-args on.
    own = list(itertools.takewhile(lambda argument: argument != '--ros-args', arguments))
    return parser.parse_args(own), [name, *arguments]


@contextlib.contextmanager
def ros_process(arguments: Sequence[str]) -> Iterator[None]:
    """Use the middleware in the main thread until the block ends or a signal ends it.

    `arguments` are the program's name and its command line. The process ends after the block: it
    ignores further signals.

    Raises:
        UserError: the ROS arguments are wrong, or the middleware refuses a node or a topic.
        InternalError: the block raised something else; the log has it.
    """
    _handle_signals(_Interrupt())
    try:
        _init(arguments)
        yield
    except KeyboardInterrupt:
        pass  # the ordinary way to end a node
    except (UserError, InternalError):
        raise
    except Exception as error:
        if isinstance(error, rclpy_implementation.RCLError) and 'creat' in str(error):
            # The middleware refuses a node or a topic: it lacks keys, rights, memory or a network.
            raise UserError(f'ROS: {error}. About keys and rights: docs/security.md') from error
        raise internal_error(arguments[0] if arguments else 'node', error) from error
    finally:
        _handle_signals(signal.SIG_IGN)  # it is ending
        rclpy.get_default_context().try_shutdown()


def _init(arguments: Sequence[str]) -> None:
    try:
        rclpy.init(args=list(arguments), signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:
        raise UserError(f'ROS arguments: {error}') from error


def internal_error(logger_name: str, error: Exception) -> InternalError:
    """Log an error that nobody expected, with all that a report about it needs."""
    text = ''.join(traceback.format_exception(type(error), error, error.__traceback__))
    rclpy.logging.get_logger(logger_name).error(f'Internal error, please report it:\n{text}')
    return InternalError(
        f'internal error ({type(error).__name__}: {first_line(error)}); see the log'
    )


def _handle_signals(handler: Any) -> None:
    for number in SIGNALS:
        signal.signal(number, handler)


class _Interrupt:
    """A signal handler that raises KeyboardInterrupt, once for signals that come together."""

    def __init__(self) -> None:
        self._last_s = -math.inf

    def __call__(self, _number, _frame) -> None:
        now_s = time.monotonic()
        is_repeated = now_s - self._last_s < SAME_INTERRUPT_S
        self._last_s = now_s
        if not is_repeated:
            raise KeyboardInterrupt


@contextlib.contextmanager
def stop_on_signal() -> Iterator[StopRequest]:
    """Turn the first Ctrl-C (or SIGTERM) into a request; a second one interrupts as usual."""
    stop = StopRequest()

    def request(signal_number, frame):
        if stop.is_set():
            signal.default_int_handler(signal_number, frame)
        stop.set()

    previous = {number: signal.signal(number, request) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def spinning(node: Node) -> Iterator[None]:
    """Serve the node's callbacks in another thread, so that the main thread can work.

    Raises:
        InternalError: a callback raised. The block is interrupted as by a signal: a node that
            serves nothing any more would look alive.
    """
    callbacks = _CallbackThread(node)
    try:
        with _signals_held():
            callbacks.start()
        yield
    finally:
        callbacks.stop()
        if callbacks.failure is not None:
            raise callbacks.failure


class _CallbackThread:
    """Runs an executor until told to stop, or until a callback raises.

    Attributes:
        failure: what a callback raised.
    """

    def __init__(self, node: Node) -> None:
        self.failure: InternalError | None = None
        self._node = node
        self._is_stopping = False
        self._executor = SingleThreadedExecutor()
        # Its callback wakes the executor for the last time. In a group of its own: it has to be
        # served while another callback waits.
        self._wake = node.create_guard_condition(lambda: None, ReentrantCallbackGroup())
        self._executor.add_node(node)
        self._thread = threading.Thread(target=self._run, name='callbacks')

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_stopping = True
        self._wake.trigger()
        if self._thread.ident is not None:
            self._thread.join()
        self._executor.shutdown()

    def _run(self) -> None:
        # Not executor.spin: shutting the executor down under it takes away what it waits for. Not
        # spin_until_future_complete: its future remembers every callback (rclpy 7.1).
        try:
            while not self._is_stopping:
                self._executor.spin_once()
        except Exception as error:
            self.failure = internal_error(self._node.get_name(), error)
            if not self._is_stopping:
                signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Hold signals back until the block ends, also from the threads that it starts."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
