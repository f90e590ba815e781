"""Measures how long a person's hand is, over several images."""

from __future__ import annotations

from collections.abc import Sequence

from hand_tracking_ros.tracking.hand import Hand, Handedness, TrackingState
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage
from hand_tracking_ros.tracking.placing.hand_size import (
    HandSizeError,
    combine_hand_lengths,
    measure_hand_length,
)

# Measured in this many images.
NUM_IMAGES = 30


class HandMeasurement:
    """Collects what images say about the length of one hand.

    Args:
        wanted: which hand; UNKNOWN: the only one that is seen.
        distance_m: from the camera to the middle of the palm; None: the depth images tell.

    Attributes:
        handedness: the side that was measured, UNKNOWN before the first image that did.
    """

    def __init__(
        self,
        wanted: Handedness = Handedness.UNKNOWN,
        distance_m: float | None = None,
    ) -> None:
        self.handedness = Handedness.UNKNOWN
        self._wanted = wanted
        self._distance_m = distance_m
        self._lengths_m: list[float] = []
        self._problem = 'no hand of that side was seen'

    @property
    def is_complete(self) -> bool:
        """Whether enough images have measured the hand."""
        return len(self._lengths_m) >= NUM_IMAGES

    def add(
        self,
        hands: Sequence[Hand],
        camera: CameraModel,
        depth: DepthImage | None = None,
        image_mirrored: bool = False,
    ) -> None:
        """Measure in one image.

        Args:
            hands: as tracked, not smoothed.
            camera: of the image, in its size.
            depth: of the same moment.
            image_mirrored: the image shows the other side than `Hand.handedness` names.
        """
        seen = [
            hand
            for hand in hands
            if hand.state == TrackingState.TRACKED
            and self._wanted in (Handedness.UNKNOWN, hand.handedness)
        ]
        if not seen:
            return
        if len(seen) > 1:
            self._problem = 'two hands are seen: show one, or name its side'
            return
        if depth is None and self._distance_m is None:
            self._problem = 'there is no depth: give distance_m, the distance measured'
            return
        try:
            length_m = measure_hand_length(
                seen[0],
                camera,
                depth,
                self._distance_m,
                image_mirrored,
            )
        except (HandSizeError, ValueError) as error:
            self._problem = str(error)
            return
        self.handedness = seen[0].handedness
        self._lengths_m.append(length_m)

    def result_m(self) -> float:
        """The length, from the wrist along the stretched middle finger to its tip.

        Raises:
            HandSizeError: the images do not tell it; the message says what the person should do.
        """
        if not self._lengths_m:
            raise HandSizeError(self._problem)
        return combine_hand_lengths(self._lengths_m)
