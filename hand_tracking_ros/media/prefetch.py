"""Work done ahead in a thread of its own, so that its results are there when they are due."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar('Item')

_END = object()


def prefetch(items: Iterable[Item], depth: int) -> Iterator[Item]:
    """Yield the items in order, while a thread already works on the next ones.

    An exception in the thread is raised here, in its place among the items. The thread ends when
    the items do, or when this generator is closed.

    Args:
        items: iterated in the thread.
        depth: how many items may wait.
    """
    ready: queue.Queue = queue.Queue(depth)
    closed = threading.Event()
    worker = threading.Thread(target=_fill, args=(items, ready, closed), daemon=True)
    worker.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        closed.set()
        # The thread may be waiting for a place; it looks at `closed` once it gets one.
        while worker.is_alive():
            try:
                ready.get(timeout=0.01)
            except queue.Empty:
                continue


def _fill(items: Iterable[Item], ready: queue.Queue, closed: threading.Event) -> None:
    try:
        for item in items:
            ready.put((item, None))
            if closed.is_set():
                return
        ready.put((_END, None))
    except BaseException as error:  # whatever it is, it belongs to whoever iterates
        ready.put((None, error))
