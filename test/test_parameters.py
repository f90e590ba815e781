"""The parameter table, and the documents made from it."""

from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')

from hand_tracking_ros.ros import parameter_docs
from hand_tracking_ros.ros.parameters import PARAMETERS, Settings

CHECKOUT = Path(__file__).parents[1]
BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}


def test_every_parameter_is_read():
    assert list(Settings.__annotations__) == list(BY_NAME)


@pytest.mark.parametrize('parameter', PARAMETERS, ids=list(BY_NAME))
def test_every_default_is_allowed_and_described(parameter):
    assert parameter.complaint(parameter.default) == ''
    assert parameter.description.endswith('.')
    assert parameter.descriptor().description == parameter.description


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('max_num_hands', 0),
        ('min_presence_confidence', 1.5),
        ('min_presence_confidence', float('nan')),
        ('pose_convention', 'rep-103'),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(name, value):
    complaint = BY_NAME[name].complaint(value)
    assert name in complaint
    assert 'not' in complaint


def test_the_parameter_file_shows_the_table():
    assert (CHECKOUT / 'config/hands.yaml').read_text() == parameter_docs.as_yaml(), (
        'run python3 -m hand_tracking_ros.ros.parameter_docs'
    )


def test_the_readme_shows_the_table():
    assert parameter_docs.as_markdown() in (CHECKOUT / 'README.md').read_text(), (
        'run python3 -m hand_tracking_ros.ros.parameter_docs'
    )
