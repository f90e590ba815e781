"""Where a track's hand is expected in the next image: from its last region and its velocity."""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.region import Region

# A velocity from images further apart says nothing about the motion now.
MAX_STEP_S = 0.2
# Share of the newest step in the velocity: two or three images.
NEWEST_SHARE = 0.5
# Share of the newest region in the size: a region that shrinks before its hand is lost says little
# about where the hand is seen next, and how large.
NEWEST_SIZE_SHARE = 0.2
# A hand turns round within this time: no prediction reaches further.
HORIZON_S = 0.2


class Motion:
    """The region of one hand over time.

    Attributes:
        region: the last one.
        size_px: the mean side of the last regions.
    """

    def __init__(self, region: Region, stamp_s: float) -> None:
        self.region = region
        self.size_px = region.size_px
        self._stamp_s = stamp_s
        self._velocity_px_s = np.zeros(2)

    def update(self, region: Region, stamp_s: float) -> None:
        """The region in which the hand was found in a new image."""
        passed_s = stamp_s - self._stamp_s
        if 0 < passed_s <= MAX_STEP_S:
            step_px_s = (_center(region) - _center(self.region)) / passed_s
            self._velocity_px_s += NEWEST_SHARE * (step_px_s - self._velocity_px_s)
        else:
            self._velocity_px_s = np.zeros(2)
        self.size_px += NEWEST_SIZE_SHARE * (region.size_px - self.size_px)
        self.region, self._stamp_s = region, stamp_s

    def distance(self, region: Region, stamp_s: float) -> float:
        """Distance of a region at a time from where the hand may be, in sides of its regions.

        The hand may be anywhere between its last place and where its velocity has taken it since.
        """
        away_px = _center(region) - _center(self.region)
        path_px = self._velocity_px_s * min(stamp_s - self._stamp_s, HORIZON_S)
        square = path_px @ path_px
        share = np.clip(away_px @ path_px / square, 0, 1) if square else 0.0
        return float(np.linalg.norm(away_px - share * path_px) / max(self.size_px, region.size_px))


def _center(region: Region) -> np.ndarray:
    return np.array([region.center_x_px, region.center_y_px])
