"""MediaPipe beside ours: in a process of its own, and asked about each picture only once."""

import cv2
import numpy as np
import pytest

from evaluation.accuracy import picture_hands
from evaluation.accuracy.degraded_base import BasePicture
from evaluation.accuracy.picture_hands import MediaPipe
from evaluation.accuracy.wild import wild_rows
from hand_tracking_ros.tracking.errors import UserError
from support.pretended_mediapipe import python_with_mediapipe

# Finds as many hands as it may; each landmark says how blue the first pixel is, which tells RGB
# from BGR. It talks on standard output, as MediaPipe does.
MEDIAPIPE = """
import os, types

__version__ = 'pretended'

class Hands:
    def __init__(self, static_image_mode, max_num_hands):
        assert static_image_mode is True
        os.write(1, b'native noise on standard output')
        self.number = max_num_hands

    def process(self, rgb):
        print('working')
        if rgb.shape[0] == 1:
            return types.SimpleNamespace(multi_hand_landmarks=None)
        point = types.SimpleNamespace(x=float(rgb[0, 0, 2]), y=0.25)
        hand = types.SimpleNamespace(landmark=[point] * 21)
        return types.SimpleNamespace(multi_hand_landmarks=[hand] * self.number)

class solutions:
    class hands:
        Hands = Hands
"""
BLUE = np.full((4, 6, 3), (200, 0, 0), np.uint8)


@pytest.fixture
def pretended(tmp_path, monkeypatch):
    python = python_with_mediapipe(tmp_path, MEDIAPIPE)
    monkeypatch.setattr(picture_hands, 'prepare_mediapipe', lambda _: python)
    monkeypatch.setattr(picture_hands, 'KEPT', tmp_path / 'kept' / 'pictures.json')
    return python


def test_mediapipe_is_shown_rgb_and_answers_in_fractions(pretended):
    with MediaPipe() as mediapipe:
        hands = mediapipe.find(BLUE, 3)
        assert mediapipe.find(BLUE[:1], 3) == []
    assert len(hands) == 3
    assert hands[0].box == (200, 0.25, 200, 0.25)


def test_what_mediapipe_found_is_kept_by_picture_and_number_of_hands(pretended, tmp_path):
    with MediaPipe() as mediapipe:
        assert [len(mediapipe.find(BLUE, number)) for number in (1, 2)] == [1, 2]
    # Another MediaPipe would find other hands, were it asked.
    (tmp_path / 'mediapipe.py').write_text(MEDIAPIPE.replace('[hand] * self.number', '[]'))
    with MediaPipe() as mediapipe:
        assert [len(mediapipe.find(BLUE, number)) for number in (1, 2)] == [1, 2]
        assert mediapipe.find(BLUE, 5) == []
        assert mediapipe.find(BLUE[:, ::-1] + np.uint8(1), 1) == []


def test_a_failed_mediapipe_is_an_error_of_the_user(pretended, tmp_path):
    (tmp_path / 'mediapipe.py').write_text('raise RuntimeError("no such luck")')
    with pytest.raises(UserError, match='no such luck'), MediaPipe() as mediapipe:
        mediapipe.find(BLUE, 1)


def test_what_is_kept_needs_no_mediapipe(pretended, monkeypatch):
    with MediaPipe() as mediapipe:
        mediapipe.find(BLUE, 2)
    monkeypatch.setattr(picture_hands, 'prepare_mediapipe', None)
    with MediaPipe() as mediapipe:
        assert len(mediapipe.find(BLUE, 2)) == 2


def test_without_mediapipe_its_column_says_so(tmp_path, monkeypatch, capsys):
    def fail(_release):
        raise UserError('no network')

    monkeypatch.setattr(picture_hands, 'prepare_mediapipe', fail)
    monkeypatch.setattr(picture_hands, 'KEPT', tmp_path / 'none.json')
    cv2.imwrite(str(tmp_path / 'a.png'), BLUE)
    pictures = [BasePicture('a.png')]
    monkeypatch.setattr('evaluation.accuracy.wild.base_pictures', lambda _: pictures)
    (tmp_path / 'wild').mkdir()
    rows = wild_rows(['wild_degraded'], tmp_path, 1)
    assert 'mediapipe is not measured: no network' in capsys.readouterr().err
    assert rows and all('mediapipe not measured' in row.reached for row in rows)
