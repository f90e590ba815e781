"""The vocabulary of the tracker: what a hand is, its landmarks, its side and its state.

Everything that the tracker returns is made of these types; nothing here computes.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from hand_tracking_ros.tracking.equality import EqualByValue
from hand_tracking_ros.tracking.region import Region


class Handedness(IntEnum):
    """The person's own side, whether or not the image is mirrored."""

    UNKNOWN = 0
    LEFT = 1
    RIGHT = 2

    @property
    def mirrored(self) -> Handedness:
        """The side that a mirror image of such a hand shows."""
        sides = {Handedness.LEFT: Handedness.RIGHT, Handedness.RIGHT: Handedness.LEFT}
        return sides.get(self, self)


class TrackingState(IntEnum):
    """Whether a hand was seen in this image, or its last values are repeated."""

    TRACKED = 1
    HELD = 2


class PoseSource(IntEnum):
    """What fixed the distance of a camera-space pose."""

    NONE = 0
    HAND_SIZE = 1
    DEPTH = 2


class Landmark(IntEnum):
    """Index of each of the 21 landmarks, named as MediaPipe's `HandLandmark`."""

    WRIST = 0
    THUMB_CMC = 1
    THUMB_MCP = 2
    THUMB_IP = 3
    THUMB_TIP = 4
    INDEX_FINGER_MCP = 5
    INDEX_FINGER_PIP = 6
    INDEX_FINGER_DIP = 7
    INDEX_FINGER_TIP = 8
    MIDDLE_FINGER_MCP = 9
    MIDDLE_FINGER_PIP = 10
    MIDDLE_FINGER_DIP = 11
    MIDDLE_FINGER_TIP = 12
    RING_FINGER_MCP = 13
    RING_FINGER_PIP = 14
    RING_FINGER_DIP = 15
    RING_FINGER_TIP = 16
    PINKY_MCP = 17
    PINKY_PIP = 18
    PINKY_DIP = 19
    PINKY_TIP = 20


NUM_LANDMARKS = len(Landmark)

# Landmark indices of each finger from the palm outwards, thumb first.
FINGERS: dict[str, tuple[int, int, int, int]] = {
    'thumb': (1, 2, 3, 4),
    'index': (5, 6, 7, 8),
    'middle': (9, 10, 11, 12),
    'ring': (13, 14, 15, 16),
    'pinky': (17, 18, 19, 20),
}

PALM_CONNECTIONS: tuple[tuple[int, int], ...] = (
    (0, 1), (0, 5), (5, 9), (9, 13), (13, 17), (0, 17),
)  # fmt: skip

# Pairs of landmarks that a drawing joins by a line (MediaPipe's HAND_CONNECTIONS).
CONNECTIONS: tuple[tuple[int, int], ...] = PALM_CONNECTIONS + tuple(
    pair for finger in FINGERS.values() for pair in itertools.pairwise(finger)
)

# The landmarks that move as one piece; the thumb's first joins them loosely.
KNUCKLES = np.array([joints[0] for finger, joints in FINGERS.items() if finger != 'thumb'])
PALM = np.array([Landmark.WRIST, *KNUCKLES])
PALM_AND_THUMB = np.array([Landmark.WRIST, Landmark.THUMB_CMC, *KNUCKLES])
PALM_TRIANGLE = np.array([Landmark.WRIST, Landmark.INDEX_FINGER_MCP, Landmark.PINKY_MCP])
# Where the triangle's sides start and where they end.
PALM_SIDES = np.array([PALM_TRIANGLE, np.roll(PALM_TRIANGLE, -1)])


@dataclass(frozen=True, eq=False)
class HandPose(EqualByValue):
    """A hand in the camera's optical frame (x right, y down, z forward).

    Attributes:
        position_m: (3,) float64, the wrist.
        rotation: (3, 3) float64, columns are the hand frame's axes in the camera frame, in the
            `rep103` convention: x from wrist to middle-finger MCP, z out of the back of the hand.
        camera_landmarks_m: (21, 3) float64, at the joints' centres and the ends of the fingers; the
            landmarks in the image are drawn up to a centimetre beside these.
        covariance: (6, 6) float64 over x, y, z (m^2) and rotation about the camera's x, y, z
            axes (rad^2), as geometry_msgs/PoseWithCovariance orders them.
        reprojection_error_px: root mean square distance between the landmarks seen and where
            those of `camera_landmarks_m` would be drawn.
        source: what fixed the distance.
    """

    position_m: np.ndarray
    rotation: np.ndarray
    camera_landmarks_m: np.ndarray
    covariance: np.ndarray
    reprojection_error_px: float
    source: PoseSource


@dataclass(frozen=True, eq=False)
class Hand(EqualByValue):
    """One hand in one image; equal to another if all values are.

    Attributes:
        track_id: the same hand over time; never reused by one tracker.
        handedness: the person's own side, from the evidence of the whole track.
        handedness_score: 0.5 (undecided) to 1 (certain).
        state: seen in this image, or its last values repeated.
        presence: 0 to 1, how sure the model is that the region holds a hand.
        age_s: image time since the track began.
        landmarks: (21, 3) float32; x and y as fractions of image width and height (may leave
            [0, 1]), z depth relative to the wrist in about the scale of x, smaller is nearer.
        world_landmarks: (21, 3) float32, metres, origin at the hand's geometric centre, axes
            parallel to the camera's.
        region: where in the image the landmark model found the hand.
        pose: the hand in the camera's frame, None while no camera model is known.
        finger_curl: (5,) float64, thumb first, 0 straight to 1 bent; None before the last step of
            the pipeline.
        pinch: 0 open to 1 closed, thumb and index finger; None like finger_curl.
    """

    track_id: int
    handedness: Handedness
    handedness_score: float
    state: TrackingState
    presence: float
    age_s: float
    landmarks: np.ndarray
    world_landmarks: np.ndarray
    region: Region
    pose: HandPose | None = None
    finger_curl: np.ndarray | None = None
    pinch: float | None = None

    def shown_side(self, image_mirrored: bool) -> Handedness:
        """The side that the image shows: the other one where the image is mirrored."""
        return self.handedness.mirrored if image_mirrored else self.handedness

    def landmarks_px(self, image_width: int, image_height: int) -> np.ndarray:
        """Landmarks as (21, 2) float32 pixel coordinates in an image of this size."""
        return self.landmarks[:, :2] * np.array([image_width, image_height], np.float32)
