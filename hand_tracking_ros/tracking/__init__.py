"""The hand tracker without ROS: images in, hands out. No ROS here.

from hand_tracking_ros.tracking import HandPipeline, Landmark

pipeline = HandPipeline()
for hand in pipeline.process(image, stamp_s):
    print(hand.handedness.name, hand.landmarks[Landmark.INDEX_FINGER_TIP])
"""

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
from hand_tracking_ros.tracking.pipeline import HandPipeline, PipelineOptions
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage
from hand_tracking_ros.tracking.region import Region
from hand_tracking_ros.tracking.smoothing import SmoothingOptions
from hand_tracking_ros.tracking.tracker import HandTracker
from hand_tracking_ros.tracking.tracker_options import TrackerOptions

__all__ = [
    'CONNECTIONS',
    'CameraModel',
    'DepthImage',
    'Hand',
    'HandModels',
    'HandPipeline',
    'HandPose',
    'HandTracker',
    'Handedness',
    'Landmark',
    'PipelineOptions',
    'PoseSource',
    'Region',
    'SmoothingOptions',
    'TrackerOptions',
    'TrackingState',
]
