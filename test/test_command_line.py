"""What all programs share: numbers from users, files for them, and plain words on mistakes."""

import argparse
import json

import pytest

from hand_tracking_ros.command_line import (
    EXIT_INTERRUPTED,
    EXIT_USER_ERROR,
    counted,
    positive_integer,
    positive_number,
    run_program,
    write_json,
    write_text,
)
from hand_tracking_ros.tracking.errors import UserError


def failing_with(error):
    def job():
        raise error

    return job


def test_a_job_that_ends_well_gives_exit_status_0():
    assert run_program(lambda: None) == 0


def test_a_users_mistake_is_one_line_on_standard_error(capsys):
    assert run_program(failing_with(UserError('no such camera'))) == EXIT_USER_ERROR
    assert capsys.readouterr() == ('', 'error: no such camera\n')


def test_ctrl_c_is_told_in_one_word(capsys):
    assert run_program(failing_with(KeyboardInterrupt())) == EXIT_INTERRUPTED
    assert capsys.readouterr().err == 'interrupted\n'


def test_a_mistake_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        run_program(lambda: 1 / 0)


@pytest.mark.parametrize(
    ('read', 'text', 'value'),
    [
        (positive_integer, '1', 1),
        (positive_integer, '0020', 20),
        (positive_number, '0.5', 0.5),
        (positive_number, '1e3', 1000.0),
    ],
)
def test_numbers_above_0_are_read(read, text, value):
    assert read(text) == value


def test_one_thing_is_not_several():
    assert [counted(number, 'hand') for number in (0, 1, 2)] == ['0 hands', '1 hand', '2 hands']


@pytest.mark.parametrize('text', ['0', '-1', '1.5', 'two', '', '\u00b2'])
def test_other_than_whole_numbers_above_0_are_named(text):
    with pytest.raises(argparse.ArgumentTypeError, match='is no whole number above 0') as error:
        positive_integer(text)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize('text', ['0', '-1', 'nan', 'inf', 'two', ''])
def test_other_than_numbers_above_0_are_named(text):
    with pytest.raises(argparse.ArgumentTypeError, match='is no number above 0') as error:
        positive_number(text)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize(
    'write',
    [
        lambda option, path: write_text(option, path, ''),
        lambda option, path: write_json(option, path, {}),
    ],
)
@pytest.mark.parametrize('place', ['file/out.json', 'folder'])
def test_what_cannot_be_written_names_option_and_file(tmp_path, write, place):
    (tmp_path / 'file').write_text('')
    (tmp_path / 'folder').mkdir()
    with pytest.raises(UserError) as error:
        write('--json', tmp_path / place)
    assert f'--json: {tmp_path / place} cannot be written' in str(error.value)


def test_text_keeps_its_signs_in_a_folder_that_is_made(tmp_path):
    path = tmp_path / 'a' / 'b' / 'README.md'
    write_text('--output', path, '\u2265 95 %\n')
    assert path.read_text(encoding='utf-8') == '\u2265 95 %\n'


@pytest.mark.parametrize(('indent', 'lines'), [(None, 1), (2, 3)])
def test_json_is_one_line_or_indented_for_people(tmp_path, indent, lines):
    path = tmp_path / 'out.json'
    write_json('--json', path, {'hands': 2}, indent)
    assert json.loads(path.read_text()) == {'hands': 2}
    assert path.read_text().count('\n') == lines
