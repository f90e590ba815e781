"""Hands drawn into an image: skeleton, joints shaded by depth, and a label.

Fingers are told apart by colour, sides by the colour of the label. A hand that was not seen in
this image (HELD) is grey with broken lines.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import cv2
import numpy as np

from hand_tracking_ros.drawing.text import Color, draw_text, text_width
from hand_tracking_ros.tracking.hand import (
    FINGERS,
    PALM_CONNECTIONS,
    Hand,
    Handedness,
    Landmark,
    TrackingState,
)

# RGB, chosen to stand apart from each other and from skin.
FINGER_COLORS: dict[str, Color] = {
    'thumb': (255, 196, 61),
    'index': (255, 99, 132),
    'middle': (193, 120, 255),
    'ring': (64, 180, 255),
    'pinky': (52, 224, 161),
}
PALM_COLOR: Color = (236, 240, 244)
HELD_COLOR: Color = (158, 162, 168)
HANDEDNESS_COLORS: dict[Handedness, Color] = {
    Handedness.LEFT: (64, 180, 255),
    Handedness.RIGHT: (255, 150, 64),
    Handedness.UNKNOWN: (158, 162, 168),
}
# Landmark pairs with the colour of the line between them.
BONES: list[tuple[int, int, Color]] = [
    *((first, second, PALM_COLOR) for first, second in PALM_CONNECTIONS),
    *(
        (first, second, FINGER_COLORS[name])
        for name, finger in FINGERS.items()
        for first, second in itertools.pairwise(finger)
    ),
]
JOINT_COLORS: dict[int, Color] = {
    Landmark.WRIST: PALM_COLOR,
    **{index: FINGER_COLORS[name] for name, finger in FINGERS.items() for index in finger},
}
OUTLINE_COLOR: Color = (22, 24, 28)
LABEL_TEXT_COLOR: Color = (245, 247, 250)

# Sizes as fractions of the hand's extent (longer side of its bounding box).
LINE_FRACTION = 0.016
JOINT_FRACTION = 0.022
MIN_LINE_PX, MAX_LINE_PX = 1.6, 14.0
# Thinner lines would be more outline than line.
MIN_OUTLINED_LINE_PX = 2.0
# Lines end on joints, so joints are never smaller than this many lines.
MIN_JOINT_LINES = 1.3
# The label is read by people: its height follows the image, not the hand.
LABEL_HEIGHT_FRACTION = 0.032
MIN_LABEL_HEIGHT_PX, MAX_LABEL_HEIGHT_PX = 17.0, 60.0
LABEL_TEXT_FRACTION = 0.52
LABEL_OPACITY = 0.78

# OpenCV draws at fractions of a pixel given as integers with this many binary places.
_SHIFT = 4
# Farther than this from the image a line's direction no longer shows; keeps integers in range.
_MAX_COORDINATE_PX = 1e5


def draw_hands(image: np.ndarray, hands: Sequence[Hand]) -> None:
    """Draw hands into an image, in place.

    Args:
        image: (H, W, 3) uint8 RGB, writable.
        hands: as `HandTracker.track` returns them for this image.

    Raises:
        ValueError: the image has another shape or type.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f'image: expected (H, W, 3) uint8, got {image.shape} {image.dtype}')
    # Labels last: a hand never hides the label of another.
    for hand in hands:
        _draw_skeleton(image, hand)
    for hand in hands:
        _draw_label(image, hand)


def hand_label(hand: Hand) -> str:
    """The words beside a drawn hand, such as `right 0.98 #3`."""
    held = ' held' if hand.state == TrackingState.HELD else ''
    return f'{hand.handedness.name.lower()} {hand.handedness_score:.2f} #{hand.track_id}{held}'


