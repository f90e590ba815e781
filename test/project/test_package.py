"""The package as it is installed: by colcon, and by pip on a machine without ROS."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from support.checkout import CHECKOUT

NAME = 'hand_tracking_ros'
SOURCES = (
    *('CHANGELOG.rst', 'CMakeLists.txt', 'LICENSE', 'package.xml', 'pyproject.toml', 'setup.py'),
    *('cmake', 'config', 'launch', 'models/manifest.yaml', 'msg', 'srv', NAME),
)
PROGRAMS = (
    'benchmark',
    'demo',
    'evaluate',
    'hand_teleop',
    'hand_tracker',
    'prepare_models',
    'process_media',
    'simulated_camera',
    'video_publisher',
)

# rosdep keys of the modules that are not named as their key. None: rosdep knows no key, and a
# comment in package.xml says so.
ROSDEP_KEYS = {
    'av': None,
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
# The benchmark measures mediapipe in an environment that it makes itself, and draws with what came
# along.
OWN_ENVIRONMENT = {'mediapipe', 'matplotlib'}


# ---- What the metadata files say ---------------------------------------------------------------


def package_xml():
    return ElementTree.parse(CHECKOUT / 'package.xml').getroot()


def dependencies(*kinds):
    return {element.text for kind in kinds for element in package_xml().findall(kind)}


def setup_py():
    """What setup.py describes: version, packages, py_modules, install_requires, extras_require."""
    pytest.importorskip('setuptools')
    # In a process of its own, because reading it changes how Python finds distutils.
    code = (
        'import json, setuptools; from distutils.core import run_setup; '
        'found = run_setup("setup.py", stop_after="init"); '
        'names = "packages", "py_modules", "install_requires", "extras_require"; '
        'description = {name: getattr(found, name) for name in names}; '
        'print(json.dumps({"version": found.get_version(), **description}))'
    )
    result = subprocess.run(
        [sys.executable, '-c', code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    return json.loads(result.stdout)


def imported_modules(file):
    """Absolute names of the modules that a Python file imports, in functions too."""
    for node in ast.walk(ast.parse(file.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module
            # What is imported from one of our packages may be a module of it.
            if node.module.startswith(NAME):
                yield from (f'{node.module}.{alias.name}' for alias in node.names)


def third_party_imports(files):
    """Top-level names that neither Python nor this package brings: name -> one file with it."""
    return {
        name: file
        for file in files
        for name in {module.split('.')[0] for module in imported_modules(file)}
        if name not in sys.stdlib_module_names and name not in {NAME, *OWN_ENVIRONMENT}
    }


def python_files(folder):
    files = sorted((CHECKOUT / folder).rglob('*.py'))
    assert files, f'{folder} has no Python files'
    return files


def test_version_is_the_same_everywhere():
    version = package_xml().findtext('version')
    newest_change = re.search(
        r'^(\d+\.\d+\.\d+) \(', (CHECKOUT / 'CHANGELOG.rst').read_text(), re.MULTILINE
    )
    assert newest_change[1] == version
    assert setup_py()['version'] == version


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
    modules = {f'{package}.__init__' for package in description['packages']}
    modules |= {
        f'{package}.{file.stem}'
        for package in description['packages']
        for file in (CHECKOUT / package.replace('.', '/')).glob('*.py')
    }
    modules |= set(description['py_modules'])
    files = {name: CHECKOUT / (name.replace('.', '/') + '.py') for name in modules}
    files = {name: file for name, file in files.items() if file.exists()}

    for name, file in files.items():
        for module in imported_modules(file):
            own = CHECKOUT / (module.replace('.', '/') + '.py')
            if module.startswith(f'{NAME}.') and own.exists():
                assert module in modules, f'{name} imports {module}, which setup.py leaves out'

    extras = description['extras_require']
    required = [
        *description['install_requires'],
        *(name for extra in extras.values() for name in extra),
    ]
    required_names = {re.split(r'[<>=]', requirement)[0] for requirement in required}
    imports = third_party_imports(files.values())
    assert {PIP_NAMES.get(name, name) for name in imports} == required_names


# ---- Installed by colcon -----------------------------------------------------------------------


def copy_sources(destination):
    for name in SOURCES:
        source, target = CHECKOUT / name, destination / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__'))
        else:
            shutil.copy(source, target)
    return destination


@pytest.fixture(scope='module')
def installed(tmp_path_factory):
    """The prefix of a fresh build and install, in a folder whose name has a space."""
    if shutil.which('colcon') is None:
        pytest.skip('colcon is not installed')
    workspace = tmp_path_factory.mktemp('a workspace')
    copy_sources(workspace / 'src' / NAME)
    build = subprocess.run(
        [
            *('colcon', 'build', '--event-handlers', 'console_direct+', '--cmake-args'),
            *('-DBUILD_TESTING=OFF', f'-DPython3_EXECUTABLE={sys.executable}'),
        ],
        cwd=workspace,
        capture_output=True,
        text=True,
    )
    assert build.returncode == 0, build.stdout[-4000:] + build.stderr[-4000:]
    return workspace / 'install' / NAME


def run_installed(installed, *command):
    """Run a command as a user of the workspace does, in a folder that is not the checkout."""
    return subprocess.run(
        ['bash', '-c', '. ../local_setup.bash && exec "$@"', 'bash', *command],
        cwd=installed,
        # colcon's script fails on an interpreter whose path has spaces, as a checkout's may.
        env={**os.environ, 'COLCON_PYTHON_EXECUTABLE': os.path.realpath(sys.executable)},
        capture_output=True,
        text=True,
    )


def test_installed_messages_and_modules_are_one_package(installed):
    code = (
        'from hand_tracking_ros.msg import Hand, HandArray; '
        'from hand_tracking_ros import tracking; '
        'assert HandArray(hands=[Hand()]).hands[0].WRIST == 0; '
        'print(tracking.__file__)'
    )
    result = run_installed(installed, 'python3', '-c', code)
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()).is_relative_to(installed)


@pytest.mark.parametrize('program', PROGRAMS)
def test_installed_program_explains_itself(installed, program):
    result = run_installed(installed, str(installed / 'lib' / NAME / program), '--help')
    assert result.returncode == 0, result.stderr
    assert 'usage:' in result.stdout


def test_every_program_is_tested_here(installed):
    assert {file.name for file in (installed / 'lib' / NAME).iterdir()} == set(PROGRAMS)


def test_share_holds_launch_and_configuration_files_manifest_and_messages(installed):
    share = installed / 'share' / NAME
    expected = [
        file.relative_to(CHECKOUT)
        for folder in ('config', 'launch', 'msg')
        for file in (CHECKOUT / folder).iterdir()
        if file.name != '__pycache__'
    ]
    assert len(expected) >= 4
    for file in [*expected, Path('models/manifest.yaml'), Path('package.xml')]:
        assert (share / file).read_bytes() == (CHECKOUT / file).read_bytes()
    index = installed / 'share/ament_index/resource_index'
    assert (index / 'packages' / NAME).exists()
    assert (index / 'rosidl_interfaces' / NAME).exists()


def test_installed_package_finds_its_manifest(installed):
    code = (
        'from hand_tracking_ros.tracking.networks.model_files import load_manifest; load_manifest()'
    )
    result = run_installed(installed, 'python3', '-c', code)
    assert result.returncode == 0, result.stderr


# ---- Installed by pip --------------------------------------------------------------------------


@pytest.fixture(scope='module')
def pip_python(tmp_path_factory):
    """The Python of a fresh environment with `pip install .` and nothing of ROS."""
    folder = tmp_path_factory.mktemp('pip')
    python = folder / 'environment/bin/python'
    subprocess.run([sys.executable, '-m', 'venv', folder / 'environment'], check=True)
    probe = run_isolated(python, '-m', 'pip', 'download', '--no-deps', '-d', folder, 'PyYAML')
    if probe.returncode != 0:
        pytest.skip(f'pip cannot download here: {probe.stderr.strip().splitlines()[-1]}')
    sources = copy_sources(folder / 'sources')  # pip would leave its build/ in the checkout
    install = run_isolated(python, '-m', 'pip', 'install', sources)
    assert install.returncode == 0, install.stdout[-2000:] + install.stderr[-2000:]
    return python


def run_isolated(python, *arguments):
    """Run a Python that sees nothing of the ROS environment around the tests."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {'PYTHONPATH', 'LD_LIBRARY_PATH', 'AMENT_PREFIX_PATH', 'VIRTUAL_ENV'}
    }
    return subprocess.run(
        [python, *arguments],
        cwd=python.parent,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_tracker_installed_by_pip_needs_no_ros(pip_python):
    code = (
        'import importlib.util; assert importlib.util.find_spec("rclpy") is None; '
        'from hand_tracking_ros.tracking import HandTracker; '
        'from hand_tracking_ros.tracking.networks.model_files import load_manifest; load_manifest()'
    )
    result = run_isolated(pip_python, '-c', code)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize('program', ['prepare_models', 'process_media'])
def test_program_installed_by_pip_explains_itself(pip_python, program):
    for command in ([pip_python.parent / program], [pip_python, '-m', f'{NAME}.tools.{program}']):
        result = run_isolated(*command, '--help')
        assert result.returncode == 0, result.stderr
        assert 'usage:' in result.stdout
