"""One network on ONNX Runtime: on the CPU, or on an NVIDIA GPU with CUDA or TensorRT."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import threading
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from hand_tracking_ros.tracking.errors import ModelError
from hand_tracking_ros.tracking.networks.model_files import user_models_directory
from hand_tracking_ros.tracking.networks.processors import cores, default_threads, kept_off

# From release 1.29 on, ONNX Runtime reports its use to its makers unless told not to.
os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')
import onnxruntime

# What ONNX Runtime calls the execution providers.
PROVIDER_NAMES = {
    'tensorrt': 'TensorrtExecutionProvider',
    'cuda': 'CUDAExecutionProvider',
    'cpu': 'CPUExecutionProvider',
}
# Batches on a GPU are filled up to one of these sizes, so that buffers, and what CUDA and TensorRT
# prepare for a size, are made once.
BATCH_SIZES = (1, 2, 4, 8, 16)
# How long a thread waits awake, and the first ONNX Runtime that can be told.
SPIN_US = 100
FIRST_WITH_SPIN_DURATION = (1, 26)


def is_built_for(provider: str) -> bool:
    """Whether the installed ONNX Runtime has a provider; it may still fail to start."""
    return PROVIDER_NAMES[provider] in onnxruntime.get_available_providers()


class CpuSession:
    """A network on ONNX Runtime's CPU kernels.

    Args:
        path: an .onnx file with one input.
        num_threads: 0 is as processors.default_threads.

    Raises:
        ModelError: the file is not a network that ONNX Runtime can load.
    """

    provider = 'cpu'

    def __init__(self, path: Path, num_threads: int = 0) -> None:
        options = _session_options()
        options.intra_op_num_threads = num_threads or default_threads()
        # The parts of one run follow each other closely: threads that wait awake for the next one
        # are a seventh faster than threads that are woken. Not for long, though, and not between
        # two runs: where other programs want the cores too, as on a robot, it is their time.
        if _can_limit_spinning():
            options.add_session_config_entry('session.intra_op.spin_duration_us', str(SPIN_US))
            options.add_session_config_entry('session.force_spinning_stop', '1')
        else:
            options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        # A thread that wakes up on the caller's core takes turns with it, and the next one is there
        # soon: each has a core of its own, and the caller is kept off these while they work. That
        # takes 5 ms where it takes 8 without, in a program whose threads wake each other.
        helpers = cores()[1 : options.intra_op_num_threads]
        self._taken: frozenset[int] = frozenset()
        if 0 < len(helpers) == options.intra_op_num_threads - 1:
            # ONNX Runtime counts processors from 1.
            affinities = ';'.join(str(core[0] + 1) for core in helpers)
            options.add_session_config_entry('session.intra_op_thread_affinities', affinities)
            self._taken = frozenset(chain(*helpers))
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=[PROVIDER_NAMES['cpu']]
            )
        except Exception as error:  # ONNX Runtime raises a class of its own for each kind of fault
            raise ModelError(
                f'{path}: ONNX Runtime cannot load this file ({_first_line(error)}). '
                'Delete it and run prepare_models.'
            ) from error
        self._input_name = self._session.get_inputs()[0].name

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        """See inference.Session."""
        with kept_off(self._taken):
            return self._session.run(None, {self._input_name: batch})


@dataclass
class _Buffers:
    """What one batch size needs on the GPU, made once."""

    staging: np.ndarray
    input: Any
    outputs: list[Any]
    binding: Any


class GpuSession:
    """A network on an NVIDIA GPU.

    Never measured: no GPU was at hand when this was written, only what happens without one.

    Args:
        path: an .onnx file with one input.
        provider: `cuda` or `tensorrt`. TensorRT builds an engine for this GPU when it is first
            used, which takes minutes, and keeps it in the per-user cache.
        device_id: which GPU.

    Raises:
        RuntimeError: the provider does not start; ONNX Runtime itself would go on without a word.
    """

    def __init__(self, path: Path, provider: str, device_id: int = 0) -> None:
        if not is_built_for(provider):
            raise RuntimeError(
                f'the ONNX Runtime installed, {onnxruntime.__version__}, has no '
                f'{PROVIDER_NAMES[provider]}; onnxruntime-gpu in its place has'
            )
        # TF32 has the ten bits of float16. There is no option for it that TensorRT knows too.
        os.environ.setdefault('NVIDIA_TF32_OVERRIDE', '0')
        missing_libraries = _preload_libraries()
        self.provider = provider
        self._device_id = device_id
        self._session = onnxruntime.InferenceSession(
            str(path), _session_options(), providers=self._providers(path), enable_fallback=0
        )
        if self._session.get_providers()[0] != PROVIDER_NAMES[provider]:
            raise RuntimeError(
                missing_libraries
                or 'why, ONNX Runtime has printed; most often the driver, CUDA or cuDNN is of '
                'another version than it needs'
            )
        self._lock = threading.Lock()
        self._buffers = {size: self._make_buffers(size) for size in BATCH_SIZES}
        for buffers in self._buffers.values():  # the first run of each size takes much longer
            self._session.run_with_iobinding(buffers.binding)

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        """See inference.Session."""
        largest = BATCH_SIZES[-1]
        parts = [batch[i : i + largest] for i in range(0, len(batch), largest)]
        with self._lock:
            outputs = [self._run_part(part) for part in parts]
        return [np.concatenate(pieces) for pieces in zip(*outputs, strict=True)]

    def _run_part(self, part: np.ndarray) -> list[np.ndarray]:
        """Run at most the largest batch size."""
        buffers = self._buffers[next(size for size in BATCH_SIZES if size >= len(part))]
        buffers.staging[: len(part)] = part  # the rest keeps what it was: nobody reads its results
        buffers.input.update_inplace(buffers.staging)
        self._session.run_with_iobinding(buffers.binding)
        return [output.numpy()[: len(part)] for output in buffers.outputs]

    def _make_buffers(self, size: int) -> _Buffers:
        (network_input,) = self._session.get_inputs()
        binding = self._session.io_binding()
        staging = np.zeros((size, *network_input.shape[1:]), np.float32)
        on_device = self._on_device(staging.shape)
        binding.bind_ortvalue_input(network_input.name, on_device)
        outputs = []
        for output in self._session.get_outputs():
            outputs.append(self._on_device((size, *output.shape[1:])))
            binding.bind_ortvalue_output(output.name, outputs[-1])
        return _Buffers(staging, on_device, outputs, binding)

    def _on_device(self, shape: tuple[int, ...]) -> Any:
        return onnxruntime.OrtValue.ortvalue_from_shape_and_type(
            list(shape), np.float32, 'cuda', self._device_id
        )

    def _providers(self, path: Path) -> list[tuple[str, dict[str, Any]]]:
        """ONNX Runtime's providers and their options, best first."""
        cuda = {
            'device_id': self._device_id,
            # The default measures every algorithm, for each batch size when it first comes.
            'cudnn_conv_algo_search': 'HEURISTIC',
        }
        providers = [(PROVIDER_NAMES['cuda'], cuda), (PROVIDER_NAMES['cpu'], {})]
        if self.provider == 'tensorrt':
            # An engine is good for one release and one network only, and nobody checks.
            content = hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]
            engines = user_models_directory() / 'tensorrt'
            cache = engines / f'onnxruntime-{onnxruntime.__version__}-{content}'
            cache.mkdir(parents=True, exist_ok=True)
            # One engine for all batch sizes; else it is built anew when a larger one comes.
            name, shape = _input_of(path)
            smallest, largest = (
                f'{name}:{"x".join(map(str, (size, *shape)))}'
                for size in (BATCH_SIZES[0], BATCH_SIZES[-1])
            )
            tensorrt = {
                'device_id': self._device_id,
                'trt_engine_cache_enable': True,
                'trt_engine_cache_path': str(cache),
                'trt_profile_min_shapes': smallest,
                'trt_profile_opt_shapes': smallest,
                'trt_profile_max_shapes': largest,
            }
            providers.insert(0, (PROVIDER_NAMES['tensorrt'], tensorrt))
        return providers


def _session_options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors; its warnings speak to developers of networks
    return options


def _can_limit_spinning() -> bool:
    major, minor = onnxruntime.__version__.split('.')[:2]
    return (int(major), int(minor)) >= FIRST_WITH_SPIN_DURATION


def _preload_libraries() -> str:
    """Load CUDA and cuDNN that pip installed, which lie on no search path; what is missing."""
    if not hasattr(onnxruntime, 'preload_dlls'):  # before 1.21
        return ''
    with contextlib.redirect_stdout(io.StringIO()) as said:
        onnxruntime.preload_dlls()
    return said.getvalue().split('\n')[0]


def _input_of(path: Path) -> tuple[str, tuple[int, ...]]:
    """Name of a network's input, and its shape but for the batch size."""
    session = onnxruntime.InferenceSession(str(path), providers=[PROVIDER_NAMES['cpu']])
    (network_input,) = session.get_inputs()
    return network_input.name, tuple(network_input.shape[1:])


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