def _draw_skeleton(image: np.ndarray, hand: Hand) -> None:
    points = _points_px(image, hand)
    extent_px = float(np.ptp(points, axis=0).max())
    line_px = float(np.clip(LINE_FRACTION * extent_px, MIN_LINE_PX, MAX_LINE_PX))
    is_held = hand.state == TrackingState.HELD
    line_type = _draw_broken_line if is_held else _draw_line
    bones = [(first, second, HELD_COLOR if is_held else color) for first, second, color in BONES]
    # The dark outline of all lines first: crossing fingers keep their colours, and a light
    # background does not swallow them.
    if line_px >= MIN_OUTLINED_LINE_PX:
        for first, second, _ in bones:
            outline_px = max(line_px + 2.0, 1.8 * line_px)
            line_type(image, points[first], points[second], OUTLINE_COLOR, outline_px)
    for first, second, color in bones:
        line_type(image, points[first], points[second], color, line_px)

    radius_px = max(JOINT_FRACTION * extent_px, MIN_JOINT_LINES * line_px)
    nearness = _nearness(hand.landmarks[:, 2])
    for index in np.argsort(nearness):
        color = HELD_COLOR if is_held else JOINT_COLORS[index]
        fill = _shade(color, float(nearness[index]))
        _draw_disc(image, points[index], radius_px + max(0.6, 0.25 * line_px), OUTLINE_COLOR)
        _draw_disc(image, points[index], radius_px, fill)


def _draw_label(image: np.ndarray, hand: Hand) -> None:
    image_height, image_width = image.shape[:2]
    text = hand_label(hand)
    label_px = LABEL_HEIGHT_FRACTION * image_height
    height_px = min(max(label_px, MIN_LABEL_HEIGHT_PX), MAX_LABEL_HEIGHT_PX)
    text_height_px = LABEL_TEXT_FRACTION * height_px
    margin = round(0.4 * height_px)
    stripe = max(2, round(0.2 * height_px))
    width, height = stripe + text_width(text, text_height_px) + 2 * margin, round(height_px)

    points = _points_px(image, hand)
    center_x, top_y = (points[:, 0].min() + points[:, 0].max()) / 2, points[:, 1].min()
    # Above the hand, but always inside the image, so that a hand at the edge keeps its label.
    left = int(np.clip(center_x - width / 2, 0, max(0, image_width - width)))
    top = int(np.clip(top_y - 1.6 * height, 0, max(0, image_height - height)))

    box = image[top : top + height, left : left + width]
    box[:] = cv2.addWeighted(
        box, 1 - LABEL_OPACITY, np.full_like(box, OUTLINE_COLOR), LABEL_OPACITY, 0
    )
    side_color = HANDEDNESS_COLORS[hand.handedness]
    box[:, :stripe] = HELD_COLOR if hand.state == TrackingState.HELD else side_color
    baseline = top + round((height + text_height_px) / 2)
    draw_text(image, text, (left + stripe + margin, baseline), text_height_px, LABEL_TEXT_COLOR)


def _points_px(image: np.ndarray, hand: Hand) -> np.ndarray:
    height, width = image.shape[:2]
    points = np.nan_to_num(hand.landmarks_px(width, height).astype(np.float64))
    return np.clip(points, -_MAX_COORDINATE_PX, _MAX_COORDINATE_PX)


def _nearness(depth: np.ndarray) -> np.ndarray:
    """(21,) 1 for the landmark nearest to the camera, 0 for the farthest."""
    depth = np.nan_to_num(depth)
    return 1.0 - (depth - depth.min()) / max(float(np.ptp(depth)), 1e-6)


def _shade(color: Color, nearness: float) -> Color:
    """The colour, towards white for near joints and towards black for far ones."""
    target = 255.0 if nearness > 0.5 else 0.0
    weight = 0.8 * abs(2.0 * nearness - 1.0)
    return tuple(round(channel + weight * (target - channel)) for channel in color)


def _draw_line(
    image: np.ndarray, start: np.ndarray, end: np.ndarray, color: Color, width_px: float
) -> None:
    cv2.line(image, _fixed(start), _fixed(end), color, max(1, round(width_px)), cv2.LINE_AA, _SHIFT)


def _draw_broken_line(
    image: np.ndarray, start: np.ndarray, end: np.ndarray, color: Color, width_px: float
) -> None:
    """Three dashes, whatever the length."""
    for dash_start, dash_end in ((0.0, 0.16), (0.42, 0.58), (0.84, 1.0)):
        span = end - start
        _draw_line(image, start + dash_start * span, start + dash_end * span, color, width_px)


def _draw_disc(image: np.ndarray, center: np.ndarray, radius_px: float, color: Color) -> None:
    radius = round(radius_px * (1 << _SHIFT))
    cv2.circle(image, _fixed(center), radius, color, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _fixed(point: np.ndarray) -> tuple[int, int]:
    return round(float(point[0]) * (1 << _SHIFT)), round(float(point[1]) * (1 << _SHIFT))
