"""Which hands of a still image are reported: each once, those in doubt only if they convince."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from hand_tracking_ros.tracking.candidate import Candidate
from hand_tracking_ros.tracking.rendition import Rendition
from hand_tracking_ros.tracking.still_image import surest_hands
from hand_tracking_ros.tracking.tracker_options import TrackerOptions
from support.fake_world import IMAGE, FakeHand, FakeWorld

LIGHT = Rendition.STRETCHED
STILL = TrackerOptions(static_image_mode=True, max_num_hands=10)


class Models:
    """Networks that see each hand again with the next of these presences, and palms or none."""

    def __init__(self, *presences, palms=()):
        self.presences = list(presences)
        self.palms = list(palms)
        self.close_ups = []
        self.landmark_model = self.palm_detector = self

    def estimate(self, image, regions, mirrored, rendition):
        assert mirrored == [False, True] * (len(regions) // 2)
        assert rendition == LIGHT
        return [SimpleNamespace(presence=self.presences.pop(0)) for _ in regions]

    def detect(self, image, looks, min_confidences):
        assert {look.rendition for look in looks} == {LIGHT}
        self.close_ups += looks
        return [self.palms for _ in looks]


def found(x_px, presence, min_presence=0.5, from_part=False, is_faint=False, size=1.0, right=1.0):
    """What the landmark model found at a place."""
    hand = FakeHand(x_px, 240, presence=presence, right_probability=right)
    landmarks = FakeWorld(hand).estimate(IMAGE, [hand.palm.hand_region])[0]
    middle = np.float32([x_px, 240, 0])
    landmarks = replace(landmarks, landmarks_px=(landmarks.landmarks_px - middle) * size + middle)
    region = landmarks.next_region
    return Candidate(region, min_presence, None, from_part, is_faint), landmarks


def surest(models, *hands, options=STILL):
    """The presences of the hands reported, and where they are."""
    reported = surest_hands(models, IMAGE, hands, options, LIGHT)
    return [
        (round(hand.presence, 3), round(hand.landmarks_px[:, 0].mean())) for _, hand in reported
    ]


def places(reported):
    return [place for _, place in reported]


def test_a_hand_that_several_looks_found_is_reported_as_the_surest_shows_it():
    reported = surest(Models(), found(200, 0.96), found(204, 0.99), found(400, 0.97))
    assert sorted(presence for presence, _ in reported) == [0.96, 0.97]
    reported = surest(Models(0.9, 0.9), found(200, 0.7), found(204, 0.99))
    assert [presence for presence, _ in reported] == [0.99]


def test_an_arm_with_its_hand_is_no_second_hand():
    arm = found(210, 0.96, size=2.0, right=0.0)
    assert len(surest(Models(), found(200, 0.99), arm)) == 1
    assert len(surest(Models(), found(200, 0.99), found(500, 0.96, size=2.0))) == 2


def test_a_hand_in_doubt_has_to_convince_on_average():
    assert surest(Models(0.6, 0.5), found(200, 0.45))[0][0] == pytest.approx(0.517, abs=1e-3)
    assert surest(Models(0.5, 0.5), found(200, 0.45)) == []
    assert surest(Models(0.9, 0.9), found(200, 0.3)) == []
    assert len(surest(Models(0.9, 0.9), found(200, 0.3, min_presence=0.2))) == 1


def test_a_certain_hand_is_not_looked_at_again():
    assert len(surest(Models(), found(200, 0.96))) == 1


@pytest.mark.parametrize(
    ('presences', 'is_seen_again', 'expected'),
    [((0.7, 0.9), True, 1), ((0.59, 0.99), True, 0), ((0.7, 0.9), False, 0)],
)
def test_what_only_a_part_shows_has_to_convince_every_time_and_the_palm_detector_too(
    presences, is_seen_again, expected
):
    palms = [FakeHand(200, 240).palm] if is_seen_again else [FakeHand(500, 240).palm]
    models = Models(*presences, palms=palms)
    hand = found(200, 0.8, 0.6, from_part=True)
    assert len(surest(models, hand)) == expected
    for look in models.close_ups:
        assert look.window.size_px == pytest.approx(1.5 * hand[1].next_region.size_px)
        assert look.window.rotation_rad == 0


@pytest.mark.parametrize('is_seen_again', [True, False])
def test_a_faint_palm_of_the_whole_image_has_to_be_found_again(is_seen_again):
    palms = [FakeHand(200 if is_seen_again else 500, 240).palm]
    models = Models(0.9, 0.9, palms=palms)
    hand = found(200, 0.8, 0.6, is_faint=True)
    assert bool(surest(models, hand)) == is_seen_again
    sizes = [look.window.size_px / hand[1].next_region.size_px for look in models.close_ups]
    assert sizes == pytest.approx([1.75, 2.0])


def test_a_palm_that_is_a_line_is_believed_only_if_it_is_certain():
    candidate, hand = found(200, 0.8)
    points = hand.landmarks_px.copy()
    points[[5, 17], 0] = points[0, 0] + np.float32([0.5, -0.5])
    line = replace(hand, landmarks_px=points)
    assert surest(Models(0.9, 0.9), (candidate, line)) == []
    assert len(surest(Models(), (candidate, replace(line, presence=0.97)))) == 1


def test_large_hands_get_the_places():
    hands = [found(100, 0.99, size=0.4), found(300, 0.96), found(500, 0.97, size=0.5)]
    options = replace(STILL, max_num_hands=2)
    assert places(surest(Models(), *hands, options=options)) == places(
        surest(Models(), hands[1], hands[2])
    )


def test_with_one_pass_nothing_is_looked_at_again():
    options = replace(STILL, landmark_passes=1)
    assert len(surest(Models(), found(200, 0.51), options=options)) == 1
    assert surest(Models(), found(200, 0.49), options=options) == []
