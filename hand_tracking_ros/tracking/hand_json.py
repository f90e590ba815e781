"""A hand as JSON: the one form in which process_media and the demo write hands.

json.dumps([hand_to_json(hand) for hand in pipeline.process(image, stamp_s)])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hand_tracking_ros.tracking.hand import Hand, HandPose
from hand_tracking_ros.tracking.rotations import quaternion_from_matrix

# As many as a float32 holds.
SIGNIFICANT_DIGITS = 7

# For the --help of programs that write it.
HAND_FORMAT = """\
"track_id", "handedness" LEFT, RIGHT (the person's own) or UNKNOWN, "handedness_score", "state"
TRACKED or HELD, "presence", "age_s", "landmarks" 21 x [x, y, z] (fractions of the image size),
"world_landmarks" 21 x [x, y, z] (m), "region" (center_px, size_px, rotation_rad), "pose" (null, or
position_m, orientation_xyzw, covariance, camera_landmarks_m, reprojection_error_px, source
HAND_SIZE or DEPTH), "finger_curl" 5 x 0 (straight) .. 1 (bent), "pinch" 0 (open) .. 1 (closed)"""


def hand_to_json(hand: Hand) -> dict[str, Any]:
    """All that is known of a hand, as `json.dumps` takes it; HAND_FORMAT says what it is."""
    return {
        'track_id': hand.track_id,
        'handedness': hand.handedness.name,
        'handedness_score': rounded(hand.handedness_score),
        'state': hand.state.name,
        'presence': rounded(hand.presence),
        'age_s': rounded(hand.age_s),
        'landmarks': rounded(hand.landmarks),
        'world_landmarks': rounded(hand.world_landmarks),
        'region': {
            'center_px': rounded([hand.region.center_x_px, hand.region.center_y_px]),
            'size_px': rounded(hand.region.size_px),
            'rotation_rad': rounded(hand.region.rotation_rad),
        },
        'pose': None if hand.pose is None else _pose_to_json(hand.pose),
        'finger_curl': None if hand.finger_curl is None else rounded(hand.finger_curl),
        'pinch': None if hand.pinch is None else rounded(hand.pinch),
    }


def rounded(numbers: float | Sequence[Any] | np.ndarray) -> Any:
    """A number, or an array of any shape as nested lists, with SIGNIFICANT_DIGITS."""
    if isinstance(numbers, np.ndarray):
        numbers = numbers.tolist()
    if isinstance(numbers, Sequence):
        return [rounded(number) for number in numbers]
    return float(f'{numbers:.{SIGNIFICANT_DIGITS}g}')


def _pose_to_json(pose: HandPose) -> dict[str, Any]:
    return {
        'position_m': rounded(pose.position_m),
        'orientation_xyzw': rounded(quaternion_from_matrix(pose.rotation)),
        'covariance': rounded(pose.covariance),
        'camera_landmarks_m': rounded(pose.camera_landmarks_m),
        'reprojection_error_px': rounded(pose.reprojection_error_px),
        'source': pose.source.name,
    }
