"""Degraded pictures: where the hand is afterwards, and what counts as found."""

from functools import partial

import cv2
import numpy as np
import pytest

from evaluation.accuracy import degradations
from evaluation.accuracy.degradations import CONDITIONS, hand_box, hand_size
from evaluation.accuracy.degraded_base import NUM_PICTURES, BasePicture, load_base
from evaluation.accuracy.degraded_hands import (
    Outcome,
    degraded,
    degraded_rows,
    is_found,
    judge,
)
from evaluation.accuracy.picture_hands import PictureHand
from hand_tracking_ros.tracking.hand import NUM_LANDMARKS

SIZE = (300, 200)
# The corners of what stands for a hand, and its middle: four dots that can be found again.
DOTS = np.array([[100, 60], [180, 60], [180, 120], [100, 120]], float)
MOVES = {
    'rotated once': partial(degradations.rotated, quarters=1),
    'rotated twice': partial(degradations.rotated, quarters=2),
    'rotated thrice': partial(degradations.rotated, quarters=3),
    'barrel': partial(degradations.barrel, k=0.5),
    'small': partial(degradations.small_in_720p, size_px=80),
    'fills': partial(degradations.fills, times=1.5),
    'clean': degradations.clean,
}


def picture():
    """White dots on black at DOTS; pixel centres are half a pixel inside."""
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    for x, y in DOTS:
        image[int(y) - 3 : int(y) + 3, int(x) - 3 : int(x) + 3] = 255
    return image


def dots_in(image):
    """The centres of the white dots of a picture."""
    _, mask = cv2.threshold(image[..., 0], 127, 255, cv2.THRESH_BINARY)
    _, _, _, centers = cv2.connectedComponentsWithStats(mask)
    return centers[1:] + 0.5


@pytest.mark.parametrize('name', MOVES)
def test_landmarks_move_with_the_picture(name):
    image, points = MOVES[name](picture(), DOTS, np.random.default_rng(1))
    dots = dots_in(image)
    assert len(dots) == len(DOTS)
    apart = np.linalg.norm(dots[:, None] - points[None], axis=-1).min(axis=0)
    assert apart.max() < 1.5


@pytest.mark.parametrize('seed', range(8))
def test_a_cut_leaves_the_rest_of_the_hand_where_it_is(seed):
    image, points = degradations.cut(picture(), DOTS, np.random.default_rng(seed), share=0.5)
    (low, high), size = hand_box(points), np.array(image.shape[1::-1])
    inside = (np.minimum(high, size) - np.maximum(low, 0)) / (high - low)
    assert sorted(inside.round(2)) == [0.5, 1.0]
    assert len(dots_in(image)) == 2
    assert np.abs(dots_in(image)[0] - points).sum(axis=1).min() < 1


def test_a_hand_of_a_picture_larger_than_the_canvas_is_on_it():
    image = np.full((900, 3000, 3), 200, np.uint8)
    far = DOTS + np.array([2500, 300])
    for seed in range(8):
        canvas, points = degradations.small_in_720p(
            image, far, np.random.default_rng(seed), size_px=80
        )
        assert canvas.shape == (720, 1280, 3)
        assert points.min() >= -1 and (points <= np.array([1280, 720]) + 1).all()
        assert hand_size(points) == pytest.approx(80, abs=1)


def test_a_hand_that_fills_the_picture_reaches_its_sides():
    image, points = degradations.fills(picture(), DOTS, np.random.default_rng(0), times=1.0)
    assert image.shape == (640, 640, 3)
    assert np.ptp(points[:, 0]) == pytest.approx(640)
    assert points.mean() == pytest.approx(320)


def test_darkness_scales_and_noises():
    image, _ = degradations.dark(
        np.full((200, 200, 3), 200, np.uint8), DOTS, np.random.default_rng(0), gain=0.5, noise=4
    )
    assert image.mean() == pytest.approx(100, abs=0.5)
    assert image.std() == pytest.approx(4, abs=0.3)


def test_motion_blur_is_as_long_as_its_share_of_the_hand_and_keeps_the_brightness():
    image = np.zeros((201, 201, 3), np.uint8)
    image[100, 100] = 255
    for seed in range(5):
        blurred, _ = degradations.motion_blur(
            image.astype(np.float32), DOTS, np.random.default_rng(seed), share=0.4
        )
        lit = np.argwhere(blurred[..., 0] > 0.1)
        # 0.4 of 80 px, odd: 33 px between the ends of the line.
        assert np.linalg.norm(np.ptp(lit, axis=0) + 1) == pytest.approx(33, abs=2)
        assert blurred[..., 0].sum() == pytest.approx(255, rel=1e-4)


