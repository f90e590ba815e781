"""Hands before depth cameras: where they are, whatever surrounds them, and how large."""

import numpy as np
import pytest

from hand_tracking_ros.tracking.hand import PoseSource
from hand_tracking_ros.tracking.placing.camera_matrix import CameraInfoError
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage
from hand_tracking_ros.tracking.placing.depth_sampling import DEPTH_SIGMA_M, sample_depths
from hand_tracking_ros.tracking.placing.hand_fit import HandFitter
from hand_tracking_ros.tracking.placing.hand_proportions import FINGER_LINKS
from hand_tracking_ros.tracking.rotations import matrix_from_rotation_vector
from support.seen_hand import PALM_SHOWN, depth_image, placed_joints, report

SIZE = (640, 480)
CAMERA = CameraModel.from_camera_info_fields(*SIZE, (600, 0, 318, 0, 600, 242, 0, 0, 1), (), '')
OTHER = CameraModel.from_camera_info_fields(424, 240, (310, 0, 210, 0, 310, 122, 0, 0, 1), (), '')
# The wrist of seen_hand is 6 mm thinner to the front than people's.
ERROR_M = 0.015


def error_m(pose, joints_m) -> float:
    return float(np.linalg.norm(pose.position_m - joints_m[0]))


def fit(joints_m, depth, fitter=None, stamp_s=0.0):
    hand = report(joints_m, CAMERA)
    return (fitter or HandFitter()).fit(hand, CAMERA, stamp_s, depth=depth)


@pytest.mark.parametrize('length_m', [0.16, 0.185, 0.21])
@pytest.mark.parametrize('distance_m', [0.4, 0.8, 1.5])
def test_with_depth_the_distance_does_not_rest_on_the_size(length_m, distance_m):
    joints_m = placed_joints((0.05, 0.0, distance_m), length_m=length_m)
    pose = fit(joints_m, depth_image(joints_m, CAMERA))
    assert pose.source == PoseSource.DEPTH
    assert error_m(pose, joints_m) < ERROR_M


def test_a_depth_image_of_another_size_with_its_own_calibration_is_understood():
    joints_m = placed_joints((0.05, 0.0, 0.6), length_m=0.2)
    pose = fit(joints_m, depth_image(joints_m, OTHER))
    assert pose.source == PoseSource.DEPTH
    assert error_m(pose, joints_m) < ERROR_M


@pytest.mark.parametrize('nothing', [0.0, np.nan, np.inf, -1.0])
def test_holes_are_left_out(nothing):
    joints_m = placed_joints((0.05, 0.0, 0.6), length_m=0.2)
    depth = depth_image(joints_m, CAMERA)
    holes = np.random.default_rng(0).uniform(size=(60, 80)) < 0.4
    depth.depth_m[np.kron(holes, np.ones((8, 8), bool))] = nothing
    pose = fit(joints_m, depth)
    assert pose.source == PoseSource.DEPTH
    assert error_m(pose, joints_m) < ERROR_M


def test_clutter_close_behind_the_hand_is_left_out():
    joints_m = placed_joints((0.05, 0.0, 0.6), length_m=0.2)
    depth = depth_image(joints_m, CAMERA, wall_m=np.inf)
    wall_m = np.random.default_rng(0).uniform(0.68, 1.5, (24, 32)).astype(np.float32)
    depth.depth_m[:] = np.minimum(depth.depth_m, np.kron(wall_m, np.ones((20, 20), np.float32)))
    assert error_m(fit(joints_m, depth), joints_m) < ERROR_M


@pytest.mark.parametrize('before_m', [0.04, 0.15])
def test_something_that_covers_half_the_fingers_is_left_out(before_m):
    joints_m = placed_joints((0.05, 0.0, 0.6), length_m=0.2)
    depth = depth_image(joints_m, CAMERA)
    top = int(CAMERA.project(joints_m[[10]])[0, 1])
    depth.depth_m[:top] = np.minimum(depth.depth_m[:top], 0.6 - before_m)
    assert error_m(fit(joints_m, depth), joints_m) < ERROR_M


@pytest.mark.parametrize('value', [0.0, np.nan, 5.0, 0.1])
def test_a_depth_image_without_the_hand_is_not_believed(value):
    joints_m = placed_joints((0.05, 0.0, 0.6))
    nothing = DepthImage(np.full((480, 640), value, np.float32), CAMERA)
    pose, alone = fit(joints_m, nothing), fit(joints_m, None)
    assert pose.source == PoseSource.HAND_SIZE
    np.testing.assert_array_equal(pose.position_m, alone.position_m)


