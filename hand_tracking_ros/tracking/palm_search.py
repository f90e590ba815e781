"""How to look for palms in which image: the whole, its tiles, and where a hand was lost.

One inference of the palm detector, one look at the image, is the most expensive step there is:
looks that one image leaves out follow in the next ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hand_tracking_ros.tracking.candidate import Candidate
from hand_tracking_ros.tracking.look import (
    Look,
    padded_looks,
    rotated_looks,
    tile_looks,
    whole_look,
)
from hand_tracking_ros.tracking.networks.palm_detector import PalmDetection
from hand_tracking_ros.tracking.region import Region, covered_share, overlap
from hand_tracking_ros.tracking.rendition import Rendition, suitable_rendition
from hand_tracking_ros.tracking.tiles import WHOLE_ONLY
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
# In looks that MediaPipe does not have, palms count from this share of min_detection_confidence ...
FAINT = 0.3
# ... but then the landmark model has to confirm the hand with this presence, in a single pass.
FAINT_PRESENCE = 0.9
# And this one if there are further passes, or where only a part of the image shows the palm: on 137
# pictures nearly all that the detector mistook for a palm was in tiles, and had less.
PART_PRESENCE = 0.6
# So many tiles follow each look at the whole image, while no hand is tracked. With four a hand on
# a stage was missed in 17 images of a video, with two in 11.
TILES_BETWEEN = 2


class PalmSearch:
    """Chooses the looks at each image of one camera in which palms are searched.

    While no hand is tracked, it scans: the whole image, the same padded, two tiles, the whole
    image, two tiles, and so on; with more than one look per image the whole is always among them. A
    scan that has begun is finished even if a hand was found; from then on the whole image and the
    next other look take turns. While a hand is lost, the whole is always seen, and beside it in
    turn the place where it was lost, and the next look of a scan.
    """

    def __init__(self) -> None:
        self._num_lost_images = 0
        self._turn = 0
        self._scan: list[Look] = []  # what is left of it

    @property
    def is_scanning(self) -> bool:
        """Whether a scan has begun and is not finished."""
        return bool(self._scan)

    def looks(
        self,
        image: np.ndarray,
        tracked: Sequence[Region],
        lost: Sequence[Region],
        max_looks: int,
        options: TrackerOptions,
        rendition: Rendition,
    ) -> list[Look]:
        """How to look at the next image.

        Args:
            image: (H, W, 3).
            tracked: regions of the hands that are tracked.
            lost: regions of the hands that were lost a short while ago.
            max_looks: never more than this, but at least two while a hand is lost.
            options: which looks there are.
            rendition: the light that suits the image.

        Returns:
            Each look once; the first image's first is the whole.
        """
        whole, *others = looks_at(image, options, rendition)
        others = [
            look
            for look in others
            if not (look.is_part and any(_lies_on(look.window, hand) for hand in tracked))
        ]
        # The whole is where most hands are found: only a single look may be another one.
        looks = [whole] if max_looks > 1 or lost else []
        if lost:
            max_looks = max(max_looks, 2)
            looks += self._lost_look(lost, whole)
        while len(looks) < min(max_looks, len(others) + 1):
            look = self._next_look(whole, others, tracked)
            if look not in looks:
                looks.append(look)
        return looks

    def _lost_look(self, lost: Sequence[Region], whole: Look) -> list[Look]:
        """Every other time, a look around a place where a hand was lost."""
        self._num_lost_images += 1
        if self._num_lost_images % 2 == 0:
            return []
        place = lost[self._num_lost_images // 2 % len(lost)]
        size_px = LOST_WINDOW * place.size_px
        if size_px > ALMOST_WHOLE * whole.window.size_px:
            return []  # the whole shows it as well
        window = Region(place.center_x_px, place.center_y_px, size_px, 0.0)
        return [replace(whole, window=window, is_part=True)]

    def _next_look(self, whole: Look, others: Sequence[Look], tracked: Sequence[Region]) -> Look:
        """The next one of the scan; after a scan that found a hand, whole image or next other."""
        # Tiles of an image of another size, or covered by a hand meanwhile, are left out.
        self._scan = [look for look in self._scan if look in (whole, *others)]
        if self._scan:
            return self._scan.pop(0)
        if not tracked:
            tiles = [look for look in others if look.is_part]
            large = [whole, *(look for look in others if not look.is_part)]
            _, *self._scan = _scan(large, tiles)
            return whole
        self._turn += 1
        if not others or self._turn % 2:
            return whole
        return others[self._turn // 2 % len(others)]


def _scan(large: Sequence[Look], tiles: Sequence[Look]) -> list[Look]:
    """All looks, hands that are large in the image first; the whole is never far."""
    spread = [*tiles[::2], *tiles[1::2]]  # neighbours share much
    scan = list(large)
    for first in range(0, len(spread), TILES_BETWEEN):
        scan += [*(large[:1] if first else []), *spread[first : first + TILES_BETWEEN]]
    return scan


def rendition_for(image: np.ndarray, options: TrackerOptions) -> Rendition:
    """The light that suits an image; none but its own where it is shown as MediaPipe shows it."""
    is_exact = options.detection_tiles == WHOLE_ONLY
    return Rendition.PLAIN if is_exact else suitable_rendition(image)


def all_looks(image: np.ndarray, options: TrackerOptions, rendition: Rendition) -> list[Look]:
    """All looks at a still image: as it is, and in the light that suits it."""
    looks = [
        *looks_at(image, options, Rendition.PLAIN),
        *looks_at(image, options, rendition),
    ]
    return list(dict.fromkeys(looks))


def looks_at(image: np.ndarray, options: TrackerOptions, rendition: Rendition) -> list[Look]:
    """All looks in one light, the whole image first."""
    if options.detection_tiles == WHOLE_ONLY:
        return [whole_look(image)]
    looks = [
        whole_look(image),
        *padded_looks(image),
        *(rotated_looks(image) if options.detection_rotated else []),
        *tile_looks(image, options.detection_tiles),
    ]
    return [replace(look, rendition=rendition) for look in looks]


def min_confidences(
    image: np.ndarray, looks: Sequence[Look], options: TrackerOptions
) -> list[float]:
    """The smallest score of a palm in each look: that of the option where MediaPipe looks too."""
    whole = whole_look(image)
    is_exact = not options.static_image_mode or options.detection_tiles == WHOLE_ONLY
    shares = (1.0 if look == whole and is_exact else FAINT for look in looks)
    return [options.min_detection_confidence * share for share in shares]


def new_candidates(
    image: np.ndarray,
    looks: Sequence[Look],
    palms: Sequence[Sequence[PalmDetection]],
    tracked: Sequence[Region],
    options: TrackerOptions,
) -> list[Candidate]:
    """Where the hands are that these palms belong to.

    Args:
        image: (H, W, 3).
        looks: in which palms were searched.
        palms: what was found in each look.
        tracked: regions of the hands that are tracked.
        options: the smallest confidences.

    Returns:
        In the order of the looks, but those of faint palms last: a place is not given to a faint
        palm while a sure one waits. Each hand once, but in a still image, where the landmark model
        decides which look showed it best.
    """
    new: list[Candidate] = []
    for look, found in zip(looks, palms, strict=True):
        for palm in found:
            region = palm.hand_region
            known = list(tracked)
            if not options.static_image_mode:
                known += [candidate.region for candidate in new]
            if any(overlap(region, other) > options.min_tracking_confidence for other in known):
                continue
            if look.is_part and (
                any(_lies_on(region, other) for other in known) or _is_cut(palm, look.window, image)
            ):
                continue
            is_faint = palm.score < options.min_detection_confidence
            min_presence = _min_presence(is_faint, look.is_part, options)
            new.append(Candidate(region, min_presence, from_part=look.is_part, is_faint=is_faint))
    return sorted(new, key=lambda candidate: candidate.is_faint)


def _min_presence(is_faint: bool, is_part: bool, options: TrackerOptions) -> float:
    """The presence with which the landmark model has to confirm a palm."""
    min_presence = options.min_presence_confidence
    if is_faint and options.num_landmark_passes == 1:
        return max(min_presence, FAINT_PRESENCE)
    return max(min_presence, PART_PRESENCE) if is_faint or is_part else min_presence


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
