"""Pictures made from a recording (no ROS)."""

import cv2
import numpy as np
import pytest

from hand_tracking_ros.drawing.contact_sheet import (
    GAP_PX,
    SHEET_COLOR,
    TILE_WIDTH_PX,
    ContactSheet,
    Shot,
    choose_shots,
    common_size,
    describe_hands,
    render,
)
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.hand import Hand, Handedness, TrackingState
from hand_tracking_ros.tracking.region import Region
from support.full_disk import full_disk

GREEN = (20, 200, 40)


def make_hand(handedness=Handedness.RIGHT) -> Hand:
    landmarks = np.random.default_rng(1).uniform(0.3, 0.7, (21, 3)).astype(np.float32)
    return Hand(
        track_id=1,
        handedness=handedness,
        handedness_score=0.9,
        state=TrackingState.TRACKED,
        presence=1.0,
        age_s=0.0,
        landmarks=landmarks,
        world_landmarks=np.zeros((21, 3), np.float32),
        region=Region(0.0, 0.0, 1.0, 0.0),
    )


def make_shot(hands=(), width=64, height=48, index=0) -> Shot:
    return Shot(np.full((height, width, 3), GREEN, np.uint8), hands, index, index / 30)


def green_share(image: np.ndarray) -> float:
    return float((np.abs(image.astype(int) - GREEN).max(axis=-1) < 12).mean())


def test_frames_of_one_size_keep_it():
    assert common_size([(64, 48), (64, 48)]) == (64, 48)


def test_frames_of_several_sizes_fit_into_the_common_one():
    assert common_size([(64, 48), (30, 100)]) == (64, 100)


def test_a_frame_without_hands_is_shown_as_it_is():
    image = render(make_shot(), 64, 48)
    assert (image == GREEN).all()


def test_a_frame_of_another_shape_is_centred_and_not_distorted():
    image = render(make_shot(width=20, height=40), 100, 100)
    assert (image[:, :24] == SHEET_COLOR).all() and (image[:, -24:] == SHEET_COLOR).all()
    assert (image[:, 26:74] == GREEN).all()


def test_the_hands_of_a_frame_are_drawn():
    assert green_share(render(make_shot([make_hand()]), 640, 480)) < 0.99


def test_a_frame_that_was_not_processed_says_so():
    image = render(make_shot(hands=None), 640, 480)
    assert green_share(image[:40, :120]) < 0.5 and green_share(image[100:]) == 1.0


def test_shots_are_spread_evenly_over_the_recording():
    assert choose_shots([True] * 100, 4) == [12, 37, 62, 87]


def test_shots_with_hands_are_preferred_within_their_stretch():
    has_hands = [False] * 100
    has_hands[3] = has_hands[20] = has_hands[99] = True
    assert choose_shots(has_hands, 4) == [20, 37, 62, 99]


@pytest.mark.parametrize('num_frames', [0, 1, 5])
def test_a_short_recording_shows_every_frame_once(num_frames):
    assert choose_shots([False] * num_frames, 12) == list(range(num_frames))


@pytest.mark.parametrize('num_tiles', [1, 5, 12])
@pytest.mark.parametrize('frame_size', [(64, 48), (48, 96), (1, 1)])
def test_the_contact_sheet_holds_every_shot(tmp_path, num_tiles, frame_size):
    sheet = ContactSheet('füßen.mp4', 'subtitle', num_tiles, frame_size)
    width, height = frame_size
    for index in range(num_tiles):
        sheet.add(make_shot(width=width, height=height, index=index))
    sheet.save(tmp_path / 'sheet.png')
    page = cv2.imread(str(tmp_path / 'sheet.png'))[..., ::-1]
    tile_height = min(TILE_WIDTH_PX, TILE_WIDTH_PX * height // width)
    tile_width = min(TILE_WIDTH_PX, tile_height * width // height)
    assert green_share(page) * page.shape[0] * page.shape[1] == pytest.approx(
        num_tiles * tile_width * tile_height, rel=0.02
    )


def test_no_text_is_cut_off(tmp_path):
    words = ' '.join(['many words about a recording'] * 6)
    pages = []
    for subtitle in ('short', words):
        sheet = ContactSheet('a_very_long_name_of_a_recording.mp4', subtitle, 1, (64, 48))
        sheet.add(make_shot(hands=[make_hand() for _ in range(16)] * 16, index=123456789))
        sheet.save(tmp_path / 'sheet.png')
        pages.append(cv2.imread(str(tmp_path / 'sheet.png'))[..., ::-1])
    assert pages[1].shape[0] > pages[0].shape[0]  # more lines
    for page in pages:
        assert (page[:, -GAP_PX // 2 :] == SHEET_COLOR).all()


def test_a_full_disk_is_told_in_a_sentence(tmp_path):
    sheet = ContactSheet('title', 'subtitle', 1, (64, 48))
    with full_disk(), pytest.raises(UserError, match=r'sheet\.png cannot be written'):
        sheet.save(tmp_path / 'sheet.png')


def test_hands_are_described_in_words():
    left, right = make_hand(Handedness.LEFT), make_hand(Handedness.RIGHT)
    assert describe_hands([]) == 'no hand'
    assert describe_hands(None) == 'not processed'
    assert describe_hands([right]) == 'right'
    assert describe_hands([right, left]) == 'left, right'
    assert describe_hands([right, right]) == '2 x right'
