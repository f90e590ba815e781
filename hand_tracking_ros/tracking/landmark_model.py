"""Second stage: 21 landmarks, presence and side of the hand in each region of an image.

MediaPipe's hand landmark model with the projection of hand_landmark_cpu
(landmark_projection_calculator, world_landmark_projection_calculator).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hand_tracking_ros.tracking.hand import NUM_LANDMARKS
from hand_tracking_ros.tracking.inference import InferenceSession
from hand_tracking_ros.tracking.region import Region, crop, to_network_input

INPUT_SIZE_PX = 224
# The model's z is this much too small against x (TensorsToLandmarks' normalize_z).
NORMALIZE_Z = 0.4


@dataclass(frozen=True)
class HandLandmarks:
    """What the model reads from one region.

    Attributes:
        landmarks_px: (21, 3) float32 image pixels; z relative to the wrist, in the scale of x.
        world_landmarks: (21, 3) float32 metres, axes parallel to the camera's.
        presence: 0 to 1, whether the region holds a hand.
        right_probability: 0 to 1, whether it is the person's right hand, in an image that is not
            mirrored.
        region: the region read.
    """

    landmarks_px: np.ndarray
    world_landmarks: np.ndarray
    presence: float
    right_probability: float
    region: Region


class LandmarkModel:
    """Reads the hand in each region of an image."""

    def __init__(self, session: InferenceSession) -> None:
        self._session = session

    def estimate(self, image: np.ndarray, regions: Sequence[Region]) -> list[HandLandmarks]:
        """Read all regions in one batch.

        Args:
            image: (H, W, 3) uint8 RGB.
            regions: where to look.

        Returns:
            One result for each region, in their order, whether or not a hand is there.
        """
        if not regions:
            return []
        crops = [crop(image, region, INPUT_SIZE_PX, cv2.BORDER_REPLICATE) for region in regions]
        landmarks, presence, handedness, world = self._session.run(to_network_input(crops))
        return [
            HandLandmarks(
                landmarks_px=_project(landmarks[i].reshape(NUM_LANDMARKS, 3), region),
                world_landmarks=_turn(world[i].reshape(NUM_LANDMARKS, 3), region.rotation_rad),
                presence=float(presence[i, 0]),
                # The model says "left" of mirrored images, where a right hand looks like a left.
                right_probability=float(handedness[i, 0]),
                region=region,
            )
            for i, region in enumerate(regions)
        ]


def _project(landmarks: np.ndarray, region: Region) -> np.ndarray:
    """From the model's input pixels to image pixels."""
    fractions = landmarks / np.float32(INPUT_SIZE_PX)
    depth_px = fractions[:, 2:] / np.float32(NORMALIZE_Z) * np.float32(region.size_px)
    return np.hstack([region.to_image(fractions[:, :2]), depth_px]).astype(np.float32)


def _turn(world_landmarks: np.ndarray, rotation_rad: float) -> np.ndarray:
    """From axes parallel to the region to axes parallel to the image."""
    cos, sin = math.cos(rotation_rad), math.sin(rotation_rad)
    turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]], np.float32)
    return world_landmarks @ turn
