"""Directions in a hand that its landmarks imply: its own frame, its bones, and their hinges."""

from __future__ import annotations

import numpy as np

from hand_tracking_ros.tracking.fingers.hand_frame import hand_axes
from hand_tracking_ros.tracking.hand import FINGERS, Handedness, Landmark

# The thumb bends about an axis that is turned by so much, about its metacarpal, from that of a
# long finger: its nail faces half to the side. Used where a straight thumb does not show its axis.
THUMB_ROLL_RAD = np.radians(65.0)
# Bends whose sine is well above this show their axis themselves.
CLEAR_BEND = 0.35

MIRROR = np.array([1.0, -1.0, 1.0])


def as_right_hand(points: np.ndarray, handedness: Handedness) -> tuple[np.ndarray, np.ndarray]:
    """A hand in its own frame, a left one as its mirror image.

    Args:
        points: (21, 3) metric landmarks in any right-handed frame.
        handedness: the side they show; where that is unknown, see `hand_axes`.

    Returns:
        (21, 3) landmarks of a right hand with the wrist at the origin, x to the middle finger's
        knuckle, y on the thumb's side, z out of the back; and (3, 3) what takes its directions,
        as columns, back to the frame of the points. NaN if the landmarks span no palm.
    """
    points = np.asarray(points, np.float64)
    axes = hand_axes(points, handedness)
    local = (points - points[Landmark.WRIST]) @ axes
    if local[Landmark.INDEX_FINGER_MCP, 1] < local[Landmark.PINKY_MCP, 1]:
        return local * MIRROR, axes * MIRROR
    return local, axes


def finger_bones(local: np.ndarray) -> np.ndarray:
    """(5, 3, 3) directions of each finger's three bones, thumb first, from the palm outwards.

    They are those of landmarks (21, 3); a bone without length has direction 0.
    """
    return unit(np.diff(local[np.array(list(FINGERS.values()))], axis=1))


def hinges(bones: np.ndarray) -> np.ndarray:
    """(5, 3) the axis about which each finger of a right hand bends, thumb first.

    A positive turn about it is flexion; a bone's direction times (cross) it is the bone's back.
    `bones` are as `finger_bones` gives them for a right hand in its own frame.
    """
    return np.vstack([_thumb_hinge(*bones[0]), _to_the_side(bones[1:, 0])])


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors (..., 3) at length 1; those without length stay 0."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, 1.0)


def _to_the_side(proximal: np.ndarray) -> np.ndarray:
    """The palm's y axis (..., 3), turned with first bones of long fingers.

    First about y itself, by the flexion, then about the finger's back, by the abduction.
    """
    x, y, z = np.moveaxis(proximal, -1, 0)
    abduction, flexion = np.arctan2(y, np.hypot(x, z)), np.arctan2(-z, x)
    sine = np.sin(abduction)
    return np.stack([-sine * np.cos(flexion), np.cos(abduction), sine * np.sin(flexion)], axis=-1)


def _thumb_hinge(metacarpal: np.ndarray, proximal: np.ndarray, distal: np.ndarray) -> np.ndarray:
    side = unit(np.array([-metacarpal[1], metacarpal[0], 0.0]))
    back = np.cross(metacarpal, side)
    expected = np.cos(THUMB_ROLL_RAD) * side - np.sin(THUMB_ROLL_RAD) * back
    shown = np.cross(metacarpal, proximal) + np.cross(proximal, distal)
    # Bent backwards, it turns about the same axis the other way.
    return unit(CLEAR_BEND * expected + np.copysign(1.0, shown @ expected) * shown)
