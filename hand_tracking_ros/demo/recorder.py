"""Subscribes to the node and the publisher: records all messages, and keeps counts."""

from __future__ import annotations

import statistics
import time
from collections import deque
from dataclasses import dataclass, field

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import UInt64

from hand_tracking_ros.demo.bag import (
    DIAGNOSTICS_TOPIC,
    HANDS_TOPIC,
    IMAGE_TOPIC,
    PUBLISHER,
    RECORDED_TOPICS,
    TRACKER,
    Bag,
    stamp_ns,
)
from hand_tracking_ros.msg import HandArray

# A stall of the recorder of some seconds costs nothing.
QOS = QoSProfile(depth=200)
# camera_info is sent as sensors do; the publisher is asked to send the jpegs reliably.
CAMERA_INFO_QOS = QoSProfile(depth=200, reliability=ReliabilityPolicy.BEST_EFFORT)
# Status of the newest frames only.
WINDOW = 60


@dataclass
class Counts:
    """Where every frame went.

    Attributes:
        published: by the publisher.
        received, processed, dropped, with_errors: by the tracker, as it says in /diagnostics.
    """

    published: int = 0
    received: int = 0
    processed: int = 0
    dropped: int = 0
    with_errors: int = 0

    @property
    def lost_in_transport(self) -> int:
        """Frames that never reached the tracker."""
        return self.published - self.received

    @property
    def unaccounted(self) -> int:
        """Frames that the tracker received, and counts as nothing else."""
        return self.received - self.processed - self.dropped - self.with_errors


@dataclass
class Status:
    """Rate and latency of the newest images, for the progress bar.

    Attributes:
        num_hands: in the newest image.
        num_results: images whose hands were received here.
        latencies_s: of the newest images, from the stamp to the arrival of their hands here.
        arrivals_s: when those hands arrived.
    """

    num_hands: int = 0
    num_results: int = 0
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))
    arrivals_s: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))

    @property
    def latency_s(self) -> float | None:
        """Median of the newest images."""
        return statistics.median(self.latencies_s) if self.latencies_s else None

    @property
    def rate_hz(self) -> float | None:
        """Of the newest images."""
        if len(self.arrivals_s) < 2:
            return None
        return (len(self.arrivals_s) - 1) / (self.arrivals_s[-1] - self.arrivals_s[0])


class Recorder(Node):
    """Writes what it receives into a bag, and keeps counts.

    Messages are recorded serialized, as they come: only counts, hands and diagnostics are
    deserialized.

    Attributes:
        counts: where every frame went, as far as publisher and tracker have reported.
        status: of the newest images.
        num_diagnostics: how often the tracker has reported its counts.
        num_received: messages of all kinds.
    """

    def __init__(self, bag: Bag, context) -> None:
        super().__init__('demo_recorder', context=context)
        self.counts = Counts()
        self.status = Status()
        self.num_diagnostics = 0
        self.num_received = 0
        self._bag = bag
        self._handlers = {HANDS_TOPIC: self._on_hands, DIAGNOSTICS_TOPIC: self._on_diagnostics}
        for topic in RECORDED_TOPICS:
            if topic != IMAGE_TOPIC:
                self._record_from(topic)
        self.create_subscription(
            UInt64, f'/{PUBLISHER}/frames_published', self._on_frames_published, QOS
        )

    def _record_from(self, topic: str) -> None:
        handler = self._handlers.get(topic)
        message_type = RECORDED_TOPICS[topic]

        def record(serialized: bytes) -> None:
            now_ns = time.time_ns()
            self.num_received += 1
            self._bag.write(topic, now_ns, serialized)
            if handler:
                handler(deserialize_message(serialized, message_type), now_ns)

        qos = CAMERA_INFO_QOS if message_type is CameraInfo else QOS
        self.create_subscription(message_type, topic, record, qos, raw=True)

    def _on_hands(self, message: HandArray, now_ns: int) -> None:
        self.status.num_hands = len(message.hands)
        self.status.num_results += 1
        self.status.arrivals_s.append(now_ns / 1e9)
        self.status.latencies_s.append((now_ns - stamp_ns(message)) / 1e9)

    def _on_diagnostics(self, message: DiagnosticArray, now_ns: int) -> None:
        for status in message.status:
            values = {entry.key: entry.value for entry in status.values}
            if not status.name.startswith(f'{TRACKER}:') or 'frames received' not in values:
                continue
            self.counts.received = int(values['frames received'])
            self.counts.processed = int(values['frames processed'])
            self.counts.dropped = int(values['frames dropped'])
            self.counts.with_errors = int(values['frames with errors'])
            self.num_diagnostics += 1
            if self.num_diagnostics == 1:
                # The tracker runs, so the images may come: the publisher waits for this
                # subscription.
                self._record_from(IMAGE_TOPIC)

    def _on_frames_published(self, message: UInt64) -> None:
        self.num_received += 1
        self.counts.published = message.data
