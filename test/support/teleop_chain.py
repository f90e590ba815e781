"""Simulated camera, hand tracker and teleoperation, each a process of its own, and what they say.

Two teleoperation nodes follow the same hand: one in the camera's frame, one in a robot's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import numpy as np
from geometry_msgs.msg import PoseStamped
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from tf2_msgs.msg import TFMessage

from hand_tracking_ros.msg import Hand, HandArray
from hand_tracking_ros.ros.message_conversion import (
    matrix_from_transform,
    rotation_from_message,
)
from support.node_process import Client, NodeProcess
from support.teleop_client import LATCHED, TeleopOutputs, camera_in_robot, place

CAMERA_FRAME = 'head_camera'
CAMERA_IN_ROBOT = camera_in_robot(CAMERA_FRAME)
TO_ROBOT = matrix_from_transform(CAMERA_IN_ROBOT.transform)
MAX_LINEAR_SPEED_M_S = 0.25
MAX_ANGULAR_SPEED_RAD_S = 1.0
TELEOP_PARAMETERS = {
    'max_linear_speed': MAX_LINEAR_SPEED_M_S,
    'max_angular_speed': MAX_ANGULAR_SPEED_RAD_S,
    # More than a busy machine lets pass between two images.
    'timeout': 3.0,
    'max_image_age': 3.0,
    'resume_within': 1.5,
}
# Name of each teleoperation node, what it is told, and the turn from the camera's axes to its own.
TELEOPS = {
    'hand_teleop': ({}, np.eye(3)),
    'robot_teleop': ({'robot_frame': 'base', 'start_position': [0.5, 0.0, 0.8]}, TO_ROBOT[:3, :3]),
}
CAMERA_PARAMETERS = {
    # A take in which the fingers are seen closed up to the border of the image.
    'scene': 'teleop', 'seed': 1, 'handedness': 'right', 'frame_id': CAMERA_FRAME,
    'width': 320, 'height': 240, 'rate': 8.0, 'wait_for_subscribers': 1,
}  # fmt: skip
BEST_EFFORT = QoSProfile(depth=50, reliability=ReliabilityPolicy.BEST_EFFORT)


@dataclass(frozen=True)
class Target:
    """Where a robot is told to be: (3,) metres and (3, 3) axes, in the frame named."""

    stamp_s: float
    frame_id: str
    position_m: np.ndarray
    rotation: np.ndarray


@dataclass(frozen=True)
class Frame:
    """One image: what it shows and what became of it.

    Attributes:
        scene_s: time since the scene began.
        wrist_m: (3,) where the wrist really is, in the camera's frame.
        shown: share of the hand's landmarks that the image really shows.
        is_tracked: the hand tracker says that it sees a right hand.
        targets: of each teleoperation node.
    """

    scene_s: float
    wrist_m: np.ndarray
    shown: float
    is_tracked: bool
    targets: Mapping[str, Target]


class Chain:
    """The nodes behind the camera, and a client that hears everybody; a context manager.

    Attributes:
        client: hears them.
        teleops: what each teleoperation node says.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._truths: list[HandArray] = []
        self._num_cameras = 0

    def __enter__(self) -> Chain:
        with contextlib.ExitStack() as stack:
            tracker = stack.enter_context(NodeProcess(self._folder / 'tracker'))
            self._domain_id = tracker.domain_id
            self._processes = {
                name: stack.enter_context(self._start(name, 'hand_teleop', parameters))
                for name, (parameters, _) in TELEOPS.items()
            }
            self.client = stack.enter_context(Client(tracker))
            self.client.listen(HandArray, 'ground_truth', self._truths, BEST_EFFORT)
            self.teleops = {name: TeleopOutputs(self.client, name) for name in TELEOPS}
            static = self.client.node.create_publisher(TFMessage, '/tf_static', LATCHED)
            static.publish(TFMessage(transforms=[CAMERA_IN_ROBOT]))
            self._wait_until_connected()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_exception) -> None:
        self._stack.close()

    def log(self, name: str) -> str:
        """All that a teleoperation node has printed."""
        return self._processes[name].text()

    @contextlib.contextmanager
    def camera(self, **parameters) -> Iterator[NodeProcess]:
        """A camera that shows the scene from its beginning."""
        self._num_cameras += 1
        name = f'camera_{self._num_cameras}'
        process = NodeProcess(
            self._folder / name,
            *_as_arguments({**CAMERA_PARAMETERS, **parameters}),
            program='simulated_camera',
            domain_id=self._domain_id,
        )
        with process:
            yield process

    def targets(self, name: str) -> list[Target]:
        """All that a teleoperation node has sent so far, by stamp."""
        return sorted(map(_target, self.teleops[name].targets), key=attrgetter('stamp_s'))

    def frames(self) -> list[Frame]:
        """Every image so far that all nodes have answered, by stamp."""
        hands = {_stamp_s(message): message.hands for message in self.client.hands}
        targets = {
            name: {target.stamp_s: target for target in self.targets(name)} for name in TELEOPS
        }
        truths = {_stamp_s(message): message.hands[0] for message in self._truths}
        return [
            _frame(truths[stamp], hands[stamp], {name: targets[name][stamp] for name in TELEOPS})
            for stamp in sorted(set(truths).intersection(hands, *targets.values()))
        ]

    def _start(self, name: str, program: str, parameters: Mapping[str, object]) -> NodeProcess:
        return NodeProcess(
            self._folder / name,
            *_as_arguments({**TELEOP_PARAMETERS, **parameters}),
            '-r',
            f'__node:={name}',
            program=program,
            domain_id=self._domain_id,
        )

    def _wait_until_connected(self) -> None:
        self.client.wait_for_node()
        for said in self.teleops.values():
            said.wait_until_heard()
        node = self.client.node
        for topic, listeners in (('hand_tracker/hands', 1 + len(TELEOPS)), ('/tf_static', 2)):
            self.client.wait_for(
                lambda t=topic, n=listeners: node.count_subscribers(t) >= n, f'listeners to {topic}'
            )


def _as_arguments(parameters: Mapping[str, object]) -> list[str]:
    return [part for name, value in parameters.items() for part in ('-p', f'{name}:={value}')]


def _stamp_s(message) -> float:
    return Time.from_msg(message.header.stamp).nanoseconds / 1e9


def _target(message: PoseStamped) -> Target:
    rotation = rotation_from_message(message.pose.orientation)
    return Target(_stamp_s(message), message.header.frame_id, place(message), rotation)


def _frame(truth: Hand, hands: list[Hand], targets: Mapping[str, Target]) -> Frame:
    wrist = truth.camera_landmarks[Hand.WRIST]
    return Frame(
        # How long the simulated hand has been there.
        scene_s=truth.age.sec + truth.age.nanosec / 1e9,
        wrist_m=np.array([wrist.x, wrist.y, wrist.z]),
        shown=truth.presence,
        is_tracked=any(
            (hand.state, hand.handedness) == (Hand.TRACKED, Hand.RIGHT) for hand in hands
        ),
        targets=targets,
    )
