"""Which hand is which where hands move fast, are lost, touch or cross."""

from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.tracking.candidate import Observation
from hand_tracking_ros.tracking.duplicates import is_finger_of, is_same_hand
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.region import Region
from hand_tracking_ros.tracking.tracker_options import TrackerOptions
from hand_tracking_ros.tracking.tracks import Tracks
from support.fake_world import HAND_SIZE_PX, upright_hand

FRAME_S = 1 / 30
ELSEWHERE = Region(0.0, 0.0, 10.0, 0.0)
LEFT, RIGHT = 0.02, 0.98


def observation(x_px, right_probability, track=None, size=1.0, presence=0.99):
    """An upright hand whose middle is at a place, found in the region of a track or of a palm."""
    points = size * HAND_SIZE_PX * (upright_hand() + np.array([0, 0.5])) + [x_px, 240]
    landmarks_px = np.hstack([points, np.zeros((21, 1))]).astype(np.float32)
    world = np.zeros((21, 3), np.float32)
    return Observation(
        HandLandmarks(landmarks_px, world, presence, right_probability, ELSEWHERE), track
    )


class Scene:
    """Tracks that see one image after the other."""

    def __init__(self):
        self.tracks = Tracks()
        self.stamp_s = 0.0

    def see(self, *observations):
        options = TrackerOptions(max_num_hands=4)
        self.tracks.update(observations, self.stamp_s, (640, 480), options)
        self.stamp_s += FRAME_S
        return {t.track_id: round(t.landmarks.landmarks_px[0, 0]) for t in self.tracks.published}

    def follow(self, *paths, size=1.0):
        """Hands of the sides, at the places, of each path [(x_px, right_probability), ...]."""
        tracks = [None] * len(paths)
        for places in zip(*paths, strict=True):
            self.see(*(observation(*p, t, size) for p, t in zip(places, tracks, strict=True)))
            tracks = self.tracks.tracked
        return tracks


@pytest.mark.parametrize('right_probability', [RIGHT, LEFT], ids=['same side', 'other side'])
@pytest.mark.parametrize('speed_px', [0, 40])
def test_a_lost_hand_is_continued_where_its_motion_has_taken_it(speed_px, right_probability):
    scene = Scene()
    scene.follow([(100 + speed_px * i, RIGHT) for i in range(6)])
    for _ in range(4):
        scene.see()
    x_px = 100 + 5 * speed_px + 5 * 40
    expected = 1 if speed_px else 2
    assert scene.see(observation(x_px, right_probability)) == {expected: x_px}


def test_a_hand_whose_region_shrank_before_it_was_lost_is_continued_when_it_is_seen_whole():
    scene = Scene()
    (track,) = scene.follow([(300, RIGHT)] * 20)
    scene.see(observation(300, RIGHT, track, size=0.4))
    scene.see()
    assert list(scene.see(observation(300, RIGHT))) == [1]


def test_of_two_lost_hands_the_one_that_was_seen_last_is_continued():
    scene = Scene()
    _, lasting = scene.follow([(260, RIGHT)] * 6, [(400, RIGHT)] * 6)
    for _ in range(15):
        scene.see(observation(400, RIGHT, lasting))
    scene.see()
    assert scene.see(observation(325, RIGHT)) == {lasting.track_id: 325}


def test_a_hand_of_the_other_side_that_comes_long_after_one_was_lost_is_another_hand():
    scene = Scene()
    scene.follow([(300, RIGHT)] * 6)
    for _ in range(24):
        scene.see()
    assert list(scene.see(observation(300, LEFT))) == [2]


def test_a_hand_whose_side_was_doubtful_is_not_lost_where_it_is_seen_clearly():
    scene = Scene()
    doubtful, other = scene.follow([(300, 0.35)] * 10, [(380, RIGHT)] * 10)
    assert scene.see(observation(300, 0.0, doubtful), observation(380, RIGHT, other)) == {
        1: 300,
        2: 380,
    }


def test_a_track_of_one_image_does_not_take_the_hand_of_one_that_is_known():
    scene = Scene()
    (known,) = scene.follow([(300, LEFT)] * 30)
    scene.see(observation(300, LEFT, known), observation(360, RIGHT))
    assert scene.see(observation(300, RIGHT, known)) == {1: 300}


def test_what_contradicts_its_track_continues_the_lost_hand_that_it_shows():
    scene = Scene()
    right, left = scene.follow([(300, RIGHT)] * 10, [(360, LEFT)] * 10)
    scene.see(observation(360, LEFT, left))
    assert not right.is_tracked
    assert scene.see(observation(330, RIGHT, left)) == {1: 330}


@pytest.mark.parametrize('right_probability', [RIGHT, LEFT], ids=['same side', 'other side'])
def test_a_hand_seen_in_two_ways_is_one_hand(right_probability):
    """As around a cup: the fingers end elsewhere, the palm is the same."""
    a, b = observation(300, RIGHT), observation(315, right_probability, size=0.8)
    assert is_same_hand(a.landmarks, b.landmarks)
    assert list(Scene().see(a, b)) == [1]


def test_hands_that_touch_are_two_hands():
    beside_px = 0.4 * HAND_SIZE_PX
    hands = observation(300, RIGHT), observation(300 + beside_px, LEFT)
    assert len(Scene().see(*hands)) == 2


@pytest.mark.parametrize('order', [(0, 1), (1, 0)])
def test_of_two_results_of_a_new_hand_the_one_that_is_surer_is_kept(order):
    found = observation(300, RIGHT, presence=0.6), observation(305, RIGHT, presence=0.9)
    assert list(Scene().see(*(found[i] for i in order)).values()) == [305]


@pytest.mark.parametrize(('apart_px', 'expected'), [(22, 2), (8, 1)])
def test_tracked_hands_whose_palms_cross_stay_two_unless_they_are_one(apart_px, expected):
    scene = Scene()
    first, second = scene.follow(
        [(200 + 10 * i, RIGHT) for i in range(6)], [(400 - 10 * i, LEFT) for i in range(6)]
    )
    crossing = observation(300, RIGHT, first), observation(300 + apart_px, LEFT, second)
    assert is_same_hand(*(each.landmarks for each in crossing))
    assert len(scene.see(*crossing)) == expected


def with_arm(hand, presence):
    """The same hand with its forearm as palm: the same finger tips, a wrist at the elbow."""
    points = hand.landmarks_px.copy()
    points[0, 1] += 2 * HAND_SIZE_PX
    points[[1, 5, 9, 13, 17], 1] += 0.3 * HAND_SIZE_PX
    return Observation(replace(hand, landmarks_px=points, presence=presence), None)


@pytest.mark.parametrize(('presence', 'is_kept'), [(0.86, True), (0.995, False)])
def test_of_a_hand_and_the_same_with_its_arm_the_surer_one_is_kept(presence, is_kept):
    scene = Scene()
    (track,) = scene.follow([(300, RIGHT)] * 6)
    hand = observation(300, RIGHT, track)
    arm = with_arm(hand.landmarks, presence)
    assert is_finger_of(hand.landmarks, arm.landmarks)
    scene.see(hand, arm)
    (seen,) = scene.tracks.published
    assert (seen.landmarks is hand.landmarks) == is_kept
