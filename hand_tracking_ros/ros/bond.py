"""The bond between a managed node and its lifecycle manager, as nav2's expects it.

Both ends repeat a heartbeat on the topic `bond`; who hears none takes the other for dead. bondpy
does the same, but the publisher that it destroys at the end makes rclpy's executor raise.
https://wiki.ros.org/bond
"""

from __future__ import annotations

import uuid

from bond.msg import Status
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import QoSProfile

TOPIC = 'bond'
QOS = QoSProfile(depth=100)
# As nav2_util::LifecycleNode has them.
HEARTBEAT_PERIOD_S = 0.1
HEARTBEAT_TIMEOUT_S = 4.0
FAREWELL_TIMEOUT = Duration(seconds=0.5)


class Bond:
    """The node's end of the bond: shows that this process lives, until the bond is broken."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._instance_id = str(uuid.uuid4())
        group = ReentrantCallbackGroup()
        self._publisher = node.create_publisher(Status, TOPIC, QOS)
        self._subscription = node.create_subscription(
            Status, TOPIC, self._hear, QOS, callback_group=group
        )
        # A clock of its own: a simulation that stands still is no death.
        self._timer = node.create_timer(
            HEARTBEAT_PERIOD_S, self._beat, callback_group=group, clock=Clock()
        )

    def close(self) -> None:
        """Break the bond: the manager need not wait for a timeout."""
        self._timer.cancel()
        self._say(active=False)
        # A publisher that is destroyed takes with it what nobody has received yet.
        self._publisher.wait_for_all_acked(FAREWELL_TIMEOUT)
        self._node.destroy_timer(self._timer)
        self._node.destroy_subscription(self._subscription)
        self._node.destroy_publisher(self._publisher)

    def _beat(self) -> None:
        self._say(active=True)

    def _hear(self, message: Status) -> None:
        is_other_end = message.id == self._node.get_name()
        if is_other_end and message.instance_id != self._instance_id and not message.active:
            self._timer.cancel()
            self._say(active=False)  # the manager waits for this answer

    def _say(self, active: bool) -> None:
        message = Status(
            id=self._node.get_name(),
            instance_id=self._instance_id,
            active=active,
            heartbeat_timeout=HEARTBEAT_TIMEOUT_S,
            heartbeat_period=HEARTBEAT_PERIOD_S,
        )
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)
