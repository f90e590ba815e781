"""What teleoperation needs of a hand, and what no hand can do between two images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_tracking_ros.tracking.hand import Hand
from hand_tracking_ros.tracking.rotations import rotation_vector

# What is faster is no motion of a hand that guides a robot but an error: of the hand tracker, of a
# transform, or another hand. ISO 13855 reckons with 2 m/s for an arm that reaches; boxers come to
# 9 m/s in single punches (doi:10.1080/14763141.2010.547590).
MAX_HAND_SPEED_M_S = 5.0
# About three turns a second, more than a wrist does.
MAX_HAND_TURN_RAD_S = 20.0
# By so much more the hand tracker may be wrong from one image to the next, several times what
# docs/accuracy.md has for 9 of 10 hands.
TRACKING_ERROR_M, TRACKING_ERROR_RAD = 0.1, 1.0


@dataclass(frozen=True)
class HandSample:
    """What teleoperation needs of a tracked hand.

    Attributes:
        track_id: the same hand over time.
        position_m: (3,) the wrist, in the robot's frame.
        rotation: (3, 3) axes of the hand in the robot's frame.
        pinch: 0 open to 1 closed.
        curl: 0 to 1, of middle, ring and little finger.
    """

    track_id: int
    position_m: np.ndarray
    rotation: np.ndarray
    pinch: float
    curl: float

    @property
    def is_usable(self) -> bool:
        """Whether all of it is finite, and the rotation is one."""
        numbers = [*self.position_m, *np.ravel(self.rotation), self.pinch, self.curl]
        if not np.isfinite(numbers).all():
            return False
        square = self.rotation @ np.transpose(self.rotation)
        return np.allclose(square, np.eye(3), atol=1e-3) and np.linalg.det(self.rotation) > 0


def sample_hand(hand: Hand, to_robot: np.ndarray) -> HandSample:
    """A hand that has a pose, for `Teleop.update`.

    Args:
        hand: seen in an image.
        to_robot: (4, 4) transform from the camera's frame to the robot's.
    """
    turn = to_robot[:3, :3]
    return HandSample(
        track_id=hand.track_id,
        position_m=turn @ hand.pose.position_m + to_robot[:3, 3],
        rotation=turn @ hand.pose.rotation,
        pinch=hand.pinch,
        curl=float(hand.finger_curl[2:].mean()),
    )


def jump_between(before: HandSample, after: HandSample, step_s: float, turns: bool) -> str:
    """How a hand moved farther than a hand can in `step_s` seconds; empty if it did not.

    `turns`: its rotation counts too.
    """
    moved_m = float(np.linalg.norm(np.subtract(after.position_m, before.position_m)))
    if not moved_m <= MAX_HAND_SPEED_M_S * step_s + TRACKING_ERROR_M:
        return f'the hand jumped by {moved_m:.2f} m within {step_s:.3f} s, as no hand can'
    turned_rad = float(np.linalg.norm(rotation_vector(after.rotation @ before.rotation.T)))
    if turns and not turned_rad <= MAX_HAND_TURN_RAD_S * step_s + TRACKING_ERROR_RAD:
        return f'the hand jumped by {turned_rad:.1f} rad within {step_s:.3f} s, as no hand can'
    return ''
