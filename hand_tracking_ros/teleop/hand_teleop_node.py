"""The teleoperation node: a hand moves a robot's target pose and its gripper.

Close the clutch (pinch, or a fist) and move the hand: the target moves as the hand does, within the
workspace and the speed limits. Open the clutch to stop, and to take the hand back without moving
the target. A hand that is lost stops the target.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import PoseStamped
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from std_msgs.msg import Float64, Header

from hand_tracking_ros.command_line import run_program
from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.managed_node import ManagedNode
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
  ~/status            std_msgs/String: ENGAGED, RELEASED, HAND_LOST, FAULT, INACTIVE, and why

services:
  ~/set_enabled                std_srvs/SetBool: activate or deactivate
  ~/reset                      std_srvs/Trigger: disengage
  ~/change_state, ~/get_state  of a managed node, see ros2 lifecycle

parameters (--ros-args -p NAME:=VALUE):
"""

HANDS_TOPIC = 'hand_tracker/hands'
HANDS_DEPTH = 10
# Takes the hands of reliable and best-effort publishers alike.
HANDS_QOS = QoSProfile(depth=HANDS_DEPTH, reliability=ReliabilityPolicy.BEST_EFFORT)


class HandTeleopNode(ManagedNode):
    """Moves a target pose with one hand.

    Hands are received in the executor's thread, and followed in the one that calls `run`.

    Raises:
        UserError: a parameter is wrong.
    """

    def __init__(self) -> None:
        super().__init__('hand_teleop')
        self._node_parameters = NodeParameters(self, TeleopSettings)
        self._following = threading.Lock()  # transitions wait for the message being followed
        self._messages: queue.SimpleQueue[HandArray] = queue.SimpleQueue()
        self._message_s: float | None = None  # when the last one came, by the steady clock
        # From activation on.
        self._hands: Subscription | None = None
        self._input: HandInput | None = None
        # From configuration on.
        self._transforms: TransformInput | None = None
        self._target: Publisher | None = None
        self._gripper: Publisher | None = None
        # From the first message on. They outlive deactivation: a target never jumps.
        self._frame_id = ''
        self._teleop: Teleop | None = None
        self._status = StatusPublisher(self)
        self._say_inactive('not configured')

    @property
    def settings(self) -> TeleopSettings:
        """The parameters as they are now."""
        return self._node_parameters.settings

    def configure(self) -> None:
        """Check the parameters, listen to TF, advertise the target."""
        self.settings.teleop_options()
        with self._following:
            self._transforms = TransformInput(self)
            self._target = self.create_publisher(PoseStamped, '~/target', QoSProfile(depth=10))
            self._gripper = self.create_publisher(Float64, '~/gripper', QoSProfile(depth=10))
            self._say_inactive('not active')

    def activate(self) -> None:
        """Follow hands from now on."""
        with self._following:
            self._hands = self.create_subscription(HandArray, HANDS_TOPIC, self._receive, HANDS_QOS)
            topic = self._hands.topic_name
            self._input = HandInput(topic, self.settings.hand)
            self._message_s = None
            self._status.say(TeleopState.HAND_LOST, f'no message on {topic} yet')

    def deactivate(self) -> None:
        """Move nothing any more; the target stays where it is."""
        with self._following:
            if self._hands is not None:
                self.destroy_subscription(self._hands)
                self._hands = None
            self._drop_messages(leave=0)
            self._disengage()
            self._say_inactive('not active')

    def cleanup(self) -> None:
        """Withdraw the topics and forget the target."""
        with self._following:
            if self._transforms is not None:
                self._transforms.close()
            for publisher in filter(None, (self._target, self._gripper)):
                self.destroy_publisher(publisher)
            self._transforms = self._target = self._gripper = self._teleop = None
            self._say_inactive('not configured')

    def reset(self) -> None:
        """Forget the hand: it has to open its clutch. The target stays where it is."""
        with self._following:
            self._disengage()

    def run(self) -> None:
        """Follow the hand while active, and say so, until something is raised."""
        while True:
            message = None
            with contextlib.suppress(queue.Empty):
                message = self._messages.get(timeout=self._status.wait_s())
            with self._following:
                if self._hands is not None:  # active
                    if message is not None:
                        self._message_s = time.monotonic()
                        self._process(message)
                    self._check_silence()
                self._status.repeat_if_due()

    def _receive(self, message: HandArray) -> None:
        self._drop_messages(leave=HANDS_DEPTH - 1)  # more come than can be followed
        self._messages.put(message)

    def _drop_messages(self, leave: int) -> None:
        while self._messages.qsize() > leave:
            with contextlib.suppress(queue.Empty):  # one was taken meanwhile
                self._messages.get_nowait()

    def _disengage(self) -> None:
        if self._teleop is not None:
            self._teleop.disengage()

    def _say_inactive(self, what: str) -> None:
        because = f': {self.failure}' if self.failure else ''
        self._status.say(TeleopState.INACTIVE, f'the node is {what}{because}')

    def _check_silence(self) -> None:
        if self._message_s is None or time.monotonic() - self._message_s < self.settings.timeout:
            return
        reason = f'no message on {self._hands.topic_name} any more'
        self._status.say(TeleopState.HAND_LOST, reason)
        if self._teleop is not None:
            self._teleop.lose(reason)

    def _process(self, message: HandArray) -> None:
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
            self._frame_id = self.settings.robot_frame or image_frame
        elif not self.settings.robot_frame and image_frame != self._frame_id:
            raise FrameChangedError(
                f"{self._hands.topic_name}: header.frame_id is '{image_frame}', but the target is "
                f"in '{self._frame_id}'; set the parameter robot_frame to a frame that stays, or "
                'start hand_teleop again'
            )
        to_robot = self._transforms.matrix(self._frame_id, image_frame, 'robot_frame')
        if self._teleop is None:
            self._teleop = self._start()
        hand = self._input.choose(message)
        self._teleop.options = self.settings.teleop_options()
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
        check_age(age_s, self.settings.max_image_age, use_sim_time)

    def _start(self) -> Teleop:
        """Teleoperation that begins at the tool, or at the start that the parameters name."""
        settings = self.settings
        if settings.tool_frame:
            tool = self._transforms.matrix(self._frame_id, settings.tool_frame, 'tool_frame')
            return Teleop(tool[:3, 3], tool[:3, :3])
        rotation = matrix_from_quaternion(np.array(settings.start_orientation))
        return Teleop(np.array(settings.start_position), rotation)

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
                node.start(is_automatic=node.settings.autostart)
                with spinning(node):
                    node.run()
            finally:
                node.destroy_node()

    return run_program(run)
