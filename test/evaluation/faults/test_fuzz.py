"""The fuzz notices whatever an input does, and names the input."""

import random
from contextlib import closing

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from evaluation.faults import fuzz
from evaluation.faults.fuzz_process import FINDING, MIDDLEWARE, REFUSED, TAKEN, Batch, FuzzProcess
from evaluation.faults.mutations import mutated, with_checksums
from support.failing_targets import BAD, make_targets

# One or two inputs of each target are bad.
SEED, COUNT = 89, 8


@pytest.fixture(scope='module')
def process():
    with closing(FuzzProcess(make_targets, SEED, max_memory_mb=200.0)) as process:
        yield process


def bad_numbers(target):
    """The inputs of a batch that are bad."""
    make = make_targets()[target].make
    made = [make(random.Random(f'{SEED} {target} {number}')) for number in range(COUNT)]
    return [number for number, data in enumerate(made) if data[0] == BAD]


@pytest.mark.parametrize(
    ('target', 'outcome', 'complaint'),
    [
        ('fine', TAKEN, None),
        ('refused', REFUSED, None),
        ('unreadable', MIDDLEWARE, None),
        ('undocumented', FINDING, "KeyError: 'nobody documents this'"),
        ('crash', FINDING, 'the process ended: SIGSEGV'),
        ('memory', FINDING, ' MB'),
    ],
)
def test_every_end_of_an_input_is_noticed_and_the_others_are_tried(
    process, target, outcome, complaint
):
    bad = bad_numbers(target)
    assert bad, 'another SEED'
    result = process.run(Batch(target, 0, COUNT))
    assert sum(result.counts.values()) == COUNT
    assert result.counts[outcome] == (COUNT if outcome == TAKEN else len(bad))
    found = [number for number, _ in result.findings]
    assert sorted(found) == (bad if complaint else [])
    assert all(complaint in what for _, what in result.findings)


def test_an_input_that_takes_too_long_is_ended():
    with closing(FuzzProcess(make_targets, SEED, max_seconds=1.0)) as process:
        result = process.run(Batch('hang', 0, COUNT))
    assert (sorted(result.findings)) == [(n, 'took more than 1 s') for n in bad_numbers('hang')]
    assert sum(result.counts.values()) == COUNT


def test_a_crash_of_the_middleware_is_told_apart(process):
    bad = bad_numbers('crash while read')
    result = process.run(Batch('crash while read', 0, COUNT))
    assert [number for number, _ in sorted(result.middleware)] == bad
    assert not result.findings
    assert result.counts[TAKEN] == COUNT - len(bad)


def test_the_same_seed_makes_the_same_inputs():
    def made(seed):
        return [mutated(bytes(100), random.Random(f'{seed} {number}')) for number in range(50)]

    assert made(1) == made(1) != made(2)
    assert sum(data != bytes(100) for data in made(1)) > 45


def test_checksums_of_a_png_are_right_again():
    import cv2
    import numpy as np

    png = cv2.imencode('.png', np.zeros((4, 4), np.uint8))[1].tobytes()
    spoiled = bytearray(png)
    spoiled[29] ^= 1
    assert with_checksums(bytes(spoiled)) == png == with_checksums(png)


def test_a_run_over_our_own_code_finds_nothing(capsys):
    assert fuzz.main(['--messages', '300', '--jobs', '1', '--seed', '5']) == 0
    text = capsys.readouterr().out
    assert '300 inputs, seed 5' in text
    for name in ('Image', 'CompressedImage', 'CameraInfo', 'depth', 'HandArray', 'video file'):
        assert f'| {name} |' in text


def test_an_unknown_target_is_named_with_those_there_are(capsys):
    assert fuzz.main(['--target', 'Imaeg']) == 1
    assert 'expected one of Image, CompressedImage' in capsys.readouterr().err
