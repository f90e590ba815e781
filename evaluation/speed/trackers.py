"""The trackers that the benchmark compares, and how a process is started for each.

Ours is measured once on every runtime that works here, and is then called as in RUNTIMES.
MediaPipe's two releases are `legacy` and `tasks`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import numpy as np

from evaluation.speed.mediapipe_environment import LEGACY, TASKS, prepare_mediapipe, write_task
from evaluation.speed.timed_tracker import TimedTracker
from hand_tracking_ros.tracking.errors import UserError

WORKER = Path(__file__).with_name('worker.py')
# Execution provider and precision of each.
RUNTIMES = {
    'cpu': ('cpu', 'fp32'),
    'openvino': ('openvino', 'fp32'),
    'openvino_bf16': ('openvino', 'bf16'),
    'cuda': ('cuda', 'fp32'),
    'tensorrt': ('tensorrt', 'fp32'),
    'auto': ('auto', 'fp32'),
}
# TensorRT only when it is asked for: it builds its engines for minutes.
MEASURED_RUNTIMES = ('cpu', 'openvino', 'openvino_bf16', 'cuda')
PEERS = ('legacy', 'tasks')
LABELS = {
    'cpu': 'ONNX Runtime',
    'openvino': 'OpenVINO',
    'openvino_bf16': 'OpenVINO bf16',
    'cuda': 'CUDA',
    'tensorrt': 'TensorRT',
    'auto': 'runtime chosen by auto',
    'legacy': f'mediapipe {LEGACY.version}',
    'tasks': f'mediapipe {TASKS.version}',
}
# Without a network of its own, as user and as root.
NO_NETWORK = ('unshare', '--user', '--map-root-user', '--net')


def label(name: str) -> str:
    """What a table calls a tracker."""
    return LABELS[name] if name in PEERS else f'ours, {LABELS[name]}'


class Trackers:
    """Starts trackers, each in a process and environment of its own.

    Args:
        folder: for files that live as long as the benchmark.
        model_complexity: 0: lite networks, 1: full networks.
        provider: the only runtime of ours to measure; None: all that work here.
    """

    def __init__(self, folder: Path, model_complexity: int, provider: str | None) -> None:
        self._folder = folder
        self._model_complexity = model_complexity
        self._provider = provider
        self.not_measured: dict[str, str] = {}

    @cached_property
    def runtimes(self) -> tuple[str, ...]:
        """Ours that work here; why others do not is in `not_measured`.

        Raises:
            UserError: the one that was asked for does not.
        """
        if self._provider:
            self._try(self._provider)
            return (self._provider,)
        working = []
        for runtime in MEASURED_RUNTIMES:
            try:
                self._try(runtime)
                working.append(runtime)
            except UserError as error:
                self.not_measured[runtime] = str(error)
        if not working:
            raise UserError(next(iter(self.not_measured.values())))
        return tuple(working)

    @property
    def names(self) -> tuple[str, ...]:
        """Ours on every runtime, then both of MediaPipe's."""
        return (*self.runtimes, *PEERS)

    @property
    def node_runtime(self) -> str:
        """For the node."""
        return self._provider or 'auto'

    def start(self, name: str, frames: Path, **options: float) -> TimedTracker:
        """Start a tracker: ours on a runtime, or a release of MediaPipe.

        Args:
            name: in RUNTIMES or PEERS.
            frames: what it is shown; see `worker.open_frames`.
            options: see `worker.DEFAULTS`; everything else is each tracker's own default.

        Raises:
            UserError: MediaPipe cannot be set up.
        """
        settings = {**options, 'model_complexity': self._model_complexity}
        if name == 'legacy':
            command = [self._legacy_python, '-I', WORKER, name]
        elif name == 'tasks':
            command = [*self._without_network, prepare_mediapipe(TASKS), '-I', WORKER, name]
            settings['task'] = str(self._task)
        else:
            command = [sys.executable, '-m', 'evaluation.speed.worker', 'ours']
            settings['execution_provider'], settings['precision'] = RUNTIMES[name]
        return TimedTracker(name, [*command, frames, json.dumps(settings)])

    def start_all(
        self, names: Sequence[str], frames: Path, stack: ExitStack, **options: float
    ) -> list[TimedTracker]:
        """Start several trackers, which end with the stack."""
        return [stack.enter_context(self.start(name, frames, **options)) for name in names]

    def _try(self, runtime: str) -> None:
        """Let it find nothing in a black picture.

        Raises:
            UserError: it does not work here, or another one would do its work.
        """
        black = self._folder / 'black.npy'
        np.save(black, np.zeros((1, 64, 64, 3), np.uint8))
        with self.start(runtime, black) as tracker:
            about = tracker.wait_until_ready()
            in_use = about['execution_provider']
            if runtime not in ('auto', in_use.replace(' ', '_')):
                raise UserError(about['warning'] or f'{runtime}: {in_use} works in its place')
            tracker.track(1)

    @cached_property
    def _legacy_python(self) -> Path:
        return prepare_mediapipe(LEGACY)

    @cached_property
    def _task(self) -> Path:
        _ = self._legacy_python  # its environment holds the networks
        path = self._folder / 'hand_landmarker.task'
        write_task(self._model_complexity, path)
        return path

    @cached_property
    def _without_network(self) -> tuple[str, ...]:
        """What to put before a command: this release tells its makers how it is used."""
        attempt = [*NO_NETWORK, 'true']
        if (
            shutil.which(NO_NETWORK[0])
            and not subprocess.run(attempt, capture_output=True).returncode
        ):
            return NO_NETWORK
        print(
            f'mediapipe {TASKS.version} tells its makers over the network how it is used, and '
            'this system does not let us start it without network (unshare)',
            file=sys.stderr,
        )
        return ()
