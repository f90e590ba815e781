"""The simulated skeleton: proportions, joints, landmarks."""

import numpy as np
import pytest

from hand_tracking_ros.simulation.hand_skeleton import (
    AVERAGE_HAND,
    JOINT_LIMITS_DEG,
    JOINT_NAMES,
    LONG_FINGERS,
    LONGEST_HAND_M,
    SHORTEST_HAND_M,
    bone_frames,
    complete_angles,
    landmarks_of,
    random_hand_shape,
)
from hand_tracking_ros.tracking.fingers.hand_frame import hand_axes
from hand_tracking_ros.tracking.hand import CONNECTIONS, FINGERS, Handedness, Landmark

RNG_SEEDS = range(8)


def landmarks(shape=AVERAGE_HAND, **degrees) -> np.ndarray:
    angles = complete_angles({name: np.radians(angle) for name, angle in degrees.items()})
    return landmarks_of(shape, bone_frames(shape, angles))


def random_angles(rng) -> dict[str, float]:
    return {name: np.radians(rng.uniform(*JOINT_LIMITS_DEG[name])) for name in JOINT_NAMES}


def bone_lengths(points) -> np.ndarray:
    starts, ends = np.array(CONNECTIONS).T
    return np.linalg.norm(points[starts] - points[ends], axis=1)


@pytest.mark.parametrize('seed', RNG_SEEDS)
def test_the_skeleton_lies_in_the_hand_frame_of_its_own_landmarks(seed):
    rng = np.random.default_rng(seed)
    shape = random_hand_shape(rng)
    points = landmarks_of(shape, bone_frames(shape, random_angles(rng)))
    turn = hand_axes(points, Handedness.RIGHT)
    angle = np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))
    assert points[Landmark.WRIST] == pytest.approx([0, 0, 0])
    assert np.degrees(angle) < 3


@pytest.mark.parametrize('seed', RNG_SEEDS)
def test_bones_keep_their_length_however_the_hand_bends(seed):
    rng = np.random.default_rng(seed)
    shape = random_hand_shape(rng)
    bent = landmarks_of(shape, bone_frames(shape, random_angles(rng)))
    assert bone_lengths(bent) == pytest.approx(bone_lengths(landmarks(shape)))


@pytest.mark.parametrize('finger', LONG_FINGERS)
@pytest.mark.parametrize('joint', ['mcp', 'pip', 'dip'])
def test_flexion_brings_the_tip_to_the_palm_by_its_angle(finger, joint):
    straight, bent = landmarks(), landmarks(**{f'{finger}_{joint}_flexion': 40})
    indices = FINGERS[finger]
    place = ('mcp', 'pip', 'dip').index(joint)
    before = straight[indices[-1]] - straight[indices[place]]
    after = bent[indices[-1]] - bent[indices[place]]
    cosine = before @ after / np.linalg.norm(before) / np.linalg.norm(after)
    assert np.degrees(np.arccos(cosine)) == pytest.approx(40)
    assert after[2] < before[2]


def test_abduction_spreads_the_fingers_from_the_middle_one():
    straight = landmarks()
    spread = landmarks(**{f'{finger}_mcp_abduction': 10 for finger in LONG_FINGERS})
    tips = [Landmark.INDEX_FINGER_TIP, Landmark.RING_FINGER_TIP, Landmark.PINKY_TIP]
    outwards = (spread - straight)[tips, 1]
    assert outwards[0] > 0.01
    assert (outwards[1:] < -0.01).all()


def test_the_thumb_comes_before_the_palm_by_flexion_and_beside_it_by_abduction():
    beside, before = landmarks(thumb_cmc_abduction=60), landmarks(thumb_cmc_flexion=60)
    assert beside[Landmark.THUMB_MCP, 1] > before[Landmark.THUMB_MCP, 1] + 0.02
    assert before[Landmark.THUMB_MCP, 2] < beside[Landmark.THUMB_MCP, 2] - 0.02


def test_opposition_turns_the_bend_of_the_thumb_towards_the_little_finger():
    flat = landmarks(thumb_cmc_opposition=20, thumb_ip_flexion=60)
    opposed = landmarks(thumb_cmc_opposition=90, thumb_ip_flexion=60)
    assert opposed[Landmark.THUMB_TIP, 1] < flat[Landmark.THUMB_TIP, 1] - 0.005


def test_the_wrist_bends_the_forearm_against_the_hand():
    angles = complete_angles({'wrist_flexion': np.radians(30)})
    forearm_x = bone_frames(AVERAGE_HAND, angles)[1, :3, 0]
    # The hand bends to its palm: seen from the hand, the forearm's far end does so too.
    assert np.degrees(np.arcsin(forearm_x[2])) == pytest.approx(30)


def test_angles_stay_within_human_range():
    angles = complete_angles({'index_pip_flexion': np.radians(200), 'index_mcp_flexion': -3.0})
    low, _ = JOINT_LIMITS_DEG['index_mcp_flexion']
    _, high = JOINT_LIMITS_DEG['index_pip_flexion']
    assert np.degrees(angles['index_pip_flexion']) == pytest.approx(high)
    assert np.degrees(angles['index_mcp_flexion']) == pytest.approx(low)


def test_a_joint_that_no_hand_has_is_refused_by_name():
    with pytest.raises(ValueError, match=r'index_knee_flexion.*index_mcp_flexion'):
        complete_angles({'index_knee_flexion': 0.1})


def test_random_hands_have_the_length_asked_for():
    for seed in RNG_SEEDS:
        shape = random_hand_shape(np.random.default_rng(seed), 0.175)
        points = landmarks(shape)
        chain = points[[0, *FINGERS['middle']]]
        along = np.linalg.norm(np.diff(chain, axis=0), axis=1).sum()
        assert along == pytest.approx(0.175) == shape.length_m


def test_random_hands_have_adult_lengths_and_proportions_of_their_own():
    shapes = [random_hand_shape(np.random.default_rng(seed)) for seed in range(40)]
    lengths = np.array([shape.length_m for shape in shapes])
    assert SHORTEST_HAND_M <= lengths.min() < 0.17
    assert 0.20 < lengths.max() <= LONGEST_HAND_M
    relative = np.array([bone_lengths(landmarks(s)) for s in shapes]) / lengths[:, None]
    variation = relative.std(axis=0) / relative.mean(axis=0)
    assert (variation > 0.01).all()
    assert (variation < 0.15).all()
