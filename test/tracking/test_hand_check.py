"""What cannot be reported of a hand is not, and everything else is."""

from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.tracking.fingers.finger_values import with_finger_values
from hand_tracking_ros.tracking.hand import Handedness, HandPose, PoseSource
from hand_tracking_ros.tracking.hand_check import sound_hand
from hand_tracking_ros.tracking.region import Region
from support.synthetic_hand import hand_points, hand_seen

POINTS_M = hand_points((0.3, 0.2, 0.3, 0.4, 0.5)) + np.array([0.0, 0.0, 0.5])


def located_hand():
    pose = HandPose(POINTS_M[0], np.eye(3), POINTS_M, np.eye(6), 1.0, PoseSource.HAND_SIZE)
    seen = hand_seen(POINTS_M[:, :2] * 900, (640, 480), POINTS_M, Handedness.RIGHT)
    return with_finger_values(replace(seen, pose=pose))


def spoiled(values, number):
    """The same values with one of them another number."""
    values = np.array(values, np.float64)
    values.flat[-1] = number
    return values


def test_a_sound_hand_stays_as_it_is():
    hand = located_hand()
    assert sound_hand(hand) == (hand, '')
    without_pose = replace(hand, pose=None, finger_curl=None, pinch=None)
    assert sound_hand(without_pose) == (without_pose, '')


@pytest.mark.parametrize('number', [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize(
    'name', ['position_m', 'rotation', 'camera_landmarks_m', 'covariance', 'reprojection_error_px']
)
def test_a_hand_loses_a_pose_that_is_not_finite(name, number):
    hand = located_hand()
    bad = replace(hand.pose, **{name: spoiled(getattr(hand.pose, name), number)})
    # As the pipeline would: finger values of a pose that is none.
    with np.errstate(all='ignore'):
        hand = with_finger_values(replace(hand, pose=bad))
    kept, problem = sound_hand(hand)
    assert problem == f'pose.{name} is not finite'
    assert kept.pose is None
    assert np.isfinite([*kept.finger_curl, kept.pinch]).all()


@pytest.mark.parametrize('least', [-1e-3, -1.0])
def test_a_hand_loses_a_pose_whose_covariance_is_none(least):
    hand = located_hand()
    bad = replace(hand.pose, covariance=np.diag([1.0, 1.0, 1.0, 1.0, 1.0, least]))
    kept, problem = sound_hand(replace(hand, pose=bad))
    assert problem == 'pose.covariance is not positive semi-definite'
    assert kept.pose is None


@pytest.mark.parametrize('least', [0.0, -1e-16])
def test_a_covariance_that_is_singular_but_for_rounding_is_sound(least):
    hand = located_hand()
    pose = replace(hand.pose, covariance=np.diag([1.0, 1.0, 1.0, 1.0, 1.0, least]))
    assert sound_hand(replace(hand, pose=pose))[1] == ''


@pytest.mark.parametrize('number', [np.nan, np.inf, 1e300])
@pytest.mark.parametrize(
    'name',
    [
        'landmarks',
        'world_landmarks',
        'handedness_score',
        'presence',
        'age_s',
        'finger_curl',
        'pinch',
    ],
)
def test_a_hand_that_is_not_finite_elsewhere_is_left_out(name, number):
    hand = located_hand()
    bad = replace(hand, **{name: spoiled(getattr(hand, name), number)})
    assert sound_hand(bad) == (None, f'{name} is not finite')


def test_a_hand_in_no_region_is_left_out():
    bad = replace(located_hand(), region=Region(1.0, 2.0, np.nan, 0.0))
    assert sound_hand(bad) == (None, 'region is not finite')
