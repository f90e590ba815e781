"""What simulated hands do over time."""

import itertools

import numpy as np
import pytest

from hand_tracking_ros.simulation.hand_skeleton import complete_angles
from hand_tracking_ros.simulation.scenes import SCENES, mirrored, random_setting

RATE_HZ = 30
# Longer than any period.
DURATION_S = 14.0


def moments(name, seed=0):
    setting = random_setting(np.random.default_rng(seed), SCENES[name])
    times = np.arange(0, DURATION_S, 1 / RATE_HZ)
    return [SCENES[name].move(t, setting) for t in times]


def angle_rad(first, second):
    return np.arccos(np.clip((np.trace(first.T @ second) - 1) / 2, -1, 1))


@pytest.mark.parametrize('name', SCENES)
def test_hands_are_as_many_as_said_and_keep_human_angles(name):
    for moment in moments(name):
        assert len(moment.hands) == SCENES[name].num_hands
        for hand in moment.hands:
            assert complete_angles(hand.angles_rad) == pytest.approx(dict(hand.angles_rad))
            assert hand.rotation @ hand.rotation.T == pytest.approx(np.eye(3))
            assert np.linalg.det(hand.rotation) == pytest.approx(1)
            assert hand.center_m[2] > 0.25


@pytest.mark.parametrize('name', SCENES)
def test_nothing_jumps(name):
    for number in range(SCENES[name].num_hands):
        hands = [moment.hands[number] for moment in moments(name)]
        for before, after in itertools.pairwise(hands):
            # 3 m/s and 20 rad/s, as quick as hands wave.
            assert np.linalg.norm(after.center_m - before.center_m) < 3.0 / RATE_HZ
            assert angle_rad(before.rotation, after.rotation) < 20 / RATE_HZ
            turns = [after.angles_rad[name] - before.angles_rad[name] for name in after.angles_rad]
            assert np.abs(turns).max() < 20 / RATE_HZ


def test_a_still_hand_does_not_move():
    first, *others = (moment.hands[0] for moment in moments('still'))
    for other in others:
        assert (other.center_m == first.center_m).all()
        assert (other.rotation == first.rotation).all()
        assert other.angles_rad == first.angles_rad


def test_turning_shows_palm_edge_and_back():
    towards_camera = [-moment.hands[0].rotation[2, 2] for moment in moments('turn')]
    assert min(towards_camera) < -0.85
    assert max(towards_camera) > 0.85
    assert np.abs(towards_camera).min() < 0.2


def test_approaching_goes_from_two_metres_to_thirty_centimetres():
    distances_m = [moment.hands[0].center_m[2] for moment in moments('approach')]
    assert min(distances_m) == pytest.approx(0.3, abs=0.01)
    assert max(distances_m) == pytest.approx(2.0, abs=0.01)


def test_crossing_hands_change_sides_at_different_depths():
    centers_m = np.array([[hand.center_m for hand in m.hands] for m in moments('crossing')])
    offset = centers_m[:, 0] - centers_m[:, 1]
    assert offset[:, 0].min() < -0.3
    assert offset[:, 0].max() > 0.3
    assert (np.abs(offset[:, 2]) > 0.05).all()


def test_mirroring_is_the_image_in_the_plane_x_0_and_its_own_inverse():
    hand = moments('wave')[3].hands[0]
    image = mirrored(hand)
    assert image.center_m == pytest.approx(hand.center_m * [-1, 1, 1])
    # Fingers and back are mirrored; y, to the thumb in one and from it in the other, is turned.
    assert image.rotation[:, [0, 2]] == pytest.approx(hand.rotation[:, [0, 2]] * [[-1], [1], [1]])
    assert image.rotation[:, 1] == pytest.approx(hand.rotation[:, 1] * [1, -1, -1])
    assert mirrored(image).rotation == pytest.approx(hand.rotation)


def test_takes_of_a_scene_differ():
    first, second = (moments('wave', seed)[0].hands[0] for seed in (0, 1))
    assert np.linalg.norm(first.center_m - second.center_m) > 0.01
