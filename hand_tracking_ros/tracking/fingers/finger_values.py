"""The last step of the pipeline: how bent the fingers of a hand are, and whether it pinches."""

from __future__ import annotations

from dataclasses import replace

from hand_tracking_ros.tracking.fingers.joint_angles import articulation, finger_curl, pinch
from hand_tracking_ros.tracking.hand import Hand


def with_finger_values(hand: Hand) -> Hand:
    """The hand with `finger_curl` and `pinch`, from its pose if it has one."""
    points = articulation(hand)
    return replace(hand, finger_curl=finger_curl(points), pinch=pinch(points))
