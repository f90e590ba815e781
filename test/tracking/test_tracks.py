"""Which hand of an image continues which track: cases that a scripted world cannot show."""

from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.tracking.candidate import Observation
from hand_tracking_ros.tracking.duplicates import is_same_hand, takes_in
from hand_tracking_ros.tracking.hand import TrackingState
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.region import Region, overlap
from hand_tracking_ros.tracking.tracker_options import TrackerOptions
from hand_tracking_ros.tracking.tracks import Tracks
from support.fake_world import HAND_SIZE_PX, FakeHand

SAME_HAND_OVERLAP = TrackerOptions().min_tracking_confidence
ELSEWHERE = Region(0.0, 0.0, 10.0, 0.0)
# Too far for a duplicate, near enough for the same hand inaccurately observed.
BESIDE_PX = 0.3 * HAND_SIZE_PX


def observation(x_px, right_probability=1.0, track=None, *, presence=0.99, scale=1.0, part=False):
    """An upright hand at a place, found in the region of a track or of a new palm."""
    landmarks_px = FakeHand(x_px, 240).landmarks_px
    landmarks = HandLandmarks(
        landmarks_px[0] + np.float32(scale) * (landmarks_px - landmarks_px[0]),
        np.zeros((21, 3), np.float32),
        presence,
        right_probability,
        ELSEWHERE,
    )
    return Observation(landmarks, track, part)


def update(tracks, *observations, stamp_s=0.0, **options):
    options = TrackerOptions(**{'max_num_hands': 4, **options})
    tracks.update(observations, stamp_s, (640, 480), options)


def tracked(tracks):
    return {track.track_id: track.landmarks for track in tracks.published}


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


def arm_with(hand):
    """A result that takes a hand and its forearm for one large hand of the other side."""
    points = hand.landmarks_px
    wrist = points[0] + np.float32([0, HAND_SIZE_PX, 0])
    large = replace(hand, landmarks_px=wrist + 2 * (points - points[0]), right_probability=0.0)
    return Observation(large, None)


def test_an_arm_with_a_known_hand_is_no_new_hand():
    tracks = Tracks()
    update(tracks, observation(300))
    again = observation(300, track=tracks.tracked[0])
    arm = arm_with(again.landmarks)
    update(tracks, again, arm)
    assert sorted(tracked(tracks)) == [1]
    elsewhere = observation(620, track=tracks.tracked[0])
    assert takes_in(arm.landmarks, again.landmarks)
    assert not takes_in(again.landmarks, arm.landmarks)
    assert not takes_in(arm.landmarks, elsewhere.landmarks)
    assert not takes_in(observation(305, 0.0).landmarks, again.landmarks)


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


def test_a_finger_that_was_taken_for_a_hand_gives_way_when_the_hand_is_seen():
    tracks, hand = Tracks(), observation(300)
    finger = small_hand_along(hand, *INDEX_FINGER)
    update(tracks, finger)
    update(tracks, finger, stamp_s=0.1)
    assert list(tracked(tracks)) == [1]
    again = replace(finger, track=tracks.tracked[0])
    update(tracks, again, hand, stamp_s=0.2)
    assert [each.landmarks_px[0, 0] for each in tracked(tracks).values()] == [300]


def test_a_small_hand_beside_a_finger_is_a_hand():
    tracks, hand = Tracks(), observation(300)
    finger = small_hand_along(hand, *INDEX_FINGER)
    beside = moved_to(finger, finger.landmarks.landmarks_px - np.float32([30, 0, 0]))
    update(tracks, hand, beside)
    update(tracks, hand, beside, stamp_s=0.1)
    assert list(tracked(tracks)) == [1, 2]


def test_a_hand_found_in_the_region_of_another_track_continues_its_own():
    tracks = Tracks()
    update(tracks, observation(300, 0.0), observation(380, 1.0))
    update(tracks, observation(376, 1.0, tracks.tracked[0]), stamp_s=0.1)
    assert list(tracked(tracks)) == [2]


def test_of_too_many_hands_of_one_size_the_oldest_stay():
    tracks = Tracks()
    update(tracks, observation(100), observation(300), observation(500))
    again = [observation(100 + 200 * i, track=each) for i, each in enumerate(tracks.tracked)]
    update(tracks, *again, stamp_s=0.1, max_num_hands=2)
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


@pytest.mark.parametrize(('seen_s', 'held_s'), [(9.0, 0.3), (2.0, 0.2), (0.0, 0.0)])
def test_a_lost_hand_is_held_for_hold_time_and_a_tenth_of_the_time_it_was_seen_at_most(
    seen_s, held_s
):
    tracks = Tracks()
    update(tracks, observation(300), stamp_s=1.0)
    update(tracks, observation(300), stamp_s=1.0 + seen_s)
    update(tracks, stamp_s=1.1 + seen_s)
    if held_s:
        assert [track.track_id for track in tracks.held(1.0 + seen_s + held_s - 0.01, 0.3)] == [1]
    assert tracks.held(1.0 + seen_s + held_s + 0.01, 0.3) == []


