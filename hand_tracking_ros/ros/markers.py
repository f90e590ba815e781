"""Hands as RViz markers: skeleton, joints shaded by depth, label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import Vector3
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from hand_tracking_ros.ros.message_conversion import point_to_message, points_to_message
from hand_tracking_ros.tracking.hand import (
    CONNECTIONS,
    Hand,
    Handedness,
    HandPose,
    Landmark,
    TrackingState,
)

BONE_WIDTH_M = 0.004
JOINT_DIAMETER_M = 0.009
LABEL_HEIGHT_M = 0.02
LABEL_DISTANCE_M = 0.04
FARTHEST_SHADE = 0.35  # brightness of the farthest joint; the nearest has 1

SKELETON_ID, JOINTS_ID, LABEL_ID = range(3)
_COLORS = {
    Handedness.LEFT: np.array([0.25, 0.65, 1.0]),
    Handedness.RIGHT: np.array([1.0, 0.6, 0.2]),
    Handedness.UNKNOWN: np.array([0.8, 0.8, 0.8]),
}


class HandMarkers:
    """Makes the markers of each image, and deletes those of hands that are gone."""

    def __init__(self) -> None:
        self._shown: set[str] = set()
        self._header = Header()

    def clear(self) -> MarkerArray:
        """Deletions for all that is shown, with the header of the last image."""
        return self.update([], self._header)

    def update(self, hands: Sequence[Hand], header: Header) -> MarkerArray:
        """Markers for the tracked hands that have a pose; deletions for all others shown."""
        shown = {
            f'hand_{hand.track_id}': hand
            for hand in hands
            if hand.pose is not None and hand.state == TrackingState.TRACKED
        }
        array = MarkerArray()
        for namespace in sorted(self._shown - shown.keys()):
            array.markers += [
                Marker(header=header, ns=namespace, id=marker_id, action=Marker.DELETE)
                for marker_id in (SKELETON_ID, JOINTS_ID, LABEL_ID)
            ]
        for namespace, hand in shown.items():
            array.markers += _hand_markers(hand, hand.pose, namespace, header)
        self._shown, self._header = set(shown), header
        return array


def _hand_markers(hand: Hand, pose: HandPose, namespace: str, header: Header) -> list[Marker]:
    color = _COLORS[hand.handedness]
    landmarks = pose.camera_landmarks_m
    skeleton = _marker(namespace, SKELETON_ID, Marker.LINE_LIST, header, color)
    skeleton.scale.x = BONE_WIDTH_M
    skeleton.points = points_to_message(landmarks[np.array(CONNECTIONS).ravel()])

    joints = _marker(namespace, JOINTS_ID, Marker.SPHERE_LIST, header, color)
    joints.scale = Vector3(x=JOINT_DIAMETER_M, y=JOINT_DIAMETER_M, z=JOINT_DIAMETER_M)
    joints.points = points_to_message(landmarks)
    joints.colors = [_color(color * shade) for shade in _depth_shades(landmarks[:, 2])]

    label = _marker(namespace, LABEL_ID, Marker.TEXT_VIEW_FACING, header, np.ones(3))
    label.scale.z = LABEL_HEIGHT_M
    # Beside the wrist on the side away from the fingers, where nothing is in the way.
    away = landmarks[Landmark.WRIST] - landmarks[Landmark.MIDDLE_FINGER_MCP]
    away *= LABEL_DISTANCE_M / max(np.linalg.norm(away), np.finfo(float).eps)
    label.pose.position = point_to_message(landmarks[Landmark.WRIST] + away)
    label.text = f'{hand.handedness.name.lower()} #{hand.track_id}'
    return [skeleton, joints, label]


def _marker(
    namespace: str, marker_id: int, marker_type: int, header: Header, color: np.ndarray
) -> Marker:
    marker = Marker(header=header, ns=namespace, id=marker_id, type=marker_type)
    marker.action = Marker.ADD
    marker.pose.orientation.w = 1.0
    marker.color = _color(color)
    return marker


def _depth_shades(depth_m: np.ndarray) -> np.ndarray:
    """Brightness of each joint, from 1 (nearest) to FARTHEST_SHADE."""
    nearest, farthest = depth_m.min(), depth_m.max()
    fraction = (depth_m - nearest) / max(farthest - nearest, np.finfo(float).eps)
    return 1 - (1 - FARTHEST_SHADE) * fraction


def _color(rgb: np.ndarray) -> ColorRGBA:
    red, green, blue = (float(value) for value in rgb)
    return ColorRGBA(r=red, g=green, b=blue, a=1.0)
