"""What the node's parameters become."""

from dataclasses import asdict, replace

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')

from hand_tracking_ros.ros.hand_tracker_parameters import HandTrackerSettings
from hand_tracking_ros.tracking.hand import Handedness
from hand_tracking_ros.tracking.pipeline import PipelineOptions

SETTINGS = HandTrackerSettings()
# Another value than the default, and the option that it becomes, in the unit of the option.
OPTIONS = {
    'static_image_mode': (True, 'tracker', 'static_image_mode', True),
    'max_num_hands': (5, 'tracker', 'max_num_hands', 5),
    'min_detection_confidence': (0.1, 'tracker', 'min_detection_confidence', 0.1),
    'min_presence_confidence': (0.2, 'tracker', 'min_presence_confidence', 0.2),
    'min_tracking_confidence': (0.3, 'tracker', 'min_tracking_confidence', 0.3),
    'image_mirrored': (True, 'tracker', 'image_mirrored', True),
    'detection_interval': (7.0, 'tracker', 'detection_interval_s', 7.0),
    'detection_tiles': ('4x2', 'tracker', 'detection_tiles', '4x2'),
    'detection_rotated': (True, 'tracker', 'detection_rotated', True),
    'detection_budget_ms': (40.0, 'tracker', 'detection_budget_s', 0.04),
    'landmark_passes': (3, 'tracker', 'landmark_passes', 3),
    'confirmation_images': (5, 'tracker', 'confirmation_images', 5),
    'hold_time': (0.7, 'tracker', 'hold_time_s', 0.7),
    'image_timeout': (9.0, 'tracker', 'image_timeout_s', 9.0),
    'smoothing': ('none', 'smoothing', 'method', 'none'),
    'smoothing_min_cutoff': (3.5, 'one_euro', 'min_cutoff_hz', 3.5),
    'smoothing_cutoff_per_speed': (4.5, 'one_euro', 'cutoff_per_speed', 4.5),
    'smoothing_noise_speed': (5.5, 'one_euro', 'noise_speed', 5.5),
}


def parts(options: PipelineOptions):
    """The fields of all options, by the group that they belong to."""
    smoothing = asdict(options.smoothing)
    one_euro = smoothing.pop('one_euro')
    return {'tracker': asdict(options.tracker), 'smoothing': smoothing, 'one_euro': one_euro}


def test_the_defaults_are_the_pipelines_own():
    assert SETTINGS.pipeline_options() == PipelineOptions()


@pytest.mark.parametrize(
    ('name', 'value', 'group', 'option', 'expected'),
    [(name, *each) for name, each in OPTIONS.items()],
    ids=list(OPTIONS),
)
def test_a_parameter_becomes_its_option_and_no_other(name, value, group, option, expected):
    assert getattr(SETTINGS, name) != value
    found = parts(replace(SETTINGS, **{name: value}).pipeline_options())
    wanted = parts(PipelineOptions())
    wanted[group][option] = expected
    assert found == wanted


def test_a_hand_length_is_that_of_both_hands_and_0_is_unknown():
    assert replace(SETTINGS, hand_length=0.19).pipeline_options().hand_lengths_m == {
        Handedness.LEFT: 0.19,
        Handedness.RIGHT: 0.19,
    }
    assert replace(SETTINGS, hand_length=0.0).pipeline_options().hand_lengths_m == {}
