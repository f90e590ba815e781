"""Somebody who listens to every output of hand_tracker until the soak kills him.

python3 -m evaluation.faults.client
"""

from __future__ import annotations

import sys

import rclpy
from geometry_msgs.msg import PoseArray, PoseStamped
from sensor_msgs.msg import CompressedImage, Image, JointState
from visualization_msgs.msg import MarkerArray

from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.process import ros_process

TOPICS = {
    'hands': HandArray,
    'left/pose': PoseStamped,
    'right/pose': PoseStamped,
    'left/joint_states': JointState,
    'right/joint_states': JointState,
    'left/landmarks': PoseArray,
    'right/landmarks': PoseArray,
    'markers': MarkerArray,
    'annotated_image': Image,
    'annotated_image/compressed': CompressedImage,
}


def main() -> int:
    with ros_process([]):
        node = rclpy.create_node('soak_client')
        for topic, kind in TOPICS.items():
            node.create_subscription(kind, f'hand_tracker/{topic}', lambda _message: None, 10)
        try:
            rclpy.spin(node)
        finally:
            node.destroy_node()
    return 0


if __name__ == '__main__':
    sys.exit(main())
