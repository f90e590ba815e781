"""Setting up the environment that the benchmark runs mediapipe in, with Pythons that pretend."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from evaluation.speed import mediapipe_environment
from evaluation.speed.mediapipe_environment import LEGACY, TASKS
from hand_tracking_ros.tracking.errors import UserError
from support.checkout import CHECKOUT


def write_program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('#!/bin/sh\n' + script)
    path.chmod(0o755)
    return path


STEPS = ['-m venv', '-m pip', '-c import']

# A Python that notes what it is asked for, and makes an environment with a copy of itself.
FAKE_PYTHON = """
case "$*" in
*version_info*) echo '[3, {minor}]'; exit 0 ;;
esac
echo "$*" >> {log}
case "$*" in
*"-m venv --clear"*) rm -rf "$5"; mkdir -p "$5/bin" && cp "$0" "$5/bin/python" ;;
*"-m pip"*) [ ! -e {failing} ] || exit 3 ;;
esac
"""


@pytest.fixture
def fake_checkout(tmp_path, monkeypatch):
    """A checkout and a PATH whose python3 is fake; `commands()` tells what it was asked for."""

    class Checkout:
        root = tmp_path / 'checkout'
        requirements = root / LEGACY.requirements
        log = tmp_path / 'commands'
        pip_fails = tmp_path / 'pip_fails'

        def commands(self) -> list[str]:
            lines = self.log.read_text().splitlines() if self.log.exists() else []
            self.log.unlink(missing_ok=True)
            return [next(step for step in STEPS if step in line) for line in lines]

        def add_python(self, name: str, minor: int) -> Path:
            script = FAKE_PYTHON.format(minor=minor, log=self.log, failing=self.pip_fails)
            return write_program(tmp_path / 'bin' / name, script)

    checkout = Checkout()
    checkout.requirements.parent.mkdir(parents=True)
    checkout.requirements.write_text('mediapipe==0.10.21\n')
    monkeypatch.setattr(mediapipe_environment, 'CHECKOUT', checkout.root)
    monkeypatch.setenv('PATH', f'{tmp_path / "bin"}:/usr/bin:/bin')
    # Whatever Pythons this machine has must not be found.
    for name in mediapipe_environment.PYTHONS:
        write_program(tmp_path / 'bin' / name, 'exit 127\n')
    return checkout


def test_mediapipe_is_set_up_once(fake_checkout):
    fake_checkout.add_python('python3', 11)
    python = mediapipe_environment.prepare_mediapipe(LEGACY)
    assert python == fake_checkout.root / '.environment/mediapipe-0.10.21/bin/python'
    assert fake_checkout.commands() == STEPS
    assert mediapipe_environment.prepare_mediapipe(LEGACY) == python
    assert fake_checkout.commands() == []


def test_an_interrupted_set_up_starts_again(fake_checkout):
    fake_checkout.add_python('python3', 11)
    fake_checkout.pip_fails.touch()
    with pytest.raises(UserError, match=r'installing failed.*exit status 3'):
        mediapipe_environment.prepare_mediapipe(LEGACY)
    left_over = fake_checkout.root / LEGACY.folder / 'left_over'
    left_over.touch()
    fake_checkout.commands()
    fake_checkout.pip_fails.unlink()
    mediapipe_environment.prepare_mediapipe(LEGACY)
    assert fake_checkout.commands() == STEPS
    assert not left_over.exists()


def test_other_requirements_are_installed_anew(fake_checkout):
    fake_checkout.add_python('python3', 11)
    mediapipe_environment.prepare_mediapipe(LEGACY)
    fake_checkout.commands()
    fake_checkout.requirements.write_text('mediapipe==0.10.21\nnumpy==1.26.3\n')
    mediapipe_environment.prepare_mediapipe(LEGACY)
    assert fake_checkout.commands() == STEPS


@pytest.mark.parametrize(
    ('pythons', 'chosen'),
    [
        ({'python3': 10, 'python3.12': 12}, 'python3'),
        ({'python3': 13, 'python3.11': 11, 'python3.12': 12}, 'python3.12'),
        ({'python3': 9, 'python3.10': 10}, 'python3.10'),
    ],
)
def test_the_users_python_is_taken_where_it_fits(fake_checkout, pythons, chosen):
    paths = {name: fake_checkout.add_python(name, minor) for name, minor in pythons.items()}
    assert mediapipe_environment.find_python(LEGACY) == str(paths[chosen])


def test_without_a_fitting_python_it_is_said_which_ones_would_do(fake_checkout):
    fake_checkout.add_python('python3', 13)
    with pytest.raises(UserError, match=r'needs Python 3\.10 to 3\.12.*python3 is Python 3\.13'):
        mediapipe_environment.find_python(LEGACY)


def test_the_two_releases_do_not_share_an_environment(fake_checkout):
    fake_checkout.add_python('python3', 13)
    fake_checkout.add_python('python3.12', 12)
    (fake_checkout.root / TASKS.requirements).write_text('mediapipe==1.2.2\n')
    legacy = mediapipe_environment.prepare_mediapipe(LEGACY)
    tasks = mediapipe_environment.prepare_mediapipe(TASKS)
    assert legacy != tasks
    assert fake_checkout.commands() == STEPS + STEPS


@pytest.mark.parametrize('release', [LEGACY, TASKS])
def test_the_requirements_pin_the_release_that_is_named(release):
    requirements = CHECKOUT / release.requirements
    lines = requirements.read_text().splitlines()
    assert f'mediapipe=={release.version}' in lines
    assert all('==' in line or line.startswith('#') for line in lines)


@pytest.fixture
def fake_networks(fake_checkout, monkeypatch):
    """Two networks where the legacy release has them, and a manifest that knows them."""
    entries = {}
    for name in ('palm_detection_full', 'hand_landmark_full'):
        path = f'mediapipe/modules/{name}.tflite'
        file = fake_checkout.root / LEGACY.folder / 'lib/python3.11/site-packages' / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
        entries[name] = {'path': path, 'sha256': hashlib.sha256(name.encode()).hexdigest()}
    monkeypatch.setattr(mediapipe_environment, 'load_manifest', lambda: {'models': entries})
    return entries


def test_a_task_is_an_uncompressed_zip_of_both_networks(fake_checkout, fake_networks, tmp_path):
    path = tmp_path / 'hand.task'
    mediapipe_environment.write_task(1, path)
    with zipfile.ZipFile(path) as bundle:
        assert {entry.compress_type for entry in bundle.infolist()} == {zipfile.ZIP_STORED}
        assert bundle.read('hand_detector.tflite') == b'palm_detection_full'
        assert bundle.read('hand_landmarks_detector.tflite') == b'hand_landmark_full'


def test_other_networks_are_not_put_into_a_task(fake_checkout, fake_networks, tmp_path):
    fake_networks['hand_landmark_full']['sha256'] = '0' * 64
    with pytest.raises(UserError, match=r'hand_landmark_full\.tflite .* is missing or not the one'):
        mediapipe_environment.write_task(1, tmp_path / 'hand.task')
