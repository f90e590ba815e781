"""The parts of a picture in which small hands are looked for."""

import itertools

import numpy as np
import pytest

from hand_tracking_ros.tracking.tiles import MIN_TILE_PX, OVERLAP, make_tiles, parse_tiles

SIZES = ((640, 480), (1280, 720), (1920, 1080), (480, 640), (1000, 1000), (1937, 541))
TILED = [
    *itertools.product(SIZES, ('auto', '4x2', '2x3', '3x3')),
    ((1920, 1080), '5x1'),
    ((1920, 1080), '8x8'),
    ((1080, 1920), '1x4'),
]


def centers(tiles):
    """Distinct x and distinct y of the tiles' centres, in order."""
    return [
        sorted({round(value, 6) for value in values})
        for values in (
            (tile.center_x_px for tile in tiles),
            (tile.center_y_px for tile in tiles),
        )
    ]


@pytest.mark.parametrize(
    ('size', 'columns', 'rows', 'tile_px'),
    [
        ((640, 480), 3, 2, 288),
        ((1280, 720), 4, 2, 432),
        ((1920, 1080), 4, 2, 648),
        ((3840, 2160), 4, 2, 1296),
        ((1080, 1920), 2, 4, 648),
        ((480, 640), 2, 3, 288),
        ((1000, 1000), 2, 2, 600),
    ],
)
def test_auto_tiles_are_two_along_the_shorter_side(size, columns, rows, tile_px):
    tiles = make_tiles(*size)
    assert [len(values) for values in centers(tiles)] == [columns, rows]
    assert len(tiles) == columns * rows
    assert [tile.size_px for tile in tiles] == pytest.approx([tile_px] * len(tiles))
    assert {tile.rotation_rad for tile in tiles} == {0}


@pytest.mark.parametrize('size', [(320, 240), (310, 1000), (64, 64), (1, 1)])
def test_a_picture_whose_tiles_the_detector_would_enlarge_has_none(size):
    assert make_tiles(*size) == []


def test_the_smallest_tiles_have_a_pixel_for_each_of_the_detectors():
    assert {tile.size_px for tile in make_tiles(426, 320)} == {MIN_TILE_PX}
    assert make_tiles(425, 319) == []


@pytest.mark.parametrize(('size', 'grid'), TILED)
def test_every_point_of_the_picture_lies_in_a_tile(size, grid):
    tiles = make_tiles(*size, grid)
    x, y = (np.linspace(0, side, 150) for side in size)
    covered = np.zeros((len(y), len(x)), bool)
    for tile in tiles:
        near_x = abs(x - tile.center_x_px) <= tile.size_px / 2 + 1e-6
        near_y = abs(y - tile.center_y_px) <= tile.size_px / 2 + 1e-6
        covered |= near_y[:, None] & near_x
    assert covered.all()


@pytest.mark.parametrize(('size', 'grid'), TILED)
def test_tiles_reach_beyond_the_picture_only_where_it_is_narrower_than_they_are(size, grid):
    for tile in make_tiles(*size, grid):
        for middle, side in zip((tile.center_x_px, tile.center_y_px), size, strict=True):
            half = min(tile.size_px, side) / 2
            assert half - 1e-6 <= middle <= side - half + 1e-6


@pytest.mark.parametrize(('size', 'grid'), TILED)
def test_neighbours_share_a_third_at_least(size, grid):
    """A palm that is smaller than that lies whole in one of them."""
    tiles = make_tiles(*size, grid)
    for values in centers(tiles):
        shared_px = tiles[0].size_px - np.diff(values)
        assert (shared_px >= OVERLAP * tiles[0].size_px - 1e-3).all()


@pytest.mark.parametrize('grid', ['1x1', '1x2', '1x3'])
def test_tiles_that_show_no_more_than_the_whole_picture_are_left_out(grid):
    assert make_tiles(1920, 1080, grid) == []


def test_each_tile_is_there_once():
    """Two columns of 1920 x 1080 are squares as high as the picture: one row, however many."""
    assert make_tiles(1920, 1080, '2x4') == make_tiles(1920, 1080, '2x1')
    assert len(make_tiles(1920, 1080, '2x4')) == 2


@pytest.mark.parametrize(
    ('text', 'expected'), [('auto', None), ('1x1', (1, 1)), ('4x2', (4, 2)), ('16x4', (16, 4))]
)
def test_a_grid_is_columns_x_rows(text, expected):
    assert parse_tiles(text) == expected


@pytest.mark.parametrize(
    'text', ['', '4', '0x2', '2x0', '-1x2', '2.5x2', '4X2', ' 4x2', '4x2\n', '100x1', '9x8', 'Auto']
)
def test_another_grid_is_refused_with_what_was_found_and_expected(text):
    with pytest.raises(ValueError) as error:
        parse_tiles(text)
    assert f"detection_tiles is '{text}', expected auto" in str(error.value)
    with pytest.raises(ValueError):
        make_tiles(640, 480, text)
