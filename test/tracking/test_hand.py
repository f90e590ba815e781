"""Hands can be compared, and kept in sets and dictionaries, as other values can."""

from dataclasses import fields, replace

import numpy as np
import pytest

from hand_tracking_ros.tracking.hand import Hand, Handedness, HandPose, PoseSource, TrackingState
from hand_tracking_ros.tracking.region import Region


def a_pose():
    return HandPose(
        position_m=np.array([0.1, -0.2, 0.5]),
        rotation=np.eye(3),
        camera_landmarks_m=np.arange(63.0).reshape(21, 3),
        covariance=np.eye(6),
        reprojection_error_px=1.5,
        source=PoseSource.DEPTH,
    )


def a_hand():
    return Hand(
        track_id=3,
        handedness=Handedness.LEFT,
        handedness_score=0.9,
        state=TrackingState.HELD,
        presence=0.5,
        age_s=2.0,
        landmarks=np.arange(63, dtype=np.float32).reshape(21, 3),
        world_landmarks=np.zeros((21, 3), np.float32),
        region=Region(320.0, 240.0, 100.0, 0.5),
        pose=a_pose(),
        finger_curl=np.array([0.0, 0.25, 0.5, 0.75, 1.0]),
        pinch=0.125,
    )


OTHER_VALUES = {
    'handedness': Handedness.RIGHT,
    'state': TrackingState.TRACKED,
    'region': Region(1.0, 2.0, 3.0, 0.0),
    'source': PoseSource.HAND_SIZE,
    'pose': replace(a_pose(), covariance=2 * np.eye(6)),
}


@pytest.mark.parametrize('make', [a_hand, a_pose])
def test_the_same_values_are_equal_and_found_in_a_set(make):
    assert make() == make()
    assert hash(make()) == hash(make())
    assert {make()} == {make()}
    assert make() in [make()]


@pytest.mark.parametrize(
    ('make', 'name'),
    [(make, field.name) for make in (a_hand, a_pose) for field in fields(make())],
)
def test_a_difference_in_any_field_is_a_difference(make, name):
    value = getattr(make(), name)
    other = replace(make(), **{name: OTHER_VALUES.get(name) or value + 1})
    assert other != make()
    assert len({other, make()}) == 2


@pytest.mark.parametrize('name', ['pose', 'finger_curl', 'pinch'])
def test_a_value_that_one_of_them_lacks_is_a_difference(name):
    lacking = replace(a_hand(), **{name: None})
    assert lacking != a_hand()
    assert lacking == replace(a_hand(), **{name: None})


def test_a_hand_equals_nothing_but_hands():
    assert a_hand() != a_pose()
    assert a_hand() != 'a hand'
