"""Where a hand is in the camera's frame: known hands before known cameras, and two real ones."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from synthetic_hand import bones_sum_m, hand_points, hand_seen

from hand_tracking_ros.tracking.camera_model import CameraInfoError, CameraModel
from hand_tracking_ros.tracking.camera_pose import (
    MEAN_BONES_SUM_M,
    convert_pose_convention,
    estimate_pose,
    hand_axes,
)
from hand_tracking_ros.tracking.hand import Handedness, Landmark, PoseSource

DEFAULT_TEST_DATA = Path(__file__).resolve().parents[1].parent / 'shared' / 'data'
SIZE = (640, 480)
K = (600.0, 0.0, 318.0, 0.0, 605.0, 242.0, 0.0, 0.0, 1.0)
FISHEYE_K = (250.0, 0.0, 318.0, 0.0, 252.0, 242.0, 0.0, 0.0, 1.0)
CAMERAS = {
    'no distortion': CameraModel.from_camera_info_fields(*SIZE, K, (), 'plumb_bob'),
    'plumb_bob': CameraModel.from_camera_info_fields(
        *SIZE, K, (-0.42, 0.21, 0.001, -0.0008, -0.05), 'plumb_bob'
    ),
    'rational_polynomial': CameraModel.from_camera_info_fields(
        *SIZE,
        K,
        (0.6376, -2.7858, 0.0007, -0.0003, 1.6026, 0.5130, -2.5935, 1.5220),
        'rational_polynomial',
    ),
    'equidistant': CameraModel.from_camera_info_fields(
        *SIZE, FISHEYE_K, (0.25, -0.1, 0.03, -0.004), 'equidistant'
    ),
}
PINHOLE = CAMERAS['no distortion']

# Hand frame in the camera's: fingers up in the image, the back of the hand away from the camera.
PALM_SHOWN = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
SIDES = (Handedness.LEFT, Handedness.RIGHT)
HALF_CLOSED_RAD = (0.3, 0.4, 0.5, 0.4, 0.3)


def average_hand(side=Handedness.RIGHT, bends_rad=HALF_CLOSED_RAD) -> np.ndarray:
    points = hand_points(bends_rad, side)
    return points * (MEAN_BONES_SUM_M / bones_sum_m(points))


def facing(position: np.ndarray) -> np.ndarray:
    """The camera's axes (3, 3) turned by the least angle to look at a position."""
    ray = position / np.linalg.norm(position)
    axis = np.cross([0.0, 0.0, 1.0], ray)
    sine = np.linalg.norm(axis)
    return cv2.Rodrigues(axis / max(sine, 1e-12) * np.arctan2(sine, ray[2]))[0]


def place(position, camera=PINHOLE, side=Handedness.RIGHT, turn_deg=(0.0, 0.0, 0.0), noise_px=0.0):
    """A hand before a camera: what is seen of it, and its true landmarks in the camera's frame."""
    turn, _ = cv2.Rodrigues(np.radians(np.array(turn_deg)))
    # World landmarks keep the axes of a camera that looks straight at the hand.
    world = average_hand(side) @ (turn @ PALM_SHOWN).T
    world -= world.mean(axis=0)
    true_m = world @ facing(np.array(position)).T + position
    seen_px = camera.project(true_m)
    seen_px += np.random.default_rng(0).normal(0.0, noise_px, seen_px.shape)
    return hand_seen(seen_px, SIZE, world, side), true_m


def angle_deg(a: np.ndarray, b: np.ndarray) -> float:
    return np.degrees(np.linalg.norm(cv2.Rodrigues(a @ b.T)[0]))


def distance_error(pose, true_m) -> float:
    """Position error as a fraction of the distance."""
    return np.linalg.norm(pose.position_m - true_m[0]) / np.linalg.norm(true_m[0])


@pytest.mark.parametrize('name', CAMERAS)
@pytest.mark.parametrize('side', SIDES)
@pytest.mark.parametrize('position', [(0.0, 0.0, 0.4), (0.12, -0.1, 0.5), (-0.4, 0.3, 1.5)])
def test_a_hand_of_average_size_seen_without_noise_is_placed_exactly(name, side, position):
    hand, true_m = place(position, CAMERAS[name], side, turn_deg=(20, -30, 40))
    pose = estimate_pose(hand, CAMERAS[name], *SIZE)
    assert distance_error(pose, true_m) < 2e-3
    np.testing.assert_allclose(pose.camera_landmarks_m, true_m, atol=2e-3 * pose.position_m[2])
    assert angle_deg(pose.rotation, hand_axes(true_m, side)) < 0.3
    assert pose.reprojection_error_px < 0.1
    assert pose.source == PoseSource.HAND_SIZE


