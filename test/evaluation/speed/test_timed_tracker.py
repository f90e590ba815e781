"""Trackers that are timed: taking turns, their processes, and the figures of their times."""

import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from evaluation.speed.timed_tracker import (
    FRAMES_PER_TURN,
    WARM_UP_FRAMES,
    TimedTracker,
    run_in_turns,
)
from evaluation.speed.timing import compare, summarise
from evaluation.speed.trackers import WORKER
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.networks.model_files import find_model
from support.pretended_mediapipe import LOUD_MEDIAPIPE, python_with_mediapipe

NUM_FRAMES = 75


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


def worker_command(
    folder: Path, mediapipe_source: str, frames: Path, tracker: str = 'legacy', **options
) -> list:
    """Start the real worker with a module that pretends to be mediapipe."""
    python = python_with_mediapipe(folder, mediapipe_source)
    return [python, '-I', WORKER, tracker, frames, json.dumps(options)]


class LoggedTracker:
    """A tracker without a process, which notes when it is asked for what."""

    def __init__(self, name: str, log: list, frames_in_video: int = 1000):
        self.name = name
        self._log = log
        self._left = frames_in_video

    def wait_until_ready(self):
        self._log.append((self.name, 'ready'))

    def track(self, num_frames, is_timed=True):
        done = min(num_frames, self._left)
        self._left -= done
        self._log.append((self.name, num_frames if is_timed else 'warm-up'))
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


def test_trackers_take_turns_and_who_begins_changes():
    log = []
    trackers = [LoggedTracker(name, log) for name in 'ab']
    run_in_turns(trackers, WARM_UP_FRAMES + 70, 'test')
    assert log == [
        ('a', 'ready'),
        ('b', 'ready'),
        ('a', 'warm-up'),
        ('b', 'warm-up'),
        ('a', FRAMES_PER_TURN),
        ('b', FRAMES_PER_TURN),
        ('b', FRAMES_PER_TURN),
        ('a', FRAMES_PER_TURN),
        ('a', 70 - 2 * FRAMES_PER_TURN),
        ('b', 70 - 2 * FRAMES_PER_TURN),
    ]


def test_turns_end_with_the_video():
    log = []
    trackers = [LoggedTracker(name, log, frames_in_video=WARM_UP_FRAMES + 35) for name in 'ab']
    run_in_turns(trackers, 1000, 'test')
    assert log.count(('a', FRAMES_PER_TURN)) == log.count(('b', FRAMES_PER_TURN)) == 2


def test_trackers_that_decode_different_numbers_of_frames_are_not_compared():
    trackers = [LoggedTracker('a', [], frames_in_video=60), LoggedTracker('b', [], 59)]
    with pytest.raises(UserError, match='a and b decode a different number of frames'):
        run_in_turns(trackers, 1000, 'test')


# ---- the worker -------------------------------------------------------------------------------


def test_a_worker_reports_every_frame_whatever_the_tracker_prints(tmp_path, video):
    with TimedTracker('mp', worker_command(tmp_path, LOUD_MEDIAPIPE, video)) as tracker:
        run_in_turns([tracker], 1000, 'test')
    assert tracker.hands == [0] * 40 + [2] * (NUM_FRAMES - 40)
    turns = [len(turn) for turn in tracker.turns_ms]
    assert turns == [FRAMES_PER_TURN, FRAMES_PER_TURN, 5]  # the warm-up is not in them
    assert min(min(turn) for turn in tracker.turns_ms) > 0
    assert len(tracker._processor_ms) == NUM_FRAMES - WARM_UP_FRAMES
    assert 1 < tracker.figures()['peak_memory_mb'] < 10_000


def test_a_tracker_that_cannot_be_loaded_is_named_with_the_reason(tmp_path, video):
    command = worker_command(tmp_path, "raise ImportError('no libGL')", video)
    with (
        TimedTracker('mp', command) as tracker,
        pytest.raises(UserError, match='mp: ImportError: no libGL'),
    ):
        run_in_turns([tracker], 1000, 'test')


def test_the_last_words_of_a_worker_that_dies_are_passed_on(tmp_path, video):
    dying = LOUD_MEDIAPIPE.replace("print('working'", "print('illegal instruction'").replace(
        'assert rgb', 'os._exit(7); assert rgb'
    )
    with (
        TimedTracker('mp', worker_command(tmp_path, dying, video)) as tracker,
        pytest.raises(UserError, match=r'(?s)mp: .*exit status 7.*illegal instruction'),
    ):
        run_in_turns([tracker], 1000, 'test')


def test_a_worker_ends_when_it_is_no_longer_needed(tmp_path, video):
    with TimedTracker('mp', worker_command(tmp_path, LOUD_MEDIAPIPE, video)) as tracker:
        tracker.wait_until_ready()
    assert tracker._process.returncode == 0


def test_our_tracker_runs_in_the_worker(video, our_models):
    command = [sys.executable, '-m', 'evaluation.speed.worker', 'ours', video, '{}']
    with TimedTracker('ours', command) as tracker:
        run_in_turns([tracker], WARM_UP_FRAMES + 5, 'test')
    assert tracker.hands == [0] * (WARM_UP_FRAMES + 5)


def test_the_newest_release_is_asked_in_its_own_way(tmp_path, video):
    command = worker_command(tmp_path, LOUD_MEDIAPIPE, video, 'tasks', task='hand.task')
    with TimedTracker('mp', command) as tracker:
        assert tracker.wait_until_ready()['mediapipe'] == 'pretended'
        tracker.track(60)
    assert tracker.hands == [0] * 40 + [2] * 20


def test_two_hands_are_a_frame_beside_its_mirror_image(tmp_path, video):
    source = LOUD_MEDIAPIPE.replace('(48, 64, 3)', '(48, 128, 3)')
    command = worker_command(tmp_path, source, video, beside_mirror_image=True)
    with TimedTracker('mp', command) as tracker:
        run_in_turns([tracker], 15, 'test')
    assert len(tracker.hands) == 15


def test_a_clip_is_shown_back_and_forth_without_end(tmp_path):
    clip = tmp_path / 'clip.npy'
    levels = (0, 100, 200)
    np.save(clip, np.stack([np.full((48, 64, 3), level, np.uint8) for level in levels]))
    with TimedTracker('mp', worker_command(tmp_path, LOUD_MEDIAPIPE, clip)) as tracker:
        run_in_turns([tracker], 14, 'test')
    assert tracker.hands == [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1]


def test_pictures_are_shown_one_after_the_other_without_end(tmp_path):
    pictures = tmp_path / 'pictures.npz'
    np.savez(pictures, *(np.full((48, 64, 3), level, np.uint8) for level in (0, 200)))
    command = worker_command(tmp_path, LOUD_MEDIAPIPE, pictures, static=True)
    with TimedTracker('mp', command) as tracker:
        run_in_turns([tracker], 6, 'test', frames_per_turn=2, warm_up_frames=2)
    assert tracker.hands == [0, 2] * 3
    assert [len(turn) for turn in tracker.turns_ms] == [2, 2]


def test_frames_are_not_tracked_before_they_are_due(tmp_path, video):
    command = worker_command(tmp_path, LOUD_MEDIAPIPE, video, pace_hz=50)
    with TimedTracker('mp', command) as tracker:
        tracker.wait_until_ready()
        started_s = time.monotonic()
        tracker.track(11)
        assert time.monotonic() - started_s >= 10 / 50
