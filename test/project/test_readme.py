"""The Python example of the README runs as it stands, and finds what it says."""

import re

import cv2
import numpy as np
import pytest

from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.tracking.errors import ModelError
from hand_tracking_ros.tracking.hand import Handedness, Landmark
from hand_tracking_ros.tracking.networks.models import HandModels
from support.checkout import CHECKOUT

# Measured: 6 mm; depth sees the skin, the truth is at the joints' centres.
MAX_ERROR_M = 0.03


def test_the_python_example_prints_where_the_fingertip_is(tmp_path, monkeypatch, capsys):
    try:
        HandModels.load()
    except ModelError as error:
        pytest.skip(f'needs the models: {error}')
    (example,) = re.findall(
        r'^```python\n(.*?)^```', (CHECKOUT / 'README.md').read_text(), re.MULTILINE | re.DOTALL
    )
    simulator = CameraSimulator(SimulatorOptions(handedness=Handedness.RIGHT))
    frame = simulator.render(0.5)
    cv2.imwrite(str(tmp_path / 'hand.png'), frame.image[..., ::-1])
    cv2.imwrite(str(tmp_path / 'depth.png'), np.round(frame.depth_m * 1000).astype(np.uint16))

    monkeypatch.chdir(tmp_path)
    exec(compile(example, 'README.md', 'exec'), {})

    printed = capsys.readouterr().out
    assert 'RIGHT' in printed
    fingertip_m = [float(number) for number in re.findall(r'-?\d+\.\d+', printed)]
    (truth,) = frame.hands
    error_m = np.subtract(fingertip_m, truth.camera_landmarks_m[Landmark.INDEX_FINGER_TIP])
    assert np.linalg.norm(error_m) < MAX_ERROR_M
