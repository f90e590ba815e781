"""One run of the soak: its processes, what is done to them, and what is seen of them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evaluation.faults.disturbances import ROBOT_FRAME, Disturbances
from evaluation.faults.hand_invariants import HandJudge
from evaluation.faults.processes import Process
from evaluation.faults.samples import MAX_GROWTH, Sampler, growth
from evaluation.faults.teleop_invariants import TeleopJudge
from evaluation.faults.witness import TELEOP, TRACKER, Witness
from hand_tracking_ros.ros.process import spinning
from hand_tracking_ros.tracking.errors import UserError

START_TIMEOUT_S = 60.0
POLL_PERIOD_S = 0.05
SAMPLE_PERIOD_S = 10.0
# Images are sent, but no hands come.
SILENCE_S = 30.0
# The last image is processed and the diagnostics have told of it.
SETTLE_S = 3.0
LOG_CHARACTERS_TO_SHOW = 1000
WORKSPACE_M = ((-0.2, -0.2, -0.2), (0.2, 0.2, 0.2))
TELEOP_LIMITS = {'max_linear_speed': 0.25, 'max_angular_speed': 1.0, 'max_gripper_speed': 2.0}


@dataclass(frozen=True)
class Plan:
    """How a soak runs.

    Attributes:
        seconds: how long.
        seed: of everything random but the time that things take.
        transport: of the images, raw or compressed.
        faults_per_s: messages that the camera spoils; 0: it never does anything wrong.
        disturbances_per_s: what is done to the processes.
    """

    seconds: float
    seed: int
    transport: str = 'raw'
    faults_per_s: float = 1.0
    disturbances_per_s: float = 0.2


class SoakRun:
    """Starts the nodes; `run` disturbs them.

    Args:
        stack: ends the processes.
        clip: the folder that `write_clip` filled.
        logs: folder for what the processes print.
        plan: how to run.
    """

    def __init__(self, stack: ExitStack, clip: Path, logs: Path, plan: Plan) -> None:
        self._clip, self._logs, self._plan = clip, logs, plan
        self._chance = random.Random(plan.seed)
        self._num_cameras = 0
        tracker = _arguments(TRACKER, image_transport=plan.transport)
        workspace = {'workspace_min': list(WORKSPACE_M[0]), 'workspace_max': list(WORKSPACE_M[1])}
        teleop = _arguments(TELEOP, robot_frame=ROBOT_FRAME, **workspace, **TELEOP_LIMITS)
        self._tracker = stack.enter_context(Process(TRACKER, logs, *tracker))
        self._teleop = stack.enter_context(Process(TELEOP, logs, *teleop))
        self._witness = Witness(HandJudge(), TeleopJudge(WORKSPACE_M, *TELEOP_LIMITS.values()))
        stack.callback(self._witness.destroy_node)
        stack.enter_context(spinning(self._witness))
        self._wait_for_nodes()
        self._disturbances = Disturbances(
            self._chance,
            self._witness,
            self._tracker,
            self._teleop,
            self._start_camera,
            logs,
        )
        stack.callback(self._stop_camera)
        self._sampler = Sampler(self._tracker.pid)
        self._started_s = time.monotonic()

    def run(self, tell: Callable[[float, str], None]) -> None:
        """Disturb and watch until the time is over or a node has ended.

        `tell` is called with the seconds since the start and how things stand.
        """
        next_s, state = self._next_disturbance_s(), ''
        while (now_s := self._elapsed_s()) < self._plan.seconds and self._are_alive():
            if now_s >= next_s:
                self._disturbances.one()
                next_s = self._next_disturbance_s()
            if self._sampler.since_last_s >= SAMPLE_PERIOD_S:
                state = self._take_sample()
            tell(now_s, state)
            time.sleep(POLL_PERIOD_S)
        self._take_sample()
        self._end()

    def result(self) -> dict[str, Any]:
        """All figures."""
        witness, hands, teleop = self._witness, self._witness.hand_judge, self._witness.teleop_judge
        return {
            **asdict(self._plan),
            'seconds': round(self._elapsed_s()),
            'images sent': witness.num_sent,
            'messages judged': witness.num_judged,
            'counts of the node': witness.counts,
            'HandArrays': hands.num_heard,
            'HandArrays lost on the way to the judge': witness.num_lost,
            'hands': hands.num_hands,
            'poses compared': hands.num_poses,
            'frames compared': hands.num_transforms,
            'targets': teleop.num_targets,
            'targets while engaged': teleop.num_engaged,
            'path of the target (m)': round(teleop.path_m, 2),
            'faults': dict(witness.faults),
            'images in spells': dict(witness.spells),
            'disturbances': dict(self._disturbances.done),
            'memory in the first and last quarter after 5 min (MB)': growth(self._sampler.samples),
            'broken': dict(witness.broken),
            'examples': witness.examples,
            'times of disturbances': self._disturbances.times,
            'samples': [asdict(sample) for sample in self._sampler.samples],
        }

    def _start_camera(self) -> Process:
        self._num_cameras += 1
        plan, seed = self._plan, self._chance.randrange(2**31)
        arguments = (self._clip, seed, self._num_cameras, plan.transport, plan.faults_per_s)
        module = 'evaluation.faults.camera'
        return Process('camera', self._logs, module, *map(str, arguments))

    def _stop_camera(self) -> None:
        if self._disturbances.camera.is_running:
            self._disturbances.camera.stop()

    def _wait_for_nodes(self) -> None:
        deadline_s = time.monotonic() + START_TIMEOUT_S
        topics = f'{TRACKER}/hands', f'{TELEOP}/target'
        while not all(map(self._witness.count_publishers, topics)):
            for process in (self._tracker, self._teleop):
                if not process.is_running or time.monotonic() > deadline_s:
                    raise UserError(f'{process.name} did not start:\n{_end_of_log(process)}')
            time.sleep(POLL_PERIOD_S)

    def _are_alive(self) -> bool:
        witness, camera = self._witness, self._disturbances.camera
        if not camera.is_running:
            raise UserError(f'the camera of the soak ended:\n{_end_of_log(camera)}')
        if witness.last_sent_s - witness.last_hands_s > SILENCE_S:
            witness.complain('silence', f'images were sent, but no hands came for {SILENCE_S:g} s')
            witness.last_hands_s = witness.last_sent_s
        for process in (self._tracker, self._teleop):
            if not process.is_running:
                witness.complain('processes', f'{process.name} ended:\n{_end_of_log(process)}')
        if not self._teleop.is_running:
            self._teleop.start()
            witness.judge_now(witness.teleop_judge.begin_anew)
        return self._tracker.is_running

    def _end(self) -> None:
        """End the camera, and then the nodes; all images are accounted for."""
        self._stop_camera()
        time.sleep(SETTLE_S)
        self._witness.judge_all()
        for process in (self._tracker, self._teleop):
            if process.is_running and (status := process.stop()):
                self._witness.complain('processes', f'{process.name} ended with status {status}')
            if 'Traceback' in process.log.read_text(errors='replace'):
                self._witness.complain('processes', f'{process.name} printed a traceback')
        memory_mb = growth(self._sampler.samples)
        if memory_mb and memory_mb[1] > (1 + MAX_GROWTH) * memory_mb[0]:
            self._witness.complain('memory', 'from {:.1f} to {:.1f} MB'.format(*memory_mb))

    def _take_sample(self) -> str:
        witness = self._witness
        if not self._tracker.is_running:
            return ''
        sample = self._sampler.take(witness.take_latencies_s())
        return (
            f'{witness.hand_judge.num_heard} HandArrays, {sum(witness.faults.values())} faults, '
            f'{sample.taken.anonymous_mb:.1f} MB, {sample.taken.threads} threads, '
            f'{sample.taken.handles} handles, {sample.latency_median_ms} ms, '
            f'{sum(witness.broken.values())} broken'
        )

    def _elapsed_s(self) -> float:
        return time.monotonic() - self._started_s

    def _next_disturbance_s(self) -> float:
        rate = self._plan.disturbances_per_s
        return self._elapsed_s() + (self._chance.expovariate(rate) if rate else float('inf'))


def _arguments(program: str, **parameters: Any) -> list[str]:
    """Module and arguments that start a node with these parameters."""
    values = [word for name, value in parameters.items() for word in ('-p', f'{name}:={value}')]
    return ['hand_tracking_ros', program, '--ros-args', *values]


def _end_of_log(process: Process) -> str:
    return process.log.read_text(errors='replace')[-LOG_CHARACTERS_TO_SHOW:]
