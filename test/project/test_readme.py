"""The Python example of the README runs as it stands, and finds what it says."""

import re
import subprocess
import sys

import cv2
import numpy as np
import pytest

from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.tracking.errors import ModelError
from hand_tracking_ros.tracking.hand import Handedness, Landmark
from hand_tracking_ros.tracking.networks.models import HandModels
from support.checkout import CHECKOUT
from support.test_data import need

# Measured: 6 mm; depth sees the skin, the truth is at the joints' centres.
MAX_ERROR_M = 0.03
# In the pictures of gestures people annotated 24; one of those is dark, and stays in doubt.
NUM_GESTURE_HANDS = 23


@pytest.fixture
def example():
    (source,) = re.findall(
        r'^```python\n(.*?)^```', (CHECKOUT / 'README.md').read_text(), re.MULTILINE | re.DOTALL
    )
    return source


def test_the_python_example_prints_where_the_fingertip_is(example, tmp_path, monkeypatch, capsys):
    try:
        HandModels.load()
    except ModelError as error:
        pytest.skip(f'needs the models: {error}')
    simulator = CameraSimulator(SimulatorOptions(handedness=Handedness.RIGHT))
    frame = simulator.render(0.5)
    cv2.imwrite(str(tmp_path / 'hand.png'), frame.image[..., ::-1])
    cv2.imwrite(str(tmp_path / 'depth.png'), np.round(frame.depth_m * 1000).astype(np.uint16))

    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(example, 'README.md', 'exec'), names)

    printed = capsys.readouterr().out
    assert 'RIGHT' in printed
    fingertip_m = [float(number) for number in re.findall(r'-?\d+\.\d+', printed)]
    (truth,) = frame.hands
    error_m = np.subtract(fingertip_m, truth.camera_landmarks_m[Landmark.INDEX_FINGER_TIP])
    assert np.linalg.norm(error_m) < MAX_ERROR_M

    # It is about single pictures, and the same pipeline goes on to the next.
    pictures = sorted(need('gestures').glob('*.jpg'))
    images = [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in pictures]
    found = sum(len(names['pipeline'].process(image, stamp_s=0.0)) for image in images)
    assert found == NUM_GESTURE_HANDS


def test_the_python_example_has_types_that_a_strict_check_accepts(example, tmp_path):
    pytest.importorskip('mypy', reason='mypy is not installed')
    if np.__version__ < '2':
        pytest.skip('numpy 1 lacks the types of many functions')
    (tmp_path / 'program.py').write_text(example)
    mypy = subprocess.run(
        [sys.executable, '-m', 'mypy', '--strict', '--cache-dir', tmp_path, 'program.py'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert mypy.returncode == 0, mypy.stdout
