"""The sections of the benchmark that measure the real node, from the camera to HandArray received.

Camera, node and listener are processes of their own. The bare transport, the node, and the tracker
without a node take turns with the same frames at the same rate, so that what the node adds is seen
whatever else the machine does.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack

from tqdm import tqdm

from evaluation.speed.conditions import Conditions
from evaluation.speed.media import write_clip
from evaluation.speed.node_processes import NodeProcesses, NodeRun
from evaluation.speed.timed_tracker import rotated
from evaluation.speed.timing import summarise
from evaluation.speed.worker import memory_mb
from hand_tracking_ros.tracking.errors import UserError

SIZES = ((640, 480), (1280, 720), (1920, 1080))
ENDURANCE_SIZE = (1280, 720)
RATE_HZ = 30.0
CAMERAS_SIZE, CAMERAS_RATE_HZ = (640, 480), 15.0
CAMERAS = ('front', 'left', 'right', 'wrist')
CLIP_FRAMES = 30
WARM_UP_S = 2.0


def why_not_measured() -> str:
    """Why the node cannot run here; empty if it can."""
    needed = [sys.executable, '-c', 'import rclpy, hand_tracking_ros.msg']
    attempt = subprocess.run(needed, capture_output=True, text=True)
    return '' if attempt.returncode == 0 else attempt.stderr.strip().splitlines()[-1]


def measure_node(conditions: Conditions) -> dict:
    """One camera at 30 Hz, at three picture sizes, beside bare transport and bare tracker."""
    if reason := why_not_measured():
        return {'not_measured': reason}
    return {'{}x{}'.format(*size): _measure_size(conditions, size) for size in SIZES}


def measure_cameras(conditions: Conditions) -> dict:
    """Several cameras with a common trigger on one node."""
    if reason := why_not_measured():
        return {'not_measured': reason}
    lengths, runtime, folder = (
        conditions.lengths,
        conditions.trackers.node_runtime,
        conditions.folder,
    )
    clip = write_clip(conditions.video, CAMERAS_SIZE, CLIP_FRAMES, folder / 'cameras.npy')
    run = NodeRun()
    with ExitStack() as stack:
        processes = NodeProcesses(stack, clip, CAMERAS_RATE_HZ, runtime, folder, CAMERAS)
        processes.node_turn(WARM_UP_S, NodeRun())
        processes.new_counts()
        turns = range(max(1, round(lengths.cameras_s / lengths.node_turn_s)))
        for _ in tqdm(turns, desc='cameras', unit='turn', leave=False):
            processes.node_turn(min(lengths.cameras_s, lengths.node_turn_s), run)
        counts = processes.new_counts()
    cameras = {}
    for name, topic, of_camera in zip(CAMERAS, processes.hands_topics, counts, strict=True):
        cameras[name] = {
            **_latency(run.turns_ms[topic], f'hands of camera {name}'),
            **of_camera,
            'published': run.published,
            'rate_hz': of_camera['processed'] / run.seconds,
            'shortfall': run.published - of_camera['processed'],
        }
    return {
        'size': list(CAMERAS_SIZE),
        'rate_hz': CAMERAS_RATE_HZ,
        'sent_rate_hz': run.published / run.seconds,
        'late': run.late,
        'processor_percent': run.processor_percent,
        'cameras': cameras,
    }


def _measure_size(conditions: Conditions, size: tuple[int, int]) -> dict:
    lengths, runtime, folder = (
        conditions.lengths,
        conditions.trackers.node_runtime,
        conditions.folder,
    )
    clip = write_clip(conditions.video, size, CLIP_FRAMES, folder / 'node.npy')
    run, bare_ms = NodeRun(), []
    seconds = lengths.node_turn_s
    with ExitStack() as stack:
        processes = NodeProcesses(stack, clip, RATE_HZ, runtime, folder)
        tracker = stack.enter_context(conditions.trackers.start(runtime, clip, pace_hz=RATE_HZ))
        provider = tracker.wait_until_ready()['execution_provider']
        tracker.track(round(WARM_UP_S * RATE_HZ), is_timed=False)
        processes.node_turn(WARM_UP_S, NodeRun())
        processes.bare_turn(WARM_UP_S)
        processes.new_counts()
        turns = [
            lambda: bare_ms.append(processes.bare_turn(seconds)),
            lambda: processes.node_turn(seconds, run),
            lambda: tracker.track(round(seconds * RATE_HZ)),
        ]
        rounds = range(lengths.node_rounds)
        for number in tqdm(rounds, desc='node {}x{}'.format(*size), unit='round', leave=False):
            for turn in rotated(turns, number):
                turn()
        result = {
            'execution_provider': provider,
            'bare': _latency(bare_ms, 'images of the bare subscriber'),
            'tracker': tracker.figures(),
            'node': _figures(run, processes),
        }
        if size == ENDURANCE_SIZE and lengths.endurance_s:
            endurance = NodeRun()
            processes.node_turn(lengths.endurance_s, endurance)
            result['endurance'] = _figures(endurance, processes)
        result['node']['peak_memory_mb'] = memory_mb('VmHWM', processes.node.pid)
    return result


def _latency(turns_ms: list[list[float]], what: str) -> dict[str, float]:
    if not any(turns_ms):
        raise UserError(f'none of the {what} arrived; does ROS 2 work here between processes?')
    return summarise(turns_ms)


def _figures(run: NodeRun, processes: NodeProcesses) -> dict:
    """Of the node with one camera."""
    (topic,), (counts,) = processes.hands_topics, processes.new_counts()
    return {
        **_latency(run.turns_ms[topic], 'hands'),
        **counts,
        'published': run.published,
        'lost': run.published - counts['received'],
        'late': run.late,
        'hands_per_image': sum(run.hands) / max(1, len(run.hands)),
        'processor_percent': run.processor_percent,
    }
