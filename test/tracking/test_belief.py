"""What has to be seen before a track is taken for a hand, and what makes it none again."""

import pytest

from hand_tracking_ros.tracking.belief import Belief

NEEDED = 3


def seen(*presences, is_large=False, needed=NEEDED):
    belief = Belief(needed)
    for presence in presences:
        belief.see(presence, is_large)
    return belief


def confirmed_after(presence, is_large=False, needed=NEEDED):
    """How many images of this presence it takes, at most 20."""
    belief = Belief(needed)
    for number in range(20):
        if belief.is_confirmed:
            return number
        belief.see(presence, is_large)
    return None


@pytest.mark.parametrize(
    ('presence', 'is_large', 'expected'),
    [
        (0.95, True, 1),
        (0.95, False, 2),
        (0.85, True, 3),
        (0.85, False, 3),
        (0.7, True, None),
        (0.6, True, None),
    ],
)
def test_the_clearer_a_hand_is_the_sooner_it_is_confirmed(presence, is_large, expected):
    assert confirmed_after(presence, is_large) == expected


@pytest.mark.parametrize('needed', [1, 5])
def test_the_option_says_how_many_good_images_confirm_a_hand(needed):
    assert confirmed_after(0.85, needed=needed) == needed


def test_every_track_is_a_hand_where_no_evidence_is_needed():
    belief = seen(0.51, 0.51, 0.51, needed=0)
    assert belief.is_confirmed
    assert not belief.is_refuted


@pytest.mark.parametrize('presences', [[0.6], [0.7, 0.6], [0.7, 0.7], [0.7, 0.85, 0.7, 0.7]])
def test_a_tentative_track_is_refuted_by_a_few_doubtful_images(presences):
    assert not seen(*presences[:-1]).is_refuted
    assert seen(*presences).is_refuted


def test_what_is_seen_now_well_and_now_badly_is_never_confirmed():
    assert not seen(0.73, 0.85, 0.78, 0.82, 0.71, 0.82, 0.7, 0.85).is_confirmed


def test_what_was_confirmed_by_one_image_is_refuted_by_two_doubtful_ones():
    assert not seen(0.95, 0.6, is_large=True).is_well_seen
    belief = seen(0.95, 0.6, 0.6, 0.6, is_large=True)
    assert belief.is_confirmed
    assert belief.is_refuted


def test_a_hand_that_was_well_seen_for_long_outlives_some_doubtful_images():
    good = [0.95] * 100
    assert not seen(*good, *[0.6] * 5).is_refuted
    assert seen(*good, *[0.6] * 6).is_refuted


def test_a_hand_that_was_lost_is_refuted_sooner():
    belief = seen(*[0.95] * 100)
    belief.miss()
    for _ in range(2):
        belief.see(0.6, is_large=True)
    assert belief.is_refuted
