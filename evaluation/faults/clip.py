"""What the cameras of the soak show: simulated hands, rendered beforehand.

So that the soak measures the node, and not the renderer.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions

# Scene, and how long it is shown, s.
SCENES = (('teleop', 7.0), ('crossing', 4.0), ('leave_and_return', 4.0))
QUICK_SCENES = (('wave', 1.0),)
RATE_HZ = 30.0
SIZE = (320, 240)
HORIZONTAL_FOV_DEG = 60.0


def write_clip(folder: Path, seed: int, scenes: Sequence[tuple[str, float]] = SCENES) -> None:
    """Render scenes into `images.npy` (N, H, W, 3) RGB and `depth_mm.npy` (N, H, W) uint16."""
    images, depths_mm = [], []
    for scene, duration_s in scenes:
        simulator = CameraSimulator(
            SimulatorOptions(scene, seed, *SIZE, horizontal_fov_deg=HORIZONTAL_FOV_DEG)
        )
        for number in range(round(duration_s * RATE_HZ)):
            frame = simulator.render(number / RATE_HZ)
            images.append(frame.image)
            depths_mm.append(np.round(frame.depth_m * 1000).astype(np.uint16))
    np.save(folder / 'images.npy', images)
    np.save(folder / 'depth_mm.npy', depths_mm)
