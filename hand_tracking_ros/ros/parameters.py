"""The node's parameters: one table, and typed values read from it.

`config/hands.yaml` and the table in README.md are written from here (`parameter_docs`).
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

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

from hand_tracking_ros.ros.teleop_outputs import LANDMARK_ORDERS
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.fingers.hand_frame import POSE_CONVENTIONS
from hand_tracking_ros.tracking.hand import Handedness
from hand_tracking_ros.tracking.networks.runtime import EXECUTION_PROVIDERS, PRECISIONS
from hand_tracking_ros.tracking.one_euro import OneEuroOptions
from hand_tracking_ros.tracking.placing.hand_locator import LocatorOptions
from hand_tracking_ros.tracking.smoothing import SMOOTHING_METHODS, SmoothingOptions
from hand_tracking_ros.tracking.tiles import parse_tiles
from hand_tracking_ros.tracking.tracker import TrackerOptions

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
AnySettings = TypeVar('AnySettings')


@dataclass(frozen=True)
class Parameter:
    """One row of the table.

    Attributes:
        name, default, description: as ROS shows them. A list of numbers keeps its length.
        minimum, maximum: smallest and largest number, both allowed.
        choices: the words allowed.
        read_only: fixed at start.
        is_any_type: a value of another type than the default's is taken too.
        check: raises a ValueError that says what is wrong with a value.
    """

    name: str
    default: Any
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    read_only: bool = False
    is_any_type: bool = False
    check: Callable[[Any], Any] | None = None

    def descriptor(self) -> ParameterDescriptor:
        """This row as ROS describes it to `ros2 param describe` and rqt."""
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
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(self.minimum), to_value=float(self.maximum))
            ]
        elif self.minimum is not None:
            descriptor.integer_range = [
                IntegerRange(from_value=self.minimum, to_value=self.maximum, step=1)
            ]
        return descriptor

    def complaint(self, value: Any) -> str:
        """Why this value cannot be taken; empty if it can."""
        if self._type() == ParameterType.PARAMETER_DOUBLE_ARRAY:
            if len(value) == len(self.default) and all(map(math.isfinite, value)):
                return ''
            return f'{self.name}: {list(value)} is not {len(self.default)} finite numbers'
        if self.choices and value not in self.choices:
            return f'{self.name}: {value!r} is not one of {", ".join(self.choices)}'
        # Not-a-number compares false with everything, so ask for what must hold.
        if self.minimum is not None and not self.minimum <= value <= self.maximum:
            return f'{self.name}: {value} is not between {self.minimum} and {self.maximum}'
        try:
            if self.check:
                self.check(value)
        except ValueError as error:
            return str(error)
        return ''

    def _type(self) -> int:
        if isinstance(self.default, list):
            return _LIST_TYPES[type(self.default[0])]
        return _TYPES[type(self.default)]


_OPTIONS = TrackerOptions()
_SMOOTHING = SmoothingOptions()

PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        'cameras',
        [''],
        'Names of the cameras. The default is one camera without a name (topics image, '
        'camera_info, ~/hands); a camera NAME uses NAME/image, NAME/camera_info, ~/NAME/hands.',
        read_only=True,
    ),
    Parameter(
        'image_transport',
        'raw',
        'Subscribe to image (raw) or to image/compressed (compressed).',
        choices=('raw', 'compressed'),
        read_only=True,
    ),
    Parameter(
        'image_mirrored',
        _OPTIONS.image_mirrored,
        'The images are mirrored, as selfies are. Robot cameras do not mirror.',
    ),
    Parameter(
        'max_num_hands',
        _OPTIONS.max_num_hands,
        'Never more hands than this in one image.',
        minimum=1,
        maximum=16,
    ),
    Parameter(
        'model_complexity',
        1,
        '0: lite networks, faster. 1: full networks, more accurate.',
        minimum=0,
        maximum=1,
        read_only=True,
    ),
    Parameter(
        'static_image_mode',
        _OPTIONS.static_image_mode,
        'Treat every image by itself, without tracking.',
    ),
    Parameter(
        'min_detection_confidence',
        _OPTIONS.min_detection_confidence,
        'Smallest score of a detected palm.',
        minimum=0.0,
        maximum=1.0,
    ),
    Parameter(
        'min_presence_confidence',
        _OPTIONS.min_presence_confidence,
        'Smallest presence of a hand in its region; below it the hand is lost.',
        minimum=0.0,
        maximum=1.0,
    ),
    Parameter(
        'min_tracking_confidence',
        _OPTIONS.min_tracking_confidence,
        'Overlap from which a detected hand is taken for one that is already tracked.',
        minimum=0.0,
        maximum=1.0,
    ),
    Parameter(
        'detection_interval',
        _OPTIONS.detection_interval_s,
        'Seconds between two looks for further hands once a hand is tracked.',
        minimum=0.0,
        maximum=60.0,
    ),
    Parameter(
        'detection_tiles',
        _OPTIONS.detection_tiles,
        'Parts of the image that are searched one by one for hands too small to be found in the '
        'whole: auto, 1x1 (the whole only), or columns x rows such as 4x2. Parts of less than 192 '
        'px would show no more, and are left out.',
        check=parse_tiles,
    ),
    Parameter(
        'detection_budget_ms',
        _OPTIONS.detection_budget_s * 1000,
        'While no hand is tracked, as many parts of an image are searched as fit in this time, '
        'but at least one.',
        minimum=0.0,
        maximum=1000.0,
    ),
    Parameter(
        'landmark_passes',
        _OPTIONS.landmark_passes,
        'How often each hand is read: more is more accurate and slower. 0: twice in '
        'static_image_mode, else once.',
        minimum=0,
        maximum=3,
    ),
    Parameter(
        'hold_time',
        _OPTIONS.hold_time_s,
        'Seconds for which a lost hand is reported as HELD, with its last values.',
        minimum=0.0,
        maximum=10.0,
    ),
    Parameter(
        'hand_length',
        0.0,
        'Length of the hands, m: from the wrist along the stretched middle finger to its tip. '
        '0: unknown, an average adult (0.185). Distances without depth scale with it.',
        minimum=0.0,
        maximum=0.3,
    ),
    Parameter(
        'depth_tolerance',
        0.05,
        'Largest difference of the stamps of an image and its depth image, seconds.',
        minimum=0.0,
        maximum=10.0,
    ),
    Parameter(
        'smoothing',
        _SMOOTHING.method,
        'Filter of landmarks and poses on their way out. The tracking itself is not filtered.',
        choices=SMOOTHING_METHODS,
    ),
    Parameter(
        'smoothing_min_cutoff',
        _SMOOTHING.one_euro.min_cutoff_hz,
        'one_euro: cutoff for a hand at rest, Hz. Lower: less jitter, slower to settle.',
        minimum=0.01,
        maximum=100.0,
    ),
    Parameter(
        'smoothing_cutoff_per_speed',
        _SMOOTHING.one_euro.cutoff_per_speed,
        'one_euro: what the cutoff gains with speed, Hz per palm size (about 8 cm) or radian per '
        'second. Higher: less lag in motion.',
        minimum=0.0,
        maximum=100.0,
    ),
    Parameter(
        'smoothing_noise_speed',
        _SMOOTHING.one_euro.noise_speed,
        'one_euro: speed, palm sizes or radians per second, below which motion passes for noise. '
        'Higher: less jitter of noisy hands, more lag in slow motion.',
        minimum=0.0,
        maximum=100.0,
    ),
    Parameter(
        'pose_convention',
        'rep103',
        'Axes of the hand frame.',
        choices=tuple(POSE_CONVENTIONS),
    ),
    Parameter(
        'landmark_order',
        LANDMARK_ORDERS[0],
        "Points of ~/left/landmarks and ~/right/landmarks: MediaPipe's 21, or OpenXR's 26 joints, "
        'of which palm and metacarpals of the long fingers are estimates.',
        choices=LANDMARK_ORDERS,
    ),
    Parameter('publish_tf', True, 'Send a TF frame for every hand.'),
    Parameter('landmark_frames', False, 'Send a TF frame for every landmark too.'),
    Parameter('tf_prefix', '', 'Put before the name of every hand frame.'),
    Parameter(
        'execution_provider',
        'auto',
        'What the networks run on. auto: CUDA where the ONNX Runtime installed has it, else the '
        'CPU. What does not start or fails is replaced, by the CPU in the end, with a warning. '
        'tensorrt prepares for minutes when it first starts.',
        choices=('auto', *EXECUTION_PROVIDERS),
        read_only=True,
    ),
    Parameter(
        'device_id',
        0,
        'Which GPU, for cuda and tensorrt.',
        minimum=0,
        maximum=63,
        read_only=True,
    ),
    Parameter(
        'num_threads',
        0,
        'CPU threads of a network; 0: one for each core, at most four. 1 takes the least '
        'processor time.',
        minimum=0,
        maximum=64,
        read_only=True,
    ),
    Parameter(
        'precision',
        'fp32',
        'Numbers that the networks compute with. bf16 is faster and less accurate; it needs '
        'OpenVINO, which auto then chooses where it is installed, and a processor that has it.',
        choices=PRECISIONS,
        read_only=True,
    ),
    Parameter(
        'model_directory',
        '',
        'Folder of the .onnx files; empty: where prepare_models puts them.',
        read_only=True,
    ),
)


@dataclass(frozen=True)
class Settings:
    """The values of all parameters, each field named as its parameter."""

    cameras: list[str]
    image_transport: str
    image_mirrored: bool
    max_num_hands: int
    model_complexity: int
    static_image_mode: bool
    min_detection_confidence: float
    min_presence_confidence: float
    min_tracking_confidence: float
    detection_interval: float
    detection_tiles: str
    detection_budget_ms: float
    landmark_passes: int
    hold_time: float
    hand_length: float
    depth_tolerance: float
    smoothing: str
    smoothing_min_cutoff: float
    smoothing_cutoff_per_speed: float
    smoothing_noise_speed: float
    pose_convention: str
    landmark_order: str
    publish_tf: bool
    landmark_frames: bool
    tf_prefix: str
    execution_provider: str
    device_id: int
    num_threads: int
    precision: str
    model_directory: str

    @property
    def tracker_options(self) -> TrackerOptions:
        """The part that the tracker understands."""
        return TrackerOptions(
            static_image_mode=self.static_image_mode,
            max_num_hands=self.max_num_hands,
            min_detection_confidence=self.min_detection_confidence,
            min_presence_confidence=self.min_presence_confidence,
            min_tracking_confidence=self.min_tracking_confidence,
            image_mirrored=self.image_mirrored,
            detection_interval_s=self.detection_interval,
            detection_tiles=self.detection_tiles,
            detection_budget_s=self.detection_budget_ms / 1000,
            landmark_passes=self.landmark_passes,
            hold_time_s=self.hold_time,
        )

    def locator_options(self, measured_m: Mapping[Handedness, float]) -> LocatorOptions:
        """The part that the locator understands; a measured length counts before `hand_length`."""
        sides = (Handedness.LEFT, Handedness.RIGHT)
        lengths_m = dict.fromkeys(sides, self.hand_length) if self.hand_length > 0 else {}
        return LocatorOptions({**lengths_m, **measured_m}, self.image_mirrored)

    @property
    def smoothing_options(self) -> SmoothingOptions:
        """The part that the smoother understands."""
        return SmoothingOptions(
            method=self.smoothing,
            one_euro=OneEuroOptions(
                min_cutoff_hz=self.smoothing_min_cutoff,
                cutoff_per_speed=self.smoothing_cutoff_per_speed,
                noise_speed=self.smoothing_noise_speed,
            ),
        )


def declare(node: Node, table: Sequence[Parameter] = PARAMETERS) -> None:
    """Declare every parameter of a table, and refuse wrong values from now on.

    Raises:
        UserError: a value from the command line or a parameter file is wrong.
    """
    by_name = {parameter.name: parameter for parameter in table}
    node.add_on_set_parameters_callback(lambda changes: _check(changes, by_name))
    for parameter in table:
        try:
            node.declare_parameter(parameter.name, parameter.default, parameter.descriptor())
        except ParameterException as error:
            raise UserError(f'parameter {parameter.name}: {error}') from error
    _warn_of_unknown(node, by_name)


def describe(table: Sequence[Parameter] = PARAMETERS) -> str:
    """The table as text for a program's help."""
    return '\n'.join(f'  {row.name} ({row.default!r})\n      {row.description}' for row in table)