def test_a_hand_that_flickers_is_not_held_again_and_again():
    tracks, num_held = Tracks(), 0
    for i in range(300):
        is_seen = i % 10 < 5  # half of the time
        update(tracks, *([observation(300)] if is_seen else []), stamp_s=i / 30)
        num_held += len(tracks.held(i / 30, 0.3))
    assert num_held <= 0.1 * 150


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


DOUBTFUL = {'presence': 0.85}
SMALL = {'scale': 0.3}


@pytest.mark.parametrize(
    'kind', [DOUBTFUL, SMALL, {'part': True}], ids=['doubtful', 'small', 'part']
)
def test_a_hand_that_is_not_clear_is_published_after_some_images_and_aged_from_the_first(kind):
    tracks = Tracks()
    update(tracks, observation(300, **kind))
    assert tracked(tracks) == {}
    for i in (1, 2):
        update(tracks, observation(300, **kind), stamp_s=0.1 * i)
    assert list(tracked(tracks)) == [1]
    (track,) = tracks.published
    assert track.to_hand(640, 480, 0.2, TrackingState.TRACKED).age_s == 0.2


def test_what_is_no_hand_is_neither_published_nor_held_nor_remembered_and_takes_no_id():
    tracks = Tracks()
    for i in range(40):
        update(tracks, *([observation(100, presence=0.7)] if i % 4 else []), stamp_s=0.03 * i)
        assert (tracked(tracks), tracks.held(0.03 * i, 0.3), tracks.lost) == ({}, [], [])
    update(tracks, observation(300), stamp_s=2.0)
    assert list(tracked(tracks)) == [1]


def test_a_published_hand_that_turns_out_to_be_none_is_forgotten():
    tracks = Tracks()
    update(tracks, observation(300))
    for i in (1, 2):
        assert list(tracked(tracks)) == [1]
        again = observation(300, track=tracks.tracked[0], presence=0.6)
        update(tracks, again, stamp_s=0.03 * i)
    assert (tracked(tracks), tracks.lost) == ({}, [])


def test_a_near_hand_takes_the_place_of_a_far_one_and_a_little_larger_one_does_not():
    places = {}
    for scale in (0.4, 0.8):
        tracks = Tracks()
        for i in range(20):
            far = observation(150, scale=scale)
            near = [observation(450)] if i >= 10 else []
            update(tracks, far, *near, stamp_s=0.03 * i, max_num_hands=1)
        places[scale] = [round(points[0, 0]) for points in each_place(tracks)]
    assert places == {0.4: [450], 0.8: [150]}


def each_place(tracks):
    return [track.landmarks.landmarks_px for track in tracks.published]


def test_a_doubtful_near_hand_takes_the_place_of_a_far_one_once_it_is_confirmed():
    tracks, seen = Tracks(), []
    for i in range(8):
        near = [observation(450, **DOUBTFUL)] if i >= 5 else []
        update(tracks, observation(150, **SMALL), *near, stamp_s=0.03 * i, max_num_hands=1)
        seen.append(list(tracked(tracks)))
    assert seen == [[]] + [[1]] * 6 + [[2]]
    assert tracks.lost == []  # the far one is forgotten, not held


def test_a_hand_cut_by_the_border_is_as_small_as_what_is_seen_of_it():
    tracks = Tracks()
    for i in range(5):
        update(
            tracks, observation(-20), observation(300, scale=0.6), stamp_s=0.03 * i, max_num_hands=1
        )
    assert [round(points[0, 0]) for points in each_place(tracks)] == [300]


def test_while_all_hands_are_large_and_well_seen_no_further_one_is_followed():
    tracks = Tracks()
    for i in range(3):
        update(tracks, observation(100), observation(500), stamp_s=0.03 * i, max_num_hands=1)
        assert len(tracks.tracked) == 1
        assert tracks.are_well_seen


def test_a_hand_that_is_clear_takes_the_place_of_one_as_large_that_is_doubtful():
    tracks = Tracks()
    for i in range(3):
        update(tracks, observation(150, **DOUBTFUL), stamp_s=0.03 * i, max_num_hands=1)
    for i in range(3, 5):
        doubtful = observation(150, track=tracks.tracked[0], presence=0.6 if i == 3 else 0.7)
        update(tracks, doubtful, observation(450), stamp_s=0.03 * i, max_num_hands=1)
    assert list(tracked(tracks)) == [2]


def test_where_a_hand_was_lost_something_doubtful_is_not_taken_for_it_for_long():
    tracks = Tracks()
    for i in range(30):
        update(tracks, observation(300), stamp_s=0.03 * i)
    update(tracks, stamp_s=0.9)
    for i in range(2):
        update(tracks, observation(300, presence=0.6), stamp_s=0.93 + 0.03 * i)
    assert (tracked(tracks), tracks.lost) == ({}, [])
