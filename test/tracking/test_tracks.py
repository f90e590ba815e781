"""Which hand of an image continues which track: cases that a scripted world cannot show."""

from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.tracking.candidate import Observation
from hand_tracking_ros.tracking.duplicates import is_same_hand
from hand_tracking_ros.tracking.hand import TrackingState
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.region import Region, overlap
from hand_tracking_ros.tracking.tracks import Tracks
from support.fake_world import HAND_SIZE_PX, FakeHand

SAME_HAND_OVERLAP = 0.5
ELSEWHERE = Region(0.0, 0.0, 10.0, 0.0)
# Too far for a duplicate, near enough for the same hand inaccurately observed.
BESIDE_PX = 0.3 * HAND_SIZE_PX


def observation(x_px, right_probability=1.0, track=None):
    """An upright hand at a place, found in the region of a track or of a new palm."""
    landmarks = HandLandmarks(
        FakeHand(x_px, 240).landmarks_px,
        np.zeros((21, 3), np.float32),
        0.99,
        right_probability,
        ELSEWHERE,
    )
    return Observation(landmarks, track)


def update(tracks, *observations, stamp_s=0.0):
    tracks.update(observations, stamp_s, SAME_HAND_OVERLAP)


def tracked(tracks):
    return {track.track_id: track.landmarks for track in tracks.tracked}


def test_what_lies_beside_a_hand_is_no_duplicate_but_overlaps_it():
    hand, beside = observation(300).landmarks, observation(300 + BESIDE_PX).landmarks
    assert not is_same_hand(hand, beside)
    assert overlap(hand.next_region, beside.next_region) > SAME_HAND_OVERLAP


@pytest.mark.parametrize(
    ('right_probability', 'expected'), [(0.9, [1]), (0.1, [1, 2])], ids=['same', 'other']
)
def test_a_hand_on_top_of_a_known_one_is_new_only_if_it_is_of_the_other_side(
    right_probability, expected
):
    tracks = Tracks()
    update(tracks, observation(300))
    again = observation(300, track=tracks.tracked[0])
    update(tracks, again, observation(300 + BESIDE_PX, right_probability))
    assert sorted(tracked(tracks)) == expected


def test_a_new_hand_that_is_observed_twice_once_inaccurately_is_reported_once():
    tracks = Tracks()
    update(tracks, observation(300), observation(300 + BESIDE_PX))
    assert [each.landmarks_px[0, 0] for each in tracked(tracks).values()] == [300]


@pytest.mark.parametrize('is_other_lost', [True, False], ids=['beside a lost one', 'alone'])
def test_an_observation_that_contradicts_its_track_where_another_was_lost_is_a_mixture(
    is_other_lost,
):
    tracks, other = Tracks(), observation(360, 0.0)
    update(tracks, observation(300, 1.0), *([other] if is_other_lost else []))
    track, *others = tracks.tracked
    for stamp_s in (0.1, 0.2, 0.3, 0.4):  # until both are known
        beside = [observation(360, 0.0, each) for each in others]
        update(tracks, observation(300, 1.0, track), *beside, stamp_s=stamp_s)
    update(tracks, observation(300, 1.0, track), stamp_s=0.5)
    assert list(tracked(tracks)) == [1]
    update(tracks, observation(310, 0.6, track), stamp_s=0.6)
    assert list(tracked(tracks)) == ([] if is_other_lost else [1])


def test_an_observation_that_contradicts_its_track_beside_another_hand_is_a_mixture():
    tracks = Tracks()
    update(tracks, observation(300, 0.0), observation(380, 1.0))
    left, right = tracks.tracked
    update(tracks, observation(310, 0.4, left), observation(370, 1.0, right), stamp_s=0.1)
    assert list(tracked(tracks)) == [2]


@pytest.mark.parametrize('order', [(0, 1), (1, 0)])
def test_of_two_observations_of_a_hand_the_one_that_fits_its_track_better_is_kept(order):
    tracks = Tracks()
    update(tracks, observation(300), observation(380))
    front, hidden = tracks.tracked
    good, bad = observation(301, track=front), observation(306, track=hidden)
    update(tracks, *((good, bad)[i] for i in order), stamp_s=0.1)
    assert {i: each.landmarks_px[0, 0] for i, each in tracked(tracks).items()} == {1: 301}


