"""The tracker's decisions over time: which hand is which, and when a hand is lost."""

import numpy as np
import pytest

from hand_tracking_ros.tracking import Handedness, HandTracker, TrackerOptions, TrackingState
from hand_tracking_ros.tracking.rendition import Rendition
from support.fake_world import FRAME_S, IMAGE, FakeHand, FakeWorld, ids, run, tracked


def test_a_hand_keeps_its_id_while_it_moves():
    world = FakeWorld(FakeHand(200, 240))
    tracker = HandTracker(models=world.models)
    seen = []
    for i in range(60):
        world.hands[0].x_px += 4
        seen += tracker.track(IMAGE, i * FRAME_S)
    assert ids(seen) == [1] * 60
    assert seen[-1].age_s == pytest.approx(59 * FRAME_S)


@pytest.mark.parametrize('another', [[], [FakeHand(560, 240)]], ids=['alone', 'beside another'])
def test_a_hand_that_leaves_its_region_within_one_image_is_found_in_that_image(another):
    world = FakeWorld(FakeHand(120, 240), *another)
    tracker = HandTracker(models=world.models)
    run(tracker, 30)
    world.hands[0].x_px += 90
    hands = tracker.track(IMAGE, 1.0)
    assert len(tracked(hands)) == 1 + len(another)
    assert sorted(ids(hands)) == list(range(1, 2 + len(another)))


def test_landmarks_are_fractions_of_width_and_height():
    world = FakeWorld(FakeHand(320, 240))
    (hand,) = HandTracker(models=world.models).track(IMAGE, 0.0)
    np.testing.assert_allclose(
        hand.landmarks_px(640, 480), world.hands[0].landmarks_px[:, :2], atol=1e-3
    )
    assert hand.landmarks[0, 1] == pytest.approx((240 + 50) / 480)


def test_never_more_hands_than_max_num_hands():
    world = FakeWorld(*(FakeHand(x, 240) for x in (80, 220, 360, 500)))
    tracker = HandTracker(TrackerOptions(max_num_hands=2), world.models)
    assert {len(hands) for hands in run(tracker, 40)} == {2}


def test_held_hands_count_towards_max_num_hands():
    first, second = FakeHand(80, 240), FakeHand(500, 240, is_visible=False)
    world = FakeWorld(first, second)
    tracker = HandTracker(TrackerOptions(max_num_hands=1), world.models)
    run(tracker, 91)
    first.is_visible, second.is_visible = False, True
    second.presence = 0.85  # not reported at once
    later = run(tracker, 9, first_s=91 * FRAME_S)  # within hold_time
    assert later[0][0].state == TrackingState.HELD
    assert max(map(len, later)) == 1
    assert later[-1][0].state == TrackingState.TRACKED


def test_lowering_max_num_hands_keeps_the_longest_tracked():
    world = FakeWorld(FakeHand(120, 240))
    tracker = HandTracker(models=world.models)
    run(tracker, 3)
    world.hands.insert(0, FakeHand(450, 240))
    assert ids(run(tracker, 10, first_s=0.1)[-1]) == [1, 2]
    tracker.options = TrackerOptions(max_num_hands=1)
    assert ids(tracker.track(IMAGE, 1.0)) == [1]


def test_two_tracks_that_meet_on_one_hand_report_it_once():
    left, right = FakeHand(255, 240), FakeHand(385, 240)
    world = FakeWorld(left, right)
    tracker = HandTracker(models=world.models)
    assert len(run(tracker, 2)[-1]) == 2
    right.is_visible = False
    left.x_px = 320  # now the nearest hand for both regions
    hands = tracker.track(IMAGE, 0.1)
    assert [hand.state for hand in hands].count(TrackingState.TRACKED) == 1


def test_a_hand_behind_another_one_does_not_take_its_place():
    """Both regions show the hand in front; it keeps its own id and side, the hidden one is held."""
    hidden, front = FakeHand(255, 240, right_probability=1.0), FakeHand(385, 240)
    front.right_probability = 0.0
    world = FakeWorld(hidden, front)
    tracker = HandTracker(models=world.models)
    assert ids(run(tracker, 5)[-1]) == [1, 2]
    hidden.is_visible = False
    front.x_px = 310  # nearer to where the hidden hand was
    hands = tracker.track(IMAGE, 0.2)
    assert [(hand.track_id, hand.handedness) for hand in tracked(hands)] == [(2, Handedness.LEFT)]


def test_hands_that_change_places_between_two_images_keep_their_sides():
    left, right = FakeHand(280, 240, right_probability=0.0), FakeHand(360, 240)
    world = FakeWorld(left, right)
    tracker = HandTracker(models=world.models)
    before = {hand.handedness: hand.track_id for hand in run(tracker, 5)[-1]}
    left.x_px, right.x_px = 360, 280
    after = {hand.handedness: hand.track_id for hand in tracker.track(IMAGE, 0.2)}
    assert before == after
    assert len(after) == 2


