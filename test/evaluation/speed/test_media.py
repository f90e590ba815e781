"""What the benchmark shows to the trackers."""

import cv2
import numpy as np
import pytest

from evaluation.paths import TEST_DATA_VARIABLE
from evaluation.speed import media as benchmark_media
from evaluation.speed.media import (
    MAX_HANDS,
    find_video,
    write_clip,
    write_hands,
    write_pictures,
)
from evaluation.speed.timed_tracker import WARM_UP_FRAMES
from hand_tracking_ros.tracking import HandModels, HandTracker, TrackerOptions
from hand_tracking_ros.tracking.errors import ModelError


@pytest.fixture
def no_test_data(tmp_path, monkeypatch):
    monkeypatch.setenv(TEST_DATA_VARIABLE, str(tmp_path))


def test_without_test_data_the_video_is_simulated(tmp_path, no_test_data):
    video = find_video(None, tmp_path, WARM_UP_FRAMES + 2)
    assert (video.name, video.size, video.num_frames) == ('simulated hand', (1280, 720), 12)
    capture = cv2.VideoCapture(str(video.path))
    frames = [capture.read()[1] for _ in range(12)]
    assert all(frame.shape == (720, 1280, 3) for frame in frames)
    assert not capture.read()[0]


def test_a_clip_holds_the_first_frames_in_the_wanted_size(tmp_path, no_test_data):
    video = find_video(None, tmp_path, WARM_UP_FRAMES + 2)
    clip = np.load(write_clip(video, (64, 48), 5, tmp_path / 'clip.npy'))
    assert clip.shape == (5, 48, 64, 3) and clip.dtype == np.uint8
    assert np.ptp(clip) > 50


def test_without_test_data_the_pictures_are_simulated(tmp_path, no_test_data, monkeypatch):
    monkeypatch.setattr(benchmark_media, 'NUM_SIMULATED_PICTURES', 2)
    name, number = write_pictures(tmp_path / 'pictures.npz')
    with np.load(tmp_path / 'pictures.npz') as pictures:
        assert len(pictures.files) == number
        assert {pictures[each].shape for each in pictures.files} == {(480, 640, 3)}
    assert name == 'simulated pictures'


@pytest.mark.parametrize('num_hands', [0, 1, 3, MAX_HANDS])
def test_as_many_hands_are_found_as_are_shown(tmp_path, num_hands):
    try:
        models = HandModels.load()
    except ModelError as error:
        pytest.skip(str(error))
    clip = np.load(write_hands(num_hands, 2, tmp_path / 'hands.npy'))
    assert clip.shape == (2, 720, 1280, 3)
    tracker = HandTracker(TrackerOptions(max_num_hands=MAX_HANDS), models)
    for index, image in enumerate(clip):
        assert len(tracker.track(image, index / 30)) == num_hands
