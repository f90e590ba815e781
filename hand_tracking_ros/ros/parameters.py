"""ROS parameters as dataclasses: the fields of a settings class are the parameters of a node.

    @dataclass(frozen=True)
    class Settings:
        rate: float = parameter(30.0, 'Frames per second (Hz).', within=(0.1, 1000.0))

    parameters = NodeParameters(node, Settings)
    parameters.settings.rate          # as it is now

Wrong values are refused with the reason, at the start and at run time. config/*.yaml and the tables
in docs/ are generated from the same classes.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import partial
from typing import Any, Generic, TypeVar

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    ParameterType,
    SetParametersResult,
)
from rclpy.exceptions import ParameterException
from rclpy.node import Node
from rclpy.parameter import Parameter as RclpyParameter

from hand_tracking_ros.tracking.errors import UserError

_TYPES = {
    bool: ParameterType.PARAMETER_BOOL,
    int: ParameterType.PARAMETER_INTEGER,
    float: ParameterType.PARAMETER_DOUBLE,
    str: ParameterType.PARAMETER_STRING,
}
_LIST_TYPES = {
    float: ParameterType.PARAMETER_DOUBLE_ARRAY,
    str: ParameterType.PARAMETER_STRING_ARRAY,
}
_Type = RclpyParameter.Type
Settings = TypeVar('Settings')


@dataclass(frozen=True)
class Parameter:
    """What a node declares of one parameter.

    Attributes:
        name, default, description: as ROS shows them. A list of numbers keeps its length.
        within: smallest and largest number, both allowed.
        choices: the words allowed.
        read_only: fixed at start.
        is_any_type: a value of another type than the default's is taken too.
        check: raises a ValueError that says what is wrong with a value.
    """

    name: str
    default: Any
    description: str
    within: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()
    read_only: bool = False
    is_any_type: bool = False
    check: Callable[[Any], Any] | None = None

    def descriptor(self) -> ParameterDescriptor:
        """The parameter as ROS describes it to `ros2 param describe` and rqt."""
        descriptor = ParameterDescriptor(
            name=self.name,
            type=self._type(),
            description=self.description,
            read_only=self.read_only,
            dynamic_typing=self.is_any_type,
        )
        if self.choices:
            descriptor.additional_constraints = 'one of: ' + ', '.join(self.choices)
        if isinstance(self.default, float):
            low, high = map(float, self.within)
            descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
        elif self.within:
            low, high = self.within
            descriptor.integer_range = [IntegerRange(from_value=low, to_value=high, step=1)]
        return descriptor

    def refusal(self, value: Any) -> str:
        """Why this value is refused; empty if it is allowed."""
        if self._type() == ParameterType.PARAMETER_DOUBLE_ARRAY:
            if len(value) == len(self.default) and all(map(math.isfinite, value)):
                return ''
            return f'{self.name}: {list(value)} is not {len(self.default)} finite numbers'
        if self.choices and value not in self.choices:
            return f'{self.name}: {value!r} is not one of {", ".join(self.choices)}'
        # Not-a-number compares false with everything, so ask for what must hold.
        if self.within and not self.within[0] <= value <= self.within[1]:
            return f'{self.name}: {value} is not between {self.within[0]} and {self.within[1]}'
        try:
            if self.check:
                self.check(value)
        except ValueError as error:
            return str(error)
        return ''

    def with_floats(self, given: RclpyParameter) -> RclpyParameter:
        """A value as ROS wants it: YAML takes `1` for an integer, where 1.0 was meant."""
        if (given.type_, self._type()) == (_Type.INTEGER, ParameterType.PARAMETER_DOUBLE):
            return RclpyParameter(given.name, value=float(given.value))
        integers_for_floats = (_Type.INTEGER_ARRAY, ParameterType.PARAMETER_DOUBLE_ARRAY)
        if (given.type_, self._type()) == integers_for_floats:
            return RclpyParameter(given.name, value=list(map(float, given.value)))
        return given

    def _type(self) -> int:
        if isinstance(self.default, list):
            return _LIST_TYPES[type(self.default[0])]
        return _TYPES[type(self.default)]


def parameter(default: Any, description: str, **constraints: Any) -> Any:
    """A dataclass field that is a ROS parameter; `constraints` as the attributes of Parameter."""
    metadata = {'description': description, **constraints}
    if isinstance(default, list):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


# For a parameter that only the start decides.
fixed = partial(parameter, read_only=True)


def parameters_of(settings_type: type) -> list[Parameter]:
    """The parameters that a settings class declares, in the order of its fields."""
    return [
        Parameter(
            each.name,
            each.default_factory() if each.default is MISSING else each.default,
            **each.metadata,
        )
        for each in fields(settings_type)
    ]


def describe(settings_type: type) -> str:
    """The parameters as text for a program's help."""
    return '\n'.join(
        f'  {row.name} ({row.default!r})\n      {row.description}'
        for row in parameters_of(settings_type)
    )


