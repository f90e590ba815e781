"""OpenXR's joints, on hands of known shape."""

import numpy as np
import pytest

from hand_tracking_ros.tracking.fingers.openxr_joints import (
    OPENXR_JOINT_NAMES,
    openxr_joints,
)
from hand_tracking_ros.tracking.hand import Handedness, Landmark
from support.synthetic_hand import hand_points

SIDES = pytest.mark.parametrize('side', [Handedness.LEFT, Handedness.RIGHT])
BENDS_RAD = (0.4, 0.3, 0.6, 0.9, 1.5)
METACARPALS = [f'{finger}_metacarpal' for finger in ('index', 'middle', 'ring', 'little')]


def joint(name):
    return OPENXR_JOINT_NAMES.index(name)


def turned(points):
    rotation, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    return points @ rotation.T + [0.3, -0.2, 0.9], rotation


def test_there_are_26_joints_in_the_order_of_the_specification():
    assert len(OPENXR_JOINT_NAMES) == len(set(OPENXR_JOINT_NAMES)) == 26
    for index, name in ((0, 'palm'), (1, 'wrist'), (5, 'thumb_tip'), (6, 'index_metacarpal')):
        assert OPENXR_JOINT_NAMES[index] == name
    assert OPENXR_JOINT_NAMES[10::5] == ('index_tip', 'middle_tip', 'ring_tip', 'little_tip')


@SIDES
def test_every_joint_that_is_not_estimated_is_a_landmark(side):
    points, _ = turned(hand_points(BENDS_RAD, side))
    positions, _ = openxr_joints(points, side)
    estimated = ('palm', *METACARPALS)
    others = [i for i, name in enumerate(OPENXR_JOINT_NAMES) if name not in estimated]
    np.testing.assert_allclose(positions[others], points, atol=1e-9)


@SIDES
def test_estimated_joints_lie_inside_the_palm(side):
    points = hand_points(BENDS_RAD, side)
    positions, _ = openxr_joints(points, side)
    bases = positions[[joint(name) for name in METACARPALS]]
    knuckles = points[[5, 9, 13, 17]]
    lengths = np.linalg.norm(knuckles - bases, axis=1)
    assert ((lengths > 0.05) & (lengths < 0.075)).all()
    assert np.abs(np.diff(bases[:, 1])).min() > 0.008
    middle = positions[joint('middle_metacarpal')], positions[joint('middle_proximal')]
    np.testing.assert_allclose(positions[joint('palm')], np.mean(middle, axis=0), atol=1e-9)


@SIDES
def test_axes_are_right_handed_rotations_with_minus_z_along_the_bone(side):
    points, _ = turned(hand_points(BENDS_RAD, side))
    positions, rotations = openxr_joints(points, side)
    identity = np.broadcast_to(np.eye(3), (26, 3, 3))
    np.testing.assert_allclose(rotations @ rotations.transpose(0, 2, 1), identity, atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(rotations), 1.0)
    for index, name in enumerate(OPENXR_JOINT_NAMES[2:], start=2):
        start = index - 1 if name.endswith('tip') else index
        bone = positions[start + 1] - positions[start]
        expected = bone / np.linalg.norm(bone)
        np.testing.assert_allclose(-rotations[index, :, 2], expected, atol=1e-9, err_msg=name)


@SIDES
def test_y_is_out_of_the_back_of_hand_and_fingers(side):
    _, flat = openxr_joints(hand_points(side=side), side)
    long_fingers = [i for i, n in enumerate(OPENXR_JOINT_NAMES) if not n.startswith('thumb')]
    np.testing.assert_allclose(flat[long_fingers, 2, 1], 1.0, atol=0.02)
    # Bent by a right angle at each joint, the first bone's back faces where fingers pointed.
    points = hand_points((0.0, np.pi / 2, 0.0, 0.0, 0.0), side)
    _, bent = openxr_joints(points, side)
    np.testing.assert_allclose(bent[joint('index_proximal'), :, 1], [1.0, 0.0, 0.0], atol=0.02)
    # The nail of the thumb faces away from the fingers, and not to the palm's front.
    nail = flat[joint('thumb_tip'), :, 1]
    away = points[Landmark.INDEX_FINGER_MCP, 1] - points[Landmark.PINKY_MCP, 1]
    assert nail[1] * np.sign(away) > 0.3


def test_a_hand_turned_has_its_axes_turned():
    points = hand_points(BENDS_RAD)
    moved, rotation = turned(points)
    _, before = openxr_joints(points, Handedness.RIGHT)
    _, after = openxr_joints(moved, Handedness.RIGHT)
    np.testing.assert_allclose(after, rotation @ before, atol=1e-9)


def test_a_hand_without_a_palm_has_no_joints():
    positions, rotations = openxr_joints(np.zeros((21, 3)), Handedness.LEFT)
    assert np.isnan(positions).all() and np.isnan(rotations).all()
