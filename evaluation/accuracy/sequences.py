"""Takes of the simulated camera, with what the tracker and the fits make of every frame."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np

from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.simulation.ground_truth import HandTruth
from hand_tracking_ros.simulation.pinhole_camera import PinholeCamera
from hand_tracking_ros.simulation.sensor import SensorOptions
from hand_tracking_ros.tracking.hand import Hand
from hand_tracking_ros.tracking.networks.models import HandModels
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage
from hand_tracking_ros.tracking.placing.hand_locator import HandLocator, LocatorOptions
from hand_tracking_ros.tracking.tracker import HandTracker
from hand_tracking_ros.tracking.tracker_options import TrackerOptions

RATE_HZ = 30.0
DEPTH_HOLES = 0.3
# What the distance rests on: an average hand's size, this hand's size, or a depth image.
UNKNOWN_SIZE, KNOWN_SIZE, WITH_DEPTH = 'unknown size', 'known size', 'with depth'

Job = TypeVar('Job')
Result = TypeVar('Result')

_models: HandModels  # of a worker process


@dataclass(frozen=True)
class Take:
    """What is filmed.

    Attributes:
        scene: a name in SCENES.
        seed: of all that is random.
        duration_s: how long.
        is_hard: a cluttered background, and holes in the depth.
        fits: how the pose is fitted, UNKNOWN_SIZE among them; each is a fit of its own.
        covered_s: when something covers the lens, from one frame to the next.
    """

    scene: str
    seed: int
    duration_s: float
    is_hard: bool = False
    fits: tuple[str, ...] = (UNKNOWN_SIZE,)
    covered_s: float = np.inf

    def at(self, stamp_s: float) -> str:
        """Where to look, for whoever films it again."""
        return f'{self.scene} seed {self.seed} {stamp_s:.2f} s'


@dataclass(frozen=True)
class SeenFrame:
    """One frame of a take.

    Attributes:
        stamp_s: when it was taken.
        truths: every hand of the scene.
        hands_of_fits: for each fit, what was reported; all alike but for the poses.
    """

    stamp_s: float
    truths: list[HandTruth]
    hands_of_fits: dict[str, list[Hand]]

    @property
    def hands(self) -> list[Hand]:
        """What was reported, with poses for a hand of unknown size."""
        return self.hands_of_fits[UNKNOWN_SIZE]


@dataclass(frozen=True)
class Recording:
    """A take and its frames.

    Attributes:
        take: what was filmed.
        camera: the lens.
        frames: in the order of time.
    """

    take: Take
    camera: PinholeCamera
    frames: list[SeenFrame]


def camera_model(camera: PinholeCamera) -> CameraModel:
    """The simulated lens as the fits take it."""
    return CameraModel.from_camera_info_fields(
        camera.width, camera.height, camera.matrix.ravel(), (), ''
    )


def record(take: Take, models: HandModels) -> Recording:
    """Film a take and track it."""
    sensor = SensorOptions(depth_holes=DEPTH_HOLES if take.is_hard else 0.0)
    simulator = CameraSimulator(
        SimulatorOptions(scene=take.scene, seed=take.seed, clutter=take.is_hard, sensor=sensor)
    )
    # One look at each image: how many fit into a time depends on the machine.
    tracker = HandTracker(TrackerOptions(detection_budget_s=0.0), models)
    camera = camera_model(simulator.camera)
    lengths_m = {hand.handedness: hand.hand_length_m for hand in simulator.render(0.0).hands}
    locators = {
        fit: HandLocator(LocatorOptions(lengths_m if fit == KNOWN_SIZE else {}))
        for fit in take.fits
    }
    size = (simulator.camera.width, simulator.camera.height)
    frames = []
    for number in range(round(take.duration_s * RATE_HZ)):
        stamp_s = number / RATE_HZ
        frame = simulator.render(stamp_s)
        image, depth_m = frame.image, frame.depth_m
        if stamp_s >= take.covered_s:
            image, depth_m = np.zeros_like(image), np.zeros_like(depth_m)
        hands = tracker.track(image, stamp_s)
        depth = DepthImage(depth_m, camera)
        located = {
            fit: locator.locate(hands, camera, *size, stamp_s, depth if fit == WITH_DEPTH else None)
            for fit, locator in locators.items()
        }
        frames.append(SeenFrame(stamp_s, frame.hands, located))
    return Recording(take, simulator.camera, frames)


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
