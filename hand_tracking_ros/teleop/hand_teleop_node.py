"""The teleoperation node: a hand moves a robot's target pose and its gripper.

Close the clutch (pinch, or a fist) and move the hand: the target moves as the hand does, within the
workspace and the speed limits. Open the clutch to stop, and to take the hand back without moving
the target. A hand that is lost stops the target.
"""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_msgs.msg import Float64, Header

from hand_tracking_ros.command_line import run_program
from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.message_conversion import pose_to_message
from hand_tracking_ros.ros.parameters import NodeParameters, describe
from hand_tracking_ros.ros.process import node_arguments, ros_process, spinning
from hand_tracking_ros.teleop.errors import (
    FrameChangedError,
    HandUnavailableError,
    TeleopFaultError,
)
from hand_tracking_ros.teleop.hand_input import HandInput, check_age
from hand_tracking_ros.teleop.hand_sample import sample_hand
from hand_tracking_ros.teleop.status import StatusPublisher
from hand_tracking_ros.teleop.teleop import Teleop, TeleopState, TeleopTarget
from hand_tracking_ros.teleop.teleop_parameters import TeleopSettings
from hand_tracking_ros.teleop.transform_input import TransformInput
from hand_tracking_ros.tracking.rotations import matrix_from_quaternion

TOPICS = """
topics in:
  hand_tracker/hands  hand_tracking_ros/HandArray
  /tf, /tf_static     with the parameters robot_frame and tool_frame

topics out, with every message that comes in:
  ~/target            geometry_msgs/PoseStamped in robot_frame, with the image's stamp
  ~/gripper           std_msgs/Float64, 0 open .. 1 closed, from the first engagement on
and with every change, latched, and at least ten times a second while the node lives:
  ~/status            std_msgs/String: ENGAGED, RELEASED, HAND_LOST, FAULT, and why

parameters (--ros-args -p NAME:=VALUE):
"""

HANDS_TOPIC = 'hand_tracker/hands'
HANDS_DEPTH = 10
# Takes the hands of reliable and best-effort publishers alike.
HANDS_QOS = QoSProfile(depth=HANDS_DEPTH, reliability=ReliabilityPolicy.BEST_EFFORT)


class HandTeleopNode(Node):
    """Moves a target pose with one hand.

    Hands are received in the executor's thread, and followed in the one that calls `run`.

    Raises:
        UserError: a parameter is wrong.
    """

    def __init__(self) -> None:
        super().__init__('hand_teleop')
        self._node_parameters = NodeParameters(self, TeleopSettings)
        self._settings = self._node_parameters.settings
        self._options = self._settings.teleop_options()
        self._messages: queue.SimpleQueue[HandArray] = queue.SimpleQueue()
        self._transforms = TransformInput(self)
        self._target = self.create_publisher(PoseStamped, '~/target', QoSProfile(depth=10))
        self._gripper = self.create_publisher(Float64, '~/gripper', QoSProfile(depth=10))
        self._status = StatusPublisher(self)
        self._hands = self.create_subscription(HandArray, HANDS_TOPIC, self._receive, HANDS_QOS)
        self._input = HandInput(self._hands.topic_name, self._settings.hand)
        self._frame_id = self._settings.robot_frame
        self._teleop: Teleop | None = None
        self._message_s: float | None = None  # when the last one came, by the steady clock
        self._status.say(TeleopState.HAND_LOST, f'no message on {self._hands.topic_name} yet')

    def run(self) -> None:
        """Follow the hand until something is raised."""
        while True:
            try:
                message = self._messages.get(timeout=self._status.wait_s())
            except queue.Empty:
                self._check_silence()
            else:
                self._message_s = time.monotonic()
                self._process(message)
            self._status.repeat_if_due()

    def _receive(self, message: HandArray) -> None:
        if self._messages.qsize() >= HANDS_DEPTH:
            with contextlib.suppress(queue.Empty):
                self._messages.get_nowait()  # more come than can be followed
        self._messages.put(message)

    def _check_silence(self) -> None:
        timeout_s = self._node_parameters.settings.timeout
        if self._message_s is None or time.monotonic() - self._message_s < timeout_s:
            return
        reason = f'no message on {self._hands.topic_name} any more'
        self._status.say(TeleopState.HAND_LOST, reason)
        if self._teleop:
            self._teleop.lose(reason)

    def _process(self, message: HandArray) -> None:
        if self._node_parameters.settings is not self._settings:
            self._settings = self._node_parameters.settings
            self._options = self._settings.teleop_options()
        try:
            stamp_s = self._input.stamp_s(message.header.stamp)
            self._check_age(stamp_s)
        except TeleopFaultError as error:
            self._lose(error)  # and a target with such a stamp would mislead the robot
            return
        try:
            target = self._follow(message, stamp_s)
        except HandUnavailableError as error:
            target = self._lose(error)
        if target is not None:
            self._publish(target, message.header)

    def _follow(self, message: HandArray, stamp_s: float) -> TeleopTarget:
        """The target after this message.

        Raises:
            HandUnavailableError: there is no hand to follow, or no target to move.
        """
        image_frame = message.header.frame_id
        if self._teleop is None:
            self._frame_id = self._settings.robot_frame or image_frame
        elif not self._settings.robot_frame and image_frame != self._frame_id:
            raise FrameChangedError(
                f"{self._hands.topic_name}: header.frame_id is '{image_frame}', but the target is "
                f"in '{self._frame_id}'; set the parameter robot_frame to a frame that stays, or "
                'start hand_teleop again'
            )
        to_robot = self._transforms.matrix(self._frame_id, image_frame, 'robot_frame')
        if self._teleop is None:
            self._teleop = self._start()
        hand = self._input.choose(message)
        self._teleop.options = self._options
        target = self._teleop.update(sample_hand(hand, to_robot), stamp_s, time.monotonic())
        self._status.say(target.state, target.reason)
        return target

    def _lose(self, error: HandUnavailableError) -> TeleopTarget | None:
        """No hand to follow; the target stays where it is, if there is one."""
        self._status.say(error.state, str(error))
        if self._teleop is None:
            return None
        if isinstance(error, FrameChangedError):
            return self._teleop.disengage(str(error), error.state)
        return self._teleop.lose(str(error), error.state)

    def _check_age(self, stamp_s: float) -> None:
        age_s = self.get_clock().now().nanoseconds / 1e9 - stamp_s
        use_sim_time = self.get_parameter('use_sim_time').value
        check_age(age_s, self._settings.max_image_age, use_sim_time)

    def _start(self) -> Teleop:
        """Teleoperation that begins at the tool, or at the start that the parameters name."""
        if self._settings.tool_frame:
            tool = self._transforms.matrix(self._frame_id, self._settings.tool_frame, 'tool_frame')
            return Teleop(tool[:3, 3], tool[:3, :3])
        rotation = matrix_from_quaternion(np.array(self._settings.start_orientation))
        return Teleop(np.array(self._settings.start_position), rotation)

    def _publish(self, target: TeleopTarget, image_header: Header) -> None:
        header = Header(stamp=image_header.stamp, frame_id=self._frame_id)
        pose = pose_to_message(target.position_m, target.rotation)
        self._target.publish(PoseStamped(header=header, pose=pose))
        if target.gripper is not None:
            self._gripper.publish(Float64(data=target.gripper))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    description = __doc__ + TOPICS + describe(TeleopSettings)
    _, arguments = node_arguments('hand_teleop', argv, description)

    def run() -> None:
        with ros_process(arguments):
            node = HandTeleopNode()
            try:
                with spinning(node):
                    node.run()
            finally:
                node.destroy_node()

    return run_program(run)