def test_world_landmarks_with_the_axes_of_the_camera_do_nearly_as_well():
    world = average_hand() @ PALM_SHOWN.T
    true_m = world + np.array([0.25, -0.1, 0.6])
    hand = hand_seen(PINHOLE.project(true_m), SIZE, world)
    pose = estimate_pose(hand, PINHOLE, *SIZE)
    assert distance_error(pose, true_m) < 0.02
    assert angle_deg(pose.rotation, hand_axes(true_m, Handedness.RIGHT)) < 5.0


@pytest.mark.parametrize('name', CAMERAS)
def test_noise_in_the_image_stays_noise_in_the_pose(name):
    hand, true_m = place((0.1, 0.05, 0.5), CAMERAS[name], noise_px=2.0)
    pose = estimate_pose(hand, CAMERAS[name], *SIZE)
    assert distance_error(pose, true_m) < 0.05
    assert angle_deg(pose.rotation, hand_axes(true_m, Handedness.RIGHT)) < 8.0
    assert 1.0 < pose.reprojection_error_px < 4.0


def test_the_size_of_the_world_landmarks_does_not_matter():
    hand, true_m = place((0.1, 0.0, 0.5))
    shrunk = hand_seen(hand.landmarks_px(*SIZE), SIZE, hand.world_landmarks * 0.6)
    assert distance_error(estimate_pose(shrunk, PINHOLE, *SIZE), true_m) < 2e-3


def test_a_hand_known_to_be_larger_is_farther_away_by_as_much():
    hand, true_m = place((0.1, 0.0, 0.5))
    pose = estimate_pose(hand, PINHOLE, *SIZE, hand_scale=1.2)
    np.testing.assert_allclose(pose.position_m, true_m[0] * 1.2, rtol=0.01, atol=1e-3)


@pytest.mark.parametrize('name', ['no distortion', 'equidistant'])
@pytest.mark.parametrize('astray_px', [30.0, 100.0, 300.0, 1000.0])
def test_a_landmark_gone_astray_hardly_moves_the_hand(name, astray_px):
    hand, true_m = place((-0.1, 0.0, 0.5), CAMERAS[name])
    landmarks_px = hand.landmarks_px(*SIZE)
    landmarks_px[Landmark.PINKY_TIP, 0] += astray_px
    pose = estimate_pose(hand_seen(landmarks_px, SIZE, hand.world_landmarks), CAMERAS[name], *SIZE)
    assert distance_error(pose, true_m) < 0.05


def test_an_image_resized_after_calibration_gives_the_same_pose():
    hand, _ = place((0.1, 0.0, 0.5), CAMERAS['plumb_bob'])
    expected = estimate_pose(hand, CAMERAS['plumb_bob'], 640, 480)
    pose = estimate_pose(hand, CAMERAS['plumb_bob'], 320, 240)
    np.testing.assert_allclose(pose.position_m, expected.position_m, atol=1e-6)
    assert pose.reprojection_error_px == pytest.approx(expected.reprojection_error_px / 2, abs=1e-3)


def test_an_image_of_another_shape_is_refused():
    hand, _ = place((0.1, 0.0, 0.5))
    with pytest.raises(CameraInfoError, match='640x480'):
        estimate_pose(hand, PINHOLE, 640, 360)


def test_a_fisheye_camera_places_a_hand_beside_it():
    hand, true_m = place((0.5, 0.0, 0.02), CAMERAS['equidistant'])
    assert (true_m[:, 2] < 0).any()
    assert distance_error(estimate_pose(hand, CAMERAS['equidistant'], *SIZE), true_m) < 2e-3


def test_landmarks_where_the_camera_is_not_calibrated_are_left_out():
    camera = CAMERAS['plumb_bob']
    hand, true_m = place((0.66, 0.0, 0.5), camera)
    landmarks_px = hand.landmarks_px(*SIZE)
    beyond = np.isnan(landmarks_px).any(axis=1)
    assert 2 <= beyond.sum() <= 15
    landmarks_px[beyond] = (5000.0, 240.0)
    pose = estimate_pose(hand_seen(landmarks_px, SIZE, hand.world_landmarks), camera, *SIZE)
    assert distance_error(pose, true_m) < 0.05