def small_hand_along(hand, start, end, scale=0.15):
    """A small hand that lies along a finger of another one, as a finger taken for a hand does."""
    landmarks_px = hand.landmarks.landmarks_px
    points = landmarks_px - landmarks_px[0]
    low, high = landmarks_px[[start, end]]
    # Thin, along the finger: neither it nor its landmarks' spread is wider than a finger.
    along, height = high - low, np.ptp(points[:, 1])
    line = low + along * (-points[:, 1:2] / height)
    return moved_to(hand, (line + scale * points * [1, 0, 0]).astype(np.float32))


def moved_to(hand, landmarks_px, track=None):
    return Observation(replace(hand.landmarks, landmarks_px=landmarks_px), track)


INDEX_FINGER = (5, 8)


@pytest.mark.parametrize('order', [(0, 1), (1, 0)])
def test_a_finger_that_looks_like_a_small_hand_is_none(order):
    tracks, hand = Tracks(), observation(300)
    found = hand, small_hand_along(hand, *INDEX_FINGER)
    update(tracks, *(found[i] for i in order))
    assert [each.landmarks_px[0, 0] for each in tracked(tracks).values()] == [300]


def test_a_finger_that_was_taken_for_a_hand_is_lost_when_the_hand_is_seen():
    tracks, hand = Tracks(), observation(300)
    finger = small_hand_along(hand, *INDEX_FINGER)
    update(tracks, finger)
    assert list(tracked(tracks)) == [1]
    again = replace(finger, track=tracks.tracked[0])
    update(tracks, again, hand, stamp_s=0.1)
    assert list(tracked(tracks)) == [2]


def test_a_small_hand_beside_a_finger_is_a_hand():
    tracks, hand = Tracks(), observation(300)
    finger = small_hand_along(hand, *INDEX_FINGER)
    beside = moved_to(finger, finger.landmarks.landmarks_px - np.float32([30, 0, 0]))
    update(tracks, hand, beside)
    assert list(tracked(tracks)) == [1, 2]


def test_a_hand_found_in_the_region_of_another_track_continues_its_own():
    tracks = Tracks()
    update(tracks, observation(300, 0.0), observation(380, 1.0))
    update(tracks, observation(376, 1.0, tracks.tracked[0]), stamp_s=0.1)
    assert list(tracked(tracks)) == [2]


def test_of_too_many_hands_the_oldest_stay():
    tracks = Tracks()
    update(tracks, observation(100), observation(300), observation(500))
    tracks.limit(2)
    assert list(tracked(tracks)) == [1, 2]
    assert tracks.lost == []


@pytest.mark.parametrize(('hold_time_s', 'remembered_s'), [(0.3, 1.0), (2.0, 2.0)])
def test_a_lost_hand_is_remembered_for_a_second_or_for_hold_time(hold_time_s, remembered_s):
    tracks = Tracks()
    update(tracks, observation(300), stamp_s=1.0)
    update(tracks, stamp_s=1.1)
    tracks.forget_lost(1.0 + remembered_s, hold_time_s)
    assert [track.track_id for track in tracks.lost] == [1]
    tracks.forget_lost(1.1 + remembered_s, hold_time_s)
    assert tracks.lost == []


def test_a_lost_hand_is_held_for_hold_time():
    tracks = Tracks()
    update(tracks, observation(300), stamp_s=1.0)
    update(tracks, stamp_s=1.1)
    assert [track.track_id for track in tracks.held(1.3, 0.3)] == [1]
    assert tracks.held(1.31, 0.3) == []


def test_a_track_reports_its_landmarks_in_widths_and_heights_of_the_image_depth_in_widths():
    tracks, seen = Tracks(), observation(300)
    depths = np.linspace(-64, 64, 21)
    landmarks_px = np.column_stack([seen.landmarks.landmarks_px[:, :2], depths])
    update(tracks, moved_to(seen, landmarks_px.astype(np.float32)))
    hand = tracks.tracked[0].to_hand(640, 480, 0.5, TrackingState.TRACKED)
    np.testing.assert_allclose(hand.landmarks * [640, 480, 640], landmarks_px, rtol=1e-5)
    assert hand.age_s == 0.5


def test_track_ids_go_on_after_all_hands_are_forgotten():
    tracks = Tracks()
    update(tracks, observation(300))
    tracks.clear()
    update(tracks, observation(300))
    assert list(tracked(tracks)) == [2]
