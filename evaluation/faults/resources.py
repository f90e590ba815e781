"""What a process takes of the machine: memory, threads, handles, processor."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CLOCK_TICK_S = 1.0 / os.sysconf('SC_CLK_TCK')
SHARED_MEMORY = Path('/dev/shm')
# Fast DDS's segments, up to Jazzy and from Kilted on.
SEGMENT_PATTERNS = ('fastrtps_*', 'fastdds_*')
KIB_IN_MB = 1024 / 1e6


@dataclass(frozen=True)
class Resources:
    """What a process takes at one moment; memory in MB (10^6 bytes).

    Attributes:
        pss_mb: resident; of pages that it shares, its share.
        rss_mb: resident, with shared pages in full.
        uss_mb: resident, its own pages only. What it has touched so far of its shared memory for
            Fast DDS is among them; the whole of that is reserved at the start.
        anonymous_mb: what it has allocated.
        threads: of the process.
        handles: open file descriptors.
        processor_s: time of all threads so far.
    """

    pss_mb: float
    rss_mb: float
    uss_mb: float
    anonymous_mb: float
    threads: int
    handles: int
    processor_s: float


def resources(pid: int) -> Resources:
    """What a process takes now.

    Raises:
        OSError: there is no such process.
    """
    folder = Path('/proc', str(pid))
    lines = (folder / 'smaps_rollup').read_text().splitlines()[1:]
    kib = {name: int(value.split()[0]) for name, value in (line.split(':', 1) for line in lines)}
    user, system = (folder / 'stat').read_text().rpartition(')')[2].split()[11:13]
    return Resources(
        pss_mb=kib['Pss'] * KIB_IN_MB,
        rss_mb=kib['Rss'] * KIB_IN_MB,
        uss_mb=(kib['Private_Clean'] + kib['Private_Dirty']) * KIB_IN_MB,
        anonymous_mb=kib['Anonymous'] * KIB_IN_MB,
        threads=len(list((folder / 'task').iterdir())),
        handles=len(list((folder / 'fd').iterdir())),
        processor_s=(int(user) + int(system)) * CLOCK_TICK_S,
    )


def shared_memory_files() -> set[str]:
    """Fast DDS's files in shared memory, of all processes of the machine."""
    return {path.name for pattern in SEGMENT_PATTERNS for path in SHARED_MEMORY.glob(pattern)}
