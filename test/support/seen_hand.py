"""A hand of known joints as a perfect network would report it, and as a depth camera sees it."""

from dataclasses import replace

import numpy as np

from hand_tracking_ros.tracking.fingers.hand_frame import hand_axes
from hand_tracking_ros.tracking.hand import FINGERS, Hand, Handedness
from hand_tracking_ros.tracking.placing.depth_image import DepthImage
from hand_tracking_ros.tracking.placing.hand_proportions import (
    FINGER_LINKS,
    PALM_LINKS,
    stretched_length,
)
from hand_tracking_ros.tracking.placing.joint_centres import drawn_landmarks
from support.synthetic_hand import hand_points, hand_seen

# Fingers up in the image, palm to the camera; a little turned, as nobody holds a hand straight.
PALM_SHOWN = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
HALF_CLOSED_RAD = (0.3, 0.4, 0.5, 0.4, 0.3)


# Metres, from the knuckles out; other proportions than the fitted hand's.
PHALANGES_M = {
    'index': (0.041, 0.023, 0.022),
    'middle': (0.043, 0.028, 0.022),
    'ring': (0.040, 0.027, 0.022),
    'pinky': (0.032, 0.019, 0.020),
}


def person_hand(bends_rad, side=Handedness.RIGHT) -> np.ndarray:
    """Joints (21, 3) in the hand's frame, each joint of a finger bent by the same angle."""
    points = hand_points(bends_rad, side)
    for (finger, joints), bend in zip(FINGERS.items(), bends_rad, strict=True):
        if finger == 'thumb':
            continue
        angles = bend * np.arange(1, 4)
        directions = np.column_stack([np.cos(angles), np.zeros(3), -np.sin(angles)])
        bones = np.array(PHALANGES_M[finger])[:, None] * directions
        points[list(joints[1:])] = points[joints[0]] + np.cumsum(bones, axis=0)
    return points


def placed_joints(
    position_m,
    rotation=PALM_SHOWN,
    length_m=0.185,
    bends_rad=HALF_CLOSED_RAD,
    side=Handedness.RIGHT,
) -> np.ndarray:
    """Joints (21, 3) in the camera's frame, the hand's middle at a position."""
    points = person_hand(bends_rad, side)
    points = points * (length_m / stretched_length(points))
    return (points - points.mean(axis=0)) @ rotation.T + position_m


def report(joints_m, camera, side=Handedness.RIGHT) -> Hand:
    """What a perfect network says of joints (21, 3) in the camera's frame."""
    size = (camera.width, camera.height)
    middle = joints_m.mean(axis=0)
    palm_facing = hand_axes(joints_m, side)[:, 2] @ middle / np.linalg.norm(middle)
    seen_m = drawn_landmarks(joints_m, palm_facing)
    pixels = camera.project(seen_m)
    per_m = np.linalg.norm(np.ptp(pixels, axis=0)) / np.linalg.norm(np.ptp(seen_m[:, :2], axis=0))
    hand = hand_seen(pixels, size, seen_m - middle, side)
    depth = (seen_m[:, 2:] - seen_m[0, 2]) * per_m / camera.width
    return replace(hand, landmarks=np.hstack([pixels / size, depth]).astype(np.float32))


def depth_image(joints_m, camera, wall_m=2.0) -> DepthImage:
    """A palm 32 mm and fingers 20 mm thick before a wall."""
    depth_m = np.full((camera.height, camera.width), wall_m, np.float32)
    for links, radius_m in ((PALM_LINKS, 0.016), (FINGER_LINKS, 0.010)):
        starts, ends = joints_m[links[:, 0]], joints_m[links[:, 1]]
        along = np.linspace(0.0, 1.0, 40)[:, None, None]
        points = ((1 - along) * starts + along * ends).reshape(-1, 3)
        steps_m = np.arange(-radius_m, radius_m, 0.0012)
        for dx in steps_m:
            for dy in steps_m[dx**2 + steps_m**2 < radius_m**2]:
                front = points + np.array([dx, dy, -np.sqrt(radius_m**2 - dx**2 - dy**2)])
                x, y = np.round(camera.project(front)).astype(int).T
                inside = (x >= 0) & (y >= 0) & (x < camera.width) & (y < camera.height)
                np.minimum.at(depth_m, (y[inside], x[inside]), front[inside, 2])
    return DepthImage(depth_m, camera)
