"""The benchmark as a program: its sections with tiny real runs, and its errors; never how fast."""

import json
import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from evaluation.speed import benchmark
from evaluation.speed import record as benchmark_record
from evaluation.speed import trackers as benchmark_trackers
from evaluation.speed import tracking as benchmark_tracking
from evaluation.speed.conditions import QUICK, Conditions
from evaluation.speed.media import find_video
from evaluation.speed.timed_tracker import WARM_UP_FRAMES
from evaluation.speed.trackers import PEERS, Trackers
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.networks.model_files import find_model
from support.pretended_mediapipe import LOUD_MEDIAPIPE, python_with_mediapipe

TINY = replace(QUICK, video_frames=20, picture_rounds=2, starts=1, clip_frames=15)


@pytest.fixture(scope='module')
def video(tmp_path_factory) -> Path:
    """Dark."""
    path = tmp_path_factory.mktemp('video') / 'dark.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 30.0, (64, 48))
    assert writer.isOpened()
    for _ in range(30):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    return path


@pytest.fixture
def pretended(tmp_path, monkeypatch):
    """Both releases of mediapipe are pretended, our models are there."""
    try:
        find_model('palm_detection_full')
    except UserError as error:
        pytest.skip(str(error))
    python = python_with_mediapipe(
        tmp_path, LOUD_MEDIAPIPE.replace(' and rgb.shape', ' or rgb.shape')
    )
    monkeypatch.setattr(benchmark_trackers, 'prepare_mediapipe', lambda *_: python)
    monkeypatch.setattr(benchmark_trackers, 'write_task', lambda *_: None)
    monkeypatch.setattr(benchmark_trackers, 'MEASURED_RUNTIMES', ('cpu',))
    monkeypatch.setattr(benchmark, 'QUICK', TINY)


@pytest.fixture
def no_record(tmp_path, monkeypatch):
    """Documents without a record."""
    monkeypatch.setattr(benchmark_record, 'DOCS', tmp_path)


@pytest.fixture
def conditions(tmp_path, video):
    trackers = Trackers(tmp_path, model_complexity=1, provider=None)
    return Conditions(trackers, find_video(video, tmp_path, 0), tmp_path, TINY)


# ---- sections ---------------------------------------------------------------------------------


def test_all_trackers_see_the_same_video_in_every_setting(pretended, conditions):
    section = benchmark_tracking.measure_video(conditions)
    assert section['source'] == {'name': 'dark.avi', 'size': [64, 48], 'frames': 20}
    assert list(section['settings']) == ['max_1', 'max_2', 'two_hands']
    for entry in section['settings'].values():
        assert list(entry['sides']) == ['cpu', *PEERS]
        for side in entry['sides'].values():
            assert (side['images'], side['frames'], side['hands']) == (20, 20 - WARM_UP_FRAMES, 0)
            assert side['peak_memory_mb'] > 1
        for peer in PEERS:
            ratio = entry['sides']['cpu']['median_ms'] / entry['sides'][peer]['median_ms']
            assert entry['ratios']['cpu'][peer]['median'] == pytest.approx(ratio)


def test_static_pictures_are_timed_with_our_tiles_and_passes_and_without(pretended, conditions):
    section = benchmark_tracking.measure_pictures(conditions)
    number = section['source']['pictures']
    assert list(section['sides']) == ['cpu', *PEERS]
    assert {side['frames'] for side in section['sides'].values()} == {number}
    assert section['as_mediapipe']['cpu']['images'] == 2 * number


def test_every_tracker_starts_as_often_as_asked(pretended, conditions):
    section = benchmark_tracking.measure_start(conditions)
    assert {name: side['frames'] for name, side in section['sides'].items()} == {
        'cpu': 1,
        'legacy': 1,
        'tasks': 1,
    }
    assert min(side['median_ms'] for side in section['sides'].values()) > 0


def test_our_time_is_taken_for_every_number_of_hands(pretended, conditions, monkeypatch):
    monkeypatch.setattr(benchmark_tracking, 'MAX_HANDS', 2)
    section = benchmark_tracking.measure_hands(conditions)
    assert {number: sides['cpu']['hands'] for number, sides in section.items()} == {
        '0': 0,
        '1': 15,
        '2': 30,
    }


def test_our_time_is_taken_for_every_picture_size(pretended, conditions, monkeypatch):
    monkeypatch.setattr(benchmark_tracking, 'PICTURE_SIZES', ((64, 48), (128, 96)))
    section = benchmark_tracking.measure_sizes(conditions)
    assert {size: sides['cpu']['images'] for size, sides in section.items()} == {
        '64x48': 15,
        '128x96': 15,
    }


# ---- runtimes ---------------------------------------------------------------------------------


