"""The teleoperation node: a hand moves a robot's target pose and its gripper.

Close the clutch (pinch, or a fist) and move the hand: the target moves as the hand does, within the
workspace and the speed limits. Open the clutch to stop, and to take the hand back without moving
the target. A hand that is lost stops the target.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from hand_tracking_ros.command_line import run_program
from hand_tracking_ros.ros.parameters import describe
from hand_tracking_ros.ros.process import node_arguments
from hand_tracking_ros.teleop import hand_teleop_node
from hand_tracking_ros.teleop.teleop_parameters import TeleopSettings

TOPICS = """
topics in:
  hand_tracker/hands  hand_tracking_ros/HandArray
  /tf, /tf_static     with the parameters robot_frame and tool_frame

topics out, with every message that comes in:
  ~/target            geometry_msgs/PoseStamped in robot_frame, with the image's stamp
  ~/gripper           std_msgs/Float64, 0 open .. 1 closed, from the first engagement on
and with every change, latched:
  ~/status            std_msgs/String: ENGAGED, RELEASED, or HAND_LOST: and why

parameters (--ros-args -p NAME:=VALUE):
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    description = __doc__ + TOPICS + describe(TeleopSettings)
    _, arguments = node_arguments('hand_teleop', argv, description)
    return run_program(lambda: hand_teleop_node.run(arguments))


if __name__ == '__main__':
    sys.exit(main())
