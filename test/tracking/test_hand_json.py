"""Programs write hands as JSON in one form, with all their values to seven digits."""

import json

import numpy as np
import pytest

from hand_tracking_ros.tracking.hand import Hand, Handedness, HandPose, PoseSource, TrackingState
from hand_tracking_ros.tracking.hand_json import hand_to_json, rounded
from hand_tracking_ros.tracking.region import Region

QUARTER_TURN_ABOUT_Z = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
LANDMARKS = np.random.default_rng(1).uniform(-1, 1, (21, 3)).astype(np.float32)
POSE = HandPose(
    position_m=np.array([0.1, -0.2, 0.5]),
    rotation=QUARTER_TURN_ABOUT_Z,
    camera_landmarks_m=LANDMARKS.astype(float),
    covariance=np.eye(6),
    reprojection_error_px=1.5,
    source=PoseSource.DEPTH,
)


def hand(pose):
    return Hand(
        track_id=3,
        handedness=Handedness.LEFT,
        handedness_score=0.9,
        state=TrackingState.HELD,
        presence=1 / 3,
        age_s=2.0,
        landmarks=LANDMARKS,
        world_landmarks=LANDMARKS / 10,
        region=Region(320.0, 240.0, 100.0, 0.5),
        pose=pose,
        finger_curl=np.array([0.0, 0.25, 0.5, 0.75, 1.0]),
        pinch=0.125,
    )


def test_a_hand_comes_back_from_json_as_it_was():
    read = json.loads(json.dumps(hand_to_json(hand(POSE))))
    assert (read['track_id'], read['handedness'], read['state']) == (3, 'LEFT', 'HELD')
    assert (read['handedness_score'], read['presence'], read['age_s']) == (0.9, 0.3333333, 2.0)
    np.testing.assert_allclose(read['landmarks'], LANDMARKS, rtol=1e-6)
    np.testing.assert_allclose(read['world_landmarks'], LANDMARKS / 10, rtol=1e-6)
    assert read['region'] == {'center_px': [320.0, 240.0], 'size_px': 100.0, 'rotation_rad': 0.5}
    assert (read['finger_curl'], read['pinch']) == ([0.0, 0.25, 0.5, 0.75, 1.0], 0.125)
    pose = read['pose']
    assert pose['position_m'] == [0.1, -0.2, 0.5]
    assert pose['orientation_xyzw'] == pytest.approx([0, 0, 0.5**0.5, 0.5**0.5], abs=1e-7)
    assert pose['covariance'] == np.eye(6).tolist()
    assert (pose['reprojection_error_px'], pose['source']) == (1.5, 'DEPTH')


def test_a_hand_without_a_pose_says_so():
    assert hand_to_json(hand(None))['pose'] is None


@pytest.mark.parametrize(
    ('numbers', 'expected'),
    [
        (123456.789, 123456.8),
        (np.float32(0.1), 0.1),
        ([1 / 3, 2], [0.3333333, 2.0]),
        (np.array([[1e-9, 2 / 3]]), [[1e-9, 0.6666667]]),
    ],
)
def test_numbers_keep_seven_digits(numbers, expected):
    assert rounded(numbers) == expected
