"""The table of programs: each tells its version, from one place."""

import pytest

from hand_tracking_ros import programs
from hand_tracking_ros.version import VERSION


@pytest.mark.parametrize('program', programs.PROGRAMS)
def test_every_program_tells_its_version(program, capsys):
    assert programs.run(program, ['--version']) == 0
    assert capsys.readouterr().out == f'{program} {VERSION}\n'


def test_the_package_tells_its_version(monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['hand_tracking_ros', '--version'])
    assert programs.main() == 0
    assert capsys.readouterr().out == f'hand_tracking_ros {VERSION}\n'


def test_a_program_that_pip_installed_is_known_by_the_name_of_its_script(monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['/usr/bin/process_media', '--version'])
    assert programs.run_as_called() == 0
    assert capsys.readouterr().out == f'process_media {VERSION}\n'