def test_a_hand_hidden_for_longer_than_hold_time_is_known_again():
    world = FakeWorld(FakeHand(320, 240))
    tracker = HandTracker(TrackerOptions(hold_time_s=0.2), world.models)
    run(tracker, 5)
    world.hands[0].is_visible = False
    assert run(tracker, 15, first_s=0.2)[-1] == []
    world.hands[0].is_visible = True
    assert ids(tracker.track(IMAGE, 0.8)) == [1]


def test_a_lost_hand_is_held_with_unchanged_values_and_then_gone():
    world = FakeWorld(FakeHand(320, 240))
    tracker = HandTracker(TrackerOptions(hold_time_s=0.2), world.models)
    seen = run(tracker, 90)[-1][0]  # long enough for all of hold_time
    world.hands[0].is_visible = False
    later = run(tracker, 12, first_s=90 * FRAME_S)
    held = [hands[0] for hands in later if hands]
    assert {hand.state for hand in held} == {TrackingState.HELD}
    assert all(np.array_equal(hand.landmarks, seen.landmarks) for hand in held)
    assert len(held) == 6  # 0.2 s
    assert later[-1] == []


@pytest.mark.parametrize('another', [[], [FakeHand(120, 240)]], ids=['alone', 'beside another'])
@pytest.mark.parametrize('largest_window_px', [np.inf, 300], ids=['large', 'small'])
@pytest.mark.parametrize('num_missed', [1, 2, 3, 4, 20])
def test_a_hand_that_returns_to_its_place_is_known_again_within_two_images(
    num_missed, largest_window_px, another
):
    hand = FakeHand(460, 240, largest_window_px=largest_window_px)
    world = FakeWorld(hand, *another)
    tracker = HandTracker(TrackerOptions(max_num_hands=3), world.models)
    (before,) = (h for h in run(tracker, 20)[-1] if h.landmarks[:, 0].mean() > 0.5)
    hand.is_visible = False
    run(tracker, num_missed, first_s=20 * FRAME_S)
    hand.is_visible = True
    hand.x_px += 40
    hands = run(tracker, 2, first_s=(20 + num_missed) * FRAME_S)[-1]
    assert before.track_id in ids(tracked(hands))
    assert len(hands) == 1 + len(another)


@pytest.mark.parametrize(('x_px', 'stamp_s'), [(560, 0.2), (320, 5.0)], ids=['elsewhere', 'later'])
def test_a_hand_that_appears_elsewhere_or_later_is_another_one(x_px, stamp_s):
    world = FakeWorld(FakeHand(120, 240))
    tracker = HandTracker(models=world.models)
    run(tracker, 3)
    world.hands[0].is_visible = False
    run(tracker, 2, first_s=0.1)
    world.hands[0].is_visible, world.hands[0].x_px = True, x_px
    hands = run(tracker, 6, first_s=stamp_s)[-1]
    assert ids(tracked(hands)) == [2]


def test_time_that_runs_backwards_begins_new_tracks_with_new_ids():
    world = FakeWorld(FakeHand(320, 240))
    tracker = HandTracker(models=world.models)
    assert ids(tracker.track(IMAGE, 100.0)) == [1]
    (hand,) = tracker.track(IMAGE, 5.0)
    assert (hand.track_id, hand.age_s) == (2, 0.0)


def test_static_images_have_nothing_in_common():
    world = FakeWorld(FakeHand(320, 240))
    tracker = HandTracker(TrackerOptions(static_image_mode=True), world.models)
    assert [ids(hands) for hands in run(tracker, 3)] == [[1], [2], [3]]


def test_one_wrong_word_about_the_side_changes_nothing():
    world = FakeWorld(FakeHand(320, 240, right_probability=0.95))
    tracker = HandTracker(models=world.models)
    run(tracker, 10)
    world.hands[0].right_probability = 0.05
    (hand,) = tracker.track(IMAGE, 0.4)
    assert hand.handedness == Handedness.RIGHT
    assert 0.8 < hand.handedness_score < 0.95


def test_a_side_that_was_wrong_at_first_is_corrected():
    world = FakeWorld(FakeHand(320, 240, right_probability=0.9))
    tracker = HandTracker(models=world.models)
    run(tracker, 2)
    world.hands[0].right_probability = 0.05
    assert run(tracker, 30, first_s=0.1)[-1][0].handedness == Handedness.LEFT


