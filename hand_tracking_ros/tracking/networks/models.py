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
from hand_tracking_ros.tracking.networks.landmark_model import LandmarkModel
from hand_tracking_ros.tracking.networks.model_files import PREPARE_COMMANDS, find_model
from hand_tracking_ros.tracking.networks.palm_detector import PalmDetector
from hand_tracking_ros.tracking.networks.runtime import Runtime, RuntimeOptions, Shapes
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
    """

    palm_detector: PalmDetector
    landmark_model: LandmarkModel
    runtime: Runtime | None = None

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
            ModelError: a model file is missing, unreadable, broken or of another network.
            UserError: the execution provider or the precision is unknown.
            ValueError: another model_complexity.
        """
        if model_complexity not in COMPLEXITIES:
            raise ValueError(f'model_complexity is {model_complexity}, expected 0 or 1')
        kind = COMPLEXITIES[model_complexity]
        expected = {
            find_model(f'palm_detection_{kind}', model_directory): PalmDetector.SHAPES,
            find_model(f'hand_landmark_{kind}', model_directory): LandmarkModel.SHAPES,
        }
        options = RuntimeOptions(execution_provider, num_threads, device_id, precision)
        runtime = Runtime(list(expected), options, warn)
        for (path, shapes), session in zip(expected.items(), runtime.sessions, strict=True):
            if list(session.shapes.items()) != list(shapes.items()):
                raise ModelError(
                    f'{path} is another network: its input and outputs are '
                    f'{_describe(session.shapes)}, expected {_describe(shapes)}. '
                    f'Delete it and run {PREPARE_COMMANDS}'
                )
        palm_detector = PalmDetector(partial(runtime.run, 0))
        landmark_model = LandmarkModel(partial(runtime.run, 1))
        # A network's first inference takes many times as long as all others.
        image = np.zeros((64, 64, 3), np.uint8)
        palm_detector.detect(image, [whole_image(image)], [1.0])
        landmark_model.estimate(image, [whole_image(image)])
        return cls(palm_detector, landmark_model, runtime)

    @property
    def execution_provider(self) -> str:
        """What the networks really run on, now."""
        return self.runtime.provider if self.runtime else ''

    @property
    def warning(self) -> str:
        """Why the networks do not run on what was asked for; empty if they do."""
        return self.runtime.warning if self.runtime else ''


def _describe(shapes: Shapes) -> str:
    return ', '.join(f'{name} {["N", *shape]}'.replace("'", '') for name, shape in shapes.items())
