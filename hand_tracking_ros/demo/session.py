"""The demo's live part: tracker and publisher as processes, recorded until one of them ends."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from tqdm import tqdm

from hand_tracking_ros.command_line import counted
from hand_tracking_ros.demo.bag import IMAGE_TOPIC, PUBLISHER, TRACKER, Bag
from hand_tracking_ros.demo.processes import Program, stop_all
from hand_tracking_ros.demo.recorder import Counts, Recorder
from hand_tracking_ros.media.media_source import MediaSource
from hand_tracking_ros.ros.fast_dds import use_image_profile
from hand_tracking_ros.signals import StopRequest
from hand_tracking_ros.tracking.errors import UserError

# image of the tracker, image/compressed of the recorder.
NUM_SUBSCRIBERS = 2
START_TIMEOUT_S = 60.0
# The tracker reports its counts once a second.
SETTLE_TIMEOUT_S = 5.0
POLL_PERIOD_S = 0.1
# Domains above this one use ports that Linux also gives to other programs.
MAX_DOMAIN_ID = 101
# Who sets one of these has chosen which computers hear each other.
DISCOVERY_CHOICES = (
    'ROS_AUTOMATIC_DISCOVERY_RANGE',
    'ROS_LOCALHOST_ONLY',
    'ROS_STATIC_PEERS',
    'ROS_DISCOVERY_SERVER',
)


@dataclass(frozen=True)
class Job:
    """What the demo publishes, and for how long.

    Attributes:
        source: opened once already, so it is known to be usable.
        source_name: the name by which the publisher opens it.
        rate_hz: frames per second; None: those of the source.
        duration_s: end after this time from the first result; None: at the end of the source.
    """

    source: MediaSource
    source_name: str
    rate_hz: float | None
    duration_s: float | None


class Session:
    """Runs tracker and publisher, whose output goes into a log folder, and records them."""

    def __init__(self, bag: Bag, log_folder: Path) -> None:
        self._log_folder = log_folder
        os.environ.update(network_environment())
        use_image_profile()
        self._context = Context()
        rclpy.init(context=self._context)
        self._recorder = Recorder(bag, self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._recorder)

    @property
    def counts(self) -> Counts:
        """Where every frame went."""
        return self._recorder.counts

    def run(self, job: Job, stop: StopRequest) -> UserError | None:
        """Publish and record until the source, the duration, `stop` or a failure ends it.

        Returns the failure, to be raised once what was recorded is safe.
        """
        with contextlib.ExitStack() as stack:
            stack.callback(self._context.try_shutdown)
            stack.callback(self._recorder.destroy_node)
            stack.callback(self._executor.shutdown)
            programs: list[Program] = []
            stack.callback(stop_all, programs)
            tracker = Program(TRACKER, _tracker_arguments(job.source), self._log_folder)
            programs.append(tracker)
            publisher = Program(PUBLISHER, _publisher_arguments(job), self._log_folder)
            programs.append(publisher)
            with _tracking_bar(job.source) as progress:
                failure = self._watch(tracker, publisher, job.duration_s, stop, progress)
                stop_all([publisher])
                if failure is None:
                    self._settle()
                self._show(progress)
        return failure

    def _watch(
        self,
        tracker: Program,
        publisher: Program,
        duration_s: float | None,
        stop: StopRequest,
        progress: tqdm,
    ) -> UserError | None:
        has_result, deadline_s = False, time.monotonic() + START_TIMEOUT_S
        while not stop.is_set():
            self._executor.spin_once(timeout_sec=POLL_PERIOD_S)
            self._show(progress)
            if tracker.exit_status is not None:
                return tracker.failure()
            if publisher.exit_status is not None:
                return publisher.failure() if publisher.exit_status else None
            if not has_result and self._recorder.status.num_results:
                has_result, deadline_s = True, time.monotonic() + (duration_s or math.inf)
            if time.monotonic() > deadline_s:
                logs = f'{tracker.log_path} and {publisher.log_path}'
                timeout = f'no result of {TRACKER} within {START_TIMEOUT_S:g} s; see {logs}'
                return None if has_result else UserError(timeout)
        return None

    def _settle(self) -> None:
        """Receive what is still on its way, and the tracker's last counts."""
        recorder = self._recorder
        num_before, deadline_s = recorder.num_diagnostics, time.monotonic() + SETTLE_TIMEOUT_S
        while time.monotonic() < deadline_s:
            num_received = recorder.num_received
            self._executor.spin_once(timeout_sec=POLL_PERIOD_S)
            counts = recorder.counts
            is_quiet = recorder.num_received == num_received
            is_news = recorder.num_diagnostics > num_before
            is_complete = recorder.status.num_results >= counts.processed
            if is_quiet and is_news and is_complete and not counts.unaccounted:
                return

    def _show(self, progress: tqdm) -> None:
        counts, status = self._recorder.counts, self._recorder.status
        if status.latency_s is not None and status.rate_hz is not None:
            hands = counted(status.num_hands, 'hand')
            progress.set_postfix_str(
                f'{hands}, {status.rate_hz:.1f} Hz, latency {1000 * status.latency_s:.1f} ms, '
                f'{counts.dropped} dropped',
                refresh=False,
            )
        progress.update(counts.published - progress.n)


def network_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Variables that keep the demo to this computer, and apart from what else runs on it.

    The user's own choices count: none of them is among the result.
    """
    chosen = {}
    if not environment.get('ROS_DOMAIN_ID'):
        chosen['ROS_DOMAIN_ID'] = str(1 + os.getpid() % MAX_DOMAIN_ID)
    if not any(environment.get(name) for name in DISCOVERY_CHOICES):
        if environment.get('ROS_DISTRO') == 'humble':
            chosen['ROS_LOCALHOST_ONLY'] = '1'
        else:
            chosen['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    return chosen


def _tracker_arguments(source: MediaSource) -> list[str]:
    # Pictures show different hands: to track from one to the next would make no sense.
    static = str(not source.is_video).lower()
    return ['--ros-args', '-p', f'static_image_mode:={static}']


def _publisher_arguments(job: Job) -> list[str]:
    return [
        job.source_name,
        '--ros-args',
        '-p', f'rate:={job.rate_hz or 0.0:f}',
        '-p', f'wait_for_subscribers:={NUM_SUBSCRIBERS}',
        # Reliable, so that the recording is complete; the tracker's images stay best effort.
        '-p', f'qos_overrides.{IMAGE_TOPIC}.publisher.reliability:=reliable',
    ]  # fmt: skip


def progress_bar(*items: Iterable, **options: Any) -> tqdm:
    """A bar of tqdm that fills no log files."""
    return tqdm(*items, **options, mininterval=0.1 if sys.stderr.isatty() else 10.0)


def _tracking_bar(source: MediaSource) -> tqdm:
    # Fits a terminal of 80 columns.
    known_length = '{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{postfix}'
    bar_format = known_length if source.num_frames else '{desc} {n_fmt} frames{postfix}'
    return progress_bar(desc='tracking', total=source.num_frames or None, bar_format=bar_format)
