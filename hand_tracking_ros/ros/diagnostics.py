"""What the node says about itself in /diagnostics: one status for each camera."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.node import Node

from hand_tracking_ros.ros.findings import Circumstances
from hand_tracking_ros.ros.image_statistics import Snapshot
from hand_tracking_ros.ros.notices import Finding, worst

PERIOD_S = 1.0


def to_status(
    name: str, snapshot: Snapshot, circumstances: Circumstances, findings: Sequence[Finding]
) -> DiagnosticStatus:
    """The status of one camera.

    Args:
        name: of the status.
        snapshot: what became of its images.
        circumstances: what else is known.
        findings: what is wrong, if anything.
    """
    texts = [finding.text for finding in findings]
    values = _values(snapshot, circumstances)
    return DiagnosticStatus(
        level=worst(findings),
        name=name,
        message='; '.join(texts) or counted(snapshot.num_hands, 'hand'),
        hardware_id=circumstances.topic,
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


def _values(snapshot: Snapshot, circumstances: Circumstances) -> dict[str, object]:
    total, new, period_s = snapshot.total, snapshot.new, snapshot.period_s
    detections_s = [timings.detection_s for timings in snapshot.timings]
    landmarks_s = [timings.landmarks_s for timings in snapshot.timings]
    return {
        'image topic': circumstances.topic,
        'publishers': ', '.join(circumstances.publishers),
        'frames received': total.received,
        'frames processed': total.processed,
        'frames dropped': total.dropped,
        'frames with errors': total.with_errors,
        'frames lost in transport': total.lost_in_transport,
        'frames with stamps running backwards': total.backward_stamps,
        'age of newest image (s)': f'{snapshot.silent_s:.1f}' if total.received else '',
        'rate (Hz)': f'{new.processed / period_s:.1f}' if period_s > 0 else '0.0',
        'camera rate (Hz)': f'{snapshot.camera_hz:.1f}' if snapshot.camera_hz else '',
        'latency from stamp to result (ms)': _percentile_ms(snapshot.latencies_s, 50),
        'latency from stamp to result, p95 (ms)': _percentile_ms(snapshot.latencies_s, 95),
        'processing time (ms)': _percentile_ms(snapshot.processing_s, 50),
        'detection time (ms)': _percentile_ms(detections_s, 50),
        'landmark time (ms)': _percentile_ms(landmarks_s, 50),
        'hands': snapshot.num_hands,
        'hands not finite': total.hands_not_finite,
        'tracks': circumstances.num_tracks,
        'calibration': circumstances.calibration,
        'depth': circumstances.depth,
        'execution provider': circumstances.execution_provider,
        **{
            key: f'{file.name}, sha256 {file.sha256}'
            for key, file in zip(
                ('palm detector', 'landmark model'), circumstances.model_files, strict=False
            )
        },
        'last error': snapshot.last_error,
    }


def _percentile_ms(durations_s: Sequence[float | None], percent: float) -> str:
    known = [duration_s for duration_s in durations_s if duration_s is not None]
    return f'{1000 * np.percentile(known, percent):.1f}' if known else ''


def counted(number: int, word: str) -> str:
    """A number of things in English."""
    return f'{number} {word}' + ('' if number == 1 else 's')
