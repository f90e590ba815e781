"""ONNX Runtime as it behaves on machines that the tests do not have: with a GPU, or half of one.

A fake network adds up each picture, `total` [N, 1], and each of its channels, `channels` [N, 3].
"""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.networks import cpu_session, gpu_session

CUDA, TENSORRT, CPU = (f'{name}ExecutionProvider' for name in ('CUDA', 'Tensorrt', 'CPU'))
SIZE = 8


class FakeOnnxRuntime:
    """The module `onnxruntime`.

    Attributes:
        available: what it was built with.
        startable: which of these start; of the others it says nothing, or prints.
        missing_library: what `preload_dlls` prints, if anything.
        num_good_runs: runs on a GPU that work before one fails.
        sessions, allocations: everything made so far.
    """

    __version__ = '9.9.9'

    def __init__(self, available=(TENSORRT, CUDA, CPU), startable=(TENSORRT, CUDA, CPU)):
        self.available = list(available)
        self.startable = startable
        self.missing_library = ''
        self.num_good_runs = float('inf')
        self.sessions: list[_Session] = []
        self.allocations: list[_OrtValue] = []
        self.OrtValue = self

    def get_available_providers(self):
        return self.available

    def preload_dlls(self):
        if self.missing_library:
            print(f'Failed to load {self.missing_library}')

    def InferenceSession(self, path, options=None, providers=None, enable_fallback=1):
        self.sessions.append(_Session(self, options, providers, enable_fallback))
        return self.sessions[-1]

    def ortvalue_from_shape_and_type(self, shape, element_type, device_type, device_id):
        self.allocations.append(_OrtValue(shape, element_type, device_type, device_id))
        return self.allocations[-1]

    class SessionOptions:
        def __init__(self):
            self.entries = {}

        def add_session_config_entry(self, key, value):
            self.entries[key] = value


def install(monkeypatch) -> FakeOnnxRuntime:
    """Have the sessions use a fake ONNX Runtime with a GPU; returns it."""
    fake = FakeOnnxRuntime()
    for module in (cpu_session, gpu_session):
        monkeypatch.setattr(module, 'onnxruntime', fake)
    return fake


class _OrtValue:
    """Memory of a device, which only copies reach."""

    def __init__(self, shape, element_type, device_type, device_id):
        self.device = (device_type, device_id)
        self.content = np.full(shape, np.nan, element_type)

    def update_inplace(self, array):
        assert array.shape == self.content.shape
        assert array.dtype == self.content.dtype
        assert array.flags.c_contiguous
        self.content[:] = array

    def numpy(self):
        return self.content.copy()


class _Info:
    def __init__(self, name, shape):
        self.name, self.shape = name, shape


class _Binding:
    def __init__(self):
        self.inputs, self.outputs = {}, {}

    def bind_ortvalue_input(self, name, value):
        self.inputs[name] = value

    def bind_ortvalue_output(self, name, value):
        self.outputs[name] = value


class _Session:
    def __init__(self, runtime, session_options, providers, enable_fallback):
        self.runtime = runtime
        self.session_options = session_options
        named = [entry if isinstance(entry, tuple) else (entry, {}) for entry in providers]
        self.options = dict(named)
        self.started = [name for name, _ in named if name in runtime.startable]
        self.falls_back_by_itself = bool(enable_fallback)
        self.bound_runs = []

    def get_providers(self):
        return self.started

    def get_inputs(self):
        return [_Info('image', ['N', 3, SIZE, SIZE])]

    def get_outputs(self):
        return [_Info('total', ['N', 1]), _Info('channels', ['N', 3])]

    def io_binding(self):
        return _Binding()

    def run(self, names, feeds):
        assert self.started[0] == CPU, 'on a GPU, this would copy through pageable memory'
        return compute(feeds['image'])

    def run_with_iobinding(self, binding):
        if self.runtime.num_good_runs < 1:
            raise RuntimeError('CUDA failure 700: an illegal memory access was encountered.\nmore')
        self.runtime.num_good_runs -= 1
        self.bound_runs.append(binding)
        batch = binding.inputs['image'].content
        results = compute(batch)
        for name, result in zip(('total', 'channels'), results, strict=True):
            binding.outputs[name].update_inplace(result)


def compute(batch):
    """What the fake network computes, `total` and `channels`."""
    channels = batch.sum(axis=(2, 3))
    return [channels.sum(axis=1, keepdims=True), channels]
