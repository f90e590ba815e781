"""A fisheye camera sees hands beside and behind itself: they have poses like any others."""

from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.tracking.hand_check import sound_hand
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.hand_locator import HandLocator
from hand_tracking_ros.tracking.rotations import matrix_from_rotation_vector
from hand_tracking_ros.tracking.smoothing import HandSmoother
from support.seen_hand import PALM_SHOWN, placed_joints, report

SIDE_PX = 1000
# An ideal fisheye lens of 220 degrees: the angle from the axis is the distance from the middle.
CAMERA = CameraModel.from_camera_info_fields(
    SIDE_PX, SIDE_PX, [260, 0, 500, 0, 260, 500, 0, 0, 1], [0.0] * 4, 'equidistant'
)


@pytest.mark.parametrize('angle_deg', [0, 60, 85, 90, 95, 105])
def test_a_hand_beside_the_camera_is_placed_and_smoothed(angle_deg):
    ahead = placed_joints(np.array([0.0, 0.0, 0.5]), PALM_SHOWN)
    turn = matrix_from_rotation_vector(np.array([0.0, np.radians(angle_deg), 0.0]))
    joints_m = ahead @ turn.T
    # What the networks say of a hand is the same wherever it is in the image: they see a crop.
    seen = report(ahead, CAMERA)
    pixels = CAMERA.project(joints_m) / SIDE_PX
    seen = replace(seen, landmarks=np.column_stack([pixels, seen.landmarks[:, 2]]))
    locator, smoother = HandLocator(), HandSmoother()
    for number in range(10):
        located = locator.locate([seen], CAMERA, number / 30)
        (hand,) = smoother.smooth(located, number / 30, SIDE_PX, SIDE_PX)
        kept, problem = sound_hand(hand)
        assert problem == ''
        assert kept.pose is not None
        assert np.linalg.norm(kept.pose.position_m - joints_m[0]) < 0.1
