"""The threads of a network on the CPU: how many, on which processors, and when they wait awake."""

import os
from pathlib import Path

import pytest
from fake_onnxruntime import FakeOnnxRuntime

from hand_tracking_ros.tracking import onnxruntime_session
from hand_tracking_ros.tracking.onnxruntime_session import CpuSession

AFFINITIES = 'session.intra_op_thread_affinities'


@pytest.fixture
def runtime(monkeypatch):
    fake = FakeOnnxRuntime()
    monkeypatch.setattr(onnxruntime_session, 'onnxruntime', fake)
    return fake


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


def test_threads_do_not_wait_awake(runtime):
    CpuSession('network.onnx')
    entries = runtime.sessions[-1].session_options.entries
    assert entries['session.intra_op.allow_spinning'] == '0'
