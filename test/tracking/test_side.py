"""Which side a hand is of: many images decide, not one."""

import pytest

from hand_tracking_ros.tracking.hand import Handedness
from hand_tracking_ros.tracking.side import Side


def side_after(*right_probabilities):
    side = Side()
    for right_probability in right_probabilities:
        side.update(right_probability)
    return side


def test_a_side_that_is_known_survives_a_second_of_images_that_show_the_other_one():
    assert side_after(*[0.98] * 60, *[0.02] * 30).handedness == Handedness.RIGHT
    assert side_after(*[0.02] * 60, *[0.98] * 30).handedness == Handedness.LEFT


def test_a_side_changes_when_the_other_one_is_seen_for_longer():
    assert side_after(*[0.98] * 60, *[0.02] * 90).handedness == Handedness.LEFT


def test_a_first_impression_is_soon_corrected():
    assert side_after(0.1, 0.3).handedness == Handedness.LEFT
    assert side_after(0.1, 0.3, *[0.98] * 4).handedness == Handedness.RIGHT


@pytest.mark.parametrize('side', [0, 1], ids=['left', 'right'])
def test_only_what_speaks_for_the_other_side_contradicts(side):
    doubtful = side_after(*[abs(side - 0.35)] * 10)
    assert not doubtful.is_contradicted_by(side)
    assert doubtful.is_contradicted_by(1 - side)


def test_an_image_that_shows_the_hand_surely_counts_more_than_one_that_does_not():
    side = Side()
    for _ in range(20):
        side.update(0.02, presence=0.85)
    for _ in range(10):
        side.update(0.98, presence=0.99)
    assert side.handedness == Handedness.RIGHT


def test_a_side_that_is_undecided_is_contradicted_by_nothing():
    undecided = side_after(*[0.05, 0.98] * 5)
    assert not undecided.is_contradicted_by(0.98)
    assert not undecided.is_contradicted_by(0.02)


def test_a_side_seen_in_few_images_says_little_about_the_next_one():
    assert side_after(0.0).difference(1.0) < 0.6
    assert side_after(*[0.0] * 50).difference(1.0) > 0.9
    assert not side_after(*[0.0] * 4).is_established
    assert side_after(*[0.0] * 5).is_established
