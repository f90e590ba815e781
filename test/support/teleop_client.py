"""What a teleoperation node says, and where the camera is that its hands are seen by."""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import PoseStamped, TransformStamped
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Float64, String

from support.node_process import Client

LATCHED = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class TeleopOutputs:
    """Keeps all that a teleoperation node says.

    Args:
        client: who hears it.
        name: of the node.
    """

    def __init__(self, client: Client, name: str = 'hand_teleop') -> None:
        self._client, self._name = client, name
        self.targets: list[PoseStamped] = []
        self.grippers: list[Float64] = []
        # Each status once until it changes; and how often any came.
        self.statuses: list[str] = []
        self.num_statuses = 0
        client.listen(PoseStamped, f'{name}/target', self.targets)
        client.listen(Float64, f'{name}/gripper', self.grippers)
        client.node.create_subscription(String, f'{name}/status', self._keep_status, LATCHED)

    def _keep_status(self, message: String) -> None:
        self.num_statuses += 1
        if self.statuses[-1:] != [message.data]:
            self.statuses.append(message.data)

    def wait_until_heard(self) -> None:
        """Wait until nothing that it says is missed."""
        self._client.wait_for(lambda: self.statuses, f'first status of {self._name}')
        for topic in (f'{self._name}/target', f'{self._name}/gripper'):
            self._client.wait_for(
                lambda t=topic: self._client.node.count_publishers(t), f'publisher of {topic}'
            )

    def wait_for_status(self, text: str) -> None:
        """Wait until its newest status begins like this."""
        self._client.wait_for(lambda: self.statuses[-1].startswith(text), text)


def place(target: PoseStamped) -> np.ndarray:
    """(3,) where a target is."""
    position = target.pose.position
    return np.array([position.x, position.y, position.z])


def camera_in_robot(camera_frame: str) -> TransformStamped:
    """The camera looks along the robot's x axis, 1 m above it."""
    transform = TransformStamped(child_frame_id=camera_frame)
    transform.header.frame_id = 'base'
    transform.transform.translation.z = 1.0
    q = transform.transform.rotation
    q.x, q.y, q.z, q.w = -0.5, 0.5, -0.5, 0.5
    return transform
