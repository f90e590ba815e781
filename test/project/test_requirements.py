"""The environment installs the files that were locked: no other version, no other content."""

import re

import pytest

from support.checkout import CHECKOUT

ENVIRONMENT = CHECKOUT / 'environment'
LOCKED = sorted(ENVIRONMENT.glob('requirements*.lock'))
# As pip reads them: lines joined at backslashes, comments left out.
REQUIREMENT = re.compile(r'^([A-Za-z0-9._-]+)(?:\[[\w,]+\])?==([^\s;#]+)', re.MULTILINE)


def pins(file):
    """Versions by the name of the package, as PyPI writes names."""
    found = {}
    for name, version in REQUIREMENT.findall(file.read_text()):
        found.setdefault(re.sub('[-_.]+', '-', name).lower(), set()).add(version)
    return found


@pytest.mark.parametrize('locked', LOCKED, ids=lambda file: file.name)
def test_what_is_asked_for_is_locked_with_the_same_version(locked):
    asked = pins(locked.with_suffix('.txt'))
    assert asked
    wrong = {name: versions for name, versions in asked.items() if pins(locked)[name] != versions}
    assert not wrong, 'run `make lock`'


@pytest.mark.parametrize('locked', LOCKED, ids=lambda file: file.name)
def test_every_locked_requirement_has_hashes_and_names_no_place(locked):
    requirements = re.sub(r'\\\n\s*', ' ', locked.read_text()).splitlines()
    assert requirements
    for requirement in requirements:
        assert REQUIREMENT.match(requirement), requirement
        assert re.search(r'--hash=sha256:[0-9a-f]{64}\b', requirement), requirement
        assert '://' not in requirement


def test_files_that_pip_reads_together_do_not_contradict_each_other():
    versions = pins(ENVIRONMENT / 'requirements.lock')
    together = [file for file in LOCKED if re.search('-(build|onnxruntime|ros)', file.name)]
    assert len(together) == 5
    for locked in together:
        common = versions.keys() & pins(locked).keys()
        # Of some there is one version for older Pythons and one for newer.
        differing = [name for name in common if not pins(locked)[name] & versions[name]]
        assert not differing, locked.name


def test_setup_installs_only_files_with_a_known_hash():
    setup = (ENVIRONMENT / 'setup').read_text()
    without_ros = setup[setup.index('"$python" -m venv "$venv" &&') :]
    installs = re.findall(r'pip install(.*?)&&', without_ros, re.DOTALL)
    assert len(installs) == 2
    assert all('--require-hashes' in install for install in installs)
