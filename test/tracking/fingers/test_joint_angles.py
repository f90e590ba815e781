"""Joint angles, on hands of known shape."""

import numpy as np
import pytest

from hand_tracking_ros.tracking.fingers.joint_angles import JOINT_NAMES, joint_angles
from hand_tracking_ros.tracking.hand import FINGERS, Handedness, Landmark
from hand_tracking_ros.tracking.rotations import matrix_from_rotation_vector
from support.gesture_hands import GESTURES, gesture_hands
from support.synthetic_hand import hand_points

LEFT, RIGHT = Handedness.LEFT, Handedness.RIGHT


def turned(points: np.ndarray) -> np.ndarray:
    rotation, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    return points @ rotation.T


def about(axis: str, angle_rad: float) -> np.ndarray:
    """Rotation matrix (3, 3) about a coordinate axis."""
    return matrix_from_rotation_vector(angle_rad * np.eye(3)['xyz'.index(axis)])


def posed_hand(angles: dict[str, float], side=Handedness.RIGHT, thumb_roll_rad=1.0) -> np.ndarray:
    """Landmarks (21, 3) of a hand with these joint angles, by forward kinematics."""
    angles = {name: 0.0 for name in JOINT_NAMES} | angles
    points = hand_points()
    cmc = about('z', angles['thumb_cmc_abduction']) @ about('y', angles['thumb_cmc_flexion'])
    frame = cmc @ about('x', -thumb_roll_rad)
    for joint, (start, end) in zip((None, 'mcp', 'ip'), ((1, 2), (2, 3), (3, 4)), strict=True):
        frame = frame @ about('y', angles[f'thumb_{joint}_flexion'] if joint else 0.0)
        points[end] = points[start] + frame @ [0.035, 0.0, 0.0]
    for finger, (mcp, *joints) in list(FINGERS.items())[1:]:
        outwards = 1 if finger in ('index', 'middle') else -1
        frame = about('y', angles[f'{finger}_mcp_flexion'])
        frame = frame @ about('z', outwards * angles[f'{finger}_mcp_abduction'])
        for joint, start, end in zip((None, 'pip', 'dip'), (mcp, *joints), joints, strict=False):
            frame = frame @ about('y', angles[f'{finger}_{joint}_flexion'] if joint else 0.0)
            points[end] = points[start] + frame @ [0.03, 0.0, 0.0]
    if side == Handedness.LEFT:
        points[:, 1] *= -1
    return points


def random_angles(rng) -> dict[str, float]:
    """Angles within the range of human joints, the thumb bent enough to show how it is turned."""
    ranges = {'abduction': (-0.3, 0.35), 'flexion': (-0.2, 1.7)}
    thumb = {
        'thumb_cmc_abduction': (0.0, 1.1),
        'thumb_cmc_flexion': (-0.1, 1.0),
        'thumb_mcp_flexion': (0.5, 1.2),
        'thumb_ip_flexion': (0.5, 1.4),
    }
    return {
        name: rng.uniform(*thumb.get(name, ranges.get(name.split('_')[-1])))
        for name in JOINT_NAMES
        if name != 'thumb_opposition'
    }


def named_angles(points, side) -> dict[str, float]:
    return dict(zip(JOINT_NAMES, joint_angles(points, side), strict=True))


SIDES = pytest.mark.parametrize('side', [Handedness.LEFT, Handedness.RIGHT])


@SIDES
def test_a_flat_hand_has_only_zeros_but_for_the_thumbs_place(side):
    angles = named_angles(posed_hand({}, side), side)
    opposition = angles.pop('thumb_opposition')
    np.testing.assert_allclose(list(angles.values()), 0.0, atol=1e-7)
    assert 0 < opposition < 0.5


@SIDES
def test_angles_of_the_long_fingers_come_back_exactly(side):
    rng = np.random.default_rng(0)
    for _ in range(100):
        expected = random_angles(rng)
        found = named_angles(turned(posed_hand(expected, side)), side)
        for name, angle in expected.items():
            if not name.startswith('thumb'):
                assert found[name] == pytest.approx(angle, abs=1e-6), name


