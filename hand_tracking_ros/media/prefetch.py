"""Work done ahead in a thread of its own, so that its results are there when they are due."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
    iterator = iter(items)
    worker = ThreadPoolExecutor(1)
    try:
        # One more than may wait is in the works.
        ahead = deque(worker.submit(next, iterator, _END) for _ in range(depth + 1))
        while (item := ahead.popleft().result()) is not _END:
            ahead.append(worker.submit(next, iterator, _END))
            yield item
    finally:
        worker.shutdown(cancel_futures=True)
