"""One network on one runtime. Nothing else in the package knows ONNX Runtime."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from hand_tracking_ros.tracking.errors import ModelError, UserError

# From release 1.29 on, ONNX Runtime reports its use to its makers unless told not to.
os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')
import onnxruntime

# What the option `execution_provider` may say, and ONNX Runtime's name for it.
EXECUTION_PROVIDERS = {'cpu': 'CPUExecutionProvider', 'cuda': 'CUDAExecutionProvider'}


class InferenceSession:
    """A loaded network.

    Args:
        path: an .onnx file with one input.
        execution_provider: `auto` (CUDA where there is one, else CPU), `cuda` or `cpu`.
        num_threads: CPU threads; 0 lets ONNX Runtime choose (one for each core).

    Raises:
        ModelError: the file is not a network that ONNX Runtime can load.
        UserError: the execution provider is unknown or not available here.
    """

    def __init__(self, path: Path, execution_provider: str = 'auto', num_threads: int = 0) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = num_threads
        # Threads that spin between two images cost more than a core and win no latency.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        options.log_severity_level = 3  # errors; its warnings speak to developers of networks
        providers = _choose_providers(execution_provider)
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        except Exception as error:  # ONNX Runtime raises a class of its own for each kind of fault
            raise ModelError(
                f'{path}: ONNX Runtime cannot load this file ({_first_line(error)}). '
                'Delete it and run prepare_models.'
            ) from error
        self._input_name = self._session.get_inputs()[0].name

    @property
    def provider(self) -> str:
        """ONNX Runtime's name of the execution provider that is really in use."""
        return self._session.get_providers()[0]

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        """Run the network on a float32 batch; its outputs in the order of the model file."""
        return self._session.run(None, {self._input_name: batch})


def _choose_providers(execution_provider: str) -> list[str]:
    """ONNX Runtime's providers to try, best first."""
    available = onnxruntime.get_available_providers()
    cpu, cuda = EXECUTION_PROVIDERS['cpu'], EXECUTION_PROVIDERS['cuda']
    if cuda in available and execution_provider != 'cpu' and hasattr(onnxruntime, 'preload_dlls'):
        onnxruntime.preload_dlls()  # CUDA and cuDNN that pip installed lie on no search path
    if execution_provider == 'auto':
        return [name for name in (cuda, cpu) if name in available]
    if execution_provider not in EXECUTION_PROVIDERS:
        names = ', '.join(['auto', *EXECUTION_PROVIDERS])
        raise UserError(f'execution_provider: {execution_provider!r} is not one of {names}.')
    if EXECUTION_PROVIDERS[execution_provider] not in available:
        raise UserError(
            f'execution_provider: {execution_provider!r} is not in this ONNX Runtime, which has '
            f'{", ".join(available)}. Install onnxruntime-gpu, or choose auto or cpu.'
        )
    return [EXECUTION_PROVIDERS[execution_provider], cpu]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
