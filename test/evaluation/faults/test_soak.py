"""A soak of some seconds: nothing promised is broken, and what went wrong did go wrong."""

import json
import subprocess
import sys

import pytest

from evaluation.faults.resources import Resources
from evaluation.faults.samples import Sample, growth
from hand_tracking_ros.tracking.errors import ModelError
from hand_tracking_ros.tracking.networks.models import HandModels
from support.checkout import CHECKOUT


def test_a_short_soak_breaks_no_promise(tmp_path):
    try:
        HandModels.load()
    except ModelError as error:
        pytest.skip(f'needs the models: {error}')
    figures = tmp_path / 'soak.json'
    ended = subprocess.run(
        [
            *(sys.executable, '-m', 'evaluation.faults.soak', '--quick', '--minutes', '0.15'),
            *('--seed', '5', '--json', str(figures)),
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    result = json.loads(figures.read_text())
    assert result['broken'] == {}
    assert result['HandArrays'] > 0
    assert result['faults']
    assert result['disturbances']


def samples(*memory_mb_of_each_minute):
    for minute, memory_mb in enumerate(memory_mb_of_each_minute):
        for part in range(6):
            taken = Resources(500.0, 500.0, 500.0, memory_mb, 10, 10, 0.0)
            yield Sample(60.0 * minute + 10.0 * part, taken, 0, 0.0, None, None)


def test_growth_is_that_of_quarters_after_the_fifth_minute():
    memory_mb = [100, 150, 300, 300, 300, *[200, 202] * 2, *[250] * 8, *[210, 214] * 2]
    assert growth(list(samples(*memory_mb))) == (201, 212)


def test_growth_is_not_counted_in_short_runs():
    assert growth(list(samples(*[200] * 14))) is None
