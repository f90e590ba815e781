"""The session for NVIDIA GPUs, without one: buffers, batch sizes, options, and how it gives up."""

import os
from pathlib import Path

import numpy as np
import pytest

from hand_tracking_ros.tracking.networks.gpu_session import BATCH_SIZES, GpuSession
from support.fake_onnxruntime import CPU, CUDA, SIZE, TENSORRT, compute, install

PATH = Path(__file__)  # any file will do


@pytest.fixture
def runtime(monkeypatch, tmp_path):
    fake = install(monkeypatch)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setenv('NVIDIA_TF32_OVERRIDE', '0')
    return fake


def pictures(count, seed=0):
    return np.random.default_rng(seed).random((count, 3, SIZE, SIZE), np.float32)


@pytest.mark.parametrize('count', [1, 2, 3, 5, 16, 17, 37])
def test_a_batch_of_any_size_gives_a_row_for_each_picture(runtime, count):
    batch = pictures(count)
    outputs = GpuSession(PATH, 'cuda').run(batch)
    assert [output.shape for output in outputs] == [(count, 1), (count, 3)]
    for found, expected in zip(outputs, compute(batch), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_smaller_batch_shows_nothing_of_the_one_before(runtime):
    session = GpuSession(PATH, 'cuda')
    session.run(pictures(4))
    batch = pictures(3, seed=1)
    np.testing.assert_allclose(session.run(batch)[0], compute(batch)[0], rtol=1e-5)


def test_results_stay_as_they_are_when_the_network_runs_again(runtime):
    session = GpuSession(PATH, 'cuda')
    batch = pictures(2)
    kept = session.run(batch)
    session.run(pictures(2, seed=1))
    np.testing.assert_allclose(kept[0], compute(batch)[0], rtol=1e-5)


def test_batches_are_filled_up_to_a_fixed_size(runtime):
    session = GpuSession(PATH, 'cuda')
    (made,) = runtime.sessions
    made.bound_runs.clear()
    for count in (1, 2, 3, 4, 5, 9, 20):
        session.run(pictures(count))
    sizes = [len(binding.inputs['image'].content) for binding in made.bound_runs]
    assert sizes == [1, 2, 4, 4, 8, 16, 16, 4]


def test_buffers_lie_on_the_device_asked_for_and_are_made_once(runtime):
    session = GpuSession(PATH, 'cuda', device_id=3)
    made = len(runtime.allocations)
    for count in (1, 5, 16, 2, 5):
        session.run(pictures(count))
    assert len(runtime.allocations) == made == 3 * len(BATCH_SIZES)
    assert {value.device for value in runtime.allocations} == {('cuda', 3)}
    assert runtime.sessions[0].options[CUDA]['device_id'] == 3


def test_each_batch_size_has_run_before_it_is_needed(runtime):
    GpuSession(PATH, 'cuda')
    sizes = [len(binding.inputs['image'].content) for binding in runtime.sessions[0].bound_runs]
    assert sizes == list(BATCH_SIZES)


def test_tensorrt_keeps_one_engine_for_all_batch_sizes_in_the_users_cache(runtime, tmp_path):
    session = GpuSession(PATH, 'tensorrt', device_id=1)
    made = runtime.sessions[-1]
    assert list(made.options) == [TENSORRT, CUDA, CPU]
    options = made.options[TENSORRT]
    assert options['device_id'] == 1
    assert options['trt_profile_min_shapes'] == f'image:1x3x{SIZE}x{SIZE}'
    assert options['trt_profile_max_shapes'] == f'image:16x3x{SIZE}x{SIZE}'
    cache = Path(options['trt_engine_cache_path'])
    assert cache.is_dir()
    assert cache.is_relative_to(tmp_path)
    assert runtime.__version__ in cache.name
    assert session.provider == 'tensorrt'


def test_another_network_of_the_same_name_gets_another_engine(runtime, tmp_path):
    path = tmp_path / 'network.onnx'
    caches = set()
    for content in (b'one', b'another', b'one'):
        path.write_bytes(content)
        GpuSession(path, 'tensorrt')
        caches.add(runtime.sessions[-1].options[TENSORRT]['trt_engine_cache_path'])
    assert len(caches) == 2


def test_an_onnx_runtime_without_cuda_is_named(runtime):
    runtime.available = [CPU]
    with pytest.raises(RuntimeError, match=r'9\.9\.9, has no CUDAExecutionProvider'):
        GpuSession(PATH, 'cuda')
    assert not runtime.sessions


def test_cuda_that_onnx_runtime_drops_without_a_word_is_an_error(runtime, capsys):
    runtime.startable = (CPU,)
    with pytest.raises(RuntimeError, match='driver, CUDA or cuDNN'):
        GpuSession(PATH, 'cuda')
    runtime.missing_library = 'libcudnn.so.9: cannot open shared object file'
    with pytest.raises(RuntimeError, match=r'libcudnn\.so\.9'):
        GpuSession(PATH, 'cuda')
    assert capsys.readouterr().out == ''


def test_tensorrt_that_onnx_runtime_replaces_by_cuda_is_an_error(runtime):
    runtime.startable = (CUDA, CPU)
    with pytest.raises(RuntimeError):
        GpuSession(PATH, 'tensorrt')


def test_a_run_that_fails_is_an_error_and_not_onnx_runtimes_own_fallback(runtime):
    session = GpuSession(PATH, 'cuda')
    assert not runtime.sessions[0].falls_back_by_itself
    runtime.num_good_runs = 1
    session.run(pictures(1))
    with pytest.raises(RuntimeError, match='CUDA failure 700'):
        session.run(pictures(1))


def test_float32_is_not_rounded_to_tf32_unless_the_user_says_so(runtime, monkeypatch):
    monkeypatch.delenv('NVIDIA_TF32_OVERRIDE')
    GpuSession(PATH, 'cuda')
    assert os.environ['NVIDIA_TF32_OVERRIDE'] == '0'
    monkeypatch.setenv('NVIDIA_TF32_OVERRIDE', '1')
    GpuSession(PATH, 'cuda')
    assert os.environ['NVIDIA_TF32_OVERRIDE'] == '1'
