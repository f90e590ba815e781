"""Where palms are searched in which image, and which of the palms found are new hands."""

from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.tracking.networks.palm_detector import PalmDetection
from hand_tracking_ros.tracking.palm_search import (
    FAINT_PRESENCE,
    PalmSearch,
    min_confidences,
    new_candidates,
)
from hand_tracking_ros.tracking.region import Region, covered_share, whole_image
from hand_tracking_ros.tracking.tiles import make_tiles
from hand_tracking_ros.tracking.tracker_options import TrackerOptions
from support.fake_world import IMAGE, FakeHand

HD = np.zeros((1080, 1920, 3), np.uint8)
TRACKED = Region(300.0, 300.0, 200.0, 0.3)
LOST = Region(1500.0, 700.0, 120.0, 0.3)


def windows(search, num_images, image=HD, tracked=(), lost=(), max_windows=1, tiles='auto'):
    """The windows of this many images."""
    return [search.windows(image, tracked, lost, max_windows, tiles) for _ in range(num_images)]


def first_windows(*args, **kwargs):
    """The one window of each image."""
    return [window for (window,) in windows(*args, **kwargs)]


def finish_scan(search, image=HD):
    """A hand was found in the first image; what had begun is finished."""
    windows(search, 1, image)
    while search.is_scanning:
        windows(search, 1, image, [TRACKED])


def test_the_first_window_is_the_whole_image():
    assert windows(PalmSearch(), 1) == [[whole_image(HD)]]


def test_all_of_a_full_hd_image_is_seen_within_ten_images():
    seen = first_windows(PalmSearch(), 10)
    assert set(seen) == set(PalmSearch.all_windows(HD))
    assert len(set(seen)) == 9


def test_while_no_hand_is_tracked_the_whole_image_is_seen_in_every_fifth_image():
    seen = first_windows(PalmSearch(), 100)
    images = np.flatnonzero([window == whole_image(HD) for window in seen])
    assert np.diff(images).max() <= 5


@pytest.mark.parametrize('max_windows', [2, 3, 5, 9, 30])
def test_several_windows_of_an_image_are_different_parts(max_windows):
    for several in windows(PalmSearch(), 20, max_windows=max_windows):
        assert len(set(several)) == len(several) == min(max_windows, 9)


@pytest.mark.parametrize('max_windows', [2, 3, 9])
def test_with_more_than_one_window_the_whole_image_is_always_among_them(max_windows):
    seen = windows(PalmSearch(), 10, max_windows=max_windows)
    assert {several[0] for several in seen} == {whole_image(HD)}
    assert set().union(*seen) == set(PalmSearch.all_windows(HD))


def test_where_only_the_whole_image_is_wanted_nothing_else_is_seen():
    search = PalmSearch()
    assert set(first_windows(search, 5, tiles='1x1')) == {whole_image(HD)}
    assert not search.is_scanning
    assert set(first_windows(search, 5, tracked=[TRACKED], tiles='1x1')) == {whole_image(HD)}


def test_a_scan_that_has_begun_is_finished_although_a_hand_was_found():
    search = PalmSearch()
    seen = first_windows(search, 1)
    while search.is_scanning:
        seen += first_windows(search, 1, tracked=[TRACKED])
    assert set(seen) == set(PalmSearch.all_windows(HD))
    assert len(seen) == 10


def test_beside_a_tracked_hand_the_whole_image_and_the_tiles_take_turns():
    search = PalmSearch()
    finish_scan(search)
    seen = first_windows(search, 16, tracked=[TRACKED])
    assert {window == whole_image(HD) for window in seen[::2]} == {False}
    assert set(seen[1::2]) == {whole_image(HD)}
    assert set(seen[::2]) == set(make_tiles(1920, 1080))
    assert not search.is_scanning


def test_a_tile_that_a_tracked_hand_fills_is_skipped():
    search = PalmSearch()
    filled, *others = make_tiles(1920, 1080)
    near = replace(filled, size_px=2 * filled.size_px)
    assert set(first_windows(search, 40, tracked=[near])) == {whole_image(HD), *others}
    far = replace(filled, size_px=0.5 * filled.size_px)
    assert filled in first_windows(search, 40, tracked=[far])


def test_a_tile_that_is_filled_meanwhile_is_no_part_of_the_scan_any_more():
    search = PalmSearch()
    windows(search, 1)
    hands = [replace(tile, size_px=2 * tile.size_px) for tile in make_tiles(1920, 1080)]
    assert first_windows(search, 3, tracked=hands) == [whole_image(HD)] * 3
    assert not search.is_scanning


