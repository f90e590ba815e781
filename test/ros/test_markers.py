"""What RViz is shown of a hand."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')

from std_msgs.msg import Header
from visualization_msgs.msg import Marker

from hand_tracking_ros.ros.markers import (
    FARTHEST_SHADE,
    LABEL_DISTANCE_M,
    HandMarkers,
)
from hand_tracking_ros.tracking.hand import (
    CONNECTIONS,
    Handedness,
    HandPose,
    Landmark,
    PoseSource,
    TrackingState,
)
from support.synthetic_hand import hand_points, hand_seen

HEADER = Header(frame_id='camera')
TURN, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
POINTS_M = hand_points((0.3,) * 5) @ TURN.T + [0.0, 0.0, 0.5]


def hand(track_id=1, side=Handedness.RIGHT, **fields):
    pose = HandPose(POINTS_M[0], np.eye(3), POINTS_M, np.eye(6), 0.5, PoseSource.HAND_SIZE)
    seen = hand_seen(np.zeros((21, 2)), (640, 480), POINTS_M, side)
    return replace(seen, track_id=track_id, **{'pose': pose, **fields})


def markers_of(*hands, markers=None):
    return (markers or HandMarkers()).update(hands, HEADER).markers


def array(points):
    return np.array([(point.x, point.y, point.z) for point in points])


def colors(messages):
    return np.array([(color.r, color.g, color.b) for color in messages])


def test_bones_and_joints_lie_where_the_landmarks_are():
    skeleton, joints, _ = markers_of(hand())
    np.testing.assert_allclose(array(joints.points), POINTS_M)
    ends = array(skeleton.points).reshape(-1, 2, 3)
    np.testing.assert_allclose(ends, POINTS_M[np.array(CONNECTIONS)])
    assert {marker.header.frame_id for marker in (skeleton, joints)} == {'camera'}
    assert 0 < skeleton.scale.x < joints.scale.x == joints.scale.y == joints.scale.z < 0.02


def test_the_label_names_the_hand_behind_its_wrist():
    *_, label = markers_of(hand(7, Handedness.LEFT))
    assert label.text == 'left #7'
    (away,) = array([label.pose.position]) - POINTS_M[Landmark.WRIST]
    assert np.linalg.norm(away) == pytest.approx(LABEL_DISTANCE_M)
    fingers = POINTS_M[Landmark.MIDDLE_FINGER_MCP] - POINTS_M[Landmark.WRIST]
    assert away @ fingers == pytest.approx(-LABEL_DISTANCE_M * np.linalg.norm(fingers))


def test_joints_are_darker_the_farther_they_are():
    skeleton, joints, _ = markers_of(hand())
    shades = colors(joints.colors) / colors([skeleton.color])
    np.testing.assert_allclose(shades, shades[:, :1] * np.ones(3), rtol=1e-6)
    depth_m = POINTS_M[:, 2]
    expected = np.interp(depth_m, [depth_m.min(), depth_m.max()], [1.0, FARTHEST_SHADE])
    np.testing.assert_allclose(shades[:, 0], expected, rtol=1e-6)


def test_each_side_has_a_color_of_its_own_and_all_are_colors():
    sides = (Handedness.LEFT, Handedness.RIGHT, Handedness.UNKNOWN)
    found = colors([markers_of(hand(side=side))[0].color for side in sides])
    assert len({tuple(color) for color in found}) == 3
    assert found.min() >= 0 and found.max() <= 1
    shown = [marker for marker in markers_of(hand()) if marker.color.a == 1.0]
    assert len(shown) == 3


@pytest.mark.parametrize(
    'fields', [{'state': TrackingState.HELD}, {'pose': None}], ids=['held', 'no pose']
)
def test_markers_of_a_hand_that_is_not_placed_any_more_are_deleted_once(fields):
    markers = HandMarkers()
    markers_of(hand(1), hand(2), markers=markers)
    gone = markers_of(hand(1, **fields), hand(2), markers=markers)
    deleted = [marker for marker in gone if marker.action == Marker.DELETE]
    assert {(marker.ns, marker.id) for marker in deleted} == {('hand_1', i) for i in range(3)}
    assert {marker.ns for marker in gone if marker.action == Marker.ADD} == {'hand_2'}
    again = markers_of(hand(2), markers=markers)
    assert all(marker.action == Marker.ADD for marker in again)
