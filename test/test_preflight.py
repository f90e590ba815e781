"""A Python without the right packages gets one sentence: what is installed, and what to run."""

import os
import subprocess
import sys
from importlib import metadata

import pytest

from support.checkout import CHECKOUT


def numpy_installed(folder, version):
    """What pip leaves behind of a numpy; the module itself is none that works."""
    about = folder / f'numpy-{version}.dist-info'
    about.mkdir(parents=True)
    (about / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: numpy\nVersion: {version}\n')


# What numpy 2 and an OpenCV that was built for numpy 1 do.
OPENCV_FOR_NUMPY_1 = """
import sys
sys.stderr.write('A module that was compiled using NumPy 1.x cannot be run\\nTraceback (...)')
raise ImportError('numpy.core.multiarray failed to import')
"""


@pytest.fixture
def run(tmp_path):
    """Run a program in a Python that finds these modules first; returns what it printed."""

    def run_program(program='process_media', **modules):
        for name, source in modules.items():
            (tmp_path / f'{name}.py').write_text(source)
        path = os.pathsep.join((str(tmp_path), str(CHECKOUT)))
        process = subprocess.run(
            [sys.executable, '-m', 'hand_tracking_ros', program, '--help'],
            env={**os.environ, 'PYTHONPATH': path},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert process.returncode == 1, process.stdout
        (sentence,) = process.stderr.splitlines()
        assert sentence.startswith('error: ')
        return sentence

    return run_program


needs_numpy_2 = pytest.mark.skipif(
    metadata.version('numpy') < '2', reason='this Python has numpy 1, which suits such an OpenCV'
)


@needs_numpy_2
def test_an_opencv_for_another_numpy_is_told_with_the_numpy_to_uninstall(run, tmp_path):
    numpy_installed(tmp_path, '2.9.9')
    sentence = run(cv2=OPENCV_FOR_NUMPY_1)
    assert f'cannot be imported beside numpy 2.9.9 in {tmp_path}' in sentence
    assert f'`{sys.executable} -m pip uninstall numpy` brings numpy ' in sentence
    assert metadata.version('numpy') in sentence


@needs_numpy_2
def test_where_there_is_one_numpy_the_line_that_replaces_it_is_told(run):
    sentence = run(cv2=OPENCV_FOR_NUMPY_1)
    assert f"`{sys.executable} -m pip install 'numpy<2'`" in sentence


def test_a_library_that_opencv_lacks_is_no_matter_of_numpy(run):
    sentence = run(cv2='raise ImportError("libGL.so.1: cannot open shared object file")')
    assert 'cv2' in sentence
    assert sentence.endswith('cannot be imported: libGL.so.1: cannot open shared object file')


@pytest.mark.parametrize('module', ['onnxruntime', 'yaml'])
def test_a_package_that_is_missing_is_named_with_the_lines_that_install_it(module, run):
    sentence = run(**{module: f'raise ModuleNotFoundError(name={module!r})'})
    assert f'{sys.executable} has no Python module {module}' in sentence
    assert "pip install onnxruntime rosbags tflite onnx av 'numpy<2'" in sentence
    assert 'rosdep install' in sentence


def test_onnx_runtime_is_imported_only_when_it_has_been_told_to_report_nothing(run):
    told = 'import os\nraise ImportError("told " + os.environ.get("ORT_DISABLE_TELEMETRY", ""))'
    assert run(onnxruntime=told).endswith('cannot be imported: told 1')


def test_a_node_without_ros_says_that_ros_is_to_be_sourced(run):
    sentence = run('hand_tracker', rclpy='raise ModuleNotFoundError(name="rclpy")')
    assert 'no Python module rclpy. With ROS 2, source it' in sentence
