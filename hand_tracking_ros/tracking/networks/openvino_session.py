"""One network on OpenVINO, on the CPU. OpenVINO is optional: `pip install openvino`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np

from hand_tracking_ros.tracking.networks.processors import default_threads

# OpenVINO reports its import to its makers, with a package that it can do without.
if 'openvino' not in sys.modules:
    sys.modules.setdefault('openvino_telemetry', None)  # type: ignore[arg-type]
import openvino


class OpenVinoSession:
    """A network on OpenVINO's CPU plugin; see runtime.Session.

    Args:
        path: an .onnx file with one input.
        num_threads: 0 is as processors.default_threads.
        precision: `bf16` where the processor has it, else fp32 is used; or `fp32`.
    """

    def __init__(self, path: Path, num_threads: int = 0, precision: str = 'fp32') -> None:
        core = openvino.Core()
        has_bf16 = 'BF16' in core.get_property('CPU', 'OPTIMIZATION_CAPABILITIES')
        is_bf16 = precision == 'bf16' and has_bf16
        self.provider = 'openvino bf16' if is_bf16 else 'openvino'
        model = core.read_model(path)
        self.shapes = {
            port.get_any_name(): tuple(size.get_length() for size in list(port.partial_shape)[1:])
            for port in [*model.inputs, *model.outputs]
        }
        # A fixed shape is 8 % faster than a free one. One picture: a batch of two saves 4 %, and
        # costs 0.15 s of compiling when it first comes.
        model.reshape([1, *next(iter(self.shapes.values()))])
        settings = {
            'PERFORMANCE_HINT': 'LATENCY',
            'INFERENCE_NUM_THREADS': num_threads or default_threads(),
            'INFERENCE_PRECISION_HINT': 'bf16' if is_bf16 else 'f32',
        }
        self._request = core.compile_model(model, 'CPU', settings).create_infer_request()
        self._lock = threading.Lock()

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        """See runtime.Session."""
        with self._lock:
            pictures = [self._run_one(batch[i : i + 1]) for i in range(len(batch))]
        return [np.concatenate(pieces) for pieces in zip(*pictures, strict=True)]

    def _run_one(self, picture: np.ndarray) -> list[np.ndarray]:
        """Run a batch of one; the results are copies, because the next run overwrites them."""
        self._request.set_input_tensor(openvino.Tensor(picture, shared_memory=True))
        self._request.infer(share_outputs=True)
        return [output.data.copy() for output in self._request.output_tensors]
