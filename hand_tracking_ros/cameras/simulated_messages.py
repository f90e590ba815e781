"""The messages that only a simulated camera has: depth, and the ground truth of the hands."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.compat import CvBridge
from hand_tracking_ros.ros.message_conversion import hand_frames, hands_to_message
from hand_tracking_ros.simulation.camera_simulator import SimulatedFrame
from hand_tracking_ros.simulation.ground_truth import HandTruth
from hand_tracking_ros.tracking.fingers.finger_values import with_finger_values
from hand_tracking_ros.tracking.hand import Hand, HandPose, Landmark, PoseSource, TrackingState
from hand_tracking_ros.tracking.region import region_from_landmarks

DEPTH_ENCODINGS = ('16UC1', '32FC1')
_MAX_DEPTH_MM = np.iinfo(np.uint16).max
_bridge = CvBridge()


def ground_truth_message(frame: SimulatedFrame, header: Header) -> HandArray:
    """What the tracker should say of a frame, hands that the image shows first."""
    height, width = frame.image.shape[:2]
    hands = [hand_from_truth(truth, width, height, frame.stamp_s) for truth in frame.hands]
    hands.sort(key=lambda hand: hand.state)
    return hands_to_message(hands, hand_frames(hands), header, width, height)


def depth_message(depth_m: np.ndarray, header: Header, encoding: str) -> Image:
    """Depth (H, W) in metres, 0 where there is none, as REP 118 has it.

    `16UC1` holds millimetres, 0 where there are none; `32FC1` metres, NaN where there are none.
    """
    if encoding == '16UC1':
        depth_mm = np.round(depth_m * 1000.0)
        pixels = np.where(depth_mm <= _MAX_DEPTH_MM, depth_mm, 0.0).astype(np.uint16)
    else:
        pixels = np.where(depth_m > 0, depth_m, np.nan).astype(np.float32)
    return _bridge.cv2_to_imgmsg(pixels, encoding, header)


def hand_from_truth(truth: HandTruth, image_width: int, image_height: int, age_s: float) -> Hand:
    """The truth in the tracker's words: TRACKED if the image shows the hand, else HELD."""
    points = truth.camera_landmarks_m
    hand = Hand(
        track_id=truth.hand_id + 1,
        handedness=truth.handedness,
        handedness_score=1.0,
        state=TrackingState.TRACKED if truth.is_visible else TrackingState.HELD,
        presence=float(truth.landmarks_visible.mean()),
        age_s=age_s,
        landmarks=truth.landmarks.astype(np.float32),
        world_landmarks=(points - points.mean(axis=0)).astype(np.float32),
        region=region_from_landmarks(truth.landmarks[:, :2] * [image_width, image_height]),
        pose=HandPose(
            position_m=points[Landmark.WRIST],
            rotation=truth.rotation,
            camera_landmarks_m=points,
            covariance=np.zeros((6, 6)),
            reprojection_error_px=0.0,
            source=PoseSource.NONE,
        ),
    )
    return with_finger_values(hand)