def test_the_covariance_is_long_along_the_ray_and_positive():
    hand, _ = place((0.3, -0.1, 0.5), noise_px=1.0)
    pose = estimate_pose(hand, PINHOLE, *SIZE)
    assert np.linalg.eigvalsh(pose.covariance).min() > 0
    np.testing.assert_array_equal(pose.covariance, pose.covariance.T)
    variances, axes = np.linalg.eigh(pose.covariance[:3, :3])
    ray = pose.position_m / np.linalg.norm(pose.position_m)
    assert abs(axes[:, 2] @ ray) > 0.98
    assert 0.1 < np.sqrt(variances[2]) / np.linalg.norm(pose.position_m) < 0.15
    assert variances[2] > 10 * variances[1]


def test_three_sigmas_hold_the_error_of_hands_of_unknown_size():
    rng = np.random.default_rng(1)
    for _ in range(40):
        position = rng.uniform([-0.2, -0.15, 0.4], [0.2, 0.15, 1.0])
        hand, true_m = place(position, turn_deg=rng.uniform(-30, 30, 3))
        pose = estimate_pose(hand, PINHOLE, *SIZE)
        error = pose.position_m - true_m[0] * rng.normal(1.0, 0.06)
        assert error @ np.linalg.solve(pose.covariance[:3, :3], error) < 3**2


@pytest.mark.parametrize('side', SIDES)
def test_z_points_out_of_the_back_of_either_hand(side):
    hand, _ = place((0.0, 0.0, 0.5), side=side)
    x, y, z = estimate_pose(hand, PINHOLE, *SIZE).rotation.T
    # Fingers up, palm towards the camera.
    np.testing.assert_allclose(x, [0.0, -1.0, 0.0], atol=0.01)
    np.testing.assert_allclose(z, [0.0, 0.0, 1.0], atol=0.01)
    np.testing.assert_allclose(y, np.cross(z, x), atol=1e-9)


@pytest.mark.parametrize('side', SIDES)
def test_a_mirrored_image_shows_the_back_of_the_other_hand(side):
    person = Handedness.LEFT if side == Handedness.RIGHT else Handedness.RIGHT
    hand, true_m = place((0.0, 0.0, 0.5), side=side)
    mirrored = hand_seen(hand.landmarks_px(*SIZE), SIZE, hand.world_landmarks, person)
    pose = estimate_pose(mirrored, PINHOLE, *SIZE, image_mirrored=True)
    assert angle_deg(pose.rotation, hand_axes(true_m, side)) < 0.3


@pytest.mark.parametrize('side', SIDES)
def test_the_fingers_tell_the_back_of_a_hand_of_unknown_side(side):
    points = average_hand(side) @ facing(np.array([0.3, 0.5, 0.7])).T
    np.testing.assert_array_equal(hand_axes(points, Handedness.UNKNOWN), hand_axes(points, side))


def test_hand_axes_are_a_rotation():
    axes = hand_axes(average_hand() @ facing(np.array([0.3, 0.5, 0.7])).T, Handedness.RIGHT)
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
    points = average_hand(side) @ facing(np.array([0.3, 0.5, 0.7])).T
    rotation = hand_axes(points, side)
    converted = convert_pose_convention(rotation, convention)
    assert np.linalg.det(converted) == pytest.approx(1.0)
    fingers = points[Landmark.MIDDLE_FINGER_MCP] - points[Landmark.WRIST]
    np.testing.assert_allclose(
        converted @ to_fingers, fingers / np.linalg.norm(fingers), atol=1e-12
    )
    np.testing.assert_allclose(converted @ out_of_back, rotation[:, 2], atol=1e-12)


def test_mano_points_y_from_the_little_finger_to_the_thumb_of_right_hands_only():
    for side, sign in ((Handedness.RIGHT, 1), (Handedness.LEFT, -1)):
        points = average_hand(side)
        to_thumb = points[Landmark.INDEX_FINGER_MCP] - points[Landmark.PINKY_MCP]
        y = convert_pose_convention(hand_axes(points, side), 'mano')[:, 1]
        assert sign * y @ to_thumb > 0.05


