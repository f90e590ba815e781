"""Sequences of the simulated camera, and what pipelines of several kinds make of every frame."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import cv2
import numpy as np

from evaluation.accuracy.matching import match
from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.simulation.ground_truth import HandTruth
from hand_tracking_ros.simulation.pinhole_camera import PinholeCamera
from hand_tracking_ros.simulation.sensor import SensorOptions
from hand_tracking_ros.tracking import (
    CameraModel,
    DepthImage,
    Hand,
    HandModels,
    HandPipeline,
    PipelineOptions,
    SmoothingOptions,
    TrackerOptions,
)

RATE_HZ = 30.0
DEPTH_HOLES = 0.3
# What a pipeline is given: the images alone, also the length of these hands, also depth images; or
# the images alone, and it smooths. All track the same hands.
UNKNOWN_SIZE, KNOWN_SIZE, WITH_DEPTH = 'unknown size', 'known size', 'with depth'
SMOOTHED = 'smoothed'
NO_SMOOTHING = SmoothingOptions('none')

Job = TypeVar('Job')
Result = TypeVar('Result')

_models: HandModels  # of a worker process


@dataclass(frozen=True)
class SequencePlan:
    """What is simulated.

    Attributes:
        scene: a name in SCENES.
        seed: of all that is random.
        duration_s: how long.
        is_hard: a cluttered background, and holes in the depth.
        variants: of the pipeline.
        covered_s: when something covers the lens, from one frame to the next.
    """

    scene: str
    seed: int
    duration_s: float
    is_hard: bool = False
    variants: tuple[str, ...] = (UNKNOWN_SIZE,)
    covered_s: float = np.inf

    def at(self, stamp_s: float) -> str:
        """Where to look, for whoever simulates it again."""
        return f'{self.scene} seed {self.seed} {stamp_s:.2f} s'


@dataclass(frozen=True)
class TrackedFrame:
    """One frame of a sequence.

    Attributes:
        stamp_s: when it was taken.
        camera: the lens.
        truths: every hand of the scene.
        hands_of_variants: what each pipeline reported: the same hands, with other poses.
    """

    stamp_s: float
    camera: PinholeCamera
    truths: list[HandTruth]
    hands_of_variants: dict[str, list[Hand]]

    @property
    def hands(self) -> list[Hand]:
        """What the pipeline reported that is given the images alone."""
        return self.hands_of_variants[UNKNOWN_SIZE]

    @cached_property
    def matches(self) -> dict[int, int]:
        """Index of each true hand that is tracked, to the index in `hands` of the one tracked."""
        return match(self.hands, self.truths, self.camera)


@dataclass(frozen=True)
class TrackedSequence:
    """A sequence and its frames, in the order of time."""

    plan: SequencePlan
    frames: list[TrackedFrame]


def track_sequence(plan: SequencePlan, models: HandModels) -> TrackedSequence:
    """Simulate a sequence, and let a pipeline of each variant process it."""
    sensor = SensorOptions(depth_holes=DEPTH_HOLES if plan.is_hard else 0.0)
    simulator = CameraSimulator(
        SimulatorOptions(scene=plan.scene, seed=plan.seed, clutter=plan.is_hard, sensor=sensor)
    )
    lens = simulator.camera
    camera = CameraModel.from_camera_info_fields(
        lens.width, lens.height, lens.matrix.ravel(), (), ''
    )
    lengths_m = {hand.handedness: hand.hand_length_m for hand in simulator.render(0.0).hands}
    pipelines = {
        variant: HandPipeline(
            PipelineOptions(
                # One window of each image: how many fit into a time depends on the machine.
                tracker=TrackerOptions(detection_budget_s=0.0),
                hand_lengths_m=lengths_m if variant == KNOWN_SIZE else {},
                smoothing=SmoothingOptions() if variant == SMOOTHED else NO_SMOOTHING,
            ),
            models,
        )
        for variant in plan.variants
    }
    frames = []
    for number in range(round(plan.duration_s * RATE_HZ)):
        stamp_s = number / RATE_HZ
        frame = simulator.render(stamp_s)
        image, depth_m = frame.image, frame.depth_m
        if stamp_s >= plan.covered_s:
            image, depth_m = np.zeros_like(image), np.zeros_like(depth_m)
        depth = DepthImage(depth_m, camera)
        hands = {
            variant: pipeline.process(
                image, stamp_s, camera, depth if variant == WITH_DEPTH else None
            )
            for variant, pipeline in pipelines.items()
        }
        frames.append(TrackedFrame(stamp_s, lens, frame.hands, hands))
    return TrackedSequence(plan, frames)


def in_workers(
    work: Callable[[Job, HandModels], Result], jobs: Sequence[Job], num_workers: int
) -> Iterator[Result]:
    """Results of jobs in the order in which they are done; each worker has its own networks.

    With one worker all is done here.

    Raises:
        UserError: a model file is missing or unreadable.
    """
    models = HandModels.load(num_threads=1)  # before the others start: says so if there is none
    if num_workers == 1:
        yield from (work(job, models) for job in jobs)
        return
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(num_workers, context, _start_worker) as pool:
        for done in as_completed([pool.submit(_work, work, job) for job in jobs]):
            yield done.result()


def _start_worker() -> None:
    global _models
    cv2.setNumThreads(1)  # there is a worker for every core
    _models = HandModels.load(num_threads=1)


def _work(work: Callable[[Job, HandModels], Result], job: Job) -> Result:
    return work(job, _models)
