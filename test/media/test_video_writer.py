"""Videos that are written: with both encoders, complete or not at all (no ROS)."""

import os
import sys

import cv2
import numpy as np
import pytest

from hand_tracking_ros.media.video_writer import VideoWriter
from hand_tracking_ros.tracking.errors import UserError
from support.full_disk import full_disk


@pytest.fixture(params=['H.264', 'OpenCV'])
def encoder(request, monkeypatch):
    if request.param == 'H.264':
        pytest.importorskip('av', reason='no PyAV, so no H.264')
    else:
        monkeypatch.setitem(sys.modules, 'av', None)
    return request.param


@pytest.mark.parametrize('size', [(64, 48), (63, 47)])
def test_a_video_can_be_read_again_frame_by_frame(tmp_path, encoder, size):
    width, height = size
    path = tmp_path / 'folder' / 'video.mp4'
    with VideoWriter.open(path, width, height, 29.97) as video:
        for index in range(10):
            video.write(np.full((height, width, 3), (20 * index, 100, 200), np.uint8))
    assert video.codec in ('H.264', 'MPEG-4') and (encoder == 'OpenCV' or video.codec == 'H.264')
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(29.97, rel=1e-3)
    for index in range(10):
        is_read, image = capture.read()
        assert is_read
        # Padded to even sizes.
        assert image.shape == (48, 64, 3)
        # Reduced colour resolution and another colour matrix are no loss of a frame.
        color = image[2:-3, 2:-3, ::-1].reshape(-1, 3).mean(axis=0)
        np.testing.assert_allclose(color, (20 * index, 100, 200), atol=20)
    assert not capture.read()[0]


def test_a_video_that_cannot_be_written_is_an_error(tmp_path, encoder):
    (tmp_path / 'video.mp4').mkdir()
    with (
        pytest.raises(UserError, match=r'video\.mp4 cannot be written'),
        VideoWriter.open(tmp_path / 'video.mp4', 64, 48, 30.0),
    ):
        pass


@pytest.mark.parametrize('free_bytes', [0, 1000, 100_000])
def test_a_full_disk_is_told_and_leaves_the_older_video(tmp_path, encoder, free_bytes):
    path, rng = tmp_path / 'video.mp4', np.random.default_rng(0)
    path.write_text('of an earlier run')
    with (
        full_disk(free_bytes),
        pytest.raises(UserError, match=r'--output: .*video\.mp4 cannot be written'),
        VideoWriter.open(path, 320, 240, 30.0, '--output') as video,
    ):
        for _ in range(20):
            video.write(rng.integers(0, 255, (240, 320, 3), np.uint8))
    assert path.read_text() == 'of an earlier run'
    assert os.listdir(tmp_path) == ['video.mp4']


def test_work_that_fails_leaves_the_older_video(tmp_path, encoder):
    path = tmp_path / 'video.mp4'
    path.write_text('of an earlier run')
    with pytest.raises(ZeroDivisionError), VideoWriter.open(path, 64, 48, 30.0) as video:
        video.write(np.zeros((48, 64, 3), np.uint8))
        raise ZeroDivisionError
    assert path.read_text() == 'of an earlier run'
    assert os.listdir(tmp_path) == ['video.mp4']
