"""The parameters of the nodes, and the files and documents generated from them."""

from dataclasses import dataclass

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')

import rclpy
from rclpy.context import Context

from docs import write_parameters
from evaluation.markdown import insert_between_marks
from hand_tracking_ros.ros.hand_tracker_parameters import HandTrackerSettings
from hand_tracking_ros.ros.parameters import NodeParameters, parameter, parameters_of
from hand_tracking_ros.teleop.teleop_parameters import TeleopSettings
from hand_tracking_ros.tracking.errors import UserError
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


@dataclass(frozen=True)
class Settings:
    rate: float = parameter(30.0, 'Hz.', within=(0.0, 100.0))
    corner: list[float] = parameter([0.0, 0.0], 'Metres.')
    count: int = parameter(2, 'Number.', within=(0, 100))


@pytest.fixture
def node_with():
    """Makes a node that is given parameters, as by a YAML file; of a context of its own."""
    context = Context()
    rclpy.init(context=context)
    nodes = []

    def make(**given):
        overrides = [rclpy.Parameter(name, value=value) for name, value in given.items()]
        nodes.append(rclpy.create_node('n', context=context, parameter_overrides=overrides))
        return nodes[-1], NodeParameters(nodes[-1], Settings)

    yield make
    for node in nodes:
        node.destroy_node()
    context.try_shutdown()


def test_a_whole_number_is_taken_for_a_float_at_the_start(node_with):
    node, parameters = node_with(rate=1, corner=[1, 2])
    assert (parameters.settings.rate, parameters.settings.corner) == (1.0, [1.0, 2.0])
    assert node.get_parameter('rate').get_parameter_value().double_value == 1.0


def test_a_whole_number_is_taken_for_a_float_at_run_time(node_with):
    node, parameters = node_with()
    if not hasattr(node, 'add_pre_set_parameters_callback'):
        pytest.skip('rclpy of Humble cannot convert what is set at run time')
    results = node.set_parameters(
        [rclpy.Parameter('rate', value=1), rclpy.Parameter('corner', value=[3, 4])]
    )
    assert [result.successful for result in results] == [True, True]
    assert (parameters.settings.rate, parameters.settings.corner) == (1.0, [3.0, 4.0])
    assert type(parameters.settings.rate) is float


@pytest.mark.parametrize(
    'given', [{'rate': True}, {'rate': '1'}, {'count': 1.0}, {'rate': 101}, {'rate': None}]
)
def test_any_other_type_no_value_or_a_number_out_of_range_is_refused_at_the_start(node_with, given):
    with pytest.raises(UserError, match=next(iter(given))):
        node_with(**given)


@pytest.mark.parametrize('file', write_parameters.FILES, ids=lambda file: file.path.name)
def test_the_parameter_files_are_up_to_date(file):
    assert (CHECKOUT / file.path).read_text() == write_parameters.as_yaml(file), 'run make docs'


@pytest.mark.parametrize('table', write_parameters.TABLES, ids=lambda table: table.name)
def test_the_tables_in_the_documents_are_up_to_date(table):
    path, name, settings = CHECKOUT / table.path, table.name, table.settings
    expected = insert_between_marks(path, name, write_parameters.as_markdown(settings))
    assert path.read_text() == expected, 'run make docs'
