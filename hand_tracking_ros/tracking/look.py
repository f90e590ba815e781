"""What the palm detector is shown of an image: which part, with which border, in which light.

The detector sees 192 x 192 pixels. It finds palms best that are upright and neither small nor as
large as the picture. Each look shows it hands that the others hide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from hand_tracking_ros.tracking.region import Region, whole_image
from hand_tracking_ros.tracking.rendition import Rendition
from hand_tracking_ros.tracking.tiles import AUTO, make_tiles

# Sides of the padded looks, in sides of the whole image. In 60 pictures that a hand fills, whole
# and tiles find 22, with a border of half the picture 51; in grey ones 30 and 51. In 82 pictures
# without hands both looks find nothing.
PADDED_SIZES = (1.5, 2.0)
# Further rotations of the whole image that are searched on request.
ROTATIONS_RAD = (math.pi / 2, math.pi, -math.pi / 2)


@dataclass(frozen=True)
class Look:
    """A square of an image as the palm detector sees it.

    Attributes:
        window: which square; may reach beyond the image and be rotated.
        is_part: it shows a part of the image only.
        is_padded: beyond the image its border goes on; else that is black, as in MediaPipe.
        rendition: what is changed in the light.
    """

    window: Region
    is_part: bool = False
    is_padded: bool = False
    rendition: Rendition = Rendition.PLAIN


def whole_look(image: np.ndarray) -> Look:
    """The whole image as MediaPipe shows it to the detector."""
    return Look(whole_image(image))


def padded_looks(image: np.ndarray) -> list[Look]:
    """The whole image with its border continued: hands that fill the picture look smaller."""
    whole = whole_image(image)
    return [
        Look(replace(whole, size_px=size * whole.size_px), is_padded=True) for size in PADDED_SIZES
    ]


def tile_looks(image: np.ndarray, detection_tiles: str = AUTO) -> list[Look]:
    """Parts of the image, in which small hands look larger."""
    height, width = image.shape[:2]
    return [Look(tile, is_part=True) for tile in make_tiles(width, height, detection_tiles)]


def rotated_looks(image: np.ndarray) -> list[Look]:
    """The image with the narrower border, turned by 90, 180 and 270 degrees."""
    look = padded_looks(image)[0]
    return [
        replace(look, window=replace(look.window, rotation_rad=angle)) for angle in ROTATIONS_RAD
    ]
