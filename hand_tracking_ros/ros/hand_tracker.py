"""The ROS 2 node: camera images in, hands out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from hand_tracking_ros.command_line import run_program
from hand_tracking_ros.ros import hand_tracker_node
from hand_tracking_ros.ros.hand_tracker_parameters import HandTrackerSettings
from hand_tracking_ros.ros.parameters import describe
from hand_tracking_ros.ros.process import own_arguments

TOPICS = """
topics in:
  image, image/compressed      sensor_msgs/Image or CompressedImage (parameter image_transport)
  camera_info                  sensor_msgs/CameraInfo
  depth, depth/camera_info     sensor_msgs/Image registered to image, and CameraInfo (optional)

service:
  ~/calibrate_hand             hand_tracking_ros/srv/CalibrateHand

topics out:
  ~/hands                      hand_tracking_ros/HandArray, for every processed image
  ~/left/pose, ~/right/pose    geometry_msgs/PoseStamped
  ~/left/joint_states, ~/right/joint_states
                               sensor_msgs/JointState, finger joints in radians
  ~/left/landmarks, ~/right/landmarks
                               geometry_msgs/PoseArray, in the frame of the hand
  ~/markers                    visualization_msgs/MarkerArray
  ~/annotated_image            sensor_msgs/Image
  ~/annotated_image/compressed sensor_msgs/CompressedImage
  /tf, /diagnostics

parameters (--ros-args -p NAME:=VALUE):
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    argparse.ArgumentParser(
        prog='hand_tracker',
        usage='hand_tracker [-h] [--ros-args -p NAME:=VALUE -r FROM:=TO ...]',
        description=__doc__ + '\n' + TOPICS + describe(HandTrackerSettings),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args(own_arguments(arguments))
    return run_program(lambda: hand_tracker_node.run(['hand_tracker', *arguments]))


if __name__ == '__main__':
    sys.exit(main())
