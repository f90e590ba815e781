"""Simulated hands as a source of pictures, where there is neither a camera nor a video."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from hand_tracking_ros.media.media_source import Frame, MediaSource
from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.simulation.scenes import SCENES
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.hand import Handedness

SIMULATED = 'simulated'
# One after the other where no scene is named: the same person shows them all.
DEMO_SCENES = ('wave', 'open_close', 'pinch', 'turn', 'crossing')
RATE_HZ = 30.0
DURATION_S = 20.0
# Between two scenes the person lowers the hands, for longer than a tracker holds a lost hand: none
# is held into the next scene.
NUM_EMPTY_FRAMES = 15


class SimulatedMedia(MediaSource):
    """The same frames every time.

    Args:
        scene: a name in SCENES; empty for all DEMO_SCENES in turn.

    Raises:
        UserError: there is no such scene.
    """

    def __init__(self, scene: str = '') -> None:
        if scene and scene not in SCENES:
            raise UserError(
                f"source '{SIMULATED}:{scene}': no such scene; expected one of {', '.join(SCENES)}"
            )
        self._takes = [
            SimulatorOptions(scene=name, handedness=Handedness.RIGHT)
            for name in ([scene] if scene else DEMO_SCENES)
        ]
        name = f'{SIMULATED} {scene}' if scene else f'{SIMULATED} hands'
        first = self._takes[0]
        num_frames = round(DURATION_S * RATE_HZ)
        super().__init__(name, (first.height, first.width), RATE_HZ, num_frames)
        self.horizontal_fov_deg = first.horizontal_fov_deg
        self._simulators: list[CameraSimulator] = []

    def prepare(self) -> None:
        """Set up the scenes."""
        if not self._simulators:
            self._simulators = [CameraSimulator(take) for take in self._takes]

    def __iter__(self) -> Iterator[Frame]:
        self.prepare()
        images = itertools.chain.from_iterable(map(self._images, self._simulators))
        for index, image in enumerate(images):
            yield Frame(f'{self.name}#{index}', image, index / RATE_HZ)

    def _images(self, simulator: CameraSimulator) -> Iterator[np.ndarray]:
        """A whole scene."""
        num_images = self.num_frames // len(self._simulators)
        num_empty = NUM_EMPTY_FRAMES if len(self._simulators) > 1 else 0
        for index in range(num_images):
            has_hands = index < num_images - num_empty
            t_s = index / RATE_HZ
            yield simulator.render(t_s).image if has_hands else simulator.render_without_hands(t_s)
