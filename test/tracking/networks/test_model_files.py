"""Where model files are looked for, and what a broken one leads to."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hand_tracking_ros.tracking.errors import ModelError
from hand_tracking_ros.tracking.networks import model_files
from hand_tracking_ros.tracking.networks.model_files import (
    DIRECTORY_VARIABLE,
    MODEL_NAMES,
    find_model,
    load_manifest,
    parse_model,
    search_directories,
)

NAME = 'palm_detection_full'


def field(number, content):
    """One protobuf field with up to 16383 bytes of content."""
    assert len(content) < 1 << 14
    length = bytes([len(content) & 0x7F | 0x80, len(content) >> 7])
    return bytes([number << 3 | 2]) + length + content


def onnx_bytes(graph=b'graph', metadata=()):
    """The outside of an ONNX file: version, graph, operator set, metadata."""
    data = b'\x08\x07' + field(7, graph) + field(8, b'\x10\x0d')
    for key, value in metadata:
        data += field(14, field(1, key.encode()) + field(2, value.encode()))
    return data


@pytest.fixture(autouse=True)
def empty_places(tmp_path, monkeypatch):
    """No model anywhere: each test puts its own where it is to be found."""
    monkeypatch.delenv(DIRECTORY_VARIABLE, raising=False)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setattr(model_files, '_PACKAGE_DIRECTORY', tmp_path / 'checkout' / 'package')


def place(folder, data=None):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f'{NAME}.onnx'
    path.write_bytes(onnx_bytes() if data is None else data)
    return path


def test_each_place_is_searched_and_an_earlier_one_wins(tmp_path, monkeypatch):
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(tmp_path / 'named'))
    for folder in ('cache/hand_tracking_ros', 'checkout/models', 'named'):
        path = place(tmp_path / folder)
        assert find_model(NAME) == path


def test_a_folder_that_the_user_names_is_the_only_place(tmp_path):
    place(tmp_path / 'checkout/models')
    with pytest.raises(ModelError, match='explicit'):
        find_model(NAME, tmp_path / 'explicit')
    explicit = place(tmp_path / 'explicit')
    assert find_model(NAME, tmp_path / 'explicit') == explicit


def test_an_installed_package_has_its_models_folder_inside(tmp_path):
    place(tmp_path / 'checkout/models')
    installed = place(tmp_path / 'checkout/package/models')
    assert find_model(NAME) == installed


def test_a_missing_model_names_all_places_and_the_program_that_makes_it(tmp_path, monkeypatch):
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(tmp_path / 'named'))
    with pytest.raises(ModelError) as error:
        find_model(NAME)
    for place_searched in ('named', 'checkout/models', 'cache/hand_tracking_ros'):
        assert str(tmp_path / place_searched) in str(error.value)
    assert f'{NAME}.onnx' in str(error.value)
    assert 'ros2 run hand_tracking_ros prepare_models' in str(error.value)
    assert 'python3 -m hand_tracking_ros.model_conversion.prepare_models' in str(error.value)


@pytest.mark.parametrize('value', ['', None])
def test_without_a_cache_variable_the_cache_is_in_the_home_folder(value, tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    if value is None:
        monkeypatch.delenv('XDG_CACHE_HOME')
    else:
        monkeypatch.setenv('XDG_CACHE_HOME', value)
    assert search_directories()[-1] == tmp_path / '.cache/hand_tracking_ros'


def test_an_unknown_name_is_a_programming_error():
    with pytest.raises(ValueError, match=r'palm_detection.*expected one of.*hand_landmark_full'):
        find_model('palm_detection')


@pytest.mark.parametrize(
    'data',
    [
        b'',
        b'version https://git-lfs.github.com/spec/v1\n',
        b'<!DOCTYPE html><html>Not found</html>',
        b'\x89PNG\r\n\x1a\n' + bytes(100),
        b'\x00' * 1000,
        b'\x08\x07',  # nothing but the version
        onnx_bytes(graph=b''),
        onnx_bytes(graph=bytes(5000))[:3000],  # cut within the graph
        onnx_bytes(graph=bytes(5000))[:-4],  # cut right behind it
        onnx_bytes(metadata=[('key', 'value')])[:-2],
    ],
)
def test_a_broken_file_is_refused_by_name_and_not_skipped(data, tmp_path):
    broken = place(tmp_path / 'explicit', data)
    place(tmp_path / 'cache/hand_tracking_ros')
    with pytest.raises(ModelError) as error:
        find_model(NAME, tmp_path / 'explicit')
    assert str(broken) in str(error.value)
    assert f'{len(data)} bytes' in str(error.value)
    assert 'prepare_models' in str(error.value)


def test_a_folder_in_the_place_of_a_file_is_refused_by_name(tmp_path):
    (tmp_path / f'{NAME}.onnx').mkdir()
    with pytest.raises(ModelError, match=rf'{NAME}\.onnx cannot be read: Is a directory'):
        find_model(NAME, tmp_path)


def test_metadata_and_the_sum_of_the_graph_are_read():
    content = parse_model(onnx_bytes(b'abc', [('one', '1'), ('two', 'ü')]))
    assert content.metadata == {'one': '1', 'two': 'ü'}
    # The SHA-256 test vector of 'abc' (FIPS 180-4).
    assert content.graph_sha256().startswith('ba7816bf8f01cfea414140de5dae2223')


def test_reading_model_files_does_not_need_the_onnx_package(tmp_path):
    place(tmp_path)
    code = (
        'import sys; sys.modules["onnx"] = None\n'
        'from hand_tracking_ros.tracking.networks.model_files import find_model\n'
        f'print(find_model({NAME!r}, {str(tmp_path)!r}))'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.stdout.strip() == str(tmp_path / f'{NAME}.onnx'), done.stderr


def test_a_missing_manifest_is_named():
    with pytest.raises(ModelError, match=r'checkout/models/manifest\.yaml is missing'):
        load_manifest()


def test_the_manifest_is_found_beside_an_installed_package(tmp_path, monkeypatch):
    monkeypatch.undo()
    source = Path(model_files.__file__).resolve()
    package = tmp_path / 'site-packages/hand_tracking_ros'
    (package / 'tracking').mkdir(parents=True)
    (package / 'models').mkdir()
    for folder in (package, package / 'tracking'):
        (folder / '__init__.py').touch()
    for name in ('model_files.py', 'errors.py'):
        shutil.copy(source.with_name(name), package / 'tracking')
    (package / 'models/manifest.yaml').write_text('installed: true\n')
    module = 'hand_tracking_ros.tracking.networks.model_files'
    code = f'from {module} import load_manifest\nprint(load_manifest())'
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=package.parent, capture_output=True, text=True
    )
    assert done.stdout.strip() == "{'installed': True}", done.stderr


def test_the_manifest_records_source_licence_and_whole_sums(monkeypatch):
    monkeypatch.undo()
    manifest = load_manifest()
    assert manifest['source']['package'] == 'mediapipe'
    assert manifest['source']['version'] == '0.10.21'
    assert manifest['source']['licence'] == 'Apache-2.0'
    assert tuple(manifest['models']) == MODEL_NAMES
    for name, entry in manifest['models'].items():
        assert entry['path'].endswith(f'/{name}.tflite')
        assert re.fullmatch('[0-9a-f]{64}', entry['sha256'])
