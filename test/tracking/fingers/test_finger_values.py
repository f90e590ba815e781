"""Curl of the fingers and pinch, on hands of known shape and on real ones."""

import numpy as np
import pytest

from hand_tracking_ros.tracking.fingers.finger_values import finger_curl, joint_bends, pinch
from hand_tracking_ros.tracking.hand import Handedness, Landmark
from support.gesture_hands import GESTURES, gesture_hands
from support.synthetic_hand import hand_points


def turned(points: np.ndarray) -> np.ndarray:
    rotation, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    return points @ rotation.T


def test_a_straight_finger_has_no_bend_and_no_curl():
    points = hand_points()
    np.testing.assert_allclose(joint_bends(points)[2], 0.0, atol=1e-7)
    np.testing.assert_allclose(finger_curl(points)[1:], 0.0)


def test_joint_bends_are_the_angles_between_bones():
    bends = joint_bends(hand_points((0.0, 0.1, 0.5, 1.0, 1.5)))
    np.testing.assert_allclose(bends[2], 0.5, atol=1e-7)
    np.testing.assert_allclose(bends[4, 1:], 1.5, atol=1e-7)


def test_a_fist_has_full_curl():
    np.testing.assert_allclose(finger_curl(hand_points((0.9, 1.4, 1.4, 1.4, 1.4))), 1.0)


@pytest.mark.parametrize('finger', range(5))
def test_bending_one_finger_raises_its_curl_alone(finger):
    curls = []
    for bend in np.linspace(0.0, 0.9 if finger == 0 else 1.3, 8):
        bends = np.zeros(5)
        bends[finger] = bend
        curls.append(finger_curl(hand_points(bends)))
    curls = np.array(curls)
    assert (np.diff(curls[:, finger]) >= 0).all()
    assert curls[0, finger] < 0.3 and curls[-1, finger] > 0.9
    others = np.delete(curls, finger, axis=1)
    np.testing.assert_allclose(others, np.broadcast_to(others[0], others.shape))


def test_neither_place_nor_size_nor_side_of_the_hand_matters():
    bends = (0.4, 0.3, 0.6, 0.9, 1.2)
    expected = finger_curl(hand_points(bends))
    for points in (
        turned(hand_points(bends)),
        hand_points(bends) * 0.5 + 7.0,
        hand_points(bends, Handedness.LEFT),
    ):
        np.testing.assert_allclose(finger_curl(points), expected, atol=1e-6)
        assert pinch(points) == pytest.approx(pinch(hand_points(bends)), abs=1e-6)


def test_pinch_grows_from_open_to_touching():
    points = hand_points((0.0, 0.6, 0.0, 0.0, 0.0))
    thumb, index = points[Landmark.THUMB_TIP].copy(), points[Landmark.INDEX_FINGER_TIP]
    values = []
    for share in np.linspace(0.0, 1.0, 9):
        points[Landmark.THUMB_TIP] = thumb + share * (index - thumb)
        values.append(pinch(points))
    assert values[0] == 0.0 and values[-1] == 1.0
    assert (np.diff(values) >= 0).all()
    assert pinch(hand_points()) == 0.0


def test_a_hand_without_size_gives_finite_numbers():
    nowhere = np.zeros((21, 3), np.float32)
    assert np.isfinite(finger_curl(nowhere)).all()
    assert pinch(nowhere) == 0.0


def test_values_stay_in_range_for_any_landmarks():
    rng = np.random.default_rng(0)
    for _ in range(200):
        points = rng.normal(size=(21, 3)) * 10 ** rng.uniform(-6, 3)
        curl = finger_curl(points)
        assert ((curl >= 0) & (curl <= 1)).all()
        assert 0 <= pinch(points) <= 1


def test_curl_tells_bent_from_straight_fingers_of_real_hands():
    hands = gesture_hands()
    assert len(hands) >= 12
    for gesture, world_landmarks in hands:
        curl = finger_curl(world_landmarks)
        bent = np.array(GESTURES[gesture])
        assert (curl[bent] > 0.6).all() and (curl[~bent] < 0.3).all(), (gesture, curl)
