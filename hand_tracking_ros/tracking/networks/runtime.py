"""What the networks run on; where that fails, the CPU goes on, with one warning.

Each runtime has a session class in a module of its own: `cpu_session`, `gpu_session`,
`openvino_session`. This module chooses between them; nothing else in the package knows a runtime.
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

from hand_tracking_ros.tracking.errors import ModelError, UserError, first_line
from hand_tracking_ros.tracking.networks.cpu_session import CpuSession
from hand_tracking_ros.tracking.networks.gpu_session import GpuSession, is_built_for

# What is tried, best first, for each value of the option `execution_provider` but `auto`.
_FALLBACKS = {
    'tensorrt': ('tensorrt', 'cuda', 'cpu'),
    'cuda': ('cuda', 'cpu'),
    'openvino': ('openvino', 'cpu'),
    'cpu': ('cpu',),
}
EXECUTION_PROVIDERS = tuple(_FALLBACKS)
PRECISIONS = ('fp32', 'bf16')

# As Session.run.
Inference = Callable[[np.ndarray], list[np.ndarray]]
# Of a network's input, then of its outputs in the order of the model file, by their names, without
# the batch dimension.
Shapes = dict[str, tuple[int, ...]]


class Session(Protocol):
    """A network loaded by one runtime.

    Attributes:
        provider: what it really runs on: one of EXECUTION_PROVIDERS, and the precision where that
            is not fp32.
        shapes: of its input and outputs.
    """

    provider: str
    shapes: Shapes

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        """Run one inference, of a contiguous (N, 3, S, S) float32 array.

        Returns:
            The outputs in the order of the model file, each with N rows.
        """


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
            1.2, and jitter no more.
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
        for name, value, known in (
            ('execution_provider', self.execution_provider, ('auto', *EXECUTION_PROVIDERS)),
            ('precision', self.precision, PRECISIONS),
        ):
            if value not in known:
                raise UserError(f'{name}: {value!r} is not one of {", ".join(known)}.')
        if self.execution_provider != 'auto':
            return list(_FALLBACKS[self.execution_provider])
        candidates = ['cuda'] if is_built_for('cuda') else []
        if self.precision == 'bf16' and importlib.util.find_spec('openvino'):
            candidates.append('openvino')
        return [*candidates, 'cpu']


class Runtime:
    """All networks of a tracker, on the same execution provider.

    Where that provider does not start, or fails during an inference, all networks move to the next
    one, and the inference is repeated there. Any number of threads may run networks.

    Args:
        paths: the .onnx files.
        options: what to run them on.
        warn: called with one sentence: what failed and what is used instead; None: warnings.warn.

    Attributes:
        sessions: the networks as they are loaded now, in the order of their files.
        warning: the last of these sentences; empty while all is as asked for.

    Raises:
        ModelError: a file is not a network that can be loaded.
        UserError: an option is unknown.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        options: RuntimeOptions,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        self.warning = ''
        self.sessions: list[Session] = []
        self._paths = list(paths)
        self._options = options
        self._warn = warn or partial(warnings.warn, category=RuntimeWarning, stacklevel=2)
        self._candidates = self._options.candidates()
        self._lock = threading.Lock()
        self._failed: list[list[Session]] = []
        self._start(failures=[])

    @property
    def provider(self) -> str:
        """What the networks really run on."""
        return self.sessions[0].provider

    def run(self, network: int, batch: np.ndarray) -> list[np.ndarray]:
        """Run the network at this position in `paths`, as Session.run."""
        while True:
            sessions = self.sessions
            try:
                return sessions[network].run(batch)
            except Exception as error:  # each runtime has exceptions of its own
                self._replace(sessions, error)

    def _replace(self, sessions: list[Session], error: Exception) -> None:
        """Move to the next execution provider, unless another thread just did."""
        with self._lock:
            if self.sessions is not sessions:
                return
            if len(self._candidates) == 1:
                raise error
            # Kept, because freeing them needs the device that has just failed.
            self._failed.append(sessions)
            self._start([f'{self._candidates.pop(0)} failed while running ({first_line(error)})'])

    def _start(self, failures: list[str]) -> None:
        """Load all networks on the first candidate that starts, and report what does not."""
        while True:
            try:
                self.sessions = [self._open(path) for path in self._paths]
                break
            except Exception as error:  # each runtime has exceptions of its own
                if isinstance(error, ModelError) or len(self._candidates) == 1:
                    raise
                failures.append(f'{self._candidates.pop(0)} does not start ({first_line(error)})')
        if self._options.precision not in ('fp32', *self.provider.split()):
            failures.append(f'{self._options.precision} is not available here')
        if failures:
            self.warning = f'{"; ".join(failures)}: the networks run on {self.provider} instead.'
            self._warn(self.warning)

    def _open(self, path: Path) -> Session:
        """Load one network on the best candidate."""
        provider, options = self._candidates[0], self._options
        if provider == 'cpu':
            return CpuSession(path, options.num_threads)
        if provider == 'openvino':
            # Here, because OpenVINO is optional and takes a while to import.
            from hand_tracking_ros.tracking.networks.openvino_session import OpenVinoSession

            return OpenVinoSession(path, options.num_threads, options.precision)
        return GpuSession(path, provider, options.device_id)