@SIDES
@pytest.mark.parametrize('thumb_roll_rad', np.radians([20.0, 65.0, 110.0]))
def test_angles_of_the_thumb_come_back_however_it_is_turned(side, thumb_roll_rad):
    rng = np.random.default_rng(1)
    for _ in range(100):
        expected = random_angles(rng)
        found = named_angles(posed_hand(expected, side, thumb_roll_rad), side)
        for name, angle in expected.items():
            if name.startswith('thumb_cmc'):
                assert found[name] == pytest.approx(angle, abs=1e-6), name
            elif name.startswith('thumb'):
                assert found[name] == pytest.approx(angle, abs=np.radians(8)), name


@pytest.mark.parametrize('joint', ['thumb_mcp_flexion', 'thumb_ip_flexion'])
def test_a_thumb_bent_backwards_has_negative_flexion(joint):
    for roll_deg in (30, 65, 100):
        angles = {'thumb_cmc_abduction': 0.6, joint: -0.4}
        found = named_angles(posed_hand(angles, thumb_roll_rad=np.radians(roll_deg)), RIGHT)
        assert -0.45 < found[joint] < -0.25


@SIDES
def test_opposition_grows_as_the_thumb_swings_from_beside_the_palm_to_the_little_finger(side):
    found = []
    for angle in np.linspace(-0.2, 2.2, 9):
        points = posed_hand({}, side)
        swung = [0.05, 0.06 * np.cos(angle), -0.06 * np.sin(angle)]
        points[Landmark.THUMB_IP] = swung * np.array([1, -1 if side == LEFT else 1, 1])
        found.append(named_angles(points, side)['thumb_opposition'])
    np.testing.assert_allclose(found, np.linspace(-0.2, 2.2, 9), atol=1e-6)


def test_each_joint_moves_its_own_angle_alone():
    flat = joint_angles(posed_hand({}), RIGHT)
    for index, name in enumerate(JOINT_NAMES):
        if name.startswith('thumb'):
            continue
        change = joint_angles(posed_hand({name: 0.3}), RIGHT) - flat
        assert change[index] == pytest.approx(0.3, abs=1e-6)
        np.testing.assert_allclose(np.delete(change, index), 0.0, atol=1e-6, err_msg=name)


@SIDES
def test_a_hand_of_unknown_side_whose_fingers_bend_has_the_same_angles(side):
    points = posed_hand({f'{finger}_mcp_flexion': 0.8 for finger in list(FINGERS)[1:]}, side)
    np.testing.assert_allclose(
        joint_angles(points, Handedness.UNKNOWN), joint_angles(points, side), atol=1e-9
    )


def test_joint_angles_do_not_depend_on_size_or_place():
    points = posed_hand(random_angles(np.random.default_rng(2)))
    np.testing.assert_allclose(
        joint_angles(points * 3.0 + 5.0, RIGHT), joint_angles(points, RIGHT), atol=1e-9
    )


def test_a_hand_without_a_palm_has_no_angles():
    assert np.isnan(joint_angles(np.zeros((21, 3)), RIGHT)).all()


def test_a_finger_without_length_leaves_the_others():
    points = posed_hand({'ring_mcp_flexion': 0.5})
    points[6:9] = points[5]
    found = named_angles(points, RIGHT)
    assert np.isfinite(list(found.values())).all()
    assert found['ring_mcp_flexion'] == pytest.approx(0.5)


def test_real_bent_fingers_have_large_flexion_and_straight_ones_small():
    for gesture, world_landmarks in gesture_hands():
        angles = named_angles(world_landmarks, Handedness.UNKNOWN)
        for finger, is_bent in zip(list(FINGERS)[1:], GESTURES[gesture][1:], strict=True):
            total = sum(angles[f'{finger}_{joint}_flexion'] for joint in ('mcp', 'pip', 'dip'))
            assert (total > np.radians(100)) == is_bent, (gesture, finger, np.degrees(total))
