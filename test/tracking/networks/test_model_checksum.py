"""The checksum at the end of a model file: any accident that a file may have is noticed."""

import hashlib

import pytest

from hand_tracking_ros.tracking.errors import ModelError
from hand_tracking_ros.tracking.networks.model_checksum import check_model, with_checksum
from hand_tracking_ros.tracking.networks.model_files import MODEL_NAMES, find_model

NAME = MODEL_NAMES[0]


@pytest.fixture
def written(tmp_path):
    """Write a model file; returns its path."""

    def write(content):
        path = tmp_path / 'model.onnx'
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize('name', MODEL_NAMES)
def test_a_whole_file_is_known_by_its_name_and_by_the_sum_that_sha256sum_prints(name, written):
    content = with_checksum(name, b'network')
    file = check_model(name, written(content))
    assert (file.name, file.sha256) == (name, hashlib.sha256(content).hexdigest())


def test_a_flip_of_any_single_bit_is_noticed(written):
    content = with_checksum(NAME, b'a small network')
    for position in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[position // 8] ^= 1 << position % 8
        with pytest.raises(ModelError):
            check_model(NAME, written(flipped))


def test_a_damaged_file_is_named_with_both_sums(written):
    path = written(with_checksum(NAME, b'a network').replace(b'a net', b'a bet'))
    found, expected = (hashlib.sha256(data).hexdigest() for data in (b'a betwork', b'a network'))
    with pytest.raises(ModelError, match=rf'{path} is damaged: .*{found}, {expected} when'):
        check_model(NAME, path)


@pytest.mark.parametrize('change', [lambda data: data[:-1], lambda data: data + b'\0'])
def test_a_file_cut_short_or_with_something_behind_is_refused(change, written):
    with pytest.raises(ModelError, match='does not end with the checksum'):
        check_model(NAME, written(change(with_checksum(NAME, b'a network'))))


@pytest.mark.parametrize('content', [b'', b'not a model', bytes(5000)])
def test_what_prepare_models_did_not_write_is_refused_with_its_size(content, written):
    with pytest.raises(ModelError, match=rf'\({len(content)} bytes\) .* by another program'):
        check_model(NAME, written(content))


def test_a_folder_in_the_place_of_a_file_is_refused_by_name(tmp_path):
    with pytest.raises(ModelError, match=rf'{tmp_path} cannot be read: Is a directory'):
        check_model(NAME, tmp_path)


def test_programs_that_read_onnx_find_name_and_sum_in_the_metadata():
    onnxruntime = pytest.importorskip('onnxruntime')
    try:
        path = find_model(NAME)
    except ModelError as error:
        pytest.skip(str(error))
    metadata = onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map
    assert path.read_bytes().endswith(metadata['name_and_sha256'].encode())
    assert metadata['name_and_sha256'].startswith(f'{NAME} ')
