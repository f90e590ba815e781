"""The parameter table, and the documents made from it."""

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')

from hand_tracking_ros.ros import parameter_docs
from hand_tracking_ros.ros.hand_tracker_parameters import HandTrackerSettings
from hand_tracking_ros.ros.parameters import parameters_of
from hand_tracking_ros.teleop.teleop_parameters import TeleopSettings
from support.checkout import CHECKOUT

BY_NAME = {
    parameter.name: parameter
    for settings in (TeleopSettings, HandTrackerSettings)
    for parameter in parameters_of(settings)
}


@pytest.mark.parametrize('parameter', BY_NAME.values(), ids=list(BY_NAME))
def test_every_default_is_allowed_and_described(parameter):
    assert parameter.refusal(parameter.default) == ''
    assert parameter.description.endswith('.')
    assert parameter.descriptor().description == parameter.description


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('max_num_hands', 0),
        ('min_presence_confidence', 1.5),
        ('min_presence_confidence', float('nan')),
        ('pose_convention', 'rep-103'),
        ('workspace_min', [0.0, 0.0]),
        ('workspace_min', [0.0, 0.0, float('inf')]),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(name, value):
    refusal = BY_NAME[name].refusal(value)
    assert name in refusal
    assert 'not' in refusal


@pytest.mark.parametrize('table', parameter_docs.TABLES, ids=lambda table: table.node)
def test_the_parameter_files_show_the_tables(table):
    assert (CHECKOUT / table.yaml_path).read_text() == parameter_docs.as_yaml(table), (
        'run python3 -m hand_tracking_ros.ros.parameter_docs'
    )


@pytest.mark.parametrize('table', parameter_docs.TABLES, ids=lambda table: table.node)
def test_the_readme_shows_the_tables(table):
    assert parameter_docs.as_markdown(table) in (CHECKOUT / 'README.md').read_text(), (
        'run python3 -m hand_tracking_ros.ros.parameter_docs'
    )
