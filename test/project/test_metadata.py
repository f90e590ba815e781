"""What package.xml, setup.py and the changelog say: the same as the code, and as each other."""

import importlib.util
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from hand_tracking_ros.version import VERSION
from support.checkout import CHECKOUT
from support.imports import imported_modules, python_files, third_party_imports

NAME = 'hand_tracking_ros'
# rosdep keys of the modules that are not named as their key. None: rosdep knows no key, and a
# comment in package.xml says so.
ROSDEP_KEYS = {
    'av': None,
    'bond': None,
    'cv2': 'python3-opencv',
    'numpy': 'python3-numpy',
    'onnx': None,
    'openvino': None,
    'onnxruntime': 'python3-onnxruntime-pip',
    'rosbags': 'python3-rosbags-pip',
    'tf2_ros': 'tf2_ros_py',
    'tflite': None,
    'tqdm': 'python3-tqdm',
    'transforms3d': 'python3-transforms3d',
    'yaml': 'python3-yaml',
}
PIP_NAMES = {'cv2': 'opencv-python-headless', 'yaml': 'PyYAML'}
# Needed, and imported by no file: the messages' runtime, and what the launch file starts.
NEVER_IMPORTED = {'rosidl_default_runtime', 'rviz2'}


def package_xml():
    return ElementTree.parse(CHECKOUT / 'package.xml').getroot()


def dependencies(*kinds):
    return {element.text for kind in kinds for element in package_xml().findall(kind)}


def setup_py():
    """What setup.py describes: version, packages, install_requires, extras_require."""
    if importlib.util.find_spec('setuptools') is None:
        pytest.skip('setuptools is not installed')
    # In a process of its own, because setuptools changes how Python finds distutils.
    code = (
        'import json, setuptools; from distutils.core import run_setup; '
        'found = run_setup("setup.py", stop_after="init"); '
        'names = "packages", "install_requires", "extras_require"; '
        'description = {name: getattr(found, name) for name in names}; '
        'print(json.dumps({"version": found.get_version(), **description}))'
    )
    result = subprocess.run(
        [sys.executable, '-c', code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    return json.loads(result.stdout)


def test_version_is_the_same_everywhere():
    version = package_xml().findtext('version')
    newest_change = re.search(
        r'^(\d+\.\d+\.\d+) \(', (CHECKOUT / 'CHANGELOG.rst').read_text(), re.MULTILINE
    )
    assert newest_change[1] == version
    assert setup_py()['version'] == VERSION == version


def test_every_import_is_a_dependency_in_package_xml():
    imports = third_party_imports([*python_files(NAME), *python_files('launch')])
    keys = {name: ROSDEP_KEYS.get(name, name) for name in imports}
    declared = dependencies('depend', 'exec_depend')
    lacking = {
        name: str(imports[name].relative_to(CHECKOUT))
        for name, key in keys.items()
        if key is not None and key not in declared
    }
    assert not lacking
    text = (CHECKOUT / 'package.xml').read_text()
    for name in (name for name, key in keys.items() if key is None):
        assert f'`{name}`' in text, f'package.xml does not say that {name} has no rosdep key'


def test_every_dependency_in_package_xml_is_imported():
    imports = third_party_imports([*python_files(NAME), *python_files('launch')])
    used = {ROSDEP_KEYS.get(name, name) for name in imports}
    messages = '\n'.join(file.read_text() for file in (CHECKOUT / 'msg').glob('*.msg'))
    in_messages = set(re.findall(r'^(\w+)/', messages, re.MULTILINE))
    declared = dependencies('depend', 'exec_depend')
    assert declared - used - in_messages - NEVER_IMPORTED == set()


def test_modules_installed_by_pip_import_only_what_pip_installs():
    description = setup_py()
    packages = set(description['packages'])
    folders = [CHECKOUT / package.replace('.', '/') for package in packages]
    files = [file for folder in folders for file in folder.glob('*.py')]
    for file in files:
        for module in imported_modules(file):
            package, _, name = module.rpartition('.')
            if (CHECKOUT / package.replace('.', '/') / f'{name}.py').exists():
                assert package in packages, f'{file} imports {module}, which setup.py leaves out'

    extras = description['extras_require']
    required = [
        *description['install_requires'],
        *(name for extra in extras.values() for name in extra),
    ]
    required_names = {re.split(r'[<>=]', requirement)[0] for requirement in required}
    imports = third_party_imports(files)
    assert {PIP_NAMES.get(name, name) for name in imports} == required_names


def test_package_xml_is_valid_and_says_where_the_project_is():
    catkin_package = pytest.importorskip('catkin_pkg.package')
    warnings = []
    package = catkin_package.parse_package(CHECKOUT / 'package.xml', warnings=warnings)
    assert not warnings
    assert {url.type for url in package.urls} == {'website', 'repository', 'bugtracker'}
