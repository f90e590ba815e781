"""Feed the nodes' own code with inputs that are damaged at random.

Serialized messages (Image, CompressedImage, CameraInfo, depth, HandArray) and media files are
mutated byte by byte and take the way that they take in the nodes: deserialized by rclpy, then
converted, placed, smoothed and made a message again. A finding is an exception that is not the
documented error, a crash, too much time or memory, or anything that is not finite in a result. Exit
status 1: there was one. The same seed gives the same inputs; one of them alone:

    make fuzz ARGS='--seed 0 --target CompressedImage --first 123 --messages 1'

Crashes of the deserialization itself (Fast CDR) are counted apart: our code has seen nothing yet.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import cv2
from tqdm import tqdm

from evaluation.faults.fuzz_process import (
    FINDING,
    MAX_MEMORY_MB,
    MAX_SECONDS,
    MIDDLEWARE,
    REFUSED,
    TAKEN,
    Batch,
    BatchResult,
    FuzzProcess,
    Target,
)
from evaluation.faults.fuzz_samples import Scene
from evaluation.faults.fuzz_targets import make_targets
from evaluation.results import machine_class
from hand_tracking_ros.command_line import positive_integer, run_program, write_json
from hand_tracking_ros.output_files import check_writable
from hand_tracking_ros.tracking.errors import UserError

BATCH = 250
MAX_FINDINGS_SHOWN = 20
OUTCOMES = (TAKEN, REFUSED, MIDDLEWARE, FINDING)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    options = _parser().parse_args(argv)
    return run_program(lambda: _fuzz(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='make fuzz', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--messages', type=positive_integer, default=100_000, help='100000')
    parser.add_argument('--seed', type=int, default=0, help='of everything random (0)')
    parser.add_argument('--jobs', type=positive_integer, default=2, help='processes at once (2)')
    parser.add_argument('--target', help='only this kind of input, such as CompressedImage')
    parser.add_argument('--first', type=int, default=0, help='number of the first input (0)')
    parser.add_argument('--json', type=Path, help='write all figures and findings to this file')
    return parser


def _fuzz(options: argparse.Namespace) -> None:
    if options.json:
        check_writable('--json', options.json)
    # As many threads as processes: numpy reads the variable when they start.
    os.environ['OPENBLAS_NUM_THREADS'] = '1'
    with tempfile.TemporaryDirectory(prefix='fuzz_') as scratch:
        figures, findings = _figures(
            partial(make_targets, Scene.simulated(), Path(scratch)), options
        )
    if options.json:
        write_json('--json', options.json, figures, indent=2)
    _print(figures)
    if findings:
        shown = findings[:MAX_FINDINGS_SHOWN]
        raise UserError('\n  '.join([f'{len(findings)} findings (target, number)', *shown]))


def _figures(
    make: Callable[[], Mapping[str, Target]], options: argparse.Namespace
) -> tuple[dict[str, Any], list[str]]:
    """What there is to say about a run, and its findings as text."""
    shares = {name: target.share for name, target in make().items()}
    if options.target:
        if options.target not in shares:
            raise UserError(f'--target {options.target}: expected one of {", ".join(shares)}')
        shares = {options.target: 1.0}
    started_s = time.monotonic()
    results = _run(make, options, shares)
    figures = {
        'date': time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime()),
        'machine': machine_class(),
        'opencv': cv2.__version__,
        'seed': options.seed,
        'inputs': sum(sum(result.counts.values()) for result in results.values()),
        'seconds': round(time.monotonic() - started_s),
        'targets': {name: _row(result) for name, result in results.items()},
    }
    findings = [
        f'{name} {number}: {what}'
        for name, result in results.items()
        for number, what in sorted(result.findings)
    ]
    return figures, findings


def _run(
    make: Callable[[], Mapping[str, Target]],
    options: argparse.Namespace,
    shares: Mapping[str, float],
) -> dict[str, BatchResult]:
    """Try all inputs; the results by target."""
    results = {name: BatchResult() for name in shares}
    batches = _batches(options.messages, options.first, shares)
    idle: SimpleQueue[FuzzProcess] = SimpleQueue()
    with contextlib.ExitStack() as stack:
        for _ in range(min(options.jobs, len(batches))):
            idle.put(stack.enter_context(contextlib.closing(FuzzProcess(make, options.seed))))

        def run(batch: Batch) -> tuple[str, BatchResult]:
            process = idle.get()
            try:
                return batch.target, process.run(batch)
            finally:
                idle.put(process)

        progress = stack.enter_context(tqdm(total=options.messages, unit=' inputs', desc='fuzz'))
        workers = stack.enter_context(ThreadPoolExecutor(options.jobs))
        for name, result in workers.map(run, batches):
            results[name].add(result)
            progress.update(sum(result.counts.values()))
            progress.set_postfix(findings=sum(len(each.findings) for each in results.values()))
    return results


def _batches(num_inputs: int, first: int, shares: Mapping[str, float]) -> list[Batch]:
    """All inputs in batches; the targets take turns."""
    batches, rest = [], num_inputs
    for place, (name, share) in enumerate(shares.items(), 1):
        count = rest if place == len(shares) else round(num_inputs * share)
        rest -= count
        starts = range(first, first + count, BATCH)
        batches += [Batch(name, start, min(BATCH, first + count - start)) for start in starts]
    return sorted(batches, key=lambda batch: batch.first)


def _row(result: BatchResult) -> dict[str, Any]:
    return {
        **{outcome: result.counts[outcome] for outcome in OUTCOMES},
        'middleware ended': result.middleware,
        'slowest_s': round(result.slowest_s, 2),
        'memory_mb': round(result.memory_mb),
        'what was found': sorted(result.findings),
    }


def _print(figures: Mapping[str, Any]) -> None:
    print(
        f'{figures["inputs"]} inputs, seed {figures["seed"]}, {figures["seconds"]} s, '
        f'{figures["date"]}; at most {MAX_SECONDS:g} s and {MAX_MEMORY_MB:g} MB for one'
    )
    print(f'| input | {" | ".join(OUTCOMES)} | slowest, s | memory, MB |')
    print(f'|---|{"---:|" * (len(OUTCOMES) + 2)}')
    for name, row in figures['targets'].items():
        numbers = [*(row[outcome] for outcome in OUTCOMES), row['slowest_s'], row['memory_mb']]
        print(f'| {name} | {" | ".join(map(str, numbers))} |')
        for number, what in row['middleware ended'][:MAX_FINDINGS_SHOWN]:
            print(f'  the middleware, {name} {number}: {what}')


if __name__ == '__main__':
    sys.exit(main())
