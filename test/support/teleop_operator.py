"""Somebody who shows a hand to the teleoperation node, and keeps what it answers."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from std_msgs.msg import Header

from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.message_conversion import hand_frames, hands_to_message
from hand_tracking_ros.tracking.fingers.finger_values import with_finger_values
from hand_tracking_ros.tracking.fingers.hand_frame import hand_axes
from hand_tracking_ros.tracking.hand import Hand, Handedness, HandPose, Landmark, PoseSource
from support.node_process import Client, NodeProcess
from support.synthetic_hand import hand_points, hand_seen
from support.teleop_client import TeleopOutputs

HANDS = 'hand_tracker/hands'
FRAME_NS = 33_000_000
# For tests in which time does not matter: a busy machine may take long from one image to the next.
PATIENT = [
    '-p', 'timeout:=10.0', '-p', 'resume_within:=10.0', '-p', 'max_image_age:=60.0',
]  # fmt: skip


class Operator(Client):
    """Shows a hand to the node, one image after the other, as a camera with 30 Hz would.

    Attributes:
        said: what the node answers.
        stamp_ns: of the last image.
    """

    def __init__(self, node: NodeProcess) -> None:
        super().__init__(node)
        self.said = TeleopOutputs(self)
        self.add_publisher(HandArray, HANDS)
        self.stamp_ns = time.time_ns()

    def connect(self) -> None:
        """Wait until nothing that is said is missed, on either side."""
        self.wait_for(self.is_heard, f'subscription to {HANDS}')
        self.said.wait_until_heard()

    def is_heard(self) -> bool:
        """Whether the node listens to hands; this client does too."""
        return self.node.count_subscribers(HANDS) > 1

    def message(self, *hands: Hand, frame_id: str = 'camera') -> HandArray:
        """The next image's message, with these hands."""
        self.stamp_ns += FRAME_NS
        header = Header(frame_id=frame_id)
        header.stamp.sec, header.stamp.nanosec = divmod(self.stamp_ns, 10**9)
        with_fingers = [with_finger_values(hand) for hand in hands]
        return hands_to_message(with_fingers, hand_frames(with_fingers), header, 640, 480)

    def show(self, *hands: Hand, **fields):
        """The target that answers the next image, with these hands."""
        return self.send(self.message(*hands, **fields))

    def send(self, message: HandArray):
        """The target that answers a message.

        An image's time passes afterwards: the node's clock is part of its speed limits.
        """

        def answered():
            # Best effort may lose it; a message that repeats its stamp moves nothing.
            self.publish(HANDS, message)
            for _ in range(20):
                self._executor.spin_once(timeout_sec=0.05)
                for target in self.said.targets:
                    if target.header.stamp == message.header.stamp:
                        return target
            return None

        target = self.wait_for(answered, f'target for {message.header}')
        self._let_an_image_pass()
        return target

    def send_until(self, make_message, status: str) -> None:
        """Send messages, made anew for every image, until the newest status begins like this."""

        def said() -> bool:
            self.publish(HANDS, make_message())
            self._let_an_image_pass()
            return self.said.statuses[-1].startswith(status)

        self.wait_for(said, status)

    def _let_an_image_pass(self) -> None:
        next_ns = time.monotonic_ns() + FRAME_NS
        self.wait_for(lambda: time.monotonic_ns() >= next_ns, 'time of the next image')


def hand(position_m=(0.0, 0.0, 0.6), pinched=False, side=Handedness.RIGHT, **fields) -> Hand:
    """A hand with its index finger's tip on the thumb's, or not."""
    points = hand_points(side=side)
    if pinched:
        points[Landmark.INDEX_FINGER_TIP] = points[Landmark.THUMB_TIP]
    seen = hand_seen(np.zeros((21, 2)), (640, 480), points - points.mean(axis=0), side)
    points = points + position_m
    pose = HandPose(
        points[0], hand_axes(points, side), points, np.eye(6), 0.0, PoseSource.HAND_SIZE
    )
    return replace(seen, **{'pose': pose, **fields})