@pytest.mark.parametrize('side', [Handedness.LEFT, Handedness.RIGHT])
def test_a_hand_of_doubtful_side_keeps_the_side_it_has(side):
    def right_probability(doubt):
        """Of a hand that is on this side but for a doubt."""
        return 1 - doubt if side == Handedness.RIGHT else doubt

    world = FakeWorld(FakeHand(320, 240, right_probability=right_probability(0.4)))
    tracker = HandTracker(models=world.models)
    run(tracker, 10)
    world.hands[0].right_probability = right_probability(0.58)
    doubtful = run(tracker, 200, first_s=1.0)
    assert {hand.handedness for (hand,) in doubtful} == {side}
    assert doubtful[-1][0].handedness_score == 0.5  # less than even would name the other side
    world.hands[0].right_probability = right_probability(0.65)
    assert run(tracker, 200, first_s=9.0)[-1][0].handedness == side.mirrored


def test_a_mirrored_image_swaps_the_sides():
    world = FakeWorld(FakeHand(320, 240, right_probability=0.9))
    (hand,) = HandTracker(TrackerOptions(image_mirrored=True), world.models).track(IMAGE, 0.0)
    assert hand.handedness == Handedness.LEFT
    assert hand.handedness_score == pytest.approx(0.9)


def test_a_region_without_a_hand_is_not_reported():
    world = FakeWorld(FakeHand(320, 240, presence=0.4))
    assert HandTracker(models=world.models).track(IMAGE, 0.0) == []


@pytest.mark.parametrize(
    'image',
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)],
    ids=['grey', 'float', 'empty'],
)
def test_an_image_of_another_kind_is_refused_with_what_was_found(image):
    with pytest.raises(ValueError, match=r'expected \(height, width, 3\) and uint8'):
        HandTracker(models=FakeWorld().models).track(image, 0.0)


@pytest.mark.parametrize(('silence_s', 'expected'), [(2.9, [1]), (3.1, [2])])
def test_after_a_longer_silence_than_image_timeout_a_hand_is_another(silence_s, expected):
    tracker = HandTracker(TrackerOptions(image_timeout_s=3.0), FakeWorld(FakeHand(320, 240)).models)
    assert ids(tracker.track(IMAGE, 10.0)) == [1]
    assert ids(tracker.track(IMAGE, 10.0 + silence_s)) == expected


@pytest.mark.parametrize(('absent_s', 'expected'), [(0.9, [1]), (1.1, [2])])
def test_a_hand_that_returns_after_more_than_a_second_is_another(absent_s, expected):
    world = FakeWorld(FakeHand(320, 240))
    tracker = HandTracker(TrackerOptions(), world.models)
    assert ids(tracker.track(IMAGE, 10.0)) == [1]
    seen = world.hands[:]
    world.hands.clear()
    assert ids(tracker.track(IMAGE, 10.5)) == []
    world.hands.extend(seen)
    # A new hand may be found in a part of the image first, and be confirmed by the next one.
    assert ids(run(tracker, 2, first_s=10.0 + absent_s)[-1]) == expected


def test_the_time_of_each_network_is_that_of_the_last_image_and_none_where_it_did_not_run():
    world = FakeWorld(FakeHand(320, 240))
    tracker = HandTracker(TrackerOptions(max_num_hands=1), world.models)
    tracker.track(IMAGE, 0.0)
    assert tracker.timings.detection_s > 0
    assert tracker.timings.landmarks_s > 0
    tracker.track(IMAGE, FRAME_S)  # the only hand is tracked
    assert tracker.timings.detection_s is None
    assert tracker.timings.landmarks_s > 0
    assert tracker.num_tracks == 1
    world.hands.clear()
    run(tracker, 2, first_s=2 * FRAME_S)
    assert tracker.timings.detection_s > 0
    assert tracker.timings.landmarks_s is None
    assert tracker.num_tracks == 1  # lost, still remembered


@pytest.mark.parametrize(
    ('tiles', 'expected'), [('auto', Rendition.STRETCHED), ('1x1', Rendition.PLAIN)]
)
def test_both_networks_see_a_dark_image_in_another_light(tiles, expected):
    seen = []

    class Witness(FakeWorld):
        def detect(self, image, looks, min_confidences):
            seen.extend([look.rendition for look in looks])
            return super().detect(image, looks, min_confidences)

        def estimate(self, image, regions, mirrored=None, rendition=None):
            seen.append(rendition)
            return super().estimate(image, regions, mirrored, rendition)

    world = Witness(FakeHand(320, 240))
    options = TrackerOptions(detection_tiles=tiles, landmark_passes=2)
    HandTracker(options, world.models).track(IMAGE // 5, 0.0)
    assert seen == [expected] * 3  # a look, a region, and what a further pass sees
