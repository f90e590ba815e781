"""The process in which inputs are tried: one that crashes or hangs is noticed and replaced."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import random
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cv2

# Of one input. An image of max_image_pixels may take a second and most of a gigabyte.
MAX_SECONDS = 20.0
MAX_MEMORY_MB = 1500.0
# No input gets more: the machine is not ours alone.
ADDRESS_SPACE_MB = 12_000
# The middleware's part and ours.
READING, USING = 0, 1
MIDDLEWARE = 'refused by the middleware'
TAKEN, REFUSED, FINDING = 'taken', 'refused', 'findings'

_spawn = multiprocessing.get_context('spawn')


@dataclass(frozen=True)
class Target:
    """A kind of input.

    Attributes:
        share: of all inputs.
        make: a bad input.
        read: bytes to what `use` takes; the middleware's part.
        use: our part.
        refusals: the documented errors.
    """

    share: float
    make: Callable[[random.Random], bytes]
    read: Callable[[bytes], Any]
    use: Callable[[Any], None]
    refusals: tuple[type[Exception], ...]


@dataclass(frozen=True)
class Batch:
    """Inputs of one target, by their numbers."""

    target: str
    first: int
    count: int


@dataclass
class BatchResult:
    """What became of a batch.

    Attributes:
        counts: of the inputs by outcome.
        findings: the number of each and what it did.
        middleware: the same of crashes and hangs before our code saw anything.
        slowest_s: of one input, in our code.
        memory_mb: what the process grew by, at most.
    """

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[int, str]] = field(default_factory=list)
    middleware: list[tuple[int, str]] = field(default_factory=list)
    slowest_s: float = 0.0
    memory_mb: float = 0.0

    def add(self, other: BatchResult) -> None:
        """Take in another one's."""
        self.counts += other.counts
        self.findings += other.findings
        self.middleware += other.middleware
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.memory_mb = max(self.memory_mb, other.memory_mb)


class FuzzProcess:
    """Tries batches in a process of its own.

    Args:
        make_targets: what it calls to have all targets by name; pickled to get there.
        seed: of the mutations.
        max_seconds, max_memory_mb: that one input may take.
    """

    def __init__(
        self,
        make_targets: Callable[[], Mapping[str, Target]],
        seed: int,
        max_seconds: float = MAX_SECONDS,
        max_memory_mb: float = MAX_MEMORY_MB,
    ) -> None:
        self._arguments = make_targets, seed, max_memory_mb
        self._max_seconds = max_seconds
        # The number of the input in work, its stage, and when it began, ns.
        self._at = _spawn.RawArray(ctypes.c_int64, 3)
        self._start()

    def _start(self) -> None:
        self._pipe, theirs = _spawn.Pipe()
        self._process = _spawn.Process(
            target=_serve, args=(theirs, self._at, *self._arguments), daemon=True
        )
        self._process.start()
        theirs.close()

    def run(self, batch: Batch) -> BatchResult:
        """Try a batch, whatever happens to the process."""
        result, first, end = BatchResult(), batch.first, batch.first + batch.count
        while first < end:
            self._at[0], self._at[2] = -1, 0
            self._pipe.send(Batch(batch.target, first, end - first))
            answer = self._answer()
            if isinstance(answer, BatchResult):
                result.add(answer)
                # A process whose memory has grown cannot tell what the next input takes.
                first += sum(answer.counts.values())
                if first < end:
                    self._replace()
                continue
            number, stage, _ = self._at
            if number < first:
                raise RuntimeError(f'the process that tries inputs does not start: {answer}')
            # What it had counted before is lost with it: those inputs are tried again.
            self._replace()
            result.counts[MIDDLEWARE if stage == READING else FINDING] += 1
            (result.middleware if stage == READING else result.findings).append((number, answer))
            if number > first:
                result.add(self.run(Batch(batch.target, first, number - first)))
            first = number + 1
        return result

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def _replace(self) -> None:
        self.close()
        self._start()

    def _answer(self) -> BatchResult | str:
        """The result of a batch, or what happened to the process."""
        try:
            while not self._pipe.poll(0.2):
                started_s = self._at[2] / 1e9
                if started_s and time.monotonic() - started_s > self._max_seconds:
                    return f'took more than {self._max_seconds:g} s'
            return self._pipe.recv()
        except (EOFError, ConnectionResetError):
            self._process.join()
            code = self._process.exitcode or 0
            how = signal.Signals(-code).name if code < 0 else f'exit status {code}'
            return f'the process ended: {how}'


def _serve(
    pipe: Connection,
    at: Any,
    make_targets: Callable[[], Mapping[str, Target]],
    seed: int,
    max_memory_mb: float,
) -> None:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    limit = ADDRESS_SPACE_MB * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    cv2.setNumThreads(1)  # as in the node
    targets = make_targets()
    for batch in _batches(pipe):
        pipe.send(_try_batch(targets[batch.target], batch, at, seed, max_memory_mb))


def _batches(pipe: Connection) -> Iterator[Batch]:
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            yield pipe.recv()


def _try_batch(
    target: Target, batch: Batch, at: Any, seed: int, max_memory_mb: float
) -> BatchResult:
    """Try inputs until all are done or one has taken too much memory."""
    result, before_mb = BatchResult(), _peak_mb()
    for number in range(batch.first, batch.first + batch.count):
        chance = random.Random(f'{seed} {batch.target} {number}')
        data = target.make(chance)
        at[0], at[1], at[2] = number, READING, time.monotonic_ns()
        outcome, problem, took_s = _try_one(target, data, at)
        at[2] = 0
        result.counts[outcome] += 1
        result.slowest_s = max(result.slowest_s, took_s)
        result.memory_mb = _peak_mb() - before_mb
        if result.memory_mb > max_memory_mb and outcome != MIDDLEWARE:
            result.counts[outcome] -= 1
            result.counts[FINDING] += 1
            problem = f'took {result.memory_mb:.0f} MB'
        if problem:
            result.findings.append((number, problem))
        if result.memory_mb > max_memory_mb / 2:
            break
    return result


def _try_one(target: Target, data: bytes, at: Any) -> tuple[str, str, float]:
    """What became of an input, what is wrong with that, and how long our code took, s."""
    try:
        value = target.read(data)
    except Exception:  # the middleware's, which says no more than that it could not
        return MIDDLEWARE, '', 0.0
    at[1], started_s = USING, time.monotonic()
    try:
        target.use(value)
        outcome, problem = TAKEN, ''
    except target.refusals:
        outcome, problem = REFUSED, ''
    except Exception as error:
        outcome, problem = FINDING, f'{type(error).__name__}: {str(error)[:200]}'
    return outcome, problem, time.monotonic() - started_s


def _peak_mb() -> float:
    """The most memory that this process has had; getrusage would tell the parent's too."""
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith('VmHWM:'):
            return int(line.split()[1]) / 1024
    return 0.0
