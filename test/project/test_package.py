"""The package as it is installed: by colcon, and by pip on a machine without ROS."""

import email
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hand_tracking_ros.programs import PROGRAMS
from hand_tracking_ros.version import VERSION
from support.checkout import CHECKOUT

NAME = 'hand_tracking_ros'
SOURCES = (
    *('CHANGELOG.rst', 'CMakeLists.txt', 'LICENSE', 'README.md', 'package.xml'),
    *('pyproject.toml', 'setup.py'),
    *('cmake', 'config', 'launch', 'models/manifest.yaml', 'msg', 'srv', NAME),
)
PIP_PROGRAMS = ('prepare_models', 'process_media')
NEED_ROS = {'cameras', 'demo', 'ros', 'teleop'}

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
    for command in ([installed / 'lib' / NAME / program], ['python3', '-m', NAME, program]):
        result = run_installed(installed, *map(str, command), '--help')
        assert result.returncode == 0, result.stderr
        assert f'usage: {program}' in result.stdout


def test_the_programs_of_the_table_are_installed_and_no_others(installed):
    assert {file.name for file in (installed / 'lib' / NAME).iterdir()} == set(PROGRAMS)


def test_what_measures_the_package_is_not_installed(installed):
    assert not [path for path in installed.rglob('*') if path.name == 'evaluation']


def test_users_of_the_library_get_its_types(installed):
    (marker,) = installed.rglob('py.typed')
    assert (marker.parent / 'tracking' / '__init__.py').exists()


def test_share_holds_launch_and_configuration_files_manifest_and_messages(installed):
    share = installed / 'share' / NAME
    expected = [
        file.relative_to(CHECKOUT)
        for folder in ('config', 'launch', 'msg')
        for file in (CHECKOUT / folder).rglob('*')
        if file.is_file() and file.parent.name != '__pycache__'
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


@pytest.mark.parametrize('program', PIP_PROGRAMS)
def test_program_installed_by_pip_explains_itself(pip_python, program):
    for command in ([pip_python.parent / program], [pip_python, '-m', NAME, program]):
        result = run_isolated(*command, '--help')
        assert result.returncode == 0, result.stderr
        assert f'usage: {program}' in result.stdout
        assert run_isolated(*command, '--version').stdout == f'{program} {VERSION}\n'


def test_pip_tells_who_made_the_package_and_shows_the_readme(pip_python):
    code = f'from importlib.metadata import metadata; print(metadata({NAME!r}).as_string())'
    result = run_isolated(pip_python, '-c', code)
    about = email.message_from_string(result.stdout)
    assert about['Version'] == VERSION
    assert {'Author', 'Author-email', 'Summary', 'Requires-Python'} <= set(about)
    assert about['Description-Content-Type'] == 'text/markdown'
    assert about.get_payload().strip() == (CHECKOUT / 'README.md').read_text().strip()
    assert 'Typing :: Typed' in about.get_all('Classifier')
    labels = {url.split(',')[0] for url in about.get_all('Project-URL')}
    assert {'Source', 'Bug tracker'} <= labels


def test_pip_installs_the_rooms_without_ros_and_nothing_else(pip_python):
    (site_packages,) = (pip_python.parents[1] / 'lib').glob('python3*/site-packages')
    rooms = {path.parent.name for path in (CHECKOUT / NAME).glob('*/__init__.py')}
    installed = {path.parent.name for path in (site_packages / NAME).glob('*/__init__.py')}
    assert installed == rooms - NEED_ROS
    assert (site_packages / NAME / 'py.typed').exists()
    assert not (site_packages / 'evaluation').exists()
