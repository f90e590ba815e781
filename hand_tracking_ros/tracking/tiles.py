"""Parts of a picture to look for palms in, one by one: small hands are too small in the whole.

The palm detector sees 192 x 192 pixels of whatever it is shown. In tiles of a 1920x1080 picture a
hand has three times as many of them as in the whole.
"""

from __future__ import annotations

import math
import re

import numpy as np

from hand_tracking_ros.tracking.region import Region

AUTO = 'auto'
WHOLE_ONLY = '1x1'
# How much of its side a tile shares with its neighbour. A palm that one tile cuts through lies
# whole in the next, unless it is so large that the whole picture shows it well.
OVERLAP = 1 / 3
# Smaller tiles would only be enlarged: as many pixels as the detector takes.
MIN_TILE_PX = 192
MAX_TILES = 64
# `auto` adds no column or row for so small a part of a tile.
NEGLIGIBLE = 0.01


def parse_tiles(text: str) -> tuple[int, int] | None:
    """Columns and rows of the option `detection_tiles`; None for `auto`.

    Raises:
        ValueError: the text is neither `auto` nor two numbers as in `4x2`.
    """
    if text == AUTO:
        return None
    match = re.fullmatch(r'([1-9]\d?)x([1-9]\d?)', text)
    if not match or math.prod(map(int, match.groups())) > MAX_TILES:
        raise ValueError(
            f"detection_tiles is '{text}', expected auto, 1x1, or columns x rows such as 4x2, "
            f'{MAX_TILES} tiles at most'
        )
    return int(match[1]), int(match[2])


def make_tiles(width: int, height: int, detection_tiles: str = AUTO) -> list[Region]:
    """Squares that cover a picture and overlap; none if they would show no more than the whole.

    Args:
        width: of the picture, px.
        height: of the picture, px.
        detection_tiles: `auto`: two along the shorter side, as many along the longer as make
            squares; or columns x rows, such as `4x2`.

    Returns:
        Upright regions, each column after the other, each region once.

    Raises:
        ValueError: `detection_tiles` is neither.
    """
    columns, rows = parse_tiles(detection_tiles) or _suitable_grid(width, height)
    size = max(width / _span(columns), height / _span(rows))
    if not MIN_TILE_PX <= size < max(width, height):
        return []
    tiles = [
        Region(float(x), float(y), size, 0.0)
        for x in _centers(width, size, columns)
        for y in _centers(height, size, rows)
    ]
    return list(dict.fromkeys(tiles))


def _suitable_grid(width: int, height: int) -> tuple[int, int]:
    """Columns and rows of tiles of which two cover the shorter side."""
    size = min(width, height) / _span(2)
    columns, rows = (
        math.ceil((side / size - OVERLAP) / (1 - OVERLAP) - NEGLIGIBLE) for side in (width, height)
    )
    return columns, rows


def _span(count: int) -> float:
    """Length of so many overlapping tiles in a row, in tiles."""
    return count - (count - 1) * OVERLAP


def _centers(length: int, size: float, count: int) -> np.ndarray:
    half = min(size, length) / 2
    return np.linspace(half, length - half, count) if count > 1 else np.array([length / 2])
