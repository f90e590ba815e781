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
from evaluation.speed.node_processes import NodeSetup, Run
from evaluation.speed.timed_tracker import Side
from evaluation.speed.timing import summarise
from evaluation.speed.trackers import Setting
from evaluation.speed.tracking import describe
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
    lengths, runtime = conditions.lengths, conditions.trackers.node_runtime
    clip = write_clip(
        conditions.video, CAMERAS_SIZE, CLIP_FRAMES, conditions.folder / 'cameras.npy'
    )
    with ExitStack() as stack:
        setup = NodeSetup(stack, clip, CAMERAS_RATE_HZ, runtime, conditions.folder, CAMERAS)
        setup.node_turn(WARM_UP_S, Run())
        before, run = setup.counts(), Run()
        turns = range(max(1, round(lengths.cameras_s / lengths.node_turn_s)))
        for _ in tqdm(turns, desc='cameras', unit='turn', leave=False):
            setup.node_turn(min(lengths.cameras_s, lengths.node_turn_s), run)
        counts = _since(before, setup.counts())
    cameras = {}
    for name, topic in zip(CAMERAS, setup.hands_topics, strict=True):
        processed = counts[name]['processed']
        cameras[name] = {
            **_latency(run.turns_ms[topic], f'hands of camera {name}'),
            **counts[name],
            'published': run.published[topic],
            'rate_hz': processed / run.seconds,
            'shortfall': run.published[topic] - processed,
        }
    return {
        'size': list(CAMERAS_SIZE),
        'rate_hz': CAMERAS_RATE_HZ,
        'sent_rate_hz': sum(run.published.values()) / len(CAMERAS) / run.seconds,
        'late': run.late,
        'processor_percent': 100 * run.processor_s / run.seconds,
        'cameras': cameras,
    }


def _measure_size(conditions: Conditions, size: tuple[int, int]) -> dict:
    lengths, runtime = conditions.lengths, conditions.trackers.node_runtime
    clip = write_clip(conditions.video, size, CLIP_FRAMES, conditions.folder / 'node.npy')
    setting = Setting(pace_hz=RATE_HZ)
    with ExitStack() as stack:
        setup = NodeSetup(stack, clip, RATE_HZ, runtime, conditions.folder)
        alone = stack.enter_context(conditions.trackers.ours(runtime, clip, setting))
        alone.wait_until_ready()
        alone.warm_up(round(WARM_UP_S * RATE_HZ))
        setup.node_turn(WARM_UP_S, Run())
        setup.bare_turn(WARM_UP_S)
        before, run, bare_ms = setup.counts(), Run(), []
        rounds = tqdm(
            range(lengths.node_rounds),
            desc='node {}x{}'.format(*size),
            unit='round',
            leave=False,
        )
        for number in rounds:
            bare_ms += _take_turns(setup, alone, run, lengths.node_turn_s, number)
        after = setup.counts()
        result = {
            'execution_provider': alone.recording.about['execution_provider'],
            'bare': _latency(bare_ms, 'images of the bare subscriber'),
            'tracker': describe(alone.recording),
            'node': _describe_run(run, _since(before, after), setup.hands_topics[0]),
        }
        if size == ENDURANCE_SIZE and lengths.endurance_s:
            endurance = Run()
            setup.node_turn(lengths.endurance_s, endurance)
            counts = _since(after, setup.counts())
            result['endurance'] = _describe_run(endurance, counts, setup.hands_topics[0])
        result['node']['peak_memory_mb'] = memory_mb('VmHWM', setup.node.pid)
    return result


def _take_turns(
    setup: NodeSetup, alone: Side, run: Run, seconds: float, number: int
) -> list[list[float]]:
    """One round; who begins changes. Returns the turn of the bare transport."""
    bare_ms = []
    turns = [
        lambda: bare_ms.append(setup.bare_turn(seconds)),
        lambda: setup.node_turn(seconds, run),
        lambda: alone.take_turn(round(seconds * RATE_HZ)),
    ]
    first = number % len(turns)
    for turn in (*turns[first:], *turns[:first]):
        turn()
    return bare_ms


def _since(before: dict, after: dict) -> dict[str, dict[str, int]]:
    """The difference of two counts."""
    return {
        camera: {name: number - before[camera][name] for name, number in counts.items()}
        for camera, counts in after.items()
    }


def _latency(turns_ms: list[list[float]], what: str) -> dict[str, float]:
    if not any(turns_ms):
        raise UserError(f'none of the {what} arrived; does ROS 2 work here between processes?')
    return summarise(turns_ms)


def _describe_run(run: Run, counts: dict, topic: str) -> dict:
    (camera_counts,) = counts.values()
    return {
        **_latency(run.turns_ms[topic], 'hands'),
        **camera_counts,
        'published': run.published[topic],
        'lost': run.published[topic] - camera_counts['received'],
        'late': run.late,
        'hands_per_image': sum(run.hands) / max(1, len(run.hands)),
        'processor_percent': 100 * run.processor_s / run.seconds,
    }
