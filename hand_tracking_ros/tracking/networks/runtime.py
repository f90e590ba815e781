"""What the networks run on, and what happens when that fails: the CPU goes on, with one warning.

Each runtime has a small session class of its own (`gpu_session`, `openvino_session`); this
module chooses between them. Nothing else in the package knows a runtime.
"""

from __future__ import annotations

import importlib.util
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from hand_tracking_ros.tracking.errors import ModelError, UserError
from hand_tracking_ros.tracking.networks import gpu_session

# What the option `execution_provider` may say beside `auto`.
EXECUTION_PROVIDERS = ('tensorrt', 'cuda', 'openvino', 'cpu')
PRECISIONS = ('fp32', 'bf16')
# What is tried, in this order, where the first one asked for does not start or fails.
_FALLBACKS = {
    'tensorrt': ('tensorrt', 'cuda', 'cpu'),
    'cuda': ('cuda', 'cpu'),
    'openvino': ('openvino', 'cpu'),
    'cpu': ('cpu',),
}


class Session(Protocol):
    """A network loaded by one runtime.

    Attributes:
        provider: what it really runs on: one of EXECUTION_PROVIDERS, and the precision where that
            is not fp32.
    """

    provider: str

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        """Run the network.

        Args:
            batch: (N, 3, S, S) float32, contiguous.

        Returns:
            The outputs in the order of the model file, each with N rows.
        """


class InferenceSession(Protocol):
    """A network that can be run, whatever it runs on."""

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        """As Session.run; never fails because a GPU does."""


@dataclass(frozen=True)
class RuntimeOptions:
    """What to run the networks on.

    Attributes:
        execution_provider: one of EXECUTION_PROVIDERS, or `auto`: CUDA where the ONNX Runtime
            installed has it; else OpenVINO where bf16 is wanted and OpenVINO is installed; else
            ONNX Runtime's CPU kernels, which are as fast as OpenVINO's in fp32.
        num_threads: CPU threads; 0 is one for each core, at most four.
        device_id: which GPU.
        precision: fp32, or bf16: OpenVINO only, on processors that have it. A third faster;
            landmarks move by 0.2 pixels of the image in the median, one in twenty by more than
            1.2, and are no more restless.
    """

    execution_provider: str = 'auto'
    num_threads: int = 0
    device_id: int = 0
    precision: str = 'fp32'

    def candidates(self) -> list[str]:
        """The execution providers to try, best first.

        Raises:
            UserError: the execution provider or the precision is unknown.
        """
        choices = ('auto', *EXECUTION_PROVIDERS)
        for name, value, known in (
            ('execution_provider', self.execution_provider, choices),
            ('precision', self.precision, PRECISIONS),
        ):
            if value not in known:
                raise UserError(f'{name}: {value!r} is not one of {", ".join(known)}.')
        if self.execution_provider != 'auto':
            return list(_FALLBACKS[self.execution_provider])
        candidates = ['cuda'] if gpu_session.is_built_for('cuda') else []
        if self.precision == 'bf16' and importlib.util.find_spec('openvino'):
            candidates.append('openvino')
        return [*candidates, 'cpu']


class Runtime:
    """All networks of a tracker, on the same execution provider.

    Where that provider does not start, or fails while a network runs, all networks move to the
    next one, and the batch at hand is run there. Any number of threads may run networks.

    Args:
        paths: the .onnx files.
        options: what to run them on.
        warn: told in one sentence what failed and what is used instead; None: warnings.warn.

    Attributes:
        warning: what `warn` was told last; empty while all is as asked for.

    Raises:
        ModelError: a file is not a network that can be loaded.
        UserError: an option is unknown.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        options: RuntimeOptions | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        self.warning = ''
        self._paths = list(paths)
        self._options = options or RuntimeOptions()
        self._warn = warn or partial(warnings.warn, category=RuntimeWarning, stacklevel=2)
        self._candidates = self._options.candidates()
        self._lock = threading.Lock()
        self._failed: list[list[Session]] = []
        self._sessions: list[Session] = []
        self._start(failures=[])

    @property
    def provider(self) -> str:
        """What the networks really run on."""
        return self._sessions[0].provider

    @property
    def networks(self) -> list[InferenceSession]:
        """The networks, in the order of their files."""
        return [_Network(self, index) for index in range(len(self._paths))]

    def run(self, index: int, batch: np.ndarray) -> list[np.ndarray]:
        """Run one network, on the next execution provider if this one fails."""
        while True:
            sessions = self._sessions
            try:
                return sessions[index].run(batch)
            except Exception as error:  # each runtime has exceptions of its own
                self._replace(sessions, error)

    def _replace(self, sessions: list[Session], error: Exception) -> None:
        """Move to the next execution provider, unless another thread just did."""
        with self._lock:
            if self._sessions is not sessions:
                return
            if len(self._candidates) == 1:
                raise error
            # Kept, because freeing them needs the device that has just failed.
            self._failed.append(sessions)
            self._start([f'{self._candidates.pop(0)} failed while running ({_sentence(error)})'])

    def _start(self, failures: list[str]) -> None:
        """Load all networks on the first candidate that starts, and say what did not."""
        while True:
            try:
                self._sessions = [self._open(path) for path in self._paths]
                break
            except ModelError:
                raise
            except Exception as error:  # each runtime has exceptions of its own
                if len(self._candidates) == 1:
                    raise
                failures.append(f'{self._candidates.pop(0)} does not start ({_sentence(error)})')
        if self._options.precision not in ('fp32', *self.provider.split()):
            failures.append(f'{self._options.precision} is not to be had here')
        if failures:
            self.warning = f'{"; ".join(failures)}: the networks run on {self.provider} instead.'
            self._warn(self.warning)

    def _open(self, path: Path) -> Session:
        """Load one network on the best candidate."""
        provider, options = self._candidates[0], self._options
        if provider == 'openvino':
            # Here, because OpenVINO is optional and takes a while to import.
            from hand_tracking_ros.tracking.networks.openvino_session import OpenVinoSession

            return OpenVinoSession(path, options.num_threads, options.precision)
        if provider == 'cpu':
            return gpu_session.CpuSession(path, options.num_threads)
        return gpu_session.GpuSession(path, provider, options.device_id)


class _Network:
    """One network of a Runtime."""

    def __init__(self, runtime: Runtime, index: int) -> None:
        self._runtime = runtime
        self._index = index

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        return self._runtime.run(self._index, batch)


def _sentence(error: Exception) -> str:
    """The first line of an exception, which may go on for pages."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip('.')
