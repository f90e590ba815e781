"""The parameters of the nodes, and the files and documents generated from them."""

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')

from docs import write_parameters
from evaluation.markdown import insert_between_marks
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


@pytest.mark.parametrize('file', write_parameters.FILES, ids=lambda file: file.path.name)
def test_the_parameter_files_are_up_to_date(file):
    assert (CHECKOUT / file.path).read_text() == write_parameters.as_yaml(file), 'run make docs'


@pytest.mark.parametrize('table', write_parameters.TABLES, ids=lambda table: table.name)
def test_the_tables_in_the_documents_are_up_to_date(table):
    path, name, settings = CHECKOUT / table.path, table.name, table.settings
    expected = insert_between_marks(path, name, write_parameters.as_markdown(settings))
    assert path.read_text() == expected, 'run make docs'
