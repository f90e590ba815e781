"""A hand of known shape, to be placed before known cameras."""

import numpy as np

from hand_tracking_ros.tracking.hand import (
    FINGERS,
    Hand,
    Handedness,
    TrackingState,
)
from hand_tracking_ros.tracking.region import Region

# Right hand in its rep103 frame (x to the fingers, y to the thumb, z out of the back), metres.
KNUCKLES_M = {
    'index': (0.090, 0.025, 0.0),
    'middle': (0.095, 0.0, 0.0),
    'ring': (0.088, -0.021, 0.0),
    'pinky': (0.080, -0.040, 0.0),
}
PHALANGES_M = (0.042, 0.026, 0.022)
THUMB_BASE_M = (0.025, 0.025, -0.008)
THUMB_BONES_M = (0.042, 0.032, 0.026)
THUMB_AWAY_RAD = np.radians(50.0)


def hand_points(bends_rad=(0.0, 0.0, 0.0, 0.0, 0.0), side=Handedness.RIGHT) -> np.ndarray:
    """Landmarks (21, 3) in the hand's frame, each joint of a finger bent by the same angle."""
    points = np.zeros((21, 3))
    for (name, indices), bend in zip(FINGERS.items(), bends_rad, strict=True):
        if name == 'thumb':
            points[list(indices)] = _thumb(bend)
            continue
        angle, tip = 0.0, np.array(KNUCKLES_M[name])
        points[indices[0]] = tip
        for index, length in zip(indices[1:], PHALANGES_M, strict=True):
            angle += bend
            tip = tip + length * np.array([np.cos(angle), 0.0, -np.sin(angle)])
            points[index] = tip
    if side == Handedness.LEFT:
        points[:, 1] *= -1
    return points


def _thumb(bend_rad: float) -> np.ndarray:
    """Four thumb landmarks; bending turns the thumb across the palm."""
    angle, joints = THUMB_AWAY_RAD, [np.array(THUMB_BASE_M)]
    for length in THUMB_BONES_M:
        angle -= bend_rad
        joints.append(joints[-1] + length * np.array([np.cos(angle), np.sin(angle), -0.2]))
    return np.array(joints)


def hand_seen(landmarks_px, image_size, world_landmarks, side=Handedness.RIGHT) -> Hand:
    """What the tracker would report of these landmarks (21, 2) in an image (width, height)."""
    landmarks = np.column_stack([np.asarray(landmarks_px) / image_size, np.zeros(21)])
    return Hand(
        track_id=1,
        handedness=side,
        handedness_score=0.99,
        state=TrackingState.TRACKED,
        presence=1.0,
        age_s=0.0,
        landmarks=landmarks.astype(np.float32),
        world_landmarks=np.asarray(world_landmarks, np.float32),
        region=Region(0.0, 0.0, 1.0, 0.0),
    )
