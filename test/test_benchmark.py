"""The benchmark: its figures, its processes and its errors; never how fast anything is."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from hand_tracking_ros.tools import benchmark
from hand_tracking_ros.tools.benchmark_sides import (
    FRAMES_PER_TURN,
    WARM_UP_FRAMES,
    WORKER,
    Side,
    run_in_turns,
)
from hand_tracking_ros.tools.benchmark_statistics import compare, summarise
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.model_files import find_model

CHECKOUT = Path(__file__).resolve().parents[1]
NUM_FRAMES = 75

# Stands for mediapipe: finds as many hands as the picture is bright, and talks too much.
LOUD_MEDIAPIPE = """
import os, sys

class Hands:
    def __init__(self, max_num_hands, model_complexity):
        print('loading')
        os.write(1, b'native noise on standard output')

    def process(self, rgb):
        print('working', file=sys.stderr)
        assert rgb.dtype == 'uint8' and rgb.shape == (48, 64, 3)

        class Result:
            multi_hand_landmarks = [object()] * round(rgb.mean() / 100) or None

        return Result

class solutions:
    class hands:
        Hands = Hands
"""


@pytest.fixture(scope='module')
def video(tmp_path_factory) -> Path:
    """Dark at first, bright from frame 40 on."""
    path = tmp_path_factory.mktemp('video') / 'steps.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 30.0, (64, 48))
    assert writer.isOpened()
    for index in range(NUM_FRAMES):
        writer.write(np.full((48, 64, 3), 0 if index < 40 else 200, np.uint8))
    writer.release()
    return path


@pytest.fixture(scope='module')
def our_models():
    try:
        find_model('palm_detection_full')
    except UserError as error:
        pytest.skip(str(error))


def python_with_mediapipe(folder: Path, source: str) -> Path:
    """A Python that finds a mediapipe of this source, even when started with -I."""
    (folder / 'mediapipe.py').write_text(source)
    code = (
        f"import runpy, sys; sys.path.insert(0, '{folder}'); sys.argv = sys.argv[2:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    python = folder / 'python'
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{code}" "$@"\n')
    python.chmod(0o755)
    return python


def worker_command(folder: Path, mediapipe_source: str, video: Path) -> list:
    """Start the real worker with a module that pretends to be mediapipe."""
    python = python_with_mediapipe(folder, mediapipe_source)
    options = ['--max-num-hands=2', '--model-complexity=1']
    return [python, '-I', WORKER, 'mediapipe', video, *options]


def run_sides(*sides: Side, max_frames: int) -> list[int]:
    progress: list[int] = []
    run_in_turns(sides, max_frames, progress.append)
    return progress


class RecordedSide:
    """A side without a process, which notes when it is asked for what."""

    def __init__(self, name: str, log: list, frames_in_video: int = 1000):
        self.name = name
        self._log = log
        self._left = frames_in_video

    def wait_until_ready(self):
        self._log.append((self.name, 'ready'))

    def warm_up(self):
        return self.take_turn(WARM_UP_FRAMES)

    def take_turn(self, num_frames):
        done = min(num_frames, self._left)
        self._left -= done
        self._log.append((self.name, num_frames))
        return done


# ---- figures ----------------------------------------------------------------------------------


def test_figures_are_taken_over_all_frames_of_all_turns():
    summary = summarise([[1.0, 2.0], [3.0, 4.0, 100.0]])
    assert summary['frames'] == 5
    assert summary['median_ms'] == 3.0
    assert summary['mean_ms'] == 22.0
    assert 4.0 < summary['p95_ms'] <= 100.0


def test_ratios_are_below_one_where_we_are_faster():
    ratio = compare([[1.0, 1.0], [2.0, 2.0]], [[2.0, 2.0], [4.0, 4.0]])
    assert ratio == {
        name: pytest.approx(0.5)
        for name in ('median', 'p95', 'mean', 'turns_median', 'turns_p10', 'turns_p90')
    }


def test_the_ratio_of_turns_is_not_moved_by_one_disturbed_pair_of_turns():
    ratio = compare([[1.0], [1.0], [50.0]], [[2.0], [2.0], [2.0]])
    assert ratio['turns_median'] == pytest.approx(0.5)
    assert ratio['mean'] > 1.0


# ---- taking turns -----------------------------------------------------------------------------


def test_sides_take_turns_and_who_begins_changes():
    log = []
    run_sides(RecordedSide('a', log), RecordedSide('b', log), max_frames=WARM_UP_FRAMES + 70)
    assert log == [
        ('a', 'ready'),
        ('b', 'ready'),
        ('a', WARM_UP_FRAMES),
        ('b', WARM_UP_FRAMES),
        ('a', FRAMES_PER_TURN),
        ('b', FRAMES_PER_TURN),
        ('b', FRAMES_PER_TURN),
        ('a', FRAMES_PER_TURN),
        ('a', 70 - 2 * FRAMES_PER_TURN),
        ('b', 70 - 2 * FRAMES_PER_TURN),
    ]


def test_turns_end_with_the_video():
    log = []
    sides = [RecordedSide(name, log, frames_in_video=WARM_UP_FRAMES + 35) for name in 'ab']
    assert sum(run_sides(*sides, max_frames=1000)) == 2 * (WARM_UP_FRAMES + 35)


def test_sides_that_decode_different_numbers_of_frames_are_not_compared():
    sides = [RecordedSide('a', [], frames_in_video=60), RecordedSide('b', [], frames_in_video=59)]
    with pytest.raises(UserError, match='a and b decode a different number of frames'):
        run_sides(*sides, max_frames=1000)


# ---- the worker -------------------------------------------------------------------------------


def test_a_worker_reports_every_frame_whatever_the_tracker_prints(tmp_path, video):
    with Side('mp', worker_command(tmp_path, LOUD_MEDIAPIPE, video)) as side:
        progress = run_sides(side, max_frames=1000)
    assert side.recording.hands == [0] * 40 + [2] * (NUM_FRAMES - 40)
    assert sum(progress) == NUM_FRAMES
    turns = [len(turn) for turn in side.recording.turns_ms]
    assert turns == [FRAMES_PER_TURN, FRAMES_PER_TURN, 5]  # the warm-up is not in them
    assert min(min(turn) for turn in side.recording.turns_ms) > 0
    assert len(side.recording.processor_ms) == NUM_FRAMES - WARM_UP_FRAMES
    assert 1 < side.recording.peak_memory_mb < 10_000


def test_a_tracker_that_cannot_be_loaded_is_named_with_the_reason(tmp_path, video):
    command = worker_command(tmp_path, "raise ImportError('no libGL')", video)
    with (
        Side('mp', command) as side,
        pytest.raises(UserError, match='mp: ImportError: no libGL'),
    ):
        run_sides(side, max_frames=1000)


def test_the_last_words_of_a_worker_that_dies_are_passed_on(tmp_path, video):
    dying = LOUD_MEDIAPIPE.replace("print('working'", "print('illegal instruction'").replace(
        'assert rgb', 'os._exit(7); assert rgb'
    )
    with (
        Side('mp', worker_command(tmp_path, dying, video)) as side,
        pytest.raises(UserError, match=r'(?s)mp: .*exit status 7.*illegal instruction'),
    ):
        run_sides(side, max_frames=1000)


def test_a_worker_ends_when_its_side_is_left(tmp_path, video):
    with Side('mp', worker_command(tmp_path, LOUD_MEDIAPIPE, video)) as side:
        side.wait_until_ready()
    assert side._process.returncode == 0


def test_our_tracker_runs_in_the_worker(video, our_models):
    command = [sys.executable, '-m', 'hand_tracking_ros.tools.benchmark_worker', 'ours', video]
    options = ['--max-num-hands=2', '--model-complexity=1']
    with Side('ours', [*command, *options], CHECKOUT) as side:
        run_sides(side, max_frames=WARM_UP_FRAMES + 5)
    assert side.recording.hands == [0] * (WARM_UP_FRAMES + 5)


# ---- the program ------------------------------------------------------------------------------


def test_without_the_test_video_it_asks_for_one(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv(benchmark.TEST_DATA_VARIABLE, str(tmp_path))
    assert benchmark.main([]) == 1
    message = capsys.readouterr().err
    assert message.startswith('error: ') and '--video FILE' in message and str(tmp_path) in message


@pytest.mark.parametrize('content', [None, b'', b'not a video'])
def test_a_file_that_is_no_video_is_named(tmp_path, capfd, content):
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


def test_a_file_for_the_figures_that_cannot_be_written_is_found_out_first(video, tmp_path, capsys):
    (tmp_path / 'file').touch()
    wanted = tmp_path / 'file' / 'figures.json'
    assert benchmark.main(['--video', str(video), '--json', str(wanted)]) == 1
    captured = capsys.readouterr()
    assert f'error: --json: {wanted}' in captured.err and not captured.out


def test_it_prints_and_writes_both_sides_of_every_setting(
    tmp_path, video, our_models, monkeypatch, capsys
):
    python = python_with_mediapipe(tmp_path, LOUD_MEDIAPIPE)
    monkeypatch.setattr(benchmark, 'prepare_mediapipe', lambda: python)
    monkeypatch.setattr(benchmark, '_weigh_node', lambda *_: {'not_measured': 'not in this test'})
    written = tmp_path / 'new' / 'figures.json'
    arguments = ['--video', video, '--frames', 50, '--max-num-hands', 1, 2, '--json', written]
    assert benchmark.main([str(argument) for argument in arguments]) == 0

    result = json.loads(written.read_text())
    assert result['video'] == {'name': video.name, 'size': [64, 48], 'frames': 50}
    assert [setting['max_num_hands'] for setting in result['tracking']] == [1, 2]
    for setting in result['tracking']:
        ours, theirs = setting['sides'].values()
        assert (ours['images'], ours['frames'], ours['hands']) == (50, 50 - WARM_UP_FRAMES, 0)
        assert (theirs['images'], theirs['frames'], theirs['hands']) == (
            50,
            50 - WARM_UP_FRAMES,
            20,
        )
        assert setting['ratio']['median'] == ours['median_ms'] / theirs['median_ms']

    printed = capsys.readouterr().out
    for text in ('max_num_hands 1', 'max_num_hands 2', 'hand_tracking_ros', 'mediapipe 0.10.21'):
        assert text in printed
    assert f'{result["tracking"][1]["ratio"]["median"]:.2f}' in printed
    assert 'not in this test' in printed and 'noise' not in printed


def test_the_real_node_is_weighed_while_it_works(video, our_models):
    node = benchmark._weigh_node(video, 20)
    if 'not_measured' in node:
        pytest.skip(f'no ROS 2 with this package: {node["not_measured"]}')
    assert 1 <= node['images'] <= NUM_FRAMES
    assert 1 < node['memory_mb'] <= node['peak_memory_mb']
