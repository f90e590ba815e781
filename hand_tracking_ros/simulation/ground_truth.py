"""Ground truth of a simulated frame, to compare a tracker's results with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hand_tracking_ros.simulation.pinhole_camera import PinholeCamera
from hand_tracking_ros.simulation.simulated_hand import PlacedHand, SimulatedHand
from hand_tracking_ros.tracking.fingers.hand_frame import hand_axes
from hand_tracking_ros.tracking.hand import Handedness, Landmark


@dataclass(frozen=True)
class HandTruth:
    """One hand in one frame, without error.

    Attributes:
        hand_id: the same hand over time.
        handedness: its side.
        landmarks: (21, 3) as `tracking.hand.Hand.landmarks`; NaN behind the camera.
        camera_landmarks_m: (21, 3) in the camera's optical frame, at the joints' centres.
        landmarks_visible: (21,) bool, whether the image shows this hand where the landmark is;
            one that is behind another part of the same hand counts as visible.
        rotation: (3, 3) columns are the hand frame's axes (rep103) in the camera's frame.
        joint_angles_rad: by the names of `hand_skeleton.JOINT_NAMES`.
        hand_length_m: from the wrist along the bones to the tip of the middle finger.
    """

    hand_id: int
    handedness: Handedness
    landmarks: np.ndarray
    camera_landmarks_m: np.ndarray
    landmarks_visible: np.ndarray
    rotation: np.ndarray
    joint_angles_rad: Mapping[str, float]
    hand_length_m: float

    @property
    def is_visible(self) -> bool:
        """Whether the image shows at least half of the landmarks."""
        return bool(self.landmarks_visible.mean() >= 0.5)


def hand_truth(
    hand_id: int,
    hand: SimulatedHand,
    placed: PlacedHand,
    shows_hand: np.ndarray,
    camera: PinholeCamera,
) -> HandTruth:
    """The truth about a hand; `shows_hand` (H, W) bool says which pixels show it."""
    landmarks_m = placed.landmarks_m
    ahead = landmarks_m[:, 2] > 0
    pixels = camera.project(np.where(ahead[:, None], landmarks_m, np.nan))
    wrist_z_m = landmarks_m[Landmark.WRIST, 2]
    depth_px = (landmarks_m[:, 2] - wrist_z_m) * camera.focal_length_px / wrist_z_m
    image_size = np.array([camera.width, camera.height])
    column, row = np.nan_to_num(np.round(pixels), nan=-1.0).astype(int).T
    visible = (column >= 0) & (row >= 0) & (column < camera.width) & (row < camera.height)
    visible[visible] = shows_hand[row[visible], column[visible]]
    return HandTruth(
        hand_id=hand_id,
        handedness=hand.handedness,
        landmarks=np.column_stack([pixels / image_size, depth_px / camera.width]),
        camera_landmarks_m=landmarks_m,
        landmarks_visible=visible,
        rotation=hand_axes(landmarks_m, hand.handedness),
        joint_angles_rad=placed.angles_rad,
        hand_length_m=hand.shape.length_m,
    )
