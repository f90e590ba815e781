"""Where palms are searched in which image, and which of the palms found are new hands."""

from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.tracking.look import padded_looks, tile_looks, whole_look
from hand_tracking_ros.tracking.networks.palm_detector import PalmDetection
from hand_tracking_ros.tracking.palm_search import (
    FAINT_PRESENCE,
    PART_PRESENCE,
    PalmSearch,
    all_looks,
    looks_at,
    min_confidences,
    new_candidates,
    rendition_for,
)
from hand_tracking_ros.tracking.region import Region, covered_share
from hand_tracking_ros.tracking.rendition import Rendition
from hand_tracking_ros.tracking.tracker_options import TrackerOptions
from support.fake_world import IMAGE, FakeHand

HD = np.zeros((1080, 1920, 3), np.uint8)
TRACKED = Region(300.0, 300.0, 200.0, 0.3)
LOST = Region(1500.0, 700.0, 120.0, 0.3)
WHOLE = whole_look(HD)
TILES = tile_looks(HD)
LARGE = [WHOLE, *padded_looks(HD)]


def looks(search, num_images, image=HD, tracked=(), lost=(), max_looks=1, tiles='auto'):
    """The looks at this many images."""
    options = TrackerOptions(detection_tiles=tiles)
    return [
        search.looks(image, tracked, lost, max_looks, options, Rendition.PLAIN)
        for _ in range(num_images)
    ]


def first_looks(*args, **kwargs):
    """The one look at each image."""
    return [look for (look,) in looks(*args, **kwargs)]


def finish_scan(search, image=HD):
    """A hand was found in the first image; what had begun is finished."""
    looks(search, 1, image)
    while search.is_scanning:
        looks(search, 1, image, [TRACKED])


def test_the_first_look_is_at_the_whole_image():
    assert looks(PalmSearch(), 1) == [[WHOLE]]


def test_hands_that_are_large_in_the_image_are_searched_first():
    assert first_looks(PalmSearch(), 3) == LARGE


def test_all_of_a_full_hd_image_is_seen_within_fourteen_images():
    seen = first_looks(PalmSearch(), 14)
    assert set(seen) == {*LARGE, *TILES}
    assert len(set(seen)) == 11


def test_while_no_hand_is_tracked_the_whole_image_is_seen_in_every_fifth_image():
    seen = first_looks(PalmSearch(), 100)
    images = np.flatnonzero([look == WHOLE for look in seen])
    assert np.diff(images).max() <= 5


@pytest.mark.parametrize('max_looks', [2, 3, 5, 9, 30])
def test_several_looks_at_an_image_are_different(max_looks):
    for several in looks(PalmSearch(), 20, max_looks=max_looks):
        assert len(set(several)) == len(several) == min(max_looks, 11)


@pytest.mark.parametrize('max_looks', [2, 3, 9])
def test_with_more_than_one_look_the_whole_image_is_always_among_them(max_looks):
    seen = looks(PalmSearch(), 14, max_looks=max_looks)
    assert {several[0] for several in seen} == {WHOLE}
    assert set().union(*seen) == {*LARGE, *TILES}


def test_where_only_the_whole_image_is_wanted_nothing_else_is_seen():
    search = PalmSearch()
    assert set(first_looks(search, 5, tiles='1x1')) == {WHOLE}
    assert not search.is_scanning
    assert set(first_looks(search, 5, tracked=[TRACKED], tiles='1x1')) == {WHOLE}


def test_a_scan_that_has_begun_is_finished_although_a_hand_was_found():
    search = PalmSearch()
    seen = first_looks(search, 1)
    while search.is_scanning:
        seen += first_looks(search, 1, tracked=[TRACKED])
    assert set(seen) == {*LARGE, *TILES}
    assert len(seen) == 14


def test_beside_a_tracked_hand_every_other_look_is_the_whole_image_and_the_others_take_turns():
    search = PalmSearch()
    finish_scan(search)
    seen = first_looks(search, 48, tracked=[TRACKED])
    assert set(seen[::2]) == {WHOLE}
    assert set(seen[1::2]) == {*LARGE[1:], *TILES}
    assert not search.is_scanning


def test_a_tile_that_a_tracked_hand_fills_is_skipped():
    search = PalmSearch()
    filled, *others = TILES
    near = replace(filled.window, size_px=2 * filled.window.size_px)
    assert set(first_looks(search, 48, tracked=[near])) == {*LARGE, *others}
    far = replace(filled.window, size_px=0.5 * filled.window.size_px)
    assert filled in first_looks(search, 48, tracked=[far])


