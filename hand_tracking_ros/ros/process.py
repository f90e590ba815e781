"""A ROS process with an orderly end, whatever tells it to end and whenever.

rclpy's own signal handlers shut the middleware down under whoever is using it, and what that
raises differs by place and distribution. Here SIGINT and SIGTERM raise KeyboardInterrupt in the
main thread, and the middleware goes last.
"""

from __future__ import annotations

import contextlib
import itertools
import signal
import threading
from collections.abc import Iterator, Sequence

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future

from hand_tracking_ros.tracking.errors import UserError


def own_arguments(arguments: Sequence[str]) -> list[str]:
    """The part of a command line that is the program's; ROS reads all from --ros-args on."""
    return list(itertools.takewhile(lambda argument: argument != '--ros-args', arguments))


@contextlib.contextmanager
def ros_process(arguments: Sequence[str]) -> Iterator[None]:
    """Use the middleware in the main thread until the block ends or a signal ends it.

    Args:
        arguments: the program's name and its command line.

    Raises:
        UserError: the ROS arguments are wrong.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        rclpy.init(args=list(arguments), signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:
        raise UserError(f'ROS arguments: {error}') from error
    try:
        yield
    except KeyboardInterrupt:
        pass  # the ordinary way to end a node
    finally:
        rclpy.get_default_context().try_shutdown()


@contextlib.contextmanager
def spinning(node: Node) -> Iterator[None]:
    """Serve the node's callbacks in another thread, so that the main thread can work."""
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    ended = Future()
    # Not executor.spin: shutting the executor down under it takes away what it waits for.
    thread = threading.Thread(target=executor.spin_until_future_complete, args=(ended,))
    thread.start()
    try:
        yield
    finally:
        ended.set_result(None)
        thread.join()
        executor.shutdown()