@pytest.fixture
def falling_back(pretended, monkeypatch):
    """A runtime that is called cuda and is none."""
    monkeypatch.setitem(benchmark_trackers.RUNTIMES, 'cuda', ('cpu', 'fp32'))


def test_runtimes_that_do_not_work_here_are_left_out_with_the_reason(
    falling_back, conditions, monkeypatch
):
    monkeypatch.setattr(benchmark_trackers, 'MEASURED_RUNTIMES', ('cpu', 'cuda'))
    assert conditions.trackers.runtimes == ('cpu',)
    assert conditions.trackers.not_measured == {'cuda': 'cuda: cpu works in its place'}


def test_a_runtime_that_was_asked_for_has_to_work(falling_back, tmp_path):
    trackers = Trackers(tmp_path, model_complexity=1, provider='cuda')
    with pytest.raises(UserError, match='cuda: cpu works in its place'):
        _ = trackers.runtimes


@pytest.mark.skipif(not shutil.which('unshare'), reason='needs unshare')
def test_the_newest_release_has_no_network_where_that_can_be_taken(pretended, conditions):
    with ExitStack() as stack:
        names, path = conditions.trackers.names, conditions.video.path
        trackers = conditions.trackers.start_all(names, path, stack)
        for tracker in trackers:
            tracker.wait_until_ready()
        own = Path('/proc/self/ns/net').readlink()
        networks = {
            tracker.name: Path(f'/proc/{tracker._process.pid}/ns/net').readlink()
            for tracker in trackers
        }
        if conditions.trackers._without_network:
            assert networks['tasks'] != own
        assert networks['legacy'] == networks['cpu'] == own


# ---- the program ------------------------------------------------------------------------------


@pytest.mark.parametrize('content', [None, b'', b'not a video'])
def test_a_file_that_is_no_video_is_named(no_record, tmp_path, capfd, content):
    path = tmp_path / 'video.mp4'
    if content is not None:
        path.write_bytes(content)
    assert benchmark.main(['--video', str(path)]) == 1
    message = capfd.readouterr().err
    assert f'error: --video: {path}' in message and 'Traceback' not in message


@pytest.mark.parametrize('frames', [str(WARM_UP_FRAMES), '-1', 'all'])
def test_too_few_frames_are_refused(capsys, frames):
    with pytest.raises(SystemExit) as stop:
        benchmark.main(['--frames', frames])
    assert stop.value.code == 2
    assert 'too few' in capsys.readouterr().err


def test_a_file_for_the_figures_that_cannot_be_written_is_found_out_first(
    no_record, video, tmp_path, capsys
):
    (tmp_path / 'file').touch()
    wanted = tmp_path / 'file' / 'figures.json'
    assert benchmark.main(['--video', str(video), '--json', str(wanted)]) == 1
    captured = capsys.readouterr()
    assert f'error: --json: {wanted}' in captured.err and not captured.out


def test_chosen_sections_are_printed_and_written(pretended, no_record, tmp_path, video, capsys):
    written = tmp_path / 'new' / 'figures.json'
    arguments = ['--quick', '--video', video, '--json', written, '--only', 'video', 'start']
    assert benchmark.main([str(argument) for argument in arguments]) == 0
    result = json.loads(written.read_text())
    assert list(result['sections']) == ['video', 'start']
    assert result['schema'] == benchmark.SCHEMA
    assert result['versions']['tasks'] and result['runtimes'] == ['cpu']
    assert str(tmp_path) not in written.read_text()

    printed = capsys.readouterr().out
    for text in ('at most 1 hand', 'ours, ONNX Runtime', 'mediapipe 0.10.21', 'peak memory'):
        assert text in printed
    assert 'Nothing to compare with' in printed and 'noise' not in printed


def test_what_was_measured_survives_a_later_section_that_fails(
    pretended, no_record, tmp_path, video, monkeypatch, capsys
):
    def fail(conditions):
        raise UserError('the camera burned')

    monkeypatch.setitem(benchmark.SECTIONS, 'node', fail)
    written = tmp_path / 'figures.json'
    arguments = ['--quick', '--video', video, '--json', written, '--only', 'start', 'node']
    assert benchmark.main([str(argument) for argument in arguments]) == 1
    assert list(json.loads(written.read_text())['sections']) == ['start']
    assert 'the camera burned' in capsys.readouterr().err


def test_without_ros_the_node_is_no_error_but_not_recorded(no_record, monkeypatch, capsys):
    monkeypatch.setattr(benchmark, 'why_not_measured', lambda: 'No module named rclpy')
    assert benchmark.main(['--record']) == 1
    assert 'the node cannot be measured here (No module named rclpy)' in capsys.readouterr().err
