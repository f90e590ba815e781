"""What teleoperation says of itself: its state, on a topic at a fixed rate and in the log."""

from __future__ import annotations

import re
import time

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, LivelinessPolicy, QoSProfile
from std_msgs.msg import String

from hand_tracking_ros.teleop.teleop import TeleopState

# One may come late: after two periods without any, a robot may take the node for dead. So it stops
# 0.2 s after the node has, sooner than a person could.
STATUS_PERIOD_S = 0.1
_LEASE = Duration(seconds=2 * STATUS_PERIOD_S)
# Who subscribes later gets the last status. Liveliness is not the middleware's, which goes on while
# a program hangs: only a status that is published says that the node lives.
STATUS_QOS = QoSProfile(
    depth=1,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
    deadline=_LEASE,
    liveliness=LivelinessPolicy.MANUAL_BY_TOPIC,
    liveliness_lease_duration=_LEASE,
)
# The same stop, and the same fault that lasts, are logged once in so many seconds.
STOP_LOG_PERIOD_S, FAULT_LOG_PERIOD_S = 1.0, 10.0
_NUMBER = re.compile(r'-?(\d+(\.\d+)?(e[-+]?\d+)?|inf|nan)', re.IGNORECASE)


class StatusPublisher:
    """Publishes the state of teleoperation: every change at once, and the same again and again."""

    def __init__(self, node: Node) -> None:
        self._logger = node.get_logger()
        self._publisher = node.create_publisher(String, '~/status', STATUS_QOS)
        self._state: TeleopState | None = None
        self._text = ''
        self._published_s = -STATUS_PERIOD_S
        self._silent_until_s: dict[str, float] = {}

    def say(self, state: TeleopState, reason: str = '') -> None:
        """What the state is now, and why."""
        text = f'{state.name}: {reason}' if reason else state.name
        is_new, was_engaged = text != self._text, self._state == TeleopState.ENGAGED
        self._state, self._text = state, text
        if was_engaged and reason:
            self._warn(f'Stopped: {reason}', STOP_LOG_PERIOD_S)
        elif state == TeleopState.FAULT:
            self._warn(reason, FAULT_LOG_PERIOD_S)
        elif is_new and state != TeleopState.INACTIVE:  # transitions are logged by themselves
            self._logger.info(text)
        if is_new:
            self._publish()

    def wait_s(self) -> float:
        """Seconds until the state has to be published again."""
        return max(0.0, self._published_s + STATUS_PERIOD_S - time.monotonic())

    def repeat_if_due(self) -> None:
        """Publish the state again if a period has passed."""
        if self.wait_s() == 0:
            self._publish()

    def _publish(self) -> None:
        self._published_s = time.monotonic()
        self._publisher.publish(String(data=self._text))

    def _warn(self, text: str, period_s: float) -> None:
        """Log a warning, but not again and again. Those that differ in numbers only are the same.

        Not rclpy's throttle, which all warnings of one line of code would share.
        """
        now_s = time.monotonic()
        silent = {
            kind: until_s for kind, until_s in self._silent_until_s.items() if until_s > now_s
        }
        kind = _NUMBER.sub('#', text)
        if kind not in silent:
            silent[kind] = now_s + period_s
            self._logger.warning(text)
        self._silent_until_s = silent