def test_an_unknown_convention_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="'unity', expected one of rep103, openxr, mano"):
        convert_pose_convention(np.eye(3), 'unity')


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize(
    'spoil',
    [
        pytest.param(lambda landmarks, world: landmarks.__setitem__(3, np.nan), id='nan'),
        pytest.param(lambda landmarks, world: landmarks.__setitem__(3, np.inf), id='inf'),
        pytest.param(lambda landmarks, world: world.__setitem__(3, np.nan), id='world nan'),
        pytest.param(lambda landmarks, world: world.fill(0.0), id='no world'),
        pytest.param(lambda landmarks, world: landmarks.fill(100.0), id='one point'),
        pytest.param(lambda landmarks, world: landmarks.__imul__(1e-3), id='a speck'),
        pytest.param(lambda landmarks, world: landmarks.__iadd__(1e5), id='far outside'),
        pytest.param(lambda landmarks, world: world.__imul__([-1, -1, 1]), id='upside down'),
        pytest.param(
            lambda landmarks, world: np.random.default_rng(0).shuffle(world), id='mixed up'
        ),
    ],
)
def test_landmarks_that_are_no_hand_have_no_pose(spoil):
    hand, _ = place((0.1, 0.0, 0.5), CAMERAS['plumb_bob'])
    landmarks_px, world = hand.landmarks_px(*SIZE), hand.world_landmarks.copy()
    spoil(landmarks_px, world)
    spoiled = hand_seen(landmarks_px, SIZE, world)
    assert estimate_pose(spoiled, CAMERAS['plumb_bob'], *SIZE) is None


@pytest.mark.filterwarnings('error')
def test_any_landmarks_give_a_finite_pose_or_none():
    rng = np.random.default_rng(0)
    poses = []
    for _ in range(300):
        hand, _ = place((0.1, 0.0, 0.5))
        landmarks_px = hand.landmarks_px(*SIZE)
        landmarks_px += rng.normal(0, 10 ** rng.uniform(0, 4), (21, 2))
        world = hand.world_landmarks + rng.normal(0, 10 ** rng.uniform(-3, 0), (21, 3))
        for camera in CAMERAS.values():
            poses.append(estimate_pose(hand_seen(landmarks_px, SIZE, world), camera, *SIZE))
    found = [pose for pose in poses if pose is not None]
    assert 100 < len(found) < len(poses)
    for pose in found:
        assert np.isfinite(pose.camera_landmarks_m).all() and np.isfinite(pose.rotation).all()
        assert np.isfinite(pose.covariance).all() and np.isfinite(pose.reprojection_error_px)


@pytest.mark.parametrize('picture', ['rhd_00111.png', 'rhd_11111.png'])
@pytest.mark.parametrize('model', ['full', 'lite'])
def test_a_pictured_hand_of_unknown_size_is_placed_near_the_truth(picture, model):
    data = Path(os.environ.get('HAND_TRACKING_TEST_DATA', DEFAULT_TEST_DATA))
    reference = data / 'reference' / f'static_{model}.json'
    if not reference.is_file():
        pytest.skip(f'no test data at {reference} (set HAND_TRACKING_TEST_DATA)')
    annotations = json.loads((data / 'annotated' / 'annotations.json').read_text())
    truth = next(a for a in annotations if a['file'] == picture)
    (fx, fy), (cx, cy) = truth['camera']['focal'], truth['camera']['princpt']
    found = json.loads(reference.read_text())['images'][picture]
    size = (found['width'], found['height'])
    camera = CameraModel.from_camera_info_fields(*size, (fx, 0, cx, 0, fy, cy, 0, 0, 1), (), '')
    (seen,) = found['hands']
    # The reference takes its images for mirrored ones.
    side = Handedness.RIGHT if seen['label_as_mediapipe_says'] == 'Left' else Handedness.LEFT
    landmarks_px = np.array(seen['landmarks'])[:, :2] * size
    pose = estimate_pose(hand_seen(landmarks_px, size, seen['world'], side), camera, *size)
    true_m = np.array(truth['joints_camera_mm']) / 1000
    # Found: 3 to 15 % and 12 to 35 degrees.
    assert distance_error(pose, true_m) < 0.25
    assert angle_deg(pose.rotation, hand_axes(true_m, side)) < 50