def test_grey_has_three_equal_channels():
    image, _ = degradations.grey(
        np.full((4, 4, 3), (10, 200, 90), np.uint8), DOTS, np.random.default_rng(0)
    )
    assert np.ptp(image.astype(int), axis=-1).max() == 0


def reported(points, size=SIZE):
    return PictureHand(np.asarray(points) / size)


def test_a_hand_is_found_within_a_third_of_its_size():
    points = np.linspace((100, 60), (180, 120), NUM_LANDMARKS)
    image = picture()
    # The figures are written as JSON, which knows no numpy.
    assert is_found([reported(points + np.array([27, 0]))], image, points) is True
    assert not is_found([reported(points + np.array([29, 0]))], image, points)
    assert is_found([reported(points + 90), reported(points)], image, points)
    assert not is_found([], image, points)


def test_every_condition_gives_the_same_picture_every_time(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), picture())
    points = np.linspace((100, 60), (180, 120), NUM_LANDMARKS) / SIZE
    first, second = (dict(degraded(BasePicture('a.png', points), tmp_path)) for _ in range(2))
    assert list(first) == list(CONDITIONS)
    for name, (image, moved) in first.items():
        assert np.array_equal(image, second[name][0]) and np.array_equal(moved, second[name][1])
    without = dict(degraded(BasePicture('a.png'), tmp_path))
    assert set(without) == {name for name, each in CONDITIONS.items() if each.max_none is not None}


def test_a_mirror_image_is_judged_by_its_own_landmarks(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), picture())
    points = np.linspace((100, 60), (180, 120), NUM_LANDMARKS) / SIZE
    mirrored = BasePicture('a.png', points, is_mirrored=True)
    assert np.array_equal(mirrored.read(tmp_path), picture()[:, ::-1])
    outcomes = judge(mirrored, tmp_path, lambda _: [PictureHand(points)])
    assert next(each for each in outcomes if each.condition == 'clean').is_found
    assert not all(each.is_found for each in outcomes)


def test_rows_compare_with_the_targets():
    names = [f'{number}' for number in range(NUM_PICTURES)]

    def outcomes(num_found, num_wrong):
        with_hand = [
            Outcome(condition, name, True, number < num_found)
            for condition in CONDITIONS
            for number, name in enumerate(names)
        ]
        wrong = num_wrong.get
        return with_hand + [
            Outcome(condition, name, False, number < wrong(condition, 1))
            for condition, each in CONDITIONS.items()
            if each.max_none is not None
            for number, name in enumerate((*names, *range(62, 82)))
        ]

    rows = {
        row.what: row
        for row in degraded_rows(
            outcomes(45, {'grey': 3, 'dark (gain 0.15, noise 4)': 2}), outcomes(7, {})
        )
    }
    assert rows['grey: hands found'].reached == '45 of 62; mediapipe 7'
    assert rows['grey: hands found'].is_met is False
    assert rows['dark (gain 0.15, noise 4): hands found'].is_met is True
    assert rows['clean: hands found'].is_met is None
    none = 'pictures without hands in which one is reported'
    assert rows[f'grey: {none}'].is_met is False
    assert rows[f'dark (gain 0.15, noise 4): {none}'].is_met is True
    assert rows[f'clean: {none}'].is_met is False
    half = [each for each in outcomes(23, {}) if int(each.name) < NUM_PICTURES / 2]
    fewer = {row.what: row.is_met for row in degraded_rows(half, None)}
    assert fewer['dark (gain 0.15, noise 4): hands found'] is True  # 23 of 31 as 45 of 62
    assert fewer['grey: hands found'] is False
    unmeasured = degraded_rows(outcomes(45, {}), None)
    assert all('mediapipe not measured' in row.reached for row in unmeasured)


def test_the_recorded_pictures_are_those_of_the_table():
    base = load_base()
    assert len(base) == len({each.name for each in base}) == NUM_PICTURES
    assert all(each.landmarks.shape == (NUM_LANDMARKS, 2) for each in base)
