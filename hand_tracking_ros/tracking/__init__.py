"""The hand tracker without ROS: images in, hands out."""

from hand_tracking_ros.tracking.hand import (
    CONNECTIONS,
    Hand,
    Handedness,
    HandPose,
    Landmark,
    PoseSource,
    TrackingState,
)
from hand_tracking_ros.tracking.networks.models import HandModels
from hand_tracking_ros.tracking.region import Region
from hand_tracking_ros.tracking.tracker import HandTracker, TrackerOptions

__all__ = [
    'CONNECTIONS',
    'Hand',
    'HandModels',
    'HandPose',
    'HandTracker',
    'Handedness',
    'Landmark',
    'PoseSource',
    'Region',
    'TrackerOptions',
    'TrackingState',
]
