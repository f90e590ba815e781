"""The runtimes installed here compute the same, with the number of threads asked for."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from hand_tracking_ros.media import open_media
from hand_tracking_ros.tracking import HandModels, HandTracker, TrackerOptions
from hand_tracking_ros.tracking.errors import ModelError
from hand_tracking_ros.tracking.networks.cpu_session import CpuSession
from hand_tracking_ros.tracking.networks.model_files import MODEL_NAMES, find_model
from support.test_data import need


def model(name):
    try:
        return find_model(name)
    except ModelError as error:
        pytest.skip(str(error))


def batch_for(name, count=3):
    """Pictures with edges and gradients, as cameras give them; not noise."""
    size = 192 if name.startswith('palm') else 224
    small = np.random.default_rng(4).random((count, 6, 6, 3), np.float32)
    pictures = [cv2.resize(one, (size, size), interpolation=cv2.INTER_CUBIC) for one in small]
    return np.ascontiguousarray(np.clip(pictures, 0, 1).transpose(0, 3, 1, 2), np.float32)


def openvino_session(path, **options):
    pytest.importorskip('openvino', reason='OpenVINO is not installed')
    from hand_tracking_ros.tracking.networks.openvino_session import OpenVinoSession

    return OpenVinoSession(path, **options)


def has_bf16():
    openvino = pytest.importorskip('openvino', reason='OpenVINO is not installed')
    return 'BF16' in openvino.Core().get_property('CPU', 'OPTIMIZATION_CAPABILITIES')


# Pixels of the network's input for boxes and landmarks, logits, probabilities, metres.
TOLERANCES = {
    'palm_detection': [0.01, 0.002],
    'hand_landmark': [0.01, 0.0001, 0.0001, 0.00001],
}


@pytest.mark.parametrize('name', MODEL_NAMES)
def test_openvino_computes_what_onnx_runtime_computes(name):
    path, batch = model(name), batch_for(name)
    expected = CpuSession(path).run(batch)
    session = openvino_session(path)
    assert session.provider == 'openvino'
    assert list(session.shapes.items()) == list(CpuSession(path).shapes.items())
    found = session.run(batch)
    for one, other, tolerance in zip(
        found, expected, TOLERANCES[name.rpartition('_')[0]], strict=True
    ):
        assert one.shape == other.shape
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance)


def test_openvinos_results_stay_as_they_are_when_the_network_runs_again():
    name = 'hand_landmark_lite'
    session, batch = openvino_session(model(name)), batch_for(name)
    kept = session.run(batch[:1])
    copies = [output.copy() for output in kept]
    session.run(batch[1:])
    for one, other in zip(kept, copies, strict=True):
        np.testing.assert_array_equal(one, other)


def test_bf16_moves_landmarks_by_less_than_half_a_pixel_in_the_median():
    """Of the 224 pixels of the network's input; on the pictures of hands that we have."""
    if not has_bf16():
        pytest.skip('this processor has no bf16')
    pictures = list(open_media(need('gestures')))
    hands = {}
    for precision in ('fp32', 'bf16'):
        models = HandModels.load(execution_provider='openvino', precision=precision)
        tracker = HandTracker(TrackerOptions(static_image_mode=True, max_num_hands=1), models)
        hands[precision] = [tracker.track(picture.image, 0.0) for picture in pictures]
    assert models.execution_provider == 'openvino bf16'
    moves_px = []
    for picture, exact, rounded in zip(pictures, hands['fp32'], hands['bf16'], strict=True):
        height, width = picture.image.shape[:2]
        for one, other in zip(exact, rounded, strict=False):  # bf16 may miss a hand, or find one
            distances = np.linalg.norm(
                one.landmarks_px(width, height) - other.landmarks_px(width, height), axis=1
            )
            moves_px.append(distances * 224 / one.region.size_px)
    assert len(moves_px) >= 0.9 * len(pictures)
    assert 0 < np.median(moves_px) < 0.5


def test_a_processor_without_bf16_counts_in_fp32(monkeypatch):
    openvino = pytest.importorskip('openvino', reason='OpenVINO is not installed')
    monkeypatch.setattr(openvino.Core, 'get_property', lambda *arguments: ['FP32'])
    session = openvino_session(model('palm_detection_lite'), precision='bf16')
    assert session.provider == 'openvino'


def test_openvino_reports_nothing_to_its_makers(tmp_path):
    openvino_session(model('palm_detection_lite'))  # skips where OpenVINO is not installed
    program = (
        'import multiprocessing, sys\n'
        'multiprocessing.Process.start = lambda process: sys.exit("sends")\n'
        'import hand_tracking_ros.tracking.networks.openvino_session\n'
        'assert not sys.modules["openvino_telemetry"]\n'
    )
    environment = {**os.environ, 'HOME': str(tmp_path), 'CI': '', 'PYTHONPATH': ':'.join(sys.path)}
    subprocess.run([sys.executable, '-c', program], check=True, env=environment)
    assert list(tmp_path.iterdir()) == []  # its telemetry keeps a number for each user


def num_tasks():
    """The threads of this process."""
    return len(os.listdir('/proc/self/task'))


@pytest.mark.skipif(not Path('/proc/self/task').exists(), reason='counts threads as Linux does')
@pytest.mark.parametrize('num_threads', [1, 2, 3])
def test_a_network_has_the_threads_asked_for(num_threads):
    before = num_tasks()
    session = CpuSession(model('palm_detection_lite'), num_threads)
    assert num_tasks() - before == num_threads - 1  # the caller's own thread is one of them
    session.run(batch_for('palm_detection_lite'))
