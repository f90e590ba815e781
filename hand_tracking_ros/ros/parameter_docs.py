"""Writes the parameter table into config/hands.yaml and README.md, so that they cannot disagree.

python3 -m hand_tracking_ros.ros.parameter_docs        (in the checkout)
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from hand_tracking_ros.ros.parameters import PARAMETERS, Parameter

BEGIN, END = '<!-- parameters: begin -->', '<!-- parameters: end -->'
YAML_HEADER = """\
# Parameters of the hand tracker with their defaults. Copy this file, change what you need, and
# start with: ros2 launch hand_tracking_ros hands.launch.py params_file:=/path/to/your.yaml
/**:
  ros__parameters:
"""


def as_yaml() -> str:
    """The table as a ROS parameter file."""
    rows = []
    for parameter in PARAMETERS:
        comment = ' '.join(part for part in (parameter.description, _allowed(parameter)) if part)
        rows.append(
            textwrap.indent(textwrap.fill(comment, 94), '    # ')
            + f'\n    {parameter.name}: {json.dumps(parameter.default)}\n'
        )
    return YAML_HEADER + '\n'.join(rows)


def as_markdown() -> str:
    """The table for the README."""
    rows = [
        '| parameter | default | allowed | at run time | what it does |',
        '|---|---|---|---|---|',
    ]
    for parameter in PARAMETERS:
        changeable = 'no' if parameter.read_only else 'yes'
        rows.append(
            f'| `{parameter.name}` | `{json.dumps(parameter.default)}` | {_range(parameter)} '
            f'| {changeable} | {parameter.description} |'
        )
    return '\n'.join(rows)


def insert_between_marks(text: str, table: str) -> str:
    """The README with the table between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f'{before}{BEGIN}\n{table}\n{END}{after}'


def _range(parameter: Parameter) -> str:
    if parameter.choices:
        return ', '.join(f'`{choice}`' for choice in parameter.choices)
    if parameter.minimum is not None:
        return f'{_number(parameter.minimum)} to {_number(parameter.maximum)}'
    return ''


def _allowed(parameter: Parameter) -> str:
    allowed = _range(parameter).replace('`', '')
    parts = [f'Allowed: {allowed}.'] if allowed else []
    return ' '.join(parts + ['Fixed at start.'] * parameter.read_only)


def _number(value: Any) -> str:
    return f'{value:g}'


def main() -> None:
    """Write both files of the checkout in the current folder."""
    Path('config/hands.yaml').write_text(as_yaml())
    readme = Path('README.md')
    readme.write_text(insert_between_marks(readme.read_text(), as_markdown()))


if __name__ == '__main__':
    main()
