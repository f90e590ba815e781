"""How long a hand is, from depth or from a stated distance; and what is no measurement."""

from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.tracking.hand import PALM_AND_THUMB, Handedness, TrackingState
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage
from hand_tracking_ros.tracking.placing.hand_measurement import (
    NUM_IMAGES,
    HandMeasurement,
    HandSizeError,
    measure_hand_length,
)
from support.seen_hand import PALM_SHOWN, depth_image, placed_joints, report

SIZE = (640, 480)
CAMERA = CameraModel.from_camera_info_fields(*SIZE, (600, 0, 318, 0, 600, 242, 0, 0, 1), (), '')
FLAT_RAD = (0.0, 0.0, 0.0, 0.0, 0.0)
LENGTHS_M = (0.13, 0.16, 0.185, 0.21)


def measure(joints_m, **how) -> float:
    return measure_hand_length(report(joints_m, CAMERA), CAMERA, **how)


@pytest.mark.parametrize('length_m', LENGTHS_M)
def test_depth_tells_the_length_even_of_a_bent_hand(length_m):
    joints_m = placed_joints((0.03, 0.0, 0.5), length_m=length_m)
    measured_m = measure(joints_m, depth=depth_image(joints_m, CAMERA))
    assert measured_m == pytest.approx(length_m, rel=0.06)


@pytest.mark.parametrize('length_m', LENGTHS_M)
def test_a_flat_hand_at_a_stated_distance_tells_its_length(length_m):
    joints_m = placed_joints((0.03, 0.0, 0.5), length_m=length_m, bends_rad=FLAT_RAD)
    distance_m = float(np.linalg.norm(joints_m[PALM_AND_THUMB].mean(axis=0)))
    assert measure(joints_m, distance_m=distance_m) == pytest.approx(length_m, rel=0.06)


@pytest.mark.parametrize('finger', [1, 2, 3, 4])
def test_a_hand_with_one_bent_finger_at_a_stated_distance_is_refused(finger):
    bends_rad = np.eye(5)[finger] * 1.3
    with pytest.raises(HandSizeError, match='stretch'):
        measure(placed_joints((0.0, 0.0, 0.5), bends_rad=bends_rad), distance_m=0.5)


def test_a_hand_with_a_bent_thumb_is_measured():
    joints_m = placed_joints((0.0, 0.0, 0.5), bends_rad=(0.6, 0.0, 0.0, 0.0, 0.0))
    distance_m = float(np.linalg.norm(joints_m[PALM_AND_THUMB].mean(axis=0)))
    assert measure(joints_m, distance_m=distance_m) == pytest.approx(0.185, rel=0.06)


def test_a_bent_or_turned_hand_at_a_stated_distance_is_refused():
    with pytest.raises(HandSizeError, match='stretch'):
        measure(placed_joints((0.0, 0.0, 0.5), bends_rad=(0.3, 0.9, 0.9, 0.9, 0.9)), distance_m=0.5)
    c, s = np.cos(1.1), np.sin(1.1)
    turned = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) @ PALM_SHOWN
    with pytest.raises(HandSizeError, match='turned away'):
        measure(placed_joints((0.0, 0.0, 0.5), turned, bends_rad=FLAT_RAD), distance_m=0.5)


def test_a_wrong_distance_is_said_to_be():
    with pytest.raises(HandSizeError, match=r'mm long, expected 100 to 260.*distance \(5 m\)'):
        measure(placed_joints((0.0, 0.0, 0.5), bends_rad=FLAT_RAD), distance_m=5.0)


def test_a_hand_that_has_no_pose_is_refused():
    hand = report(placed_joints((0.0, 0.0, 0.5)), CAMERA)
    nowhere = replace(hand, landmarks=np.zeros((21, 3), np.float32))
    with pytest.raises(HandSizeError, match='not seen well enough'):
        measure_hand_length(nowhere, CAMERA, distance_m=0.5)


def test_depth_that_does_not_show_the_hand_is_refused():
    nothing = DepthImage(np.zeros((480, 640), np.float32), CAMERA)
    with pytest.raises(HandSizeError, match='does not show the hand'):
        measure(placed_joints((0.0, 0.0, 0.5)), depth=nothing)


@pytest.mark.parametrize('how', [{}, {'distance_m': 0.0}, {'distance_m': float('nan')}])
def test_without_depth_a_distance_is_needed(how):
    with pytest.raises(ValueError, match='distance_m'):
        measure(placed_joints((0.0, 0.0, 0.5)), **how)


def flat_hand(length_m=0.185, side=Handedness.RIGHT):
    """A flat hand half a metre away."""
    joints_m = placed_joints((0.03, 0.0, 0.5), length_m=length_m, bends_rad=FLAT_RAD, side=side)
    return report(joints_m, CAMERA, side)


def measured(lengths_m):
    measurement = HandMeasurement(distance_m=0.5)
    for length_m in lengths_m:
        measurement.add([flat_hand(length_m)], CAMERA)
    return measurement


def test_several_images_are_combined_against_outliers():
    alone_m = measured([0.18] * 5).result_m()
    several_m = measured([0.18, 0.182, 0.178, 0.18, 0.24]).result_m()
    assert several_m == pytest.approx(alone_m, rel=0.01)


@pytest.mark.parametrize(
    'lengths_m, reason', [([0.18] * 4, 'only 4'), ([0.14, 0.15, 0.18, 0.21, 0.22], 'half of the')]
)
def test_too_few_images_or_images_that_disagree_are_refused(lengths_m, reason):
    with pytest.raises(HandSizeError, match=reason):
        measured(lengths_m).result_m()


def test_a_measurement_is_complete_after_enough_images_and_knows_the_side():
    measurement = measured([0.18] * (NUM_IMAGES - 1))
    assert not measurement.is_complete
    measurement.add([flat_hand()], CAMERA)
    assert measurement.is_complete
    assert measurement.handedness == Handedness.RIGHT


@pytest.mark.parametrize(
    'hands, wanted, distance_m, reason',
    [
        ([], Handedness.UNKNOWN, 0.5, 'no hand was seen'),
        ([flat_hand()], Handedness.LEFT, 0.5, 'no left hand was seen'),
        ([replace(flat_hand(), state=TrackingState.HELD)], Handedness.RIGHT, 0.5, 'no right hand'),
        ([flat_hand(), flat_hand()], Handedness.UNKNOWN, 0.5, 'two hands'),
        ([flat_hand()], Handedness.RIGHT, None, 'no depth: give distance_m'),
        ([flat_hand()], Handedness.RIGHT, 5.0, 'mm long, expected'),
    ],
)
def test_images_that_do_not_measure_say_why(hands, wanted, distance_m, reason):
    measurement = HandMeasurement(wanted, distance_m)
    measurement.add(hands, CAMERA)
    with pytest.raises(HandSizeError, match=reason):
        measurement.result_m()
