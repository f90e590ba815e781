"""Where hands may be in an image, and what the landmark model found there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.region import Region

if TYPE_CHECKING:
    from hand_tracking_ros.tracking.track import Track


@dataclass(frozen=True)
class Candidate:
    """A region of interest that may show a hand.

    Attributes:
        region: what the landmark model is given.
        min_presence: presence above which the region shows a hand, 0 to 1.
        track: whose hand is expected there; None where the palm detector found a new one.
        from_part: a part of the image shows the palm, and the whole image may not.
        is_faint: the palm has a smaller score than `min_detection_confidence`.
    """

    region: Region
    min_presence: float
    track: Track | None = None
    from_part: bool = False
    is_faint: bool = False


@dataclass(frozen=True)
class Observation:
    """A hand in one image, before it is known which track it continues.

    Attributes:
        landmarks: where it is.
        track: whose hand was expected in the region that shows it; None for a new detection.
        from_part: the palm was found in a part of the image, and the whole image may not show it.
    """

    landmarks: HandLandmarks
    track: Track | None
    from_part: bool = False
