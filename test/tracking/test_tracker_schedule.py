"""When the tracker runs the palm detector, and how often the landmark model."""

import pytest

from hand_tracking_ros.tracking import HandTracker, TrackerOptions
from hand_tracking_ros.tracking.look import padded_looks, tile_looks
from support.fake_world import FRAME_S, IMAGE, FakeHand, FakeWorld, run

NUM_LARGE = 1 + len(padded_looks(IMAGE))
NUM_TILES = len(tile_looks(IMAGE))
NUM_LOOKS = NUM_LARGE + NUM_TILES


def looks(world, tracker, num_frames, first_s=0.0):
    """How many looks the palm detector gets of each of this many images, 30 in a second."""
    counts = []
    for i in range(num_frames):
        before = world.num_looks
        tracker.track(IMAGE, first_s + i * FRAME_S)
        counts.append(world.num_looks - before)
    return counts


@pytest.mark.parametrize(
    ('look_s', 'expected'), [(0.05, 1), (0.01, 1), (0.0034, 3), (0.001, NUM_LOOKS)]
)
def test_while_no_hand_is_tracked_as_many_looks_are_made_as_fit_the_budget(look_s, expected):
    world = FakeWorld()
    world.look_s = look_s
    tracker = HandTracker(TrackerOptions(detection_budget_s=0.01), world.models)
    assert set(looks(world, tracker, 30)) == {expected}


def test_while_a_hand_is_tracked_one_look_is_made_at_an_image_at_most():
    world = FakeWorld(FakeHand(120, 240), FakeHand(320, 240), FakeHand(500, 240))
    world.look_s = 0.0001
    tracker = HandTracker(TrackerOptions(max_num_hands=4), world.models)
    run(tracker, 1)
    assert max(looks(world, tracker, 60, first_s=FRAME_S)) == 1


@pytest.mark.parametrize('another', [[], [FakeHand(120, 240)]], ids=['alone', 'beside another'])
def test_while_a_hand_is_lost_two_looks_are_made_at_every_image(another):
    world = FakeWorld(FakeHand(320, 240), *another)
    tracker = HandTracker(TrackerOptions(max_num_hands=4), world.models)
    run(tracker, 30)
    world.hands[0].is_visible = False
    # The image that misses it is seen as a whole at once.
    assert looks(world, tracker, 21, first_s=1.0) == [1] + [2] * 20


@pytest.mark.parametrize('detection_tiles', ['1x1', 'auto'])
def test_palms_are_searched_once_in_detection_interval_while_a_hand_is_tracked(detection_tiles):
    world = FakeWorld(FakeHand(320, 240))
    options = TrackerOptions(detection_interval_s=0.25, detection_tiles=detection_tiles)
    tracker = HandTracker(options, world.models)
    run(tracker, 2 * NUM_LOOKS)  # every part of the image has been searched
    assert 8 <= sum(looks(world, tracker, 61, first_s=1.0)) <= 10  # 2 s


def test_a_scan_of_all_parts_of_the_image_is_finished_although_a_hand_was_found():
    world = FakeWorld(FakeHand(120, 240), FakeHand(500, 240, largest_window_px=300))
    tracker = HandTracker(models=world.models)
    assert len(run(tracker, 1)[0]) == 1
    assert len(run(tracker, NUM_LOOKS, first_s=FRAME_S)[-1]) == 2


def test_where_a_hand_is_missed_the_whole_image_is_not_searched_twice():
    world = FakeWorld(FakeHand(320, 240))
    options = TrackerOptions(detection_tiles='1x1', detection_interval_s=0.0)
    tracker = HandTracker(options, world.models)
    run(tracker, 30)
    world.hands[0].is_visible = False
    assert looks(world, tracker, 1, first_s=1.0) == [1]


def test_what_is_not_confirmed_does_not_end_the_search():
    world = FakeWorld(FakeHand(320, 240, presence=0.85))
    options = TrackerOptions(detection_tiles='1x1', confirmation_images=5)
    assert looks(world, HandTracker(options, world.models), 7) == [1] * 5 + [0] * 2


