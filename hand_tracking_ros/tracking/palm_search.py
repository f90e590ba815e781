"""Where to look for palms in which image: the whole, its tiles, and where a hand was lost.

One look is one run of the palm detector, the dearest step there is: what one image leaves out,
the next ones see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from hand_tracking_ros.tracking.networks.palm_detector import PalmDetection
from hand_tracking_ros.tracking.region import Region, covered_share, overlap, whole_image
from hand_tracking_ros.tracking.tiles import AUTO, make_tiles

# Sides of the window around a place where a hand was lost, in sides of its last region.
LOST_WINDOW = 2.0
# A window of more than this share of the whole picture's side shows no more than the whole does.
ALMOST_WHOLE = 0.8
# The hand itself takes up about this share of its region's side.
CORE = 0.5
# A region of which more than this share lies on a known hand is a part of that hand; and a tile
# that does so has nothing new to show.
INSIDE = 0.5
# In a part of the image, palms count from this share of min_detection_confidence on.
FAINT = 0.3


class PalmView(NamedTuple):
    """A window in which to look for palms.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        region: an upright square.
        min_confidence: smallest score of a palm to keep, 0 to 1.
    """

    image: np.ndarray
    region: Region
    min_confidence: float


class PalmSearch:
    """Looks for palms in the images of one camera, a few windows at a time.

    While no hand is followed, it scans: the whole image, half of the tiles, the whole image, the
    other half, and again; with more than one look at an image the whole is always among them. A
    scan that has begun is finished, also if a hand was found; from then on the whole image and the
    next tile take turns. Where a hand was lost gets every other look.
    """

    def __init__(self) -> None:
        self._num_looks = 0
        self._turn = 0
        self._scan: list[Region] = []  # what is left of it

    @property
    def is_scanning(self) -> bool:
        """Whether a scan has begun and is not finished."""
        return bool(self._scan)

    def windows(
        self,
        image: np.ndarray,
        followed: Sequence[Region],
        lost: Sequence[Region],
        num_windows: int,
        detection_tiles: str = AUTO,
    ) -> list[Region]:
        """Where to look in this image.

        Args:
            image: (H, W, 3), the next image.
            followed: regions of the hands that are being followed.
            lost: regions of the hands that were lost a short while ago.
            num_windows: how many to return at most.
            detection_tiles: see `make_tiles`.

        Returns:
            Windows, each once; the first image's first is the whole.
        """
        whole, *tiles = self.all_windows(image, detection_tiles)
        tiles = [tile for tile in tiles if not _is_filled(tile, followed)]
        # The whole is where most hands are found: it is left out only where there is one look.
        windows = [whole] if num_windows > 1 else []
        while len(windows) < min(num_windows, len(tiles) + 1):
            window = self._lost_window(lost, whole) or self._next_window(whole, tiles, followed)
            self._num_looks += 1
            if window not in windows:
                windows.append(window)
        return windows

    @staticmethod
    def all_windows(image: np.ndarray, detection_tiles: str = AUTO) -> list[Region]:
        """The whole image and all its tiles."""
        height, width = image.shape[:2]
        return [whole_image(image), *make_tiles(width, height, detection_tiles)]

    def _lost_window(self, lost: Sequence[Region], whole: Region) -> Region | None:
        """Every other time, a window around a place where a hand was lost."""
        if not lost or self._num_looks % 2:
            return None
        place = lost[self._num_looks // 2 % len(lost)]
        size_px = LOST_WINDOW * place.size_px
        if size_px > ALMOST_WHOLE * whole.size_px:
            return whole
        return Region(place.center_x_px, place.center_y_px, size_px, 0.0)

    def _next_window(
        self, whole: Region, tiles: Sequence[Region], followed: Sequence[Region]
    ) -> Region:
        """The next one of the scan; after a scan that found a hand, whole image or next tile."""
        # Tiles of an image of another size, or filled meanwhile, are left out.
        self._scan = [window for window in self._scan if window in (whole, *tiles)]
        if self._scan:
            return self._scan.pop(0)
        if not followed:
            half = (len(tiles) + 1) // 2
            spread = [*tiles[::2], *tiles[1::2]]  # neighbours share much
            self._scan = [*spread[:half], *([whole] if tiles else []), *spread[half:]]
            return whole
        self._turn += 1
        if not tiles or self._turn % 2 == 0:
            return whole
        return tiles[self._turn // 2 % len(tiles)]


def _is_filled(tile: Region, followed: Sequence[Region]) -> bool:
    """Whether a followed hand fills most of a tile."""
    return any(_lies_on(tile, region) for region in followed)


def _lies_on(region: Region, hand: Region) -> bool:
    core = replace(hand, size_px=CORE * hand.size_px)
    return covered_share(region, core) > INSIDE


def palm_views(
    image: np.ndarray, windows: Sequence[Region], min_confidence: float
) -> list[PalmView]:
    """What the palm detector is to look at; in a part of the image it may be less sure."""
    whole = whole_image(image)
    return [
        PalmView(image, window, min_confidence * (1.0 if window == whole else FAINT))
        for window in windows
    ]


def new_hands(
    views: Sequence[PalmView],
    palms: Sequence[Sequence[PalmDetection]],
    followed: Sequence[Region],
    min_tracking_confidence: float,
) -> dict[Region, bool]:
    """Regions of the hands that these palms belong to, each hand once.

    Args:
        views: where was looked.
        palms: what was found in each view.
        followed: regions of hands that need not be found.
        min_tracking_confidence: overlap from which on two regions show one hand.

    Returns:
        Regions, and whether the palm was a faint one: found in a part of the image with a score
        that would not do in the whole. Those of faint palms come last, else in the order of the
        views.
    """
    new: dict[Region, bool] = {}
    for view, found in zip(views, palms, strict=True):
        whole = whole_image(view.image)
        is_part = view.region != whole
        for palm in found:
            region = palm.hand_region
            known = [*followed, *new]
            if any(overlap(region, other) > min_tracking_confidence for other in known):
                continue
            if is_part and any(_lies_on(region, other) for other in known):
                continue
            if is_part and _is_cut(palm, view):
                continue
            new[region] = is_part and palm.score < view.min_confidence / FAINT
    # A place is not given to a faint palm while a sure one waits.
    return dict(sorted(new.items(), key=lambda item: item[1]))


def _is_cut(palm: PalmDetection, view: PalmView) -> bool:
    """Whether a palm reaches beyond a window inside the picture, so that a part was not seen."""
    height, width = view.image.shape[:2]
    half = view.region.size_px / 2
    left, right = view.region.center_x_px - half, view.region.center_x_px + half
    top, bottom = view.region.center_y_px - half, view.region.center_y_px + half
    x_min, y_min, x_max, y_max = palm.box_px
    return bool(
        (x_min < left and left > 0)
        or (y_min < top and top > 0)
        or (x_max > right and right < width)
        or (y_max > bottom and bottom < height)
    )