@pytest.mark.parametrize('tracked', [[], [TRACKED]], ids=['alone', 'beside another'])
@pytest.mark.parametrize('num_before', range(4))
def test_every_other_window_is_where_a_hand_was_lost(num_before, tracked):
    search = PalmSearch()
    first_windows(search, num_before, tracked=tracked)
    seen = first_windows(search, 20, tracked=tracked, lost=[LOST])
    is_there = [(w.center_x_px, w.center_y_px) == (1500, 700) for w in seen]
    assert is_there in ([True, False] * 10, [False, True] * 10)
    # The rest of the image is searched meanwhile.
    assert whole_image(HD) in seen
    assert len(set(seen) & set(make_tiles(1920, 1080))) >= 5


def test_the_window_around_a_lost_hand_is_upright_and_leaves_room_to_move():
    (window,) = first_windows(PalmSearch(), 1, lost=[LOST])
    assert window.rotation_rad == 0
    assert covered_share(replace(LOST, size_px=1.9 * LOST.size_px), window) == 1


def test_several_lost_hands_take_turns():
    others = [replace(LOST, center_x_px=x) for x in (200.0, 800.0, 1500.0)]
    seen = first_windows(PalmSearch(), 6, lost=others)
    assert [window.center_x_px for window in seen[::2]] == [200, 800, 1500]


def test_where_a_large_hand_was_lost_the_whole_image_is_seen():
    large = replace(LOST, size_px=800.0)
    assert first_windows(PalmSearch(), 1, lost=[large]) == [whole_image(HD)]


def test_an_image_of_another_size_begins_a_new_scan():
    search = PalmSearch()
    windows(search, 3)
    seen = first_windows(search, 8, image=IMAGE)
    assert seen[0] == whole_image(IMAGE)
    assert set(seen) == set(PalmSearch.all_windows(IMAGE))


def test_other_tiles_are_seen_from_the_next_image_on():
    search = PalmSearch()
    windows(search, 3)
    seen = first_windows(search, 12, tiles='2x1')
    assert set(seen) == {whole_image(HD), *make_tiles(1920, 1080, '2x1')}


def test_in_parts_of_the_image_a_lower_score_is_enough():
    whole, *tiles = min_confidences(HD, PalmSearch.all_windows(HD), TrackerOptions())
    assert whole == 0.5
    assert max(tiles) < 0.2


def palm(x_px, y_px, score=0.9, scale=1.0):
    """An upright palm at a place."""
    seen = FakeHand(0, 0).palm
    place = np.array([x_px, y_px])
    return PalmDetection(
        seen.box_px * scale + np.tile(place, 2), seen.keypoints_px * scale + place, score
    )


def candidates(windows, palms, tracked=(), min_tracking_confidence=0.5):
    """For palms found in windows of an HD image."""
    options = TrackerOptions(
        min_presence_confidence=0.6, min_tracking_confidence=min_tracking_confidence
    )
    return new_candidates(HD, windows, palms, tracked, options)


def new_regions(*args):
    """The regions of these candidates."""
    return [each.region for each in candidates(*args)]


WHOLE, TILE, OTHER_TILE = PalmSearch.all_windows(HD)[:3]


def test_the_same_hand_in_two_windows_is_one():
    palms = [[palm(300, 300)], [palm(306, 297)], [palm(298, 304)]]
    assert new_regions([WHOLE, TILE, OTHER_TILE], palms) == [palm(300, 300).hand_region]


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
    window = make_tiles(1920, 1080)[tile]
    assert bool(new_regions([window], [[palm(x_px, y_px)]])) == is_new


def test_the_whole_image_cuts_nothing():
    assert new_regions([WHOLE], [[palm(1915, 1075)]])


def test_only_palms_of_parts_are_faint_they_come_last_and_need_more_presence():
    faint, sure, in_whole = palm(200, 200, 0.3), palm(400, 400, 0.6), palm(1200, 400, 0.55)
    found = candidates([TILE, WHOLE], [[faint, sure], [in_whole]])
    assert [(each.region, each.min_presence) for each in found] == [
        (sure.hand_region, 0.6),
        (in_whole.hand_region, 0.6),
        (faint.hand_region, FAINT_PRESENCE),
    ]
    assert {each.track for each in found} == {None}