def test_while_a_hand_cut_by_the_border_has_the_place_a_near_one_is_found_and_takes_it():
    world = FakeWorld(FakeHand(2, 240))
    tracker = HandTracker(TrackerOptions(max_num_hands=1, detection_interval_s=0.2), world.models)
    run(tracker, 30)
    world.hands.append(FakeHand(400, 240))
    counts = looks(world, tracker, 30, first_s=1.0)
    assert 1 <= sum(counts) <= 3  # the whole image, until the near hand has the place
    (hand,) = tracker.track(IMAGE, 2.0)
    assert hand.landmarks[0, 0] == 400 / 640


def test_no_palm_is_searched_when_every_place_is_taken():
    world = FakeWorld(FakeHand(320, 240))
    tracker = HandTracker(TrackerOptions(max_num_hands=1), world.models)
    run(tracker, 1)
    assert looks(world, tracker, 30, first_s=FRAME_S) == [0] * 30


@pytest.mark.parametrize('phase', range(7))
@pytest.mark.parametrize(('detection_tiles', 'num_intervals'), [('1x1', 1), ('auto', 2)])
def test_a_second_hand_is_found_within_as_many_detection_intervals(
    detection_tiles, num_intervals, phase
):
    """One where only the whole image is searched; two where it takes turns with its parts."""
    world = FakeWorld(FakeHand(120, 240))
    options = TrackerOptions(detection_interval_s=0.19, detection_tiles=detection_tiles)
    tracker = HandTracker(options, world.models)
    num_before = 30 + phase
    run(tracker, num_before)
    world.hands.append(FakeHand(500, 240))
    images = 6 * num_intervals
    assert len(run(tracker, images, first_s=num_before * FRAME_S)[-1]) == 2


def test_a_second_hand_too_small_for_the_whole_image_is_found_while_one_is_tracked():
    world = FakeWorld(FakeHand(120, 240))
    tracker = HandTracker(TrackerOptions(detection_interval_s=0.2), world.models)
    run(tracker, 30)
    world.hands.append(FakeHand(500, 240, largest_window_px=300))
    # Every other look is at the whole image.
    images = round(2 * (NUM_LOOKS - 1) * 0.2 / FRAME_S) + 2
    assert len(run(tracker, images, first_s=1.0)[-1]) == 2


@pytest.mark.parametrize(('presence', 'num_hands'), [(0.85, 0), (0.95, 1)])
def test_where_the_detector_is_unsure_a_hand_must_be_certain(presence, num_hands):
    world = FakeWorld(FakeHand(320, 240, presence=presence, palm_score=0.2))
    tracker = HandTracker(models=world.models)
    assert len(run(tracker, NUM_LOOKS + 1)[-1]) == num_hands


@pytest.mark.parametrize(
    ('detection_tiles', 'expected'), [('1x1', 1), ('auto', NUM_LOOKS), ('2x2', NUM_LARGE + 4)]
)
def test_a_static_image_is_searched_as_a_whole_and_in_all_its_parts(detection_tiles, expected):
    world = FakeWorld(FakeHand(320, 240))
    options = TrackerOptions(static_image_mode=True, detection_tiles=detection_tiles)
    assert looks(world, HandTracker(options, world.models), 3) == [expected] * 3


@pytest.mark.parametrize(
    ('options', 'inferences'),
    [
        ({'static_image_mode': True, 'detection_tiles': '1x1'}, 3),
        ({}, 1),
        ({'static_image_mode': True, 'detection_tiles': '1x1', 'landmark_passes': 1}, 1),
        ({'landmark_passes': 3}, 5),
    ],
)
def test_a_hand_gets_two_landmark_passes_in_static_images_and_else_one(options, inferences):
    """A further pass takes the region as it is and mirrored."""
    world = FakeWorld(FakeHand(320, 240))
    assert len(HandTracker(TrackerOptions(**options), world.models).track(IMAGE, 0.0)) == 1
    assert world.num_regions == inferences


def test_all_hands_of_an_image_share_one_inference_of_each_network():
    world = FakeWorld(FakeHand(120, 240), FakeHand(500, 240))
    run(HandTracker(models=world.models), 10)
    # Every place is taken after the first image: no palm is searched then.
    assert world.num_inferences == 2 + 9
