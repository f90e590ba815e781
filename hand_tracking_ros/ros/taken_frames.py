"""Notices when somebody else has a TF frame of the name of a hand's: a robot's own left_hand."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from tf2_msgs.msg import TFMessage

from hand_tracking_ros.ros.transforms import SIDES

STATIC_QOS = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class TakenFrames:
    """Listens to the fixed frames of others, on /tf_static."""

    def __init__(self, node: Node) -> None:
        self._parents: dict[str, str] = {}
        self._subscription = node.create_subscription(
            TFMessage, '/tf_static', self._receive, STATIC_QOS
        )

    def warning(self, tf_prefix: str, cameras: Sequence[str]) -> str:
        """Which frames of hands others have too, and what to do; empty if none."""
        taken = [
            f'{frame} (on {self._parents[frame]})'
            for frame in sorted(self._parents)
            if is_hand_frame(frame, tf_prefix, cameras)
        ]
        if not taken:
            return ''
        return (
            f'/tf_static has frames of the names of hand frames: {", ".join(taken)}. A frame with '
            f'two parents breaks TF: set the parameter tf_prefix, for example tf_prefix: person_'
        )

    def _receive(self, message: TFMessage) -> None:
        for transform in message.transforms:
            self._parents[transform.child_frame_id] = transform.header.frame_id


def is_hand_frame(frame: str, tf_prefix: str, cameras: Sequence[str]) -> bool:
    """Whether a frame is called as the node calls those of hands; `cameras` are their names."""
    sides = '|'.join(f'{side}_hand' for side in SIDES.values())
    prefixes = '|'.join(re.escape(f'{name}_' if name else '') for name in cameras)
    return bool(re.fullmatch(rf'{re.escape(tf_prefix)}({prefixes})({sides}|hand_\d+)', frame))
