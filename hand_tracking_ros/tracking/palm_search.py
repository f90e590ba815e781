"""Where to run the palm detector in which image: the whole, its tiles, and where a hand was lost.

One inference of the palm detector, on one window of the image, is the most expensive step there is:
windows that one image leaves out are searched in the next ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hand_tracking_ros.tracking.candidate import Candidate
from hand_tracking_ros.tracking.networks.palm_detector import PalmDetection
from hand_tracking_ros.tracking.region import Region, covered_share, overlap, whole_image
from hand_tracking_ros.tracking.tiles import AUTO, make_tiles
from hand_tracking_ros.tracking.tracker_options import TrackerOptions

# Side of the window around a place where a hand was lost, in sides of its last region.
LOST_WINDOW = 2.0
# A window of more than this share of the whole picture's side shows no more than the whole does.
ALMOST_WHOLE = 0.8
# The hand itself takes up about this share of its region's side.
CORE = 0.5
# A region of which more than this share lies on a known hand is a part of that hand; and a tile
# that does so has nothing new to show.
INSIDE = 0.5
# In a part of the image, palms count from this share of min_detection_confidence on ...
FAINT = 0.3
# ... but then the landmark model has to confirm the hand with this presence.
FAINT_PRESENCE = 0.9


class PalmSearch:
    """Chooses the windows of each image of one camera in which palms are searched.

    While no hand is tracked, it scans: the whole image, half of the tiles, the whole image, the
    other half, and again; with more than one window per image the whole is always among them. A
    scan that has begun is finished even if a hand was found; from then on the whole image and the
    next tile take turns. Every other window is where a hand was lost, if one was.
    """

    def __init__(self) -> None:
        self._num_windows = 0
        self._turn = 0
        self._scan: list[Region] = []  # what is left of it

    @property
    def is_scanning(self) -> bool:
        """Whether a scan has begun and is not finished."""
        return bool(self._scan)

    def windows(
        self,
        image: np.ndarray,
        tracked: Sequence[Region],
        lost: Sequence[Region],
        max_windows: int,
        detection_tiles: str = AUTO,
    ) -> list[Region]:
        """The windows of the next image.

        Args:
            image: (H, W, 3).
            tracked: regions of the hands that are tracked.
            lost: regions of the hands that were lost a short while ago.
            max_windows: never more than this.
            detection_tiles: see `make_tiles`.

        Returns:
            Upright squares, each once; the first image's first is the whole.
        """
        whole, *tiles = self.all_windows(image, detection_tiles)
        tiles = [tile for tile in tiles if not any(_lies_on(tile, hand) for hand in tracked)]
        # The whole is where most hands are found: only a single window may be another one.
        windows = [whole] if max_windows > 1 else []
        while len(windows) < min(max_windows, len(tiles) + 1):
            window = self._lost_window(lost, whole) or self._next_window(whole, tiles, tracked)
            self._num_windows += 1
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
        if not lost or self._num_windows % 2:
            return None
        place = lost[self._num_windows // 2 % len(lost)]
        size_px = LOST_WINDOW * place.size_px
        if size_px > ALMOST_WHOLE * whole.size_px:
            return whole
        return Region(place.center_x_px, place.center_y_px, size_px, 0.0)

    def _next_window(
        self, whole: Region, tiles: Sequence[Region], tracked: Sequence[Region]
    ) -> Region:
        """The next one of the scan; after a scan that found a hand, whole image or next tile."""
        # Tiles of an image of another size, or covered by a hand meanwhile, are left out.
        self._scan = [window for window in self._scan if window in (whole, *tiles)]
        if self._scan:
            return self._scan.pop(0)
        if not tracked:
            half = (len(tiles) + 1) // 2
            spread = [*tiles[::2], *tiles[1::2]]  # neighbours share much
            self._scan = [*spread[:half], *([whole] if tiles else []), *spread[half:]]
            return whole
        self._turn += 1
        if not tiles or self._turn % 2 == 0:
            return whole
        return tiles[self._turn // 2 % len(tiles)]


def min_confidences(
    image: np.ndarray, windows: Sequence[Region], options: TrackerOptions
) -> list[float]:
    """The smallest score of a palm in each window: lower in parts of the image."""
    whole = whole_image(image)
    shares = (1.0 if window == whole else FAINT for window in windows)
    return [options.min_detection_confidence * share for share in shares]


def new_candidates(
    image: np.ndarray,
    windows: Sequence[Region],
    palms: Sequence[Sequence[PalmDetection]],
    tracked: Sequence[Region],
    options: TrackerOptions,
) -> list[Candidate]:
    """Where the hands are that these palms belong to, each hand once.

    Args:
        image: (H, W, 3).
        windows: in which palms were searched.
        palms: what was found in each window.
        tracked: regions of the hands that are tracked.
        options: the smallest confidences.

    Returns:
        In the order of the windows, but those of faint palms last: a place is not given to a faint
        palm while a sure one waits.
    """
    whole = whole_image(image)
    sure: list[Candidate] = []
    faint: list[Candidate] = []
    for window, found in zip(windows, palms, strict=True):
        is_part = window != whole
        for palm in found:
            region = palm.hand_region
            known = [*tracked, *(candidate.region for candidate in (*sure, *faint))]
            if any(overlap(region, other) > options.min_tracking_confidence for other in known):
                continue
            if is_part and (
                any(_lies_on(region, other) for other in known) or _is_cut(palm, window, image)
            ):
                continue
            if is_part and palm.score < options.min_detection_confidence:
                presence = max(options.min_presence_confidence, FAINT_PRESENCE)
                faint.append(Candidate(region, presence))
            else:
                sure.append(Candidate(region, options.min_presence_confidence))
    return [*sure, *faint]


def _lies_on(region: Region, hand: Region) -> bool:
    """Whether most of a region lies on a hand."""
    core = replace(hand, size_px=CORE * hand.size_px)
    return covered_share(region, core) > INSIDE


def _is_cut(palm: PalmDetection, window: Region, image: np.ndarray) -> bool:
    """Whether a palm reaches beyond a window inside the picture, so that a part was not seen."""
    height, width = image.shape[:2]
    half = window.size_px / 2
    left, right = window.center_x_px - half, window.center_x_px + half
    top, bottom = window.center_y_px - half, window.center_y_px + half
    x_min, y_min, x_max, y_max = palm.box_px
    return bool(
        (x_min < left and left > 0)
        or (y_min < top and top > 0)
        or (x_max > right and right < width)
        or (y_max > bottom and bottom < height)
    )
