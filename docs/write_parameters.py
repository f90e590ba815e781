"""Writes the parameter files in config/ and the tables in docs/ from the nodes' settings classes.

make docs
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import NamedTuple

from evaluation.markdown import insert_between_marks, table
from hand_tracking_ros.cameras.simulated_camera import SimulatedCameraSettings
from hand_tracking_ros.cameras.video_publisher import VideoPublisherSettings
from hand_tracking_ros.ros.hand_tracker_parameters import HandTrackerSettings
from hand_tracking_ros.ros.parameters import Parameter, parameters_of
from hand_tracking_ros.teleop.teleop_parameters import TeleopSettings

REFERENCE, TELEOPERATION = Path('docs/reference.md'), Path('docs/teleoperation.md')
HEAD = ('parameter', 'default', 'allowed', 'at run time', 'what it does')
YAML_HEADER = """\
# Parameters of the {node} with their defaults. Copy this file, change what you need, and
# start with: ros2 launch hand_tracking_ros {start}:=/path/to/your.yaml
/**:
  ros__parameters:
"""


class ParameterFile(NamedTuple):
    """A parameter file with the defaults of a node.

    Attributes:
        path: where it lies.
        node: what users call the node.
        start: launch file and its argument for the parameter file.
        settings: the node's settings class.
    """

    path: Path
    node: str
    start: str
    settings: type


class ParameterTable(NamedTuple):
    """A table between the marks `<!-- NAME: begin -->` and `<!-- NAME: end -->` of a document."""

    path: Path
    name: str
    settings: type


FILES = (
    ParameterFile(
        Path('config/hands.yaml'),
        'hand tracker',
        'hands.launch.py params_file',
        HandTrackerSettings,
    ),
    ParameterFile(
        Path('config/teleop.yaml'),
        'teleoperation node',
        'teleop.launch.py teleop_params_file',
        TeleopSettings,
    ),
)
TABLES = (
    ParameterTable(REFERENCE, 'hand_tracker parameters', HandTrackerSettings),
    ParameterTable(REFERENCE, 'video_publisher parameters', VideoPublisherSettings),
    ParameterTable(REFERENCE, 'simulated_camera parameters', SimulatedCameraSettings),
    ParameterTable(TELEOPERATION, 'hand_teleop parameters', TeleopSettings),
)


def as_yaml(file: ParameterFile) -> str:
    """The content of a parameter file."""
    return YAML_HEADER.format(node=file.node, start=file.start) + '\n'.join(
        f'{_comment(parameter)}\n    {parameter.name}: {json.dumps(parameter.default)}\n'
        for parameter in parameters_of(file.settings)
    )


def as_markdown(settings: type) -> str:
    """The table of a document."""
    rows = [
        (
            f'`{parameter.name}`',
            f'`{json.dumps(parameter.default)}`',
            _range(parameter),
            'no' if parameter.read_only else 'yes',
            parameter.description,
        )
        for parameter in parameters_of(settings)
    ]
    return table(HEAD, rows)


def _comment(parameter: Parameter) -> str:
    allowed = _range(parameter).replace('`', '')
    parts = [parameter.description]
    parts += [f'Allowed: {allowed}.'] if allowed else []
    parts += ['Fixed at start.'] if parameter.read_only else []
    return textwrap.indent(textwrap.fill(' '.join(parts), 94), '    # ')


def _range(parameter: Parameter) -> str:
    if parameter.choices:
        return ', '.join(f'`{choice}`' for choice in parameter.choices)
    return '{:.10g} to {:.10g}'.format(*parameter.within) if parameter.within else ''


def main() -> None:
    """Write the files of the checkout in the current folder."""
    for file in FILES:
        file.path.write_text(as_yaml(file), encoding='utf-8')
    for path, name, settings in TABLES:
        text = insert_between_marks(path, name, as_markdown(settings))
        path.write_text(text, encoding='utf-8')


if __name__ == '__main__':
    main()
