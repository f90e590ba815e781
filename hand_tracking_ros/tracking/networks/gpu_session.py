"""One network on ONNX Runtime on an NVIDIA GPU, with CUDA or TensorRT."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from hand_tracking_ros.tracking.networks.cpu_session import session_options, shapes_of
from hand_tracking_ros.tracking.networks.model_files import user_models_directory

# What ONNX Runtime calls the execution providers.
PROVIDER_NAMES = {
    'tensorrt': 'TensorrtExecutionProvider',
    'cuda': 'CUDAExecutionProvider',
    'cpu': 'CPUExecutionProvider',
}
# Batches on a GPU are filled up to one of these sizes, so that buffers, and what CUDA and TensorRT
# prepare for a size, are made once.
BATCH_SIZES = (1, 2, 4, 8, 16)


def is_built_for(provider: str) -> bool:
    """Whether the installed ONNX Runtime has a provider; it may still fail to start."""
    return PROVIDER_NAMES[provider] in onnxruntime.get_available_providers()


@dataclass
class _Buffers:
    """What one batch size needs on the GPU, made once."""

    staging: np.ndarray
    input: Any
    outputs: list[Any]
    binding: Any


class GpuSession:
    """A network on an NVIDIA GPU; see runtime.Session.

    Never measured: no GPU was at hand when this was written, only what happens without one.

    Args:
        path: an .onnx file with one input.
        provider: `cuda` or `tensorrt`. TensorRT builds an engine for this GPU when it is first
            used, which takes minutes, and keeps it in the per-user cache.
        device_id: which GPU.

    Raises:
        RuntimeError: the provider does not start. ONNX Runtime itself would use the CPU and not
            report it.
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
            str(path),
            session_options(),
            providers=_providers(path, provider, device_id),
            enable_fallback=0,
        )
        if self._session.get_providers()[0] != PROVIDER_NAMES[provider]:
            raise RuntimeError(
                missing_libraries
                or 'ONNX Runtime has printed why; most often the driver, CUDA or cuDNN is of '
                'another version than it needs'
            )
        self.shapes = shapes_of(self._session)
        self._lock = threading.Lock()
        self._buffers = {size: self._make_buffers(size) for size in BATCH_SIZES}
        for buffers in self._buffers.values():  # the first run of each size takes much longer
            self._session.run_with_iobinding(buffers.binding)

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        """See runtime.Session."""
        largest = BATCH_SIZES[-1]
        parts = [batch[i : i + largest] for i in range(0, len(batch), largest)]
        with self._lock:
            outputs = [self._run_part(part) for part in parts]
        return [np.concatenate(pieces) for pieces in zip(*outputs, strict=True)]

    def _run_part(self, part: np.ndarray) -> list[np.ndarray]:
        """Run at most the largest batch size."""
        buffers = self._buffers[next(size for size in BATCH_SIZES if size >= len(part))]
        buffers.staging[: len(part)] = part  # results of the rest are dropped
        buffers.input.update_inplace(buffers.staging)
        self._session.run_with_iobinding(buffers.binding)
        return [output.numpy()[: len(part)] for output in buffers.outputs]

    def _make_buffers(self, size: int) -> _Buffers:
        on_gpu, *outputs_on_gpu = (
            onnxruntime.OrtValue.ortvalue_from_shape_and_type(
                [size, *shape], np.float32, 'cuda', self._device_id
            )
            for shape in self.shapes.values()
        )
        binding = self._session.io_binding()
        input_name, *output_names = self.shapes
        binding.bind_ortvalue_input(input_name, on_gpu)
        for name, output in zip(output_names, outputs_on_gpu, strict=True):
            binding.bind_ortvalue_output(name, output)
        staging = np.zeros((size, *self.shapes[input_name]), np.float32)
        return _Buffers(staging, on_gpu, outputs_on_gpu, binding)


def _providers(path: Path, provider: str, device_id: int) -> list[tuple[str, dict[str, Any]]]:
    """ONNX Runtime's providers and their options, best first."""
    # cuDNN's default measures every algorithm, for each batch size when it first comes.
    cuda = {'device_id': device_id, 'cudnn_conv_algo_search': 'HEURISTIC'}
    options = {'cuda': cuda, 'cpu': {}}
    if provider == 'tensorrt':
        options = {'tensorrt': _tensorrt_options(path, device_id), **options}
    return [(PROVIDER_NAMES[name], of_provider) for name, of_provider in options.items()]


def _tensorrt_options(path: Path, device_id: int) -> dict[str, Any]:
    """One engine for all batch sizes, kept in the per-user cache."""
    # An engine serves one release and one network only, which TensorRT does not check.
    content = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    engines = user_models_directory() / 'tensorrt'
    cache = engines / f'onnxruntime-{onnxruntime.__version__}-{content}'
    cache.mkdir(parents=True, exist_ok=True)
    session = onnxruntime.InferenceSession(str(path), providers=[PROVIDER_NAMES['cpu']])
    name, shape = next(iter(shapes_of(session).items()))
    # Without these, the engine is built anew when a larger batch comes.
    smallest, largest = (
        f'{name}:{"x".join(map(str, (size, *shape)))}' for size in (BATCH_SIZES[0], BATCH_SIZES[-1])
    )
    return {
        'device_id': device_id,
        'trt_engine_cache_enable': True,
        'trt_engine_cache_path': str(cache),
        'trt_profile_min_shapes': smallest,
        'trt_profile_opt_shapes': smallest,
        'trt_profile_max_shapes': largest,
    }


def _preload_libraries() -> str:
    """Load CUDA and cuDNN that pip installed, which lie on no search path; what is missing."""
    if not hasattr(onnxruntime, 'preload_dlls'):  # before 1.21
        return ''
    with contextlib.redirect_stdout(io.StringIO()) as output:
        onnxruntime.preload_dlls()
    return output.getvalue().split('\n')[0]