def test_a_tile_that_is_filled_meanwhile_is_no_part_of_the_scan_any_more():
    search = PalmSearch()
    looks(search, 1)
    hands = [replace(tile.window, size_px=2 * tile.window.size_px) for tile in TILES]
    assert set(first_looks(search, 6, tracked=hands)) == set(LARGE)
    assert not search.is_scanning


@pytest.mark.parametrize('tracked', [[], [TRACKED]], ids=['alone', 'beside another'])
@pytest.mark.parametrize('num_before', range(4))
def test_while_a_hand_is_lost_each_image_is_seen_whole_and_every_other_one_where_it_was(
    num_before, tracked
):
    search = PalmSearch()
    first_looks(search, num_before, tracked=tracked)
    seen = looks(search, 20, tracked=tracked, lost=[LOST])
    assert [whole for whole, _ in seen] == [WHOLE] * 20
    windows = [look.window for _, look in seen]
    is_there = [(each.center_x_px, each.center_y_px) == (1500, 700) for each in windows]
    assert is_there in ([True, False] * 10, [False, True] * 10)
    # The rest of the image is searched meanwhile.
    assert len(set(windows) & {tile.window for tile in TILES}) >= 5


def test_the_window_around_a_lost_hand_is_upright_and_leaves_room_to_move():
    ((_, look),) = looks(PalmSearch(), 1, lost=[LOST])
    assert look.is_part
    assert look.window.rotation_rad == 0
    assert covered_share(replace(LOST, size_px=1.9 * LOST.size_px), look.window) == 1


def test_several_lost_hands_take_turns():
    others = [replace(LOST, center_x_px=x) for x in (200.0, 800.0, 1500.0)]
    seen = looks(PalmSearch(), 6, lost=others)
    assert [look.window.center_x_px for _, look in seen[::2]] == [200, 800, 1500]


def test_the_whole_image_is_enough_to_find_a_lost_hand_that_was_large():
    large = replace(LOST, size_px=800.0)
    seen = looks(PalmSearch(), 30, lost=[large])
    assert set().union(*seen) == {*LARGE, *TILES}


def test_an_image_of_another_size_begins_a_new_scan():
    search = PalmSearch()
    looks(search, 3)
    seen = first_looks(search, 12, image=IMAGE)
    assert seen[0] == whole_look(IMAGE)
    assert set(seen) == {whole_look(IMAGE), *padded_looks(IMAGE), *tile_looks(IMAGE)}


def test_other_tiles_are_seen_from_the_next_image_on():
    search = PalmSearch()
    looks(search, 3)
    seen = first_looks(search, 12, tiles='2x1')
    assert set(seen) == {*LARGE, *tile_looks(HD, '2x1')}


def test_turned_looks_are_made_on_request():
    options = TrackerOptions(detection_rotated=True)
    turned = [look for look in looks_at(HD, options, Rendition.PLAIN) if look.window.rotation_rad]
    assert {round(np.rad2deg(look.window.rotation_rad)) for look in turned} == {90, 180, -90}
    assert not any(look.window.rotation_rad for look in looks_at(HD, TrackerOptions(), DARK))


DARK = Rendition.STRETCHED


def test_a_dark_image_is_seen_in_another_light_and_a_still_one_as_it_is_too():
    options = TrackerOptions(static_image_mode=True)
    assert {look.rendition for look in looks_at(HD, options, DARK)} == {DARK}
    seen = all_looks(HD, options, DARK)
    assert len(seen) == 2 * len({*LARGE, *TILES}) == len(set(seen))
    assert len(all_looks(HD, options, Rendition.PLAIN)) == len({*LARGE, *TILES})


def test_with_1x1_an_image_is_seen_as_it_is():
    options = TrackerOptions(detection_tiles='1x1', detection_rotated=True)
    assert rendition_for(HD, TrackerOptions()) != Rendition.PLAIN
    assert rendition_for(HD, options) == Rendition.PLAIN
    assert all_looks(HD, options, Rendition.PLAIN) == [WHOLE]


def test_in_looks_that_mediapipe_does_not_have_a_lower_score_is_enough():
    whole, *others = min_confidences(HD, [*LARGE, *TILES], TrackerOptions())
    assert whole == 0.5
    assert max(others) < 0.2


@pytest.mark.parametrize(('tiles', 'is_lower'), [('auto', True), ('1x1', False)])
def test_in_the_whole_still_image_a_lower_score_is_enough_but_not_with_1x1(tiles, is_lower):
    options = TrackerOptions(static_image_mode=True, detection_tiles=tiles)
    (whole,) = min_confidences(HD, [WHOLE], options)
    assert (whole < 0.2) == is_lower


