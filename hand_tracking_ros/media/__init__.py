"""Reading and writing pictures and videos, without ROS.

from hand_tracking_ros.media import open_media

with open_media('holiday.mp4') as source:  # or a folder, a camera, simulated hands
    for frame in source:
        print(frame.name, frame.stamp_s, frame.image.shape)  # (H, W, 3) uint8 RGB
"""

from hand_tracking_ros.media.media_source import Frame, MediaSource
from hand_tracking_ros.media.sources import open_media

__all__ = ['Frame', 'MediaSource', 'open_media']
