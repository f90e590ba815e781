"""The check at the way out: no hand is reported whose numbers are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hand_tracking_ros.tracking.fingers.finger_values import with_finger_values
from hand_tracking_ros.tracking.hand import Hand, HandPose

# Of an eigenvalue of a covariance, against the largest one: rounding.
MAX_NEGATIVE_SHARE = 1e-9


def sound_hand(hand: Hand) -> tuple[Hand | None, str]:
    """A hand as far as its numbers can be reported.

    Returns:
        The hand: without its pose if that is not finite or its covariance not positive
        semi-definite, None if anything else is not finite in float32; and which value is wrong,
        empty if none is.
    """
    wrong = '' if hand.pose is None else _wrong_in_pose(hand.pose)
    if wrong:
        hand = with_finger_values(replace(hand, pose=None))
    region = hand.region
    not_finite = _first_not_finite(
        landmarks=hand.landmarks,
        world_landmarks=hand.world_landmarks,
        handedness_score=hand.handedness_score,
        presence=hand.presence,
        age_s=hand.age_s,
        region=[region.center_x_px, region.center_y_px, region.size_px, region.rotation_rad],
        finger_curl=0.0 if hand.finger_curl is None else hand.finger_curl,
        pinch=0.0 if hand.pinch is None else hand.pinch,
    )
    return (None, not_finite) if not_finite else (hand, wrong)


def _wrong_in_pose(pose: HandPose) -> str:
    not_finite = _first_not_finite(
        position_m=pose.position_m,
        rotation=pose.rotation,
        camera_landmarks_m=pose.camera_landmarks_m,
        covariance=pose.covariance,
        reprojection_error_px=pose.reprojection_error_px,
    )
    if not_finite:
        return f'pose.{not_finite}'
    eigenvalues = np.linalg.eigvalsh(pose.covariance)
    if eigenvalues[0] < -MAX_NEGATIVE_SHARE * abs(eigenvalues[-1]):
        return 'pose.covariance is not positive semi-definite'
    return ''


def _first_not_finite(**values: np.ndarray | list[float] | float) -> str:
    """What is wrong with the first of these values that is; empty if none is."""
    # Messages hold float32, in which larger numbers are infinite.
    with np.errstate(over='ignore'):
        for name, numbers in values.items():
            if not np.isfinite(np.asarray(numbers, np.float32)).all():
                return f'{name} is not finite'
    return ''
