"""Measures how long a person's hand is, so that images alone tell how far away it is.

measurement = HandMeasurement(distance_m=0.5)
pipeline.measure(measurement)
...  # process images until measurement.is_complete
length_m = measurement.result_m()
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.hand import (
    FINGERS,
    PALM_AND_THUMB,
    Hand,
    Handedness,
    HandPose,
    Landmark,
    PoseSource,
    TrackingState,
)
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage
from hand_tracking_ros.tracking.placing.hand_fit import HandFitter
from hand_tracking_ros.tracking.placing.hand_proportions import (
    LONGEST_HAND_M,
    MEAN_HAND_LENGTH_M,
    SHORTEST_HAND_M,
    stretched_length,
)

# Relative: anybody's hand, a child's too.
MEASURED_SIZE_SIGMA = 0.5
# Distance of a flat hand's middle fingertip from the wrist, over the way along the bones.
MIN_STRETCHED = 0.93
# Its palm or back faces the camera: the cosine between.
MIN_FACING = 0.8
# Measured in this many images; where fewer show the hand well, at least in MIN_IMAGES.
NUM_IMAGES, MIN_IMAGES = 30, 5
# Relative spread of single images beyond which the hand moved, or it was not one hand.
MAX_SPREAD = 0.1


class HandSizeError(UserError):
    """A hand's length cannot be measured; the message says what the person should do."""


class HandMeasurement:
    """Collects what images say about the length of one hand.

    Args:
        wanted: which hand; UNKNOWN: the only one that is seen.
        distance_m: from the camera to the middle of the palm; None: the depth images tell.

    Attributes:
        handedness: the side that was measured, UNKNOWN before the first image that did.
    """

    def __init__(
        self, wanted: Handedness = Handedness.UNKNOWN, distance_m: float | None = None
    ) -> None:
        self.handedness = Handedness.UNKNOWN
        self._wanted = wanted
        self._distance_m = distance_m
        self._lengths_m: list[float] = []
        side = '' if wanted == Handedness.UNKNOWN else f' {wanted.name.lower()}'
        self._problem = f'no{side} hand was seen'

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
            length_m = measure_hand_length(seen[0], camera, depth, self._distance_m, image_mirrored)
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
        if len(self._lengths_m) < MIN_IMAGES:
            raise HandSizeError(
                f'only {len(self._lengths_m)} images showed the hand well, expected at least '
                f'{MIN_IMAGES}: hold it still and flat before the camera'
            )
        low, middle, high = np.percentile(self._lengths_m, [25, 50, 75])
        if high - low > MAX_SPREAD * middle:
            raise HandSizeError(
                f'half of the images say {1e3 * low:.0f} to {1e3 * high:.0f} mm: hold the hand '
                'still and flat before the camera'
            )
        return float(middle)


def measure_hand_length(
    hand: Hand,
    camera: CameraModel,
    depth: DepthImage | None = None,
    distance_m: float | None = None,
    image_mirrored: bool = False,
) -> float:
    """The length that one image shows, metres, from the wrist to the middle finger's stretched tip.

    Args:
        hand: of one image; held flat before the camera if there is no depth.
        camera: of that image, in its size.
        depth: of the same moment; wins over `distance_m`.
        distance_m: from the camera to the middle of the palm.
        image_mirrored: as for `HandFitter`.

    Raises:
        ValueError: neither depth nor distance is given, or the distance is not above 0.
        HandSizeError: the hand is not seen well enough, not in the depth image, not flat, or not
            as long as human hands are.
    """
    if depth is None and not (distance_m and distance_m > 0):
        raise ValueError(f'without depth, distance_m is {distance_m}, expected above 0')
    fitter = HandFitter(image_mirrored=image_mirrored, size_sigma=MEASURED_SIZE_SIGMA)
    pose = fitter.fit(hand, camera, 0.0, depth)
    if pose is None:
        raise HandSizeError('the hand is not seen well enough: hold it flat before the camera')
    if depth is None and distance_m is not None:
        _check_flat(pose)
        palm = pose.camera_landmarks_m[PALM_AND_THUMB]
        length_m = MEAN_HAND_LENGTH_M * distance_m / float(np.linalg.norm(palm.mean(axis=0)))
    elif pose.source == PoseSource.DEPTH:
        length_m = fitter.hand_length_m
    else:
        raise HandSizeError('the depth image does not show the hand: hold it 0.4 to 1 m away')
    if not SHORTEST_HAND_M <= length_m <= LONGEST_HAND_M:
        raise HandSizeError(
            f'the hand would be {1e3 * length_m:.0f} mm long, expected '
            f'{1e3 * SHORTEST_HAND_M:.0f} to {1e3 * LONGEST_HAND_M:.0f}: check the '
            + ('depth' if depth is not None else f'distance ({distance_m:g} m)')
        )
    return length_m


def _check_flat(pose: HandPose) -> None:
    points = pose.camera_landmarks_m
    tips = [joints[-1] for finger, joints in FINGERS.items() if finger != 'thumb']
    wrist, middle_tip = points[Landmark.WRIST], points[Landmark.MIDDLE_FINGER_TIP]
    stretched = np.linalg.norm(middle_tip - wrist) / stretched_length(points)
    along = (points[tips] - wrist) @ pose.rotation[:, 0]
    facing = abs(pose.rotation[:, 2] @ wrist) / np.linalg.norm(wrist)
    if stretched < MIN_STRETCHED or along.min() < 0.7 * along.max():
        raise HandSizeError('the hand is bent: stretch the fingers')
    if facing < MIN_FACING:
        raise HandSizeError('the hand is turned away: show its palm or back to the camera')
