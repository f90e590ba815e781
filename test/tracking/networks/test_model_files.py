"""Where model files are looked for, and what the user is told where there is none."""

import re

import pytest

from hand_tracking_ros.tracking.errors import ModelError
from hand_tracking_ros.tracking.networks import model_files
from hand_tracking_ros.tracking.networks.model_files import (
    DIRECTORY_VARIABLE,
    MODEL_NAMES,
    find_model,
    load_manifest,
    search_directories,
)

NAME = 'palm_detection_full'


@pytest.fixture(autouse=True)
def empty_places(tmp_path, monkeypatch):
    """No model anywhere: each test puts its own where it is to be found."""
    monkeypatch.delenv(DIRECTORY_VARIABLE, raising=False)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setattr(model_files, '_PACKAGE_DIRECTORY', tmp_path / 'checkout' / 'package')


def place(folder):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f'{NAME}.onnx'
    path.touch()
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
    assert 'python3 -m hand_tracking_ros prepare_models' in str(error.value)


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


@pytest.mark.parametrize('variable', [None, DIRECTORY_VARIABLE, 'XDG_CACHE_HOME'])
def test_a_folder_in_the_home_of_nobody_is_refused_by_name(variable, monkeypatch):
    folder = '~no_such_user/models'
    if variable:
        monkeypatch.setenv(variable, folder)
    with pytest.raises(ModelError, match=rf'{folder} cannot be found.*home folder ~no_such_user'):
        find_model(NAME, None if variable else folder)


def test_a_missing_manifest_is_named():
    with pytest.raises(ModelError, match=r'checkout/models/manifest\.yaml is missing'):
        load_manifest()


def test_an_installed_package_has_its_manifest_inside(tmp_path):
    installed = tmp_path / 'checkout/package/models'
    installed.mkdir(parents=True)
    (installed / 'manifest.yaml').write_text('installed: true\n')
    assert load_manifest() == {'installed': True}


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
