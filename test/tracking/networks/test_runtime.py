"""Which runtime is chosen; one that fails costs a warning and no inference."""

import importlib.util
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from hand_tracking_ros.tracking.errors import ModelError, UserError
from hand_tracking_ros.tracking.networks.cpu_session import CpuSession
from hand_tracking_ros.tracking.networks.runtime import Runtime, RuntimeOptions
from support.fake_onnxruntime import CPU, CUDA, SIZE, TENSORRT, compute, install

PATHS = [Path(__file__), Path(__file__)]  # any files will do
BATCH = np.random.default_rng(0).random((3, 3, SIZE, SIZE), np.float32)


class FakeOpenVinoSession:
    """OpenVINO on a processor with or without bf16."""

    has_bf16 = True

    def __init__(self, path, num_threads, precision):
        self.provider = 'openvino bf16' if self.has_bf16 and precision == 'bf16' else 'openvino'

    def run(self, batch):
        return compute(batch)


@pytest.fixture
def runtime(monkeypatch):
    """ONNX Runtime with a GPU; OpenVINO is not installed."""
    fake = install(monkeypatch)
    monkeypatch.setenv('NVIDIA_TF32_OVERRIDE', '0')
    have_openvino(monkeypatch, False)
    return fake


def have_openvino(monkeypatch, is_installed):
    """Have OpenVINO installed or not, whatever the machine has."""
    name = 'hand_tracking_ros.tracking.networks.openvino_session'
    monkeypatch.delitem(sys.modules, name, raising=False)
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        'find_spec',
        lambda asked: is_installed if asked == 'openvino' else find_spec(asked),
    )
    if is_installed:
        module = type(sys)(name)
        module.OpenVinoSession = FakeOpenVinoSession
        monkeypatch.setitem(sys.modules, name, module)
    else:
        monkeypatch.setitem(sys.modules, 'openvino', None)  # importing it raises ImportError


def start(**options):
    """A runtime, and the warnings that it gives from now on."""
    warnings = []
    return Runtime(PATHS, RuntimeOptions(**options), warnings.append), warnings


