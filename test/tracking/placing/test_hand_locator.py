"""Poses of the hands of one camera over time: what a track keeps, and what begins anew."""

from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.tracking.hand import Handedness, PoseSource, TrackingState
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.hand_locator import HandLocator, LocatorOptions
from support.seen_hand import depth_image, placed_joints, report

SIZE = (640, 480)
CAMERA = CameraModel.from_camera_info_fields(*SIZE, (600, 0, 320, 0, 600, 240, 0, 0, 1), (), '')
LARGE_M = 0.21
JOINTS_M = placed_joints((0.05, 0.0, 0.6), length_m=LARGE_M)


def locate(locator, *hands, stamp_s=0.0, depth=None):
    return [hand.pose for hand in locator.locate(hands, CAMERA, stamp_s, depth)]


def distance_m(pose):
    return np.linalg.norm(pose.position_m)


def test_every_hand_gets_its_own_pose_in_the_same_order():
    left_m = placed_joints((-0.15, 0.0, 0.9), side=Handedness.LEFT)
    left = replace(report(left_m, CAMERA, Handedness.LEFT), track_id=2)
    right_pose, left_pose = locate(HandLocator(), report(JOINTS_M, CAMERA), left)
    assert right_pose.position_m[0] > 0 > left_pose.position_m[0]


def test_a_held_hand_keeps_its_last_pose():
    locator, hand = HandLocator(), report(JOINTS_M, CAMERA)
    (seen,) = locate(locator, hand)
    (held,) = locate(locator, replace(hand, state=TrackingState.HELD), stamp_s=0.1)
    assert held is seen


def test_the_size_seen_with_depth_is_known_without_it_for_the_same_track_only():
    locator, hand = HandLocator(), report(JOINTS_M, CAMERA)
    (before,) = locate(locator, hand)
    for number in range(10):
        depth = depth_image(JOINTS_M, CAMERA)
        (seen,) = locate(locator, hand, stamp_s=number / 30, depth=depth)
    assert seen.source == PoseSource.DEPTH
    (after,) = locate(locator, hand, stamp_s=0.5)
    (other,) = locate(locator, replace(hand, track_id=2), stamp_s=0.6)
    true_m = np.linalg.norm(JOINTS_M[0])
    assert after.source == PoseSource.HAND_SIZE
    assert abs(distance_m(after) - true_m) < 0.5 * abs(distance_m(before) - true_m)
    assert distance_m(other) == pytest.approx(distance_m(before), rel=0.01)


def test_a_known_length_counts_for_its_side():
    hand = report(JOINTS_M, CAMERA)
    (unknown,) = locate(HandLocator(), hand)
    lengths_m = {Handedness.RIGHT: LARGE_M, Handedness.LEFT: 0.1}
    (known,) = locate(HandLocator(LocatorOptions(lengths_m)), hand)
    assert distance_m(known) == pytest.approx(np.linalg.norm(JOINTS_M[0]), rel=0.03)
    assert distance_m(unknown) < 0.95 * distance_m(known)


def test_a_new_length_counts_from_the_next_image_on():
    locator, hand = HandLocator(), report(JOINTS_M, CAMERA)
    (before,) = locate(locator, hand)
    locator.options = LocatorOptions({Handedness.RIGHT: LARGE_M})
    (after,) = locate(locator, hand, stamp_s=0.1)
    assert distance_m(after) > 1.05 * distance_m(before)


def test_new_options_for_one_hand_leave_what_is_known_of_the_other():
    locator, hand = HandLocator(), report(JOINTS_M, CAMERA)
    for number in range(10):
        locate(locator, hand, stamp_s=number / 30, depth=depth_image(JOINTS_M, CAMERA))
    (before,) = locate(locator, hand, stamp_s=0.5)
    locator.options = LocatorOptions({Handedness.LEFT: 0.16})
    (held,) = locate(locator, replace(hand, state=TrackingState.HELD), stamp_s=0.6)
    (after,) = locate(locator, hand, stamp_s=0.7)
    assert held is before
    assert distance_m(after) == pytest.approx(distance_m(before), rel=1e-3)


@pytest.mark.parametrize(
    ('fields', 'options'),
    [
        ({'handedness': Handedness.LEFT}, LocatorOptions()),
        ({}, LocatorOptions({Handedness.RIGHT: 0.18})),
        ({}, LocatorOptions(image_mirrored=True)),
    ],
    ids=['side', 'length', 'mirroring'],
)
def test_a_hand_begins_anew_with_another(fields, options):
    locator, hand = HandLocator(), report(JOINTS_M, CAMERA)
    locate(locator, hand)
    locator.options = options
    (held,) = locate(locator, replace(hand, state=TrackingState.HELD, **fields), stamp_s=0.1)
    assert held is None
