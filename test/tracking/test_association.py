"""Which hand of an image is which of those known: cases that a scripted world cannot show."""

from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.tracking.association import Tracks
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.region import Region, overlap, region_from_landmarks
from hand_tracking_ros.tracking.track import is_same_hand
from support.fake_world import HAND_SIZE_PX, FakeHand

SAME_HAND_OVERLAP = 0.5
ELSEWHERE = Region(0.0, 0.0, 10.0, 0.0)
# Too far for the same hand read twice, near enough for the same hand badly read.
BESIDE_PX = 0.3 * HAND_SIZE_PX


def reading(x_px, right_probability=1.0, region=ELSEWHERE):
    """An upright hand at a place, as read in a region."""
    return HandLandmarks(
        FakeHand(x_px, 240).landmarks_px,
        np.zeros((21, 3), np.float32),
        0.99,
        right_probability,
        region,
    )


def next_region(hand):
    return region_from_landmarks(hand.landmarks_px)


def update(tracks, *found, stamp_s=0.0):
    tracks.update(found, stamp_s, SAME_HAND_OVERLAP)


def seen(tracks):
    return {track.track_id: track.landmarks for track in tracks.seen}


def test_what_lies_beside_is_neither_the_same_reading_nor_a_place_of_its_own():
    hand, beside = reading(300), reading(300 + BESIDE_PX)
    assert not is_same_hand(hand, beside)
    assert overlap(next_region(hand), next_region(beside)) > SAME_HAND_OVERLAP


@pytest.mark.parametrize(
    ('right_probability', 'expected'), [(0.9, [1]), (0.1, [1, 2])], ids=['same', 'other']
)
def test_a_hand_on_top_of_a_known_one_is_new_only_if_it_is_of_the_other_side(
    right_probability, expected
):
    tracks, hand = Tracks(), reading(300)
    update(tracks, hand)
    again = reading(300, region=next_region(hand))
    update(tracks, again, reading(300 + BESIDE_PX, right_probability))
    assert sorted(seen(tracks)) == expected


def test_a_new_hand_of_which_there_is_a_bad_reading_too_is_reported_once():
    tracks = Tracks()
    update(tracks, reading(300), reading(300 + BESIDE_PX))
    assert [each.landmarks_px[0, 0] for each in seen(tracks).values()] == [300]


@pytest.mark.parametrize('is_other_lost', [True, False], ids=['beside a lost one', 'alone'])
def test_a_reading_that_contradicts_its_track_where_another_was_lost_is_neithers(is_other_lost):
    tracks, hand = Tracks(), reading(300, 1.0)
    hands = [hand, reading(360, 0.0)] if is_other_lost else [hand]
    update(tracks, *hands)
    update(tracks, reading(300, 1.0, next_region(hand)), stamp_s=0.1)
    assert list(seen(tracks)) == [1]
    update(tracks, reading(310, 0.6, next_region(hand)), stamp_s=0.2)
    assert list(seen(tracks)) == ([] if is_other_lost else [1])


def test_a_reading_that_contradicts_its_track_beside_another_hand_is_a_stray():
    tracks, left, right = Tracks(), reading(300, 0.0), reading(380, 1.0)
    update(tracks, left, right)
    regions = next_region(left), next_region(right)
    update(tracks, reading(310, 0.4, regions[0]), reading(370, 1.0, regions[1]), stamp_s=0.1)
    assert list(seen(tracks)) == [2]


@pytest.mark.parametrize('order', [(0, 1), (1, 0)])
def test_of_two_readings_of_a_hand_the_better_is_kept(order):
    """The one in the hand's own region, as far as its track goes; not the first one."""
    tracks, front, hidden = Tracks(), reading(300), reading(380)
    update(tracks, front, hidden)
    good = reading(301, region=next_region(front))
    bad = reading(306, region=next_region(hidden))
    update(tracks, *((good, bad)[i] for i in order), stamp_s=0.1)
    assert {i: each.landmarks_px[0, 0] for i, each in seen(tracks).items()} == {1: 301}


def small_hand_along(hand, start, end, scale=0.15):
    """A small hand that lies along a finger of another one, as a finger taken for a hand does."""
    points = hand.landmarks_px.copy()
    points -= points[0]
    low, high = hand.landmarks_px[[start, end]]
    # Thin, along the finger: neither it nor its landmarks' spread is wider than a finger.
    along, height = high - low, np.ptp(points[:, 1])
    line = low + along * (-points[:, 1:2] / height)
    return replace(hand, landmarks_px=(line + scale * points * [1, 0, 0]).astype(np.float32))


INDEX_FINGER = (5, 8)


@pytest.mark.parametrize('order', [(0, 1), (1, 0)])
def test_a_finger_that_looks_like_a_small_hand_is_none(order):
    tracks, hand = Tracks(), reading(300)
    found = hand, small_hand_along(hand, *INDEX_FINGER)
    update(tracks, *(found[i] for i in order))
    assert [each.landmarks_px[0, 0] for each in seen(tracks).values()] == [300]


def test_a_finger_that_was_taken_for_a_hand_is_lost_when_the_hand_is_seen():
    tracks, hand = Tracks(), reading(300)
    finger = small_hand_along(hand, *INDEX_FINGER)
    update(tracks, finger)
    assert list(seen(tracks)) == [1]
    again = replace(finger, region=next_region(finger))
    update(tracks, again, hand, stamp_s=0.1)
    assert list(seen(tracks)) == [2]


def test_a_small_hand_beside_a_finger_is_a_hand():
    tracks, hand = Tracks(), reading(300)
    finger = small_hand_along(hand, *INDEX_FINGER)
    beside = replace(finger, landmarks_px=finger.landmarks_px - np.float32([30, 0, 0]))
    update(tracks, hand, beside)
    assert list(seen(tracks)) == [1, 2]


def test_a_hand_read_in_another_ones_region_continues_its_own_track():
    tracks, one, two = Tracks(), reading(300, 0.0), reading(380, 1.0)
    update(tracks, one, two)
    read_there = reading(376, 1.0, next_region(one))
    update(tracks, read_there, stamp_s=0.1)
    assert list(seen(tracks)) == [2]


def test_of_too_many_hands_the_oldest_stay():
    tracks = Tracks()
    update(tracks, reading(100), reading(300), reading(500))
    tracks.forget_seen_beyond(2)
    assert list(seen(tracks)) == [1, 2]
    assert tracks.lost == []


def test_a_lost_hand_is_remembered_until_it_is_forgotten():
    tracks = Tracks()
    update(tracks, reading(300), stamp_s=1.0)
    update(tracks, stamp_s=2.0)
    tracks.forget_lost_before(1.0)
    assert [track.track_id for track in tracks.lost] == [1]
    tracks.forget_lost_before(1.1)
    assert tracks.lost == []


def test_track_ids_go_on_after_all_hands_are_forgotten():
    tracks = Tracks()
    update(tracks, reading(300))
    tracks.clear()
    update(tracks, reading(300))
    assert list(seen(tracks)) == [2]
