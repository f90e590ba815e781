"""What the node says about itself in /diagnostics: one status for each camera."""

from __future__ import annotations

import statistics
import threading
from collections import deque
from dataclasses import dataclass, field

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.node import Node

PERIOD_S = 1.0
# Latency and rate are those of the last this many images.
WINDOW = 100


@dataclass
class CameraStatistics:
    """What became of one camera's images since the start.

    Every image received is counted as processed, dropped or with_errors, or still waits. Images
    are received in one thread and processed in another.
    """

    received: int = 0
    processed: int = 0
    dropped: int = 0
    with_errors: int = 0
    lost_in_transport: int = 0
    num_hands: int = 0
    last_error: str = ''
    warning: str = ''
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))
    processing_s: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))
    _reported: tuple[int, int, int] = (0, 0, 0)  # received, processed, with_errors
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count_received(self) -> None:
        """An image has come."""
        with self._lock:
            self.received += 1

    def count_dropped(self) -> None:
        """A newer image took the place of one that was not processed."""
        with self._lock:
            self.dropped += 1

    def count_processed(self, num_hands: int, latency_s: float, processing_s: float) -> None:
        """The hands of an image were published."""
        with self._lock:
            self.processed += 1
            self.num_hands = num_hands
            self.latencies_s.append(latency_s)
            self.processing_s.append(processing_s)

    def count_error(self, text: str) -> None:
        """An image could not be processed."""
        with self._lock:
            self.with_errors += 1
            self.last_error = text

    def to_status(
        self, name: str, topic: str, provider: str, period_s: float, provider_warning: str = ''
    ) -> DiagnosticStatus:
        """The state since the last call, and all counts.

        Args:
            name: of the status.
            topic: where the images come from.
            provider: what the networks run on.
            period_s: time since the last call.
            provider_warning: why the networks do not run on what was asked for; empty if they do.
        """
        with self._lock:
            before = self._reported
            self._reported = (self.received, self.processed, self.with_errors)
            new_received, new_processed, new_errors = np.subtract(self._reported, before)
            latencies_s, processing_s = list(self.latencies_s), list(self.processing_s)
        warnings = [warning for warning in (provider_warning, self.warning) if warning]
        if new_errors:
            level, message = DiagnosticStatus.ERROR, self.last_error
        elif not new_received:
            level, message = DiagnosticStatus.WARN, f'no images on {topic}'
        elif warnings:
            level, message = DiagnosticStatus.WARN, '; '.join(warnings)
        else:
            level, message = DiagnosticStatus.OK, f'{self.num_hands} hands'
        values = {
            'image topic': topic,
            'frames received': self.received,
            'frames processed': self.processed,
            'frames dropped': self.dropped,
            'frames with errors': self.with_errors,
            'frames lost in transport': self.lost_in_transport,
            'rate (Hz)': f'{new_processed / period_s:.1f}' if period_s > 0 else '0.0',
            'latency from stamp to result (ms)': _median_ms(latencies_s),
            'processing time (ms)': _median_ms(processing_s),
            'hands': self.num_hands,
            'execution provider': provider,
            'last error': self.last_error,
        }
        return DiagnosticStatus(
            level=level,
            name=name,
            message=message,
            hardware_id=topic,
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
        )


def status_name(node: Node, camera: str) -> str:
    """Name of a camera's status; `camera` is empty for the only one."""
    return f'{node.get_name()}: {camera or "camera"}'


def idle_status(name: str, state: str, failure: str) -> DiagnosticStatus:
    """The status of a camera while the node is not active.

    Args:
        name: of the status.
        state: of the node.
        failure: why the node did not reach another state; empty if nobody asked it to.
    """
    if failure:
        return DiagnosticStatus(
            level=DiagnosticStatus.ERROR, name=name, message=f'{state}: {failure}'
        )
    return DiagnosticStatus(level=DiagnosticStatus.OK, name=name, message=state)


def _median_ms(durations_s: list[float]) -> str:
    return f'{statistics.median(durations_s) * 1000:.1f}' if durations_s else ''
