"""Hands of any numbers are placed nowhere, or in a sound pose."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hand_tracking_ros.tracking.hand import Handedness
from hand_tracking_ros.tracking.hand_check import sound_hand
from hand_tracking_ros.tracking.placing.camera_model import CameraInfoError, CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage
from hand_tracking_ros.tracking.placing.hand_fit import HandFitter
from hand_tracking_ros.tracking.rotations import matrix_from_rotation_vector
from support.hostile import FINITE, NUMBERS, camera_info_fields, examples, hands, vectors
from support.seen_hand import placed_joints, report

FISHEYE = ('equidistant', [0.0] * 4)
PERSPECTIVE = ('plumb_bob', [0.1, -0.05, 0.001, 0.0, 0.0])
CAMERAS = {
    name: CameraModel.from_camera_info_fields(
        640, 480, [300, 0, 320, 0, 300, 240, 0, 0, 1], d, name
    )
    for name, d in (FISHEYE, PERSPECTIVE)
}
NAMES = st.sampled_from(sorted(CAMERAS))
LENGTHS_M = st.none() | st.floats(0.05, 0.3)
DEPTHS = arrays(np.float32, (6, 8), elements=st.floats(width=32) | st.floats(0.25, 1.0, width=32))


def assert_is_sound(hand, pose):
    if pose is not None:
        located = replace(hand, landmarks=hand.landmarks * 0, pose=pose)
        assert sound_hand(located)[1] == ''
        np.testing.assert_allclose(pose.rotation @ pose.rotation.T, np.eye(3), atol=1e-6)
        np.testing.assert_allclose(pose.covariance, pose.covariance.T)


@examples(40)
@given(hands(NUMBERS, with_pose=False), NAMES, LENGTHS_M, st.booleans())
def test_any_hand_is_placed_soundly_or_not_at_all(hand, name, length_m, mirrored):
    fitter = HandFitter(length_m, mirrored)
    for stamp_s in (1.0, 1.03):
        with np.errstate(all='ignore'):
            assert_is_sound(hand, fitter.fit(hand, CAMERAS[name], stamp_s))


@examples(40)
@given(
    vectors(3, st.floats(-3.0, 3.0)),
    vectors(3, st.floats(-0.5, 0.5)),
    NAMES,
    st.sampled_from(Handedness),
    vectors(3, st.floats(-0.3, 0.3)),
)
def test_any_real_hand_is_placed_soundly_or_not_at_all(turn, place, name, side, second_place):
    """The second image shows it anywhere else: the first is a wrong start."""
    fitter = HandFitter()
    for stamp_s, position_m in ((0.0, place), (0.1, second_place)):
        rotation = matrix_from_rotation_vector(turn)
        joints_m = placed_joints(position_m + np.array([0.0, 0.0, 0.6]), rotation)
        with np.errstate(all='ignore'):
            hand = report(joints_m, CAMERAS[name], side)
            if np.isfinite(hand.landmarks).all():
                assert_is_sound(hand, fitter.fit(hand, CAMERAS[name], stamp_s))


@examples(40)
@given(DEPTHS | st.floats(width=32).map(lambda z: np.full((6, 8), z, np.float32)), NAMES)
def test_any_depth_image_leaves_the_pose_sound(depth_m, name):
    camera = CAMERAS[name]
    joints_m = placed_joints(np.array([0.0, 0.0, 0.6]))
    hand = report(joints_m, camera)
    with np.errstate(all='ignore'):
        pose = HandFitter().fit(hand, camera, 0.0, DepthImage(depth_m, camera))
    assert pose is not None
    assert_is_sound(hand, pose)


@examples(40)
@given(camera_info_fields(FINITE))
def test_any_calibration_that_is_taken_leaves_the_pose_sound(fields):
    hand = report(placed_joints(np.array([0.0, 0.0, 0.6])), CAMERAS['equidistant'])
    with np.errstate(all='ignore'):
        try:
            camera = CameraModel.from_camera_info_fields(*fields)
        except CameraInfoError:
            return
        assert_is_sound(hand, HandFitter().fit(hand, camera, 0.0))
