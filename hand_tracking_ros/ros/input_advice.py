"""What to do when images do not come, or do not all come."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from rclpy.node import Node
from rclpy.utilities import get_rmw_implementation_identifier

from hand_tracking_ros.ros.fast_dds import image_profile

_DOCUMENTATION = 'docs/cameras.md, Transport'


def transport_remedy() -> str:
    """What helps against images that are lost on the way between two processes."""
    if 'fastrtps' not in get_rmw_implementation_identifier():
        return f'give the middleware more memory for images ({_DOCUMENTATION})'
    # As if this process had none: what counts is the sender, whose environment nobody here knows.
    ((variable, profile),) = image_profile({'ROS_DISTRO': os.environ.get('ROS_DISTRO', '')}).items()
    return f'start the program that sends them with {variable}={profile} ({_DOCUMENTATION})'


def waiting_advice(
    node: Node, silent: Mapping[str, str], image_transport: str, cameras: Sequence[str]
) -> str:
    """Help for somebody who waits for the first hands, perhaps on the wrong topic.

    Args:
        node: that waits.
        silent: cameras that have sent nothing yet, and the topics where they should.
        image_transport: `raw` or `compressed`.
        cameras: names of all cameras; of the only one, empty.
    """
    is_raw = image_transport == 'raw'
    image_type = f'sensor_msgs/msg/{"Image" if is_raw else "CompressedImage"}'
    image_input = 'image' if is_raw else 'image/compressed'
    counts = {topic: node.count_publishers(topic) for topic in silent.values()}
    text = f'No image on {", ".join(map(_with_publishers, counts.items()))} yet. '
    if any(counts.values()):
        text += f'Who publishes there sends nothing, or it is lost: {transport_remedy()}. '
    others = [
        topic
        for topic, types in node.get_topic_names_and_types()
        if image_type in types
        and topic not in counts
        and node.count_publishers(topic)
        and not topic.startswith(node.get_fully_qualified_name())
    ]
    argument = 'image_topic:=TOPIC'
    if any(cameras):
        argument = 'cameras:=' + ','.join(f'{name}:=TOPIC' for name in cameras)
    inputs = [f'{name}/{image_input}' if name else image_input for name in silent]
    return text + (
        f'Other topics of {image_type} that have a publisher: '
        f'{", ".join(sorted(others)) or "none"}. '
        f'Choose with {argument} in the launch file, or remap with '
        f'{" ".join(f"-r {name}:=TOPIC" for name in inputs)}'
    )


def _with_publishers(topic_and_count: tuple[str, int]) -> str:
    topic, count = topic_and_count
    return f'{topic} ({count} publisher{"" if count == 1 else "s"})'
