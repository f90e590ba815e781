"""The teleoperation node: a hand moves a robot's target pose and its gripper.

Close the clutch (pinch, or a fist) and move the hand: the target moves as the hand does, within the
workspace and the speed limits. Open the clutch to stop, and to take the hand back without moving
the target. A hand that is lost stops the target.
"""

from __future__ import annotations

import queue
from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from std_msgs.msg import Float64, Header, String

from hand_tracking_ros.command_line import run_program
from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.compat import Buffer, TransformException, TransformListener
from hand_tracking_ros.ros.message_conversion import (
    hands_from_message,
    matrix_from_transform,
    pose_to_message,
)
from hand_tracking_ros.ros.parameters import NodeParameters, describe
from hand_tracking_ros.ros.process import node_arguments, ros_process, spinning
from hand_tracking_ros.ros.transforms import SIDES
from hand_tracking_ros.teleop.teleop import (
    HandSample,
    Teleop,
    TeleopState,
    TeleopTarget,
    sample_hand,
)
from hand_tracking_ros.teleop.teleop_parameters import TeleopSettings
from hand_tracking_ros.tracking.hand import Hand, TrackingState
from hand_tracking_ros.tracking.rotations import matrix_from_quaternion

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

HANDS_TOPIC = 'hand_tracker/hands'
# Takes the hands of reliable and best-effort publishers alike.
HANDS_QOS = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
# Who subscribes later gets the last status.
STATUS_QOS = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class HandUnavailableError(Exception):
    """Why there is no hand to follow, or no target to move."""


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
        self._transforms = Buffer()
        self._listener = TransformListener(self._transforms, self)
        self._target = self.create_publisher(PoseStamped, '~/target', QoSProfile(depth=10))
        self._gripper = self.create_publisher(Float64, '~/gripper', QoSProfile(depth=10))
        self._status = self.create_publisher(String, '~/status', STATUS_QOS)
        self._hands = self.create_subscription(
            HandArray, HANDS_TOPIC, self._messages.put, HANDS_QOS
        )
        self._teleop: Teleop | None = None
        self._track_id: int | None = None
        self._state = TeleopState.HAND_LOST
        self._status_text = ''
        self._say(TeleopState.HAND_LOST, f'no message on {self._hands.topic_name} yet')

    def run(self) -> None:
        """Follow the hand until something is raised."""
        had_messages = False
        while True:
            try:
                message = self._messages.get(timeout=self._settings.timeout)
            except queue.Empty:
                if had_messages:
                    self._stop(f'no message on {self._hands.topic_name} any more')
            else:
                had_messages = True
                self._process(message)

    def _process(self, message: HandArray) -> None:
        if self._node_parameters.settings is not self._settings:
            self._settings = self._node_parameters.settings
            self._options = self._settings.teleop_options()
        frame_id = self._settings.robot_frame or message.header.frame_id
        try:
            to_robot = self._transform(frame_id, message.header.frame_id)
            if self._teleop is None:
                self._teleop = self._start(frame_id)
            sample = sample_hand(self._choose(message), to_robot)
        except HandUnavailableError as error:
            target = self._stop(str(error))
        else:
            target = self._follow(sample, message.header)
        if target is None:
            return
        header = Header(stamp=message.header.stamp, frame_id=frame_id)
        pose = pose_to_message(target.position_m, target.rotation)
        self._target.publish(PoseStamped(header=header, pose=pose))
        if target.gripper is not None:
            self._gripper.publish(Float64(data=target.gripper))

    def _follow(self, sample: HandSample, header: Header) -> TeleopTarget:
        self._teleop.options = self._options
        stamp_s = Time.from_msg(header.stamp).nanoseconds / 1e9
        target = self._teleop.update(sample, stamp_s)
        reason = ''
        if target.state == TeleopState.HAND_LOST:
            reason = 'its pose is not finite'
        elif target.waits_for_release:
            reason = f'open the {self._settings.clutch} once to engage'
        self._say(target.state, reason)
        return target

    def _stop(self, reason: str) -> TeleopTarget | None:
        """No hand to follow; the target stays where it is, if there is one."""
        self._say(TeleopState.HAND_LOST, reason)
        return self._teleop.lose() if self._teleop else None

    def _choose(self, message: HandArray) -> Hand:
        """The hand to follow: the same as last time, else the one that is tracked longest."""
        try:
            hands = hands_from_message(message)
        except ValueError as error:
            raise HandUnavailableError(f"the hand tracker's message is wrong: {error}") from error
        side = self._settings.hand
        ours = [hand for hand in hands if SIDES.get(hand.handedness) == side]
        if not ours:
            raise HandUnavailableError(f'no {side} hand is in the image')
        tracked = [hand for hand in ours if hand.state == TrackingState.TRACKED]
        if not tracked:
            raise HandUnavailableError(f'the {side} hand is held, not seen')
        located = [hand for hand in tracked if hand.pose is not None]
        if not located:
            raise HandUnavailableError(
                f'the {side} hand has no pose: the hand tracker needs a valid camera_info'
            )
        hand = max(located, key=lambda hand: (hand.track_id == self._track_id, hand.age_s))
        self._track_id = hand.track_id
        return hand

    def _start(self, frame_id: str) -> Teleop:
        """Teleoperation that begins at the tool, or at the start that the parameters name."""
        if self._settings.tool_frame:
            tool = self._transform(frame_id, self._settings.tool_frame)
            return Teleop(tool[:3, 3], tool[:3, :3])
        rotation = matrix_from_quaternion(np.array(self._settings.start_orientation))
        return Teleop(np.array(self._settings.start_position), rotation)

    def _transform(self, target_frame: str, source_frame: str) -> np.ndarray:
        """The transform (4, 4) from a frame to another, as TF knows it now."""
        if target_frame == source_frame:
            return np.eye(4)
        try:
            found = self._transforms.lookup_transform(target_frame, source_frame, Time())
        except TransformException as error:
            raise HandUnavailableError(
                f"no transform from '{source_frame}' to '{target_frame}': {error}"
            ) from error
        return matrix_from_transform(found.transform)

    def _say(self, state: TeleopState, reason: str) -> None:
        """Tell status topic and log about a change."""
        text = f'{state.name}: {reason}' if reason else state.name
        if text == self._status_text:
            return
        if state == TeleopState.HAND_LOST and self._state == TeleopState.ENGAGED:
            self.get_logger().warning(f'Stopped: {reason}')
        else:
            self.get_logger().info(text)
        self._state, self._status_text = state, text
        self._status.publish(String(data=text))


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
