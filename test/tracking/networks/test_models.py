"""Loading both networks: what a wrong model file leads to."""

import hashlib

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


def told(tmp_path):
    """What the user is told when the models of a folder are loaded."""
    with pytest.raises(ModelError) as error:
        HandModels.load(0, tmp_path)
    return str(error.value)


@pytest.mark.parametrize('found', [LANDMARK, 'palm_detection_full'])
def test_a_model_under_the_name_of_another_is_refused(found, place, tmp_path):
    path = place(PALM, found)
    place(LANDMARK, LANDMARK)
    assert told(tmp_path).startswith(f'{path} is the model {found}, expected {PALM}. Delete it and')


def with_a_flipped_bit(data):
    """The weights are most of the file: the network still loads, and computes something else."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0x40]) + data[middle + 1 :]


@pytest.mark.parametrize('change', [with_a_flipped_bit, lambda data: b'not a model'])
def test_a_damaged_file_is_refused_and_not_replaced_by_one_elsewhere(change, place, tmp_path):
    place(PALM, PALM)
    path = place(LANDMARK, LANDMARK)
    path.write_bytes(change(path.read_bytes()))
    message = told(tmp_path)
    assert message.startswith(str(path))
    assert '. Delete it and run `ros2 run hand_tracking_ros prepare_models`' in message


def test_loaded_models_know_their_names_and_sums(place, tmp_path):
    paths = [place(name, name) for name in (PALM, LANDMARK)]
    files = HandModels.load(0, tmp_path).files
    assert [file.name for file in files] == [PALM, LANDMARK]
    assert [file.path for file in files] == paths
    assert [file.sha256 for file in files] == [
        hashlib.sha256(path.read_bytes()).hexdigest() for path in paths
    ]


def test_both_files_of_a_complexity_are_needed(place, tmp_path):
    place(PALM, PALM)
    assert f'model {LANDMARK}.onnx not found in {tmp_path}' in told(tmp_path)
