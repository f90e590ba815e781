"""The two networks of the tracker, loaded together and shared by any number of trackers.

models = HandModels.load(model_complexity=0, num_threads=1)
left, right = HandTracker(models=models), HandTracker(models=models)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from hand_tracking_ros.tracking.errors import ModelError
from hand_tracking_ros.tracking.look import whole_look
from hand_tracking_ros.tracking.networks.landmark_model import LandmarkModel
from hand_tracking_ros.tracking.networks.model_checksum import ModelFile, check_model
from hand_tracking_ros.tracking.networks.model_files import PREPARE_COMMANDS, find_model
from hand_tracking_ros.tracking.networks.palm_detector import PalmDetector
from hand_tracking_ros.tracking.networks.runtime import Runtime, RuntimeOptions
from hand_tracking_ros.tracking.region import whole_image

# MediaPipe's option model_complexity, and the names of the files it stands for.
COMPLEXITIES = {0: 'lite', 1: 'full'}


@dataclass(frozen=True)
class HandModels:
    """Palm detector and landmark model, ready to run.

    Attributes:
        palm_detector: first stage, from an image to palms.
        landmark_model: second stage, from a palm's region to landmarks.
        runtime: what both run on; None for models that need none, as in tests.
        files: what both were loaded from, with names and checksums, in this order.
    """

    palm_detector: PalmDetector
    landmark_model: LandmarkModel
    runtime: Runtime | None = None
    files: tuple[ModelFile, ...] = ()

    @classmethod
    def load(
        cls,
        model_complexity: int = 1,
        model_directory: str | Path | None = None,
        execution_provider: str = 'auto',
        num_threads: int = 0,
        *,
        device_id: int = 0,
        precision: str = 'fp32',
        warn: Callable[[str], None] | None = None,
    ) -> HandModels:
        """Load both networks.

        Args:
            model_complexity: 0 (lite) or 1 (full).
            model_directory: where the .onnx files are; None: as model_files.find_model.
            execution_provider, num_threads, device_id, precision: as RuntimeOptions.
            warn: as Runtime.

        Raises:
            ModelError: a model file is missing, unreadable, damaged or another model.
            UserError: the execution provider or the precision is unknown.
            ValueError: another model_complexity.
        """
        if model_complexity not in COMPLEXITIES:
            raise ValueError(f'model_complexity is {model_complexity}, expected 0 or 1')
        kind = COMPLEXITIES[model_complexity]
        names = (f'palm_detection_{kind}', f'hand_landmark_{kind}')
        files = tuple(_checked_file(name, model_directory) for name in names)
        options = RuntimeOptions(execution_provider, num_threads, device_id, precision)
        runtime = Runtime([file.path for file in files], options, warn)
        palm_detector = PalmDetector(partial(runtime.run, 0))
        landmark_model = LandmarkModel(partial(runtime.run, 1))
        # A network's first inference takes many times as long as all others.
        image = np.zeros((64, 64, 3), np.uint8)
        palm_detector.detect(image, [whole_look(image)], [1.0])
        landmark_model.estimate(image, [whole_image(image)])
        return cls(palm_detector, landmark_model, runtime, files)

    @property
    def execution_provider(self) -> str:
        """What the networks really run on, now."""
        return self.runtime.provider if self.runtime else ''

    @property
    def warning(self) -> str:
        """Why the networks do not run on what was asked for; empty if they do."""
        return self.runtime.warning if self.runtime else ''


def _checked_file(name: str, directory: str | Path | None) -> ModelFile:
    path = find_model(name, directory)
    try:
        return check_model(name, path)
    except ModelError as error:
        raise ModelError(f'{error}. Delete it and run {PREPARE_COMMANDS}') from None