class NodeParameters(Generic[Settings]):
    """Declares the parameters of a node and follows their changes.

    Args:
        node: whose parameters these are.
        settings_type: a frozen dataclass whose fields are made by `parameter`.

    Attributes:
        settings: all values as they are now; another object after every change.

    Raises:
        UserError: a value from the command line or a parameter file is wrong.
    """

    def __init__(self, node: Node, settings_type: type[Settings]) -> None:
        self._by_name = {row.name: row for row in parameters_of(settings_type)}
        node.add_on_set_parameters_callback(self._check)
        values = {name: self._declare(node, row) for name, row in self._by_name.items()}
        _warn_of_unknown(node, self._by_name)
        self.settings = settings_type(**values)
        if hasattr(node, 'add_pre_set_parameters_callback'):  # Humble insists on 1.0
            node.add_pre_set_parameters_callback(self._with_floats)
        if hasattr(node, 'add_post_set_parameters_callback'):
            node.add_post_set_parameters_callback(self._apply)
        else:  # Humble: there the last callback that is added is the first that is called
            node.remove_on_set_parameters_callback(self._check)
            node.add_on_set_parameters_callback(self._apply)
            node.add_on_set_parameters_callback(self._check)

    def _declare(self, node: Node, row: Parameter) -> Any:
        """Declare a parameter and return its value."""
        value = row.default
        given = _given(node).get(row.name)
        is_converted = given is not None and row.with_floats(given) is not given
        if is_converted:
            value = row.with_floats(given).value
        try:
            declared = node.declare_parameter(
                row.name, value, row.descriptor(), ignore_override=is_converted
            )
        except ParameterException as error:
            raise UserError(f'parameter {row.name}: {error}') from error
        if declared.value is None:  # an empty list, or nothing behind the colon
            raise UserError(f'parameter {row.name} has no value, expected such as {row.default!r}')
        return declared.value

    def _with_floats(self, changes: Sequence[RclpyParameter]) -> list[RclpyParameter]:
        return [
            self._by_name[change.name].with_floats(change)
            if change.name in self._by_name
            else change
            for change in changes
        ]

    def _check(self, changes: Sequence[RclpyParameter]) -> SetParametersResult:
        """Refuse values that are not allowed, with the reason."""
        refusals = [
            self._by_name[change.name].refusal(change.value)
            for change in changes
            if change.name in self._by_name and change.value is not None
        ]
        reason = '; '.join(filter(None, refusals))
        return SetParametersResult(successful=not reason, reason=reason)

    def _apply(self, changes: Sequence[RclpyParameter]) -> SetParametersResult:
        """Take over values that were checked."""
        own = {change.name: change.value for change in changes if change.name in self._by_name}
        self.settings = replace(self.settings, **own)
        return SetParametersResult(successful=True)


def _given(node: Node) -> Mapping[str, RclpyParameter]:
    """The parameters of the command line and the parameter files; rclpy has no public way."""
    return getattr(node, '_parameter_overrides', {})


def _warn_of_unknown(node: Node, names: Iterable[str]) -> None:
    """Name parameters that were given but do not exist: ROS ignores them silently."""
    for name in _given(node):
        if node.has_parameter(name) or name.startswith('qos_overrides.'):
            continue
        similar = difflib.get_close_matches(name, names, n=1)
        hint = f'did you mean {similar[0]}?' if similar else 'it is ignored'
        node.get_logger().warning(f'There is no parameter {name}; {hint}')
