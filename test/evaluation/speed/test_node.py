"""The benchmark's node sections, with the real node and very few frames."""

from dataclasses import replace

import pytest

from evaluation.paths import TEST_DATA_VARIABLE
from evaluation.speed import node as benchmark_node
from evaluation.speed.conditions import QUICK, Conditions
from evaluation.speed.media import find_video
from evaluation.speed.timed_tracker import WARM_UP_FRAMES
from evaluation.speed.trackers import Trackers
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.networks.model_files import find_model

TINY = replace(QUICK, node_rounds=2, node_turn_s=0.4, endurance_s=0.6, cameras_s=0.8)
TURN_FRAMES = 12


@pytest.fixture(scope='module')
def conditions(tmp_path_factory):
    """A simulated video, very small pictures, and hardly any time."""
    if reason := benchmark_node.why_not_measured():
        pytest.skip(f'no ROS 2 with this package: {reason}')
    try:
        find_model('palm_detection_full')
    except UserError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp('node')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TEST_DATA_VARIABLE, str(folder))
        patch.setattr(benchmark_node, 'SIZES', ((160, 90),))
        patch.setattr(benchmark_node, 'ENDURANCE_SIZE', (160, 90))
        patch.setattr(benchmark_node, 'CAMERAS_SIZE', (160, 90))
        patch.setattr(benchmark_node, 'WARM_UP_S', 0.4)
        video = find_video(None, folder, WARM_UP_FRAMES + 2)
        trackers = Trackers(folder, model_complexity=1, provider='cpu')
        yield Conditions(trackers, video, folder, TINY)


@pytest.fixture(scope='module')
def one_camera(conditions):
    (entry,) = benchmark_node.measure_node(conditions).values()
    return entry


def counted(run: dict) -> bool:
    """Whether every frame is somewhere."""
    accounted = run['lost'] + run['processed'] + run['dropped'] + run['with_errors']
    return run['published'] == accounted


def test_bare_transport_tracker_and_node_see_the_same_number_of_frames(one_camera):
    entry = one_camera
    frames = 2 * TURN_FRAMES
    assert entry['node']['published'] == frames
    assert entry['tracker']['frames'] == frames
    assert 0 < entry['bare']['frames'] <= frames
    assert 0 < entry['node']['frames'] <= frames
    assert counted(entry['node'])
    assert entry['node']['processor_percent'] > 0
    assert entry['node']['peak_memory_mb'] > 1
    assert entry['bare']['median_ms'] > 0 and entry['node']['median_ms'] > 0


def test_the_long_run_is_counted_by_itself(one_camera):
    assert one_camera['endurance']['published'] == 18
    assert counted(one_camera['endurance'])


def test_every_camera_is_counted(conditions):
    section = benchmark_node.measure_cameras(conditions)
    assert list(section['cameras']) == list(benchmark_node.CAMERAS)
    for entry in section['cameras'].values():
        assert entry['published'] == 12
        assert entry['shortfall'] == 12 - entry['processed']
        assert entry['rate_hz'] == pytest.approx(15.0 * entry['processed'] / 12, rel=0.2)


def test_a_transport_that_carries_nothing_is_said_to():
    with pytest.raises(UserError, match='none of the hands arrived'):
        benchmark_node._latency([[], []], 'hands')


def test_without_ros_it_says_why_there_are_no_figures(conditions, monkeypatch):
    monkeypatch.setattr(benchmark_node, 'why_not_measured', lambda: 'No module named rclpy')
    for measure in (benchmark_node.measure_node, benchmark_node.measure_cameras):
        assert measure(conditions) == {'not_measured': 'No module named rclpy'}
