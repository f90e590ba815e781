"""Rotated square regions of interest: where the landmark model looks, and the way back.

Formulas and constants are those of MediaPipe's hand graphs (palm_detection_detection_to_roi,
hand_landmark_landmarks_to_roi), kept in pixels, where every region is a square.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

# How far a region reaches beyond what it was made from: scale of the longer side, and shift
# towards the fingers as a fraction of the unscaled height.
PALM_SCALE, PALM_SHIFT = 2.6, 0.5
LANDMARKS_SCALE, LANDMARKS_SHIFT = 2.0, 0.1

# Landmarks that bound the next region: the palm and the fingers' first joints. Finger tips would
# make the region jump with every bend.
STABLE_LANDMARKS = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)


@dataclass(frozen=True)
class Region:
    """A rotated square in an image.

    Attributes:
        center_x_px, center_y_px: centre, in pixels; may lie outside the image.
        size_px: side.
        rotation_rad: clockwise positive in the image; 0 where the fingers point up.
    """

    center_x_px: float
    center_y_px: float
    size_px: float
    rotation_rad: float

    def to_image(self, points: np.ndarray) -> np.ndarray:
        """Pixels (N, 2) of points (N, 2): fractions of the side, from the region's first corner."""
        cos, sin = math.cos(self.rotation_rad), math.sin(self.rotation_rad)
        rotate = np.array([[cos, sin], [-sin, cos]], points.dtype)
        center = np.array([self.center_x_px, self.center_y_px], points.dtype)
        return (points - 0.5) @ rotate * self.size_px + center


def whole_image(image: np.ndarray) -> Region:
    """The upright square around the whole image, as the palm detector sees it."""
    height, width = image.shape[:2]
    return Region(width / 2, height / 2, max(width, height), 0.0)


def region_from_palm(box_px: np.ndarray, wrist_px: np.ndarray, middle_px: np.ndarray) -> Region:
    """Region of the hand that a detected palm belongs to.

    Args:
        box_px: (4,) xmin, ymin, xmax, ymax.
        wrist_px: (2,) wrist keypoint.
        middle_px: (2,) middle-finger MCP keypoint: wrist to middle finger points up in the region.
    """
    center = (box_px[:2] + box_px[2:]) / 2
    extent = box_px[2:] - box_px[:2]
    rotation = _rotation_to_up(middle_px - wrist_px)
    return _square_around(center, extent, rotation, PALM_SCALE, PALM_SHIFT)


def region_from_landmarks(landmarks_px: np.ndarray) -> Region:
    """Region where the next image should show the hand with these landmarks (21, 2 or 3), px."""
    points = np.asarray(landmarks_px, np.float64)[:, :2]
    target = ((points[5] + points[13]) / 2 + points[9]) / 2
    rotation = _rotation_to_up(target - points[0])
    stable = points[list(STABLE_LANDMARKS)]
    middle = (stable.min(axis=0) + stable.max(axis=0)) / 2
    cos, sin = math.cos(rotation), math.sin(rotation)
    upright = (stable - middle) @ np.array([[cos, -sin], [sin, cos]])
    low, high = upright.min(axis=0), upright.max(axis=0)
    center = middle + (low + high) / 2 @ np.array([[cos, sin], [-sin, cos]])
    return _square_around(center, high - low, rotation, LANDMARKS_SCALE, LANDMARKS_SHIFT)


def overlap(a: Region, b: Region) -> float:
    """Intersection over union of two regions, their rotation ignored (as MediaPipe does)."""
    intersection = _intersection_px2(a, b)
    union = a.size_px**2 + b.size_px**2 - intersection
    return intersection / union if union else 0.0


def covered_share(region: Region, other: Region) -> float:
    """Share of a region that lies in another one, their rotation ignored."""
    area = region.size_px**2
    return _intersection_px2(region, other) / area if area else 0.0


def _intersection_px2(a: Region, b: Region) -> float:
    half_sum = (a.size_px + b.size_px) / 2
    smaller = min(a.size_px, b.size_px)
    width = min(half_sum - abs(a.center_x_px - b.center_x_px), smaller)
    height = min(half_sum - abs(a.center_y_px - b.center_y_px), smaller)
    return max(width, 0.0) * max(height, 0.0)


def box_overlaps(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one (2, 2) box of corners with (N, 2, 2) others, as (N,)."""
    low = np.maximum(box[0], boxes[:, 0])
    high = np.minimum(box[1], boxes[:, 1])
    intersection = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(boxes[:, 1] - boxes[:, 0], axis=1) + np.prod(box[1] - box[0])
    return intersection / np.maximum(areas - intersection, np.finfo(np.float32).tiny)


def _rotation_to_up(direction_px: np.ndarray) -> float:
    """Clockwise rotation, in [-pi, pi), that separates "up" in the image from a direction."""
    angle = math.pi / 2 - math.atan2(-direction_px[1], direction_px[0])
    return angle - 2 * math.pi * math.floor((angle + math.pi) / (2 * math.pi))


def _square_around(
    center_px: np.ndarray, extent_px: np.ndarray, rotation_rad: float, scale: float, shift: float
) -> Region:
    """Square region around a rotated box, scaled, and shifted towards the fingers."""
    distance = shift * extent_px[1]
    return Region(
        float(center_px[0] + distance * math.sin(rotation_rad)),
        float(center_px[1] - distance * math.cos(rotation_rad)),
        float(scale * extent_px.max()),
        rotation_rad,
    )
