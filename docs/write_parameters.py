"""Writes the parameter tables into config/ and README.md, so that they cannot disagree.

python3 -m hand_tracking_ros.ros.parameter_docs        (in the checkout)
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hand_tracking_ros.ros.hand_tracker_parameters import HandTrackerSettings
from hand_tracking_ros.ros.parameters import Parameter, parameters_of
from hand_tracking_ros.teleop.teleop_parameters import TeleopSettings

YAML_HEADER = """\
# Parameters of the {node} with their defaults. Copy this file, change what you need, and
# start with: ros2 launch hand_tracking_ros {start}:=/path/to/your.yaml
/**:
  ros__parameters:
"""


class NodeTable(NamedTuple):
    """A node's parameters, and where they are written.

    Attributes:
        node: what users call it.
        start: launch file and its argument for the parameter file.
        parameters: the rows.
        yaml_path: the parameter file.
        mark: name of the marks around the table in the README.
    """

    node: str
    start: str
    parameters: Sequence[Parameter]
    yaml_path: str
    mark: str


TABLES = (
    NodeTable(
        'hand tracker',
        'hands.launch.py params_file',
        parameters_of(HandTrackerSettings),
        'config/hands.yaml',
        'parameters',
    ),
    NodeTable(
        'teleoperation node',
        'teleop.launch.py teleop_params_file',
        parameters_of(TeleopSettings),
        'config/teleop.yaml',
        'teleoperation parameters',
    ),
)


def as_yaml(table: NodeTable) -> str:
    """The table as a ROS parameter file."""
    rows = []
    for parameter in table.parameters:
        comment = ' '.join(part for part in (parameter.description, _allowed(parameter)) if part)
        rows.append(
            textwrap.indent(textwrap.fill(comment, 94), '    # ')
            + f'\n    {parameter.name}: {json.dumps(parameter.default)}\n'
        )
    return YAML_HEADER.format(node=table.node, start=table.start) + '\n'.join(rows)


def as_markdown(table: NodeTable) -> str:
    """The table for the README."""
    rows = [
        '| parameter | default | allowed | at run time | what it does |',
        '|---|---|---|---|---|',
    ]
    for parameter in table.parameters:
        changeable = 'no' if parameter.read_only else 'yes'
        rows.append(
            f'| `{parameter.name}` | `{json.dumps(parameter.default)}` | {_range(parameter)} '
            f'| {changeable} | {parameter.description} |'
        )
    return '\n'.join(rows)


def insert_between_marks(text: str, table: NodeTable) -> str:
    """The README with the table between its two marks."""
    begin, end = (f'<!-- {table.mark}: {place} -->' for place in ('begin', 'end'))
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f'{before}{begin}\n{as_markdown(table)}\n{end}{after}'


def _range(parameter: Parameter) -> str:
    if parameter.choices:
        return ', '.join(f'`{choice}`' for choice in parameter.choices)
    if parameter.within:
        return ' to '.join(map(_number, parameter.within))
    return ''


def _allowed(parameter: Parameter) -> str:
    allowed = _range(parameter).replace('`', '')
    parts = [f'Allowed: {allowed}.'] if allowed else []
    return ' '.join(parts + ['Fixed at start.'] * parameter.read_only)


def _number(value: Any) -> str:
    return f'{value:g}'


def main() -> None:
    """Write the files of the checkout in the current folder."""
    readme = Path('README.md')
    for table in TABLES:
        Path(table.yaml_path).write_text(as_yaml(table))
        readme.write_text(insert_between_marks(readme.read_text(), table))


if __name__ == '__main__':
    main()