def palm(x_px, y_px, score=0.9, scale=1.0):
    """An upright palm at a place."""
    seen = FakeHand(0, 0).palm
    place = np.array([x_px, y_px])
    return PalmDetection(
        seen.box_px * scale + np.tile(place, 2), seen.keypoints_px * scale + place, score
    )


def candidates(seen, palms, tracked=(), min_tracking_confidence=0.5, static_image_mode=False):
    """For palms found in looks at an HD image."""
    options = TrackerOptions(
        static_image_mode=static_image_mode,
        min_presence_confidence=0.7,
        min_tracking_confidence=min_tracking_confidence,
    )
    return new_candidates(HD, seen, palms, tracked, options)


def new_regions(*args):
    """The regions of these candidates."""
    return [each.region for each in candidates(*args)]


TILE, OTHER_TILE = TILES[:2]


def test_it_is_known_which_palms_only_a_part_of_the_image_shows():
    found = candidates([WHOLE, TILE], [[palm(900, 300)], [palm(300, 300)]])
    assert [each.from_part for each in found] == [False, True]


def test_the_same_hand_in_two_looks_is_one():
    palms = [[palm(300, 300)], [palm(306, 297)], [palm(298, 304)]]
    assert new_regions([WHOLE, TILE, OTHER_TILE], palms) == [palm(300, 300).hand_region]


def test_in_a_still_image_the_landmark_model_gets_what_each_look_found():
    palms = [[palm(300, 300)], [palm(306, 297)], [palm(298, 304)]]
    found = candidates(LARGE, palms, static_image_mode=True)
    assert len(found) == 3


def test_hands_beside_each_other_are_two():
    assert len(new_regions([WHOLE, TILE], [[palm(200, 300)], [palm(300, 300)]])) == 2


def test_a_hand_that_is_tracked_is_not_new():
    tracked = [palm(305, 300).hand_region]
    assert not new_regions([WHOLE], [[palm(300, 300)]], tracked)
    assert new_regions([WHOLE], [[palm(300, 300)]], [TRACKED], 0.99)


def test_a_small_palm_on_a_known_hand_is_a_part_of_that_hand():
    hand, part = palm(300, 300, scale=3), palm(320, 250, scale=0.5)
    assert new_regions([WHOLE, TILE], [[hand], [part]]) == [hand.hand_region]
    assert not new_regions([TILE], [[part]], [hand.hand_region])
    elsewhere = palm(500, 550, scale=0.5)
    assert len(new_regions([WHOLE, TILE], [[hand], [elsewhere]])) == 2


@pytest.mark.parametrize(
    ('tile', 'x_px', 'y_px', 'is_new'),
    [
        (0, 635, 300, False),  # right border, inside the picture
        (0, 10, 300, True),  # left border, the picture's own
        (0, 300, 640, False),  # lower border, inside
        (0, 300, 5, True),  # upper border, the picture's own
        (0, 300, 300, True),
        (7, 1280, 800, False),  # left, inside
        (7, 1915, 800, True),  # right, the picture's own
        (7, 1600, 440, False),  # upper, inside
        (7, 1600, 1075, True),  # lower, the picture's own
    ],
)
def test_a_palm_that_a_tile_cuts_is_left_to_the_next_tile(tile, x_px, y_px, is_new):
    assert bool(new_regions([TILES[tile]], [[palm(x_px, y_px)]])) == is_new


def test_the_whole_image_cuts_nothing():
    assert new_regions([WHOLE], [[palm(1915, 1075)]])


def test_faint_palms_come_last_and_need_more_presence():
    faint, sure, in_whole = palm(200, 200, 0.3), palm(400, 400, 0.6), palm(1200, 400, 0.55)
    found = candidates([TILE, WHOLE], [[faint, sure], [in_whole]])
    assert [(each.region, each.min_presence) for each in found] == [
        (sure.hand_region, 0.7),
        (in_whole.hand_region, 0.7),
        (faint.hand_region, FAINT_PRESENCE),
    ]
    assert {each.track for each in found} == {None}


@pytest.mark.parametrize(('score', 'in_whole'), [(0.3, PART_PRESENCE), (0.9, 0.5)])
def test_faint_palms_and_parts_of_a_still_image_need_more_presence(score, in_whole):
    options = TrackerOptions(static_image_mode=True)
    palms = [[palm(300, 300, score)], [palm(600, 300, score)]]
    found = new_candidates(HD, [WHOLE, TILE], palms, [], options)
    assert [each.min_presence for each in found] == [in_whole, PART_PRESENCE]
