"""The palm's size: a length of the hand that fingers and orientation do not change."""

import numpy as np
import pytest

from hand_tracking_ros.tracking.palm import palm_size
from hand_tracking_ros.tracking.rotations import matrix_from_rotation_vector
from support.synthetic_hand import hand_points


def test_the_palm_size_is_the_mean_side_of_its_triangle():
    points = np.zeros((21, 2))
    points[[5, 17]] = [3.0, 0.0], [0.0, 4.0]
    assert palm_size(points) == pytest.approx((3 + 4 + 5) / 3)


def test_bent_fingers_and_turned_hands_have_the_same_palm_size():
    turn = matrix_from_rotation_vector(np.array([0.3, 1.0, -0.5]))
    bent = hand_points((1.0, 1.2, 0.4, 0.8, 1.5)) @ turn.T
    assert palm_size(bent) == pytest.approx(palm_size(hand_points()))
