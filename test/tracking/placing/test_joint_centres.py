"""Between the landmarks that networks draw and the joints inside the hand."""

import numpy as np
import pytest

from hand_tracking_ros.tracking.placing.joint_centres import drawn_landmarks, joint_centres
from support.synthetic_hand import hand_points


@pytest.mark.parametrize('palm_facing', [-1.0, 0.0, 1.0])
@pytest.mark.parametrize('dimensions', [2, 3])
def test_joints_come_back_from_the_landmarks_drawn_of_them(palm_facing, dimensions):
    joints = hand_points((0.3, 0.5, 0.7, 0.2, 0.4))[:, :dimensions]
    drawn = drawn_landmarks(joints, palm_facing)
    assert np.abs(drawn - joints).max() > 2e-3
    np.testing.assert_allclose(joint_centres(drawn, palm_facing), joints, atol=1e-12)


def test_landmarks_that_are_not_known_spoil_only_their_neighbours():
    landmarks = hand_points()
    landmarks[8] = np.nan
    assert np.isnan(joint_centres(landmarks, 0.5)).any(axis=1).sum() == 1


def test_fingertips_lie_beyond_the_landmarks_drawn():
    flat = hand_points()
    joints = joint_centres(flat, 0.0)
    assert (joints[[8, 12, 16, 20], 0] > flat[[8, 12, 16, 20], 0]).all()
