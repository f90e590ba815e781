"""Images of one camera in, hands out: the whole way of an image through the tracker.

    pipeline = HandPipeline()
    for hand in pipeline.process(image, stamp_s):
        print(hand.handedness.name, hand.landmarks[Landmark.INDEX_FINGER_TIP])

With a camera model every hand has a pose in metres; with a depth image the pose rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from hand_tracking_ros.tracking.fingers.finger_values import with_finger_values
from hand_tracking_ros.tracking.hand import Hand, Handedness
from hand_tracking_ros.tracking.networks.models import HandModels
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage
from hand_tracking_ros.tracking.placing.hand_locator import HandLocator, LocatorOptions
from hand_tracking_ros.tracking.placing.hand_measurement import HandMeasurement
from hand_tracking_ros.tracking.smoothing import HandSmoother, SmoothingOptions
from hand_tracking_ros.tracking.timings import Timings
from hand_tracking_ros.tracking.tracker import HandTracker
from hand_tracking_ros.tracking.tracker_options import TrackerOptions


@dataclass(frozen=True)
class PipelineOptions:
    """How images become hands.

    Attributes:
        tracker: how hands are found and tracked.
        hand_lengths_m: length of the left and of the right hand, from the wrist along the stretched
            middle finger to its tip, where it is known; distances without depth scale with it.
        smoothing: how landmarks and poses are filtered.
    """

    tracker: TrackerOptions = field(default_factory=TrackerOptions)
    hand_lengths_m: Mapping[Handedness, float] = field(default_factory=dict)
    smoothing: SmoothingOptions = field(default_factory=SmoothingOptions)


class HandPipeline:
    """Finds, tracks, places and smooths the hands in the images of one camera.

    Args:
        options: how; the defaults if None.
        models: the networks, which any number of pipelines may share; loaded if None.
        track_ids: the ids of new tracks, rising; they count from 1 if None.
    """

    def __init__(
        self,
        options: PipelineOptions | None = None,
        models: HandModels | None = None,
        track_ids: Iterator[int] | None = None,
    ) -> None:
        self._tracker = HandTracker(models=models, track_ids=track_ids)
        self._locator = HandLocator()
        self._smoother = HandSmoother()
        self._measurement: HandMeasurement | None = None
        self.configure(options or PipelineOptions())

    @property
    def timings(self) -> Timings:
        """What the networks took for the last image."""
        return self._tracker.timings

    @property
    def num_tracks(self) -> int:
        """Hands that are tracked, or lost and still remembered."""
        return self._tracker.num_tracks

    def configure(self, options: PipelineOptions) -> None:
        """Change the options between two images. Tracks go on."""
        mirrored = options.tracker.image_mirrored
        self._tracker.options = options.tracker
        self._locator.options = LocatorOptions(options.hand_lengths_m, mirrored)
        self._smoother.options = options.smoothing

    def measure(self, measurement: HandMeasurement | None) -> None:
        """Let the next images measure the length of a hand; None ends it."""
        self._measurement = measurement

    def reset(self) -> None:
        """Forget every track, as when another recording begins. Track ids go on."""
        self._tracker.reset()

    def process(
        self,
        image: np.ndarray,
        stamp_s: float,
        camera: CameraModel | None = None,
        depth: DepthImage | None = None,
    ) -> list[Hand]:
        """Find the hands in the next image.

        Args:
            image: (H, W, 3) uint8 RGB.
            stamp_s: when it was taken; a stamp before the last one, or later than it by more than
                the tracker's `image_timeout_s`, resets the tracks.
            camera: that took it, calibrated for this size or another one of the same shape. Without
                it hands have no pose.
            depth: of the same moment, seen from the same place.

        Returns:
            Tracked hands, longest tracked first, then held ones.

        Raises:
            ValueError: the image has another shape or type.
            CameraInfoError: the image has not the shape of the camera's.
        """
        hands = self._tracker.track(image, stamp_s)
        height, width = image.shape[:2]
        if camera is not None:
            camera = camera.scaled_to(width, height)
            measurement = self._measurement  # another thread may end it meanwhile
            if measurement is not None:
                measurement.add(hands, camera, depth, self._tracker.options.image_mirrored)
            hands = self._locator.locate(hands, camera, stamp_s, depth)
        hands = self._smoother.smooth(hands, stamp_s, width, height)
        return [with_finger_values(hand) for hand in hands]