def read(node: Node, settings: type[AnySettings] = Settings) -> AnySettings:
    """The values as they are now, in a dataclass whose fields are named as the parameters."""
    values = {field.name: node.get_parameter(field.name).value for field in fields(settings)}
    return settings(**values)


def _warn_of_unknown(node: Node, by_name: Mapping[str, Parameter]) -> None:
    """Name parameters that were given but do not exist: ROS ignores them without a word."""
    # rclpy has no public way to ask what was given.
    for name in getattr(node, '_parameter_overrides', {}):
        if node.has_parameter(name) or name.startswith('qos_overrides.'):
            continue
        similar = difflib.get_close_matches(name, by_name, n=1)
        hint = f'did you mean {similar[0]}?' if similar else 'it is ignored'
        node.get_logger().warning(f'There is no parameter {name}; {hint}')


def _check(
    changes: Sequence[RclpyParameter], by_name: Mapping[str, Parameter]
) -> SetParametersResult:
    """Refuse changes to values that the table does not allow, with the reason."""
    complaints = [
        by_name[change.name].complaint(change.value)
        for change in changes
        if change.name in by_name and change.value is not None
    ]
    reason = '; '.join(complaint for complaint in complaints if complaint)
    return SetParametersResult(successful=not reason, reason=reason)
