"""The two networks of the tracker, loaded together and shared by any number of trackers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hand_tracking_ros.tracking.inference import InferenceSession
from hand_tracking_ros.tracking.landmark_model import LandmarkModel
from hand_tracking_ros.tracking.model_files import find_model
from hand_tracking_ros.tracking.palm_detector import PalmDetector
from hand_tracking_ros.tracking.region import whole_image

# MediaPipe's option model_complexity, and the names of the files it stands for.
COMPLEXITIES = {0: 'lite', 1: 'full'}


@dataclass(frozen=True)
class HandModels:
    """Palm detector and landmark model, ready to run."""

    palm_detector: PalmDetector
    landmark_model: LandmarkModel
    execution_provider: str = ''

    @classmethod
    def load(
        cls,
        model_complexity: int = 1,
        model_directory: str | Path | None = None,
        execution_provider: str = 'auto',
        num_threads: int = 0,
    ) -> HandModels:
        """Load both networks.

        Args:
            model_complexity: 0 (lite) or 1 (full).
            model_directory: where the .onnx files are; None looks in the usual places.
            execution_provider: `auto`, `cuda` or `cpu`.
            num_threads: CPU threads for one network; 0 is one for each core.

        Raises:
            ModelError: a model file is missing or unreadable.
            UserError: the execution provider is unknown or not available.
            ValueError: another model_complexity.
        """
        if model_complexity not in COMPLEXITIES:
            raise ValueError(f'model_complexity is {model_complexity}, expected 0 or 1')
        kind = COMPLEXITIES[model_complexity]
        palm, landmark = (
            InferenceSession(find_model(name, model_directory), execution_provider, num_threads)
            for name in (f'palm_detection_{kind}', f'hand_landmark_{kind}')
        )
        models = cls(PalmDetector(palm), LandmarkModel(landmark), landmark.provider)
        models._warm_up()
        return models

    def _warm_up(self) -> None:
        """Run both once: a network's first run takes many times as long as all others."""
        image = np.zeros((64, 64, 3), np.uint8)
        self.palm_detector.detect(image, min_confidence=1.0)
        self.landmark_model.estimate(image, [whole_image(image)])
