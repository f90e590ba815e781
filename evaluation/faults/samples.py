"""What hand_tracker takes of the machine over time, and whether that grows."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.faults.resources import Resources, resources, shared_memory_files

# Memory may grow by this share after the first minutes; promised of runs that are long enough.
MAX_GROWTH, SETTLED_S, LONG_RUN_S = 0.05, 300.0, 900.0


@dataclass(frozen=True)
class Sample:
    """The state of a process at one moment.

    Attributes:
        at_s: since the start.
        taken: of the machine.
        shared_memory_files: of Fast DDS, of all processes of the machine.
        processor_percent: of one core, since the last sample.
        latency_median_ms, latency_p95_ms: from image sent to hands published, since then; None
            without hands.
    """

    at_s: float
    taken: Resources
    shared_memory_files: int
    processor_percent: float
    latency_median_ms: float | None
    latency_p95_ms: float | None


class Sampler:
    """Takes samples of a process.

    Attributes:
        samples: so far.
    """

    def __init__(self, pid: int) -> None:
        self.samples: list[Sample] = []
        self._pid = pid
        self._started_s = self._sampled_s = time.monotonic()
        self._processor_s = resources(pid).processor_s

    @property
    def since_last_s(self) -> float:
        """Time since the last sample."""
        return time.monotonic() - self._sampled_s

    def take(self, latencies_s: Sequence[float]) -> Sample:
        """Take one; `latencies_s` are those since the last."""
        taken, passed_s = resources(self._pid), self.since_last_s
        self._sampled_s += passed_s
        busy_s, self._processor_s = taken.processor_s - self._processor_s, taken.processor_s
        median_s, p95_s = np.quantile(latencies_s, (0.5, 0.95)) if latencies_s else (None, None)
        self.samples.append(
            Sample(
                at_s=round(self._sampled_s - self._started_s, 1),
                taken=taken,
                shared_memory_files=len(shared_memory_files()),
                processor_percent=round(100 * busy_s / passed_s, 1),
                latency_median_ms=None if median_s is None else round(1000 * median_s, 1),
                latency_p95_ms=None if p95_s is None else round(1000 * p95_s, 1),
            )
        )
        return self.samples[-1]


def growth(samples: Sequence[Sample]) -> tuple[float, float] | None:
    """Allocated memory, MB, after the first minutes and at the end; None if too short.

    It goes up and down with the parameters, so that the medians of the first and of the last
    quarter of the rest are compared.
    """
    settled = [sample for sample in samples if sample.at_s >= SETTLED_S]
    if not settled or settled[-1].at_s < LONG_RUN_S:
        return None
    quarter = len(settled) // 4
    before_mb, after_mb = (
        statistics.median(sample.taken.anonymous_mb for sample in part)
        for part in (settled[:quarter], settled[-quarter:])
    )
    return before_mb, after_mb
