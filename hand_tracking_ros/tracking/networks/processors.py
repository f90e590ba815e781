"""The processors that this program may use, and how many threads a network gets by default."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Set
from pathlib import Path

# More threads than this gain little: a network has about fifty small steps, and all threads meet
# after each of them.
MAX_THREADS = 4


def default_threads() -> int:
    """The default number of threads of a network: one for each core, at most MAX_THREADS."""
    return min(len(cores()), MAX_THREADS)


def cores() -> list[list[int]]:
    """The processors of each core that the calling thread may use."""
    if not hasattr(os, 'sched_getaffinity'):  # only Linux tells
        return [[processor] for processor in range(os.cpu_count() or 1)]
    processors: dict[str, list[int]] = {}
    for processor in sorted(os.sched_getaffinity(0)):
        topology = Path(f'/sys/devices/system/cpu/cpu{processor}/topology')
        try:
            core = (topology / 'thread_siblings_list').read_text()
        except OSError:  # a container that hides it
            core = str(processor)
        processors.setdefault(core, []).append(processor)
    return list(processors.values())


@contextlib.contextmanager
def kept_off(processors: Set[int]) -> Iterator[None]:
    """Keep the calling thread off some processors within the context, if it may use any other."""
    before = os.sched_getaffinity(0) if hasattr(os, 'sched_getaffinity') else frozenset()
    elsewhere = before - processors
    if not elsewhere or elsewhere == before:
        yield
        return
    # Forbidden in a sandbox, and in a container whose processors have just changed.
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, elsewhere)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, before)