def check_results(runtime):
    for network in range(len(PATHS)):
        for found, expected in zip(runtime.run(network, BATCH), compute(BATCH), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize('provider', ['tensorrt', 'cuda', 'cpu'])
def test_a_provider_that_starts_is_used_without_a_warning(runtime, provider, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    started, warnings = start(execution_provider=provider)
    check_results(started)
    assert (started.provider, started.warning, warnings) == (provider, '', [])


@pytest.mark.parametrize(
    ('available', 'precision', 'openvino', 'chosen'),
    [
        ((TENSORRT, CUDA, CPU), 'fp32', True, 'cuda'),
        ((CPU,), 'fp32', True, 'cpu'),
        ((CPU,), 'bf16', True, 'openvino bf16'),
    ],
)
def test_auto_means(runtime, monkeypatch, available, precision, openvino, chosen):
    runtime.available = available
    have_openvino(monkeypatch, openvino)
    started, warnings = start(precision=precision)
    check_results(started)
    assert (started.provider, warnings) == (chosen, [])


def test_openvino_is_used_when_asked_for(runtime, monkeypatch):
    have_openvino(monkeypatch, True)
    started, warnings = start(execution_provider='openvino')
    check_results(started)
    assert (started.provider, warnings) == ('openvino', [])


@pytest.mark.parametrize(
    ('option', 'value'), [('execution_provider', 'gpu'), ('precision', 'fp16')]
)
def test_an_unknown_choice_is_refused_with_the_known_ones(runtime, option, value):
    with pytest.raises(UserError, match=rf"{option}: '{value}' is not one of .*, "):
        start(**{option: value})


@pytest.mark.parametrize(
    ('provider', 'available', 'startable', 'used', 'reasons'),
    [
        ('cuda', (CPU,), (CPU,), 'cpu', ['cuda does not start', 'has no CUDAExecutionProvider']),
        ('cuda', (CUDA, CPU), (CPU,), 'cpu', ['cuda does not start']),
        ('auto', (CUDA, CPU), (CPU,), 'cpu', ['cuda does not start']),
        ('openvino', (CPU,), (CPU,), 'cpu', ['openvino does not start']),
        (
            'tensorrt',
            (TENSORRT, CUDA, CPU),
            (CPU,),
            'cpu',
            ['tensorrt does not start', 'cuda does not start'],
        ),
        ('tensorrt', (CUDA, CPU), (CUDA, CPU), 'cuda', ['tensorrt does not start']),
    ],
)
def test_what_does_not_start_is_replaced_with_one_warning(
    runtime, tmp_path, monkeypatch, provider, available, startable, used, reasons
):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    runtime.available, runtime.startable = available, startable
    started, warnings = start(execution_provider=provider)
    check_results(started)
    (warning,) = warnings
    for part in (*reasons, f'the networks run on {used} instead'):
        assert part in warning
    assert (started.provider, started.warning) == (used, warning)


def test_a_gpu_that_fails_in_the_middle_costs_a_warning_and_no_batch(runtime):
    started, warnings = start(execution_provider='cuda')
    check_results(started)
    assert (started.provider, warnings) == ('cuda', [])
    runtime.num_good_runs = 0
    check_results(started)
    check_results(started)
    (warning,) = warnings
    assert warning == (
        'cuda failed while running (CUDA failure 700: an illegal memory access was encountered): '
        'the networks run on cpu instead.'
    )
    assert (started.provider, started.warning) == ('cpu', warning)


def test_both_networks_leave_a_gpu_that_has_failed_one_of_them(runtime):
    started, _ = start(execution_provider='cuda')
    runtime.num_good_runs = 0
    started.run(0, BATCH)
    runtime.num_good_runs = float('inf')
    num_bound = sum(len(session.bound_runs) for session in runtime.sessions)
    started.run(1, BATCH)
    assert sum(len(session.bound_runs) for session in runtime.sessions) == num_bound


def test_a_gpu_that_fails_two_threads_at_once_is_warned_of_once(runtime):
    started, warnings = start(execution_provider='cuda')
    runtime.num_good_runs = 0
    both_run = threading.Barrier(2)
    results = []

    def work(network):
        both_run.wait()
        results.append(started.run(network, BATCH))

    threads = [threading.Thread(target=work, args=(network,)) for network in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        np.testing.assert_allclose(result[0], compute(BATCH)[0], rtol=1e-5)
    assert (len(results), len(warnings)) == (2, 1)


def test_an_error_on_the_cpu_reaches_the_caller(runtime, monkeypatch):
    started, warnings = start(execution_provider='cpu')

    def fail(self, batch):
        raise ValueError('wrong shape')

    monkeypatch.setattr(CpuSession, 'run', fail)
    with pytest.raises(ValueError, match='wrong shape'):
        started.run(0, BATCH)
    assert warnings == []


@pytest.mark.parametrize(
    ('provider', 'has_bf16'), [('cpu', True), ('cuda', True), ('openvino', False)]
)
def test_bf16_that_is_not_available_is_a_warning(runtime, monkeypatch, provider, has_bf16):
    have_openvino(monkeypatch, True)
    monkeypatch.setattr(FakeOpenVinoSession, 'has_bf16', has_bf16)
    started, warnings = start(execution_provider=provider, precision='bf16')
    assert started.provider == provider
    assert warnings == [f'bf16 is not available here: the networks run on {provider} instead.']


def test_without_a_listener_a_warning_is_a_python_warning(runtime):
    runtime.available = [CPU]
    with pytest.warns(RuntimeWarning, match='cuda does not start'):
        Runtime(PATHS, RuntimeOptions('cuda'))


def test_a_file_that_is_no_network_is_the_users_error_whatever_it_should_run_on(tmp_path):
    path = tmp_path / 'broken.onnx'
    path.write_bytes(b'not a model')
    for provider in ('auto', 'cpu', 'openvino'):
        with pytest.raises(ModelError, match=r'broken\.onnx.*prepare_models'):
            Runtime([path], RuntimeOptions(provider))
