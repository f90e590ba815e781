"""The processors that this program may use, for runtimes that leave their threads to us."""

from __future__ import annotations

import os
from pathlib import Path

# More threads than this gain little: a network has about fifty small steps, and all threads meet
# after each of them.
MAX_THREADS = 4


def default_threads() -> int:
    """How many threads a network has if nobody says: one for each core, at most MAX_THREADS."""
    return min(len(cores()), MAX_THREADS)


def cores() -> list[int]:
    """One processor of each core that this process may use."""
    if not hasattr(os, 'sched_getaffinity'):  # only Linux tells
        return list(range(os.cpu_count() or 1))
    first_processors: dict[str, int] = {}
    for processor in sorted(os.sched_getaffinity(0)):
        topology = Path(f'/sys/devices/system/cpu/cpu{processor}/topology')
        try:
            core = (topology / 'thread_siblings_list').read_text()
        except OSError:  # a container that hides it
            core = str(processor)
        first_processors.setdefault(core, processor)
    return list(first_processors.values())
