"""The hand frame: its axes on either hand, in every convention."""

import numpy as np
import pytest

from hand_tracking_ros.tracking.fingers.hand_frame import convert_pose_convention, hand_axes
from hand_tracking_ros.tracking.hand import Handedness, Landmark
from hand_tracking_ros.tracking.rotations import matrix_from_rotation_vector
from support.synthetic_hand import hand_points

SIDES = (Handedness.LEFT, Handedness.RIGHT)
TURN = matrix_from_rotation_vector(np.array([0.4, -0.9, 0.3]))


def bent_hand(side=Handedness.RIGHT) -> np.ndarray:
    return hand_points((0.3, 0.4, 0.5, 0.4, 0.3), side)


@pytest.mark.parametrize('side', SIDES)
def test_z_points_out_of_the_back_of_either_hand(side):
    x, y, z = hand_axes(bent_hand(side), side).T
    np.testing.assert_allclose(x, [1.0, 0.0, 0.0], atol=0.01)
    np.testing.assert_allclose(z, [0.0, 0.0, 1.0], atol=0.01)
    np.testing.assert_allclose(y, np.cross(z, x), atol=1e-9)


@pytest.mark.parametrize('side', SIDES)
def test_the_fingers_tell_the_back_of_a_hand_of_unknown_side(side):
    points = bent_hand(side) @ TURN.T
    np.testing.assert_array_equal(hand_axes(points, Handedness.UNKNOWN), hand_axes(points, side))


def test_hand_axes_are_a_rotation():
    axes = hand_axes(bent_hand() @ TURN.T, Handedness.RIGHT)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)


@pytest.mark.parametrize('side', SIDES)
@pytest.mark.parametrize(
    ('convention', 'to_fingers', 'out_of_back'),
    [
        ('rep103', (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
        ('openxr', (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)),
        ('mano', (0.0, 0.0, 1.0), (-1.0, 0.0, 0.0)),
    ],
)
def test_each_convention_points_its_axes_as_documented(side, convention, to_fingers, out_of_back):
    points = bent_hand(side) @ TURN.T
    rotation = hand_axes(points, side)
    converted = convert_pose_convention(rotation, convention)
    assert np.linalg.det(converted) == pytest.approx(1.0)
    np.testing.assert_allclose(converted.T @ converted, np.eye(3), atol=1e-12)
    fingers = points[Landmark.MIDDLE_FINGER_MCP] - points[Landmark.WRIST]
    np.testing.assert_allclose(
        converted @ to_fingers, fingers / np.linalg.norm(fingers), atol=1e-12
    )
    np.testing.assert_allclose(converted @ out_of_back, rotation[:, 2], atol=1e-12)


def test_mano_points_y_from_the_little_finger_to_the_thumb_of_right_hands_only():
    for side, sign in ((Handedness.RIGHT, 1), (Handedness.LEFT, -1)):
        points = bent_hand(side)
        to_thumb = points[Landmark.INDEX_FINGER_MCP] - points[Landmark.PINKY_MCP]
        y = convert_pose_convention(hand_axes(points, side), 'mano')[:, 1]
        assert sign * y @ to_thumb > 0.05


def test_an_unknown_convention_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="'unity', expected one of rep103, openxr, mano"):
        convert_pose_convention(np.eye(3), 'unity')
