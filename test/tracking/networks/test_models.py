"""Loading both networks: what a wrong model file leads to."""

import pytest

from hand_tracking_ros.tracking import HandModels
from hand_tracking_ros.tracking.errors import ModelError
from hand_tracking_ros.tracking.networks.model_files import find_model

PALM, LANDMARK = 'palm_detection_lite', 'hand_landmark_lite'


@pytest.fixture
def place(tmp_path):
    """Put a whole model, or bytes, where a model of some name is looked for."""

    def put(name, content):
        try:
            data = find_model(content).read_bytes() if isinstance(content, str) else content
        except ModelError as error:
            pytest.skip(str(error))
        path = tmp_path / f'{name}.onnx'
        path.write_bytes(data)
        return path

    return put


def told(tmp_path, provider='cpu'):
    """What the user is told when the models of a folder are loaded."""
    with pytest.raises(ModelError) as error:
        HandModels.load(0, tmp_path, provider)
    return str(error.value)


@pytest.mark.parametrize('provider', ['cpu', 'openvino'])
def test_a_model_under_the_name_of_the_other_is_refused(place, tmp_path, provider):
    if provider == 'openvino':
        pytest.importorskip('openvino', reason='OpenVINO is not installed')
    path = place(PALM, LANDMARK)
    place(LANDMARK, PALM)
    message = told(tmp_path, provider)
    assert f'{path} is another network' in message
    assert 'image [N, 3, 224, 224], landmarks [N, 63]' in message  # found
    assert 'expected image [N, 3, 192, 192], boxes [N, 2016, 18]' in message
    assert 'prepare_models' in message


def test_a_broken_file_is_refused_and_not_replaced_by_one_elsewhere(place, tmp_path):
    place(PALM, PALM)
    path = place(LANDMARK, b'not a model')
    assert f'{path} (11 bytes) is not a whole ONNX model' in told(tmp_path)


def test_both_files_of_a_complexity_are_needed(place, tmp_path):
    place(PALM, PALM)
    assert f'model {LANDMARK}.onnx not found in {tmp_path}' in told(tmp_path)