def test_depth_in_which_hardly_two_pixels_agree_is_not_believed():
    joints_m = placed_joints((0.05, 0.0, 0.6))
    noise = np.random.default_rng(0).uniform(-0.35, 0.35, (480, 640)).astype(np.float32)
    pose = fit(joints_m, DepthImage(0.6 * np.exp(noise), CAMERA))
    assert pose.source == PoseSource.HAND_SIZE


@pytest.mark.parametrize('length_m', [0.16, 0.21])
def test_pictures_without_depth_use_the_size_that_depth_told(length_m):
    fitter = HandFitter()
    joints_m = placed_joints((0.05, 0.0, 0.6), length_m=length_m)
    before = fit(joints_m, None, fitter)
    for stamp_s in range(20):
        fit(joints_m, depth_image(joints_m, CAMERA), fitter, stamp_s)
    after = fit(joints_m, None, fitter)
    assert after.source == PoseSource.HAND_SIZE
    assert error_m(before, joints_m) > 0.05
    assert error_m(after, joints_m) < 0.03
    assert fitter.hand_length_m == pytest.approx(length_m, rel=0.05)
    assert after.covariance[2, 2] < before.covariance[2, 2]


def test_a_given_length_is_kept():
    joints_m = placed_joints((0.05, 0.0, 0.6), length_m=0.17)
    fitter = HandFitter(0.2)
    fit(joints_m, depth_image(joints_m, CAMERA), fitter)
    assert fitter.hand_length_m == 0.2


def test_depth_makes_the_pose_surer():
    joints_m = placed_joints((0.05, 0.0, 0.6))
    with_depth, without = (fit(joints_m, d) for d in (depth_image(joints_m, CAMERA), None))
    assert np.sqrt(with_depth.covariance[2, 2]) < 0.01
    assert np.sqrt(without.covariance[2, 2]) > 0.03


@pytest.mark.parametrize('tilt_rad', [0.0, 0.5, 0.9])
def test_depth_of_a_finger_seen_at_an_angle_is_less_sure(tilt_rad):
    """By the sine of the angle between finger and ray, up to half: through more of the flesh."""
    tilt = matrix_from_rotation_vector(np.array([tilt_rad, 0.0, 0.0]))
    joints_m = placed_joints((0.0, 0.0, 0.6), tilt @ PALM_SHOWN)
    depths, _ = sample_depths(depth_image(joints_m, CAMERA), joints_m, 0.185, 1.0, 0.4)
    num_fingers = 0
    for weights, ray, sigma_m in zip(depths.weights, depths.rays, depths.sigma_m, strict=True):
        ends = np.flatnonzero(weights)
        if [*ends] in FINGER_LINKS.tolist():
            start, end = joints_m[ends]
            cosine = (end - start) @ ray / np.linalg.norm(end - start)
            sine = max(np.sqrt(1 - cosine**2), 0.5)
            assert sigma_m == pytest.approx(DEPTH_SIGMA_M / sine)
            num_fingers += 1
    assert num_fingers > 10


def test_the_back_of_a_hand_is_found_as_well_as_its_palm():
    joints_m = placed_joints((0.0, 0.0, 0.6), np.diag([-1.0, 1.0, -1.0]) @ PALM_SHOWN)
    assert error_m(fit(joints_m, depth_image(joints_m, CAMERA)), joints_m) < ERROR_M


def test_millimetres_become_metres():
    depth = DepthImage.from_millimetres(np.full((480, 640), 1234, np.uint16), CAMERA)
    np.testing.assert_allclose(depth.depth_m, 1.234, rtol=1e-6)


def test_depth_of_another_type_or_shape_is_refused():
    with pytest.raises(ValueError, match='uint16'):
        DepthImage(np.zeros((480, 640), np.uint16), CAMERA)
    with pytest.raises(ValueError, match=r'\(480, 640, 1\)'):
        DepthImage(np.zeros((480, 640, 1), np.float32), CAMERA)
    with pytest.raises(CameraInfoError, match='640x480'):
        DepthImage(np.zeros((480, 480), np.float32), CAMERA)
