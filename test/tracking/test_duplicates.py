"""However often a hand is found, it is reported once."""

import pytest

from hand_tracking_ros.tracking import HandTracker, TrackerOptions, TrackingState
from support.fake_world import IMAGE, FakeHand, FakeWorld

FRAME_S = 1 / 30


def test_a_hand_that_is_detected_several_times_is_reported_once():
    world = FakeWorld(FakeHand(320, 240), FakeHand(322, 238), FakeHand(318, 241))
    tracker = HandTracker(TrackerOptions(max_num_hands=4), world.models)
    assert [len(tracker.track(IMAGE, i * FRAME_S)) for i in range(20)] == [1] * 20


def test_hands_that_are_side_by_side_are_two():
    world = FakeWorld(FakeHand(260, 240), FakeHand(380, 240))
    assert len(HandTracker(models=world.models).track(IMAGE, 0.0)) == 2


@pytest.mark.parametrize('dx_px', [0, 5])
def test_a_held_hand_is_not_reported_where_another_one_is_seen(dx_px):
    hidden, front = FakeHand(255, 240), FakeHand(455, 240, right_probability=0.0)
    world = FakeWorld(hidden, front)
    tracker = HandTracker(models=world.models)
    for i in range(-90, 5):  # well seen: held for hold_time
        assert len(tracker.track(IMAGE, i * FRAME_S)) == 2
    hidden.is_visible = False
    held = tracker.track(IMAGE, 5 * FRAME_S)
    assert [hand.state for hand in held] == [TrackingState.TRACKED, TrackingState.HELD]
    for i in range(6, 12):  # within hold_time
        front.x_px = max(455 - 60 * (i - 5), 255 + dx_px)
        hands = tracker.track(IMAGE, i * FRAME_S)
    (hand,) = hands
    assert (hand.track_id, hand.state) == (held[0].track_id, TrackingState.TRACKED)
