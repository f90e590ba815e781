"""A network on the CPU: its threads, their processors, and what a broken model file leads to."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from hand_tracking_ros.tracking.errors import ModelError
from hand_tracking_ros.tracking.networks.cpu_session import CpuSession
from hand_tracking_ros.tracking.networks.model_files import find_model
from hand_tracking_ros.tracking.networks.processors import kept_off
from support.fake_onnxruntime import install

AFFINITIES = 'session.intra_op_thread_affinities'


@pytest.fixture
def runtime(monkeypatch):
    return install(monkeypatch)


@pytest.fixture
def machine(monkeypatch):
    """Have the processors that a set names; each is a core of its own unless `cores` says more."""

    def have(processors, cores=None):
        def siblings(path):
            if cores is None:
                raise FileNotFoundError(path)  # a container that hides the topology
            processor = int(path.parts[-3].removeprefix('cpu'))
            return next(core for core in cores if str(processor) in core.split(','))

        monkeypatch.setattr(os, 'sched_getaffinity', lambda process: processors, raising=False)
        monkeypatch.setattr(Path, 'read_text', siblings)

    return have


def threads(runtime, num_threads=0):
    """Number of threads, and the processors of all but the first, as ONNX Runtime is told."""
    CpuSession('network.onnx', num_threads)
    options = runtime.sessions[-1].session_options
    return options.intra_op_num_threads, options.entries.get(AFFINITIES)


@pytest.mark.parametrize(
    ('processors', 'expected'),
    [
        ({0}, (1, None)),
        ({0, 1}, (2, '2')),
        ({2, 5, 7}, (3, '6;8')),  # what a container may use; ONNX Runtime counts from 1
        (set(range(64)), (4, '2;3;4')),
    ],
)
def test_by_default_each_core_has_a_thread_but_not_more_than_four(
    runtime, machine, processors, expected
):
    machine(processors)
    assert threads(runtime) == expected


def test_two_processors_of_one_core_count_as_one(runtime, machine):
    machine({0, 1, 2, 3}, cores=['0,2', '1,3'])
    assert threads(runtime) == (2, '2')
    machine({0, 1, 2, 3}, cores=['0,1', '2,3'])
    assert threads(runtime) == (2, '3')


@pytest.mark.parametrize(
    ('num_threads', 'expected'), [(1, (1, None)), (2, (2, '2')), (8, (8, None))]
)
def test_as_many_threads_as_asked_for_and_free_to_move_where_there_are_too_few_cores(
    runtime, machine, num_threads, expected
):
    machine({0, 1, 2})
    assert threads(runtime, num_threads) == expected


def spinning(runtime, version):
    """How threads wait, as that version of ONNX Runtime is told."""
    runtime.__version__ = version
    CpuSession('network.onnx')
    return runtime.sessions[-1].session_options.entries


@pytest.mark.parametrize('version', ['1.26.0', '1.31.1', '2.0.0'])
def test_threads_wait_awake_within_a_run_only_and_not_for_long(runtime, version):
    entries = spinning(runtime, version)
    assert entries['session.force_spinning_stop'] == '1'
    assert 0 < int(entries['session.intra_op.spin_duration_us']) < 1000


@pytest.mark.parametrize('version', ['1.16.3', '1.25.1'])
def test_threads_do_not_wait_awake_where_that_cannot_be_limited(runtime, version):
    assert spinning(runtime, version)['session.intra_op.allow_spinning'] == '0'


@pytest.fixture
def processors():
    """What this test's thread may use, which is put back."""
    if not hasattr(os, 'sched_getaffinity'):
        pytest.skip('only Linux binds threads to processors')
    before = os.sched_getaffinity(0)
    if len(before) < 2:
        pytest.skip('this machine has one processor')
    yield before
    os.sched_setaffinity(0, before)


def test_only_the_calling_thread_is_kept_off_and_only_for_a_while(processors):
    taken = {max(processors)}
    ask, beside = threading.Event(), []

    def tell():
        ask.wait()
        beside.append(os.sched_getaffinity(0))

    other = threading.Thread(target=tell)
    other.start()
    with pytest.raises(RuntimeError), kept_off(taken):
        assert os.sched_getaffinity(0) == processors - taken
        ask.set()
        other.join()
        raise RuntimeError
    assert beside == [processors]
    assert os.sched_getaffinity(0) == processors


def test_a_thread_that_may_use_no_other_processor_stays(processors):
    own = {min(processors)}
    os.sched_setaffinity(0, own)
    with kept_off(own):
        assert os.sched_getaffinity(0) == own
    with kept_off(processors - own):
        assert os.sched_getaffinity(0) == own


def test_a_system_that_forbids_it_costs_nothing_else(processors, monkeypatch):
    def forbid(thread, to):
        raise PermissionError(1, 'Operation not permitted')

    monkeypatch.setattr(os, 'sched_setaffinity', forbid)
    with kept_off({max(processors)}):
        assert os.sched_getaffinity(0) == processors


def test_the_caller_is_kept_off_its_helpers_cores_while_the_network_runs(
    runtime, machine, monkeypatch
):
    machine({0, 1, 2, 3}, cores=['0,1', '2,3'])
    bound = []
    monkeypatch.setattr(os, 'sched_setaffinity', lambda thread, to: bound.append(to), raising=False)
    session = CpuSession('network.onnx')
    session.run(np.zeros((1, 3, 8, 8), np.float32))
    assert bound == [{0, 1}, {0, 1, 2, 3}]
    bound.clear()
    CpuSession('network.onnx', num_threads=1).run(np.zeros((1, 3, 8, 8), np.float32))
    assert bound == []


@pytest.fixture
def broken(tmp_path):
    """Write a file that is to be loaded as a network."""

    def write(data):
        path = tmp_path / 'hand_landmark_full.onnx'
        path.write_bytes(data)
        return path

    return write


def refused(path):
    """What the user is told of a file that is no network."""
    with pytest.raises(ModelError) as error:
        CpuSession(path)
    assert '\n' not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    'data',
    [
        b'',
        b'version https://git-lfs.github.com/spec/v1\n',
        b'<!DOCTYPE html><html>Not found</html>',
        b'\x89PNG\r\n\x1a\n' + bytes(100),
        b'\x00' * 1000,
        b'\x08\x07',  # nothing but the version of ONNX
    ],
)
def test_a_file_that_is_not_onnx_is_refused_by_name_with_its_size_and_what_to_do(data, broken):
    path = broken(data)
    told = refused(path)
    assert f'{path} ({len(data)} bytes) is not a whole ONNX model' in told
    assert 'prepare_models' in told


@pytest.mark.parametrize('share', [0.01, 0.5, 0.9, 0.999])
def test_a_model_that_is_cut_short_is_refused(share, broken):
    try:
        data = find_model('palm_detection_lite').read_bytes()
    except ModelError as error:
        pytest.skip(str(error))
    path = broken(data[: int(share * len(data))])
    assert str(path) in refused(path)
