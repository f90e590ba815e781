"""Output files are complete under their name or not there at all, and replace no input."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hand_tracking_ros.output_files import check_apart, check_writable, replacing, replacing_all
from hand_tracking_ros.tracking.errors import UserError
from support.full_disk import full_disk


def write(path: Path, text='new') -> None:
    with replacing('--json', path) as unfinished:
        unfinished.write_text(text)


@pytest.fixture
def old(tmp_path):
    path = tmp_path / 'out.json'
    path.write_text('old')
    return path


def test_a_file_is_replaced_at_once_when_it_is_complete(old):
    with replacing('--json', old) as unfinished:
        unfinished.write_text('new')
        assert old.read_text() == 'old'
        assert unfinished.suffix == '.json' and unfinished.name.startswith('.')
    assert old.read_text() == 'new'
    assert os.listdir(old.parent) == ['out.json']


def test_a_folder_is_made(tmp_path):
    write(tmp_path / 'a' / 'b' / 'out.json')
    assert (tmp_path / 'a' / 'b' / 'out.json').read_text() == 'new'


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt, SystemExit])
def test_work_that_fails_leaves_the_older_file_and_nothing_else(old, error):
    with pytest.raises(error), replacing('--json', old) as unfinished:
        unfinished.write_text('half')
        raise error
    assert old.read_text() == 'old'
    assert os.listdir(old.parent) == ['out.json']


def test_a_full_disk_leaves_the_older_file(old):
    with full_disk(free_bytes=100), pytest.raises(OSError, match='too large'):
        write(old, 'x' * 1000)
    assert old.read_text() == 'old'
    assert os.listdir(old.parent) == ['out.json']


def test_what_a_killed_program_left_behind_is_taken_over(old):
    code = (
        'import os, signal, sys\n'
        'from pathlib import Path\n'
        'from hand_tracking_ros.output_files import replacing\n'
        'with replacing("", Path(sys.argv[1])) as unfinished:\n'
        '    unfinished.write_text("half of it, and longer than the next")\n'
        '    os.kill(os.getpid(), signal.SIGKILL)\n'
    )
    program = subprocess.run([sys.executable, '-c', code, str(old)], cwd=old.parent, check=False)
    assert program.returncode == -signal.SIGKILL
    assert old.read_text() == 'old' and len(os.listdir(old.parent)) == 2
    write(old)
    assert old.read_text() == 'new' and os.listdir(old.parent) == ['out.json']


def test_two_programs_do_not_write_one_file_at_a_time(old):
    with replacing('--json', old) as unfinished:
        unfinished.write_text('first')
        for attempt in (write, lambda path: check_writable('--json', path)):
            with pytest.raises(UserError, match=r'out\.json: another program is writing there'):
                attempt(old)
        assert unfinished.read_text() == 'first'
    assert old.read_text() == 'first'


def test_a_link_keeps_pointing_and_what_it_points_to_is_replaced(tmp_path, old):
    (tmp_path / 'elsewhere').mkdir()
    link = tmp_path / 'elsewhere' / 'link.json'
    link.symlink_to(old)
    write(link)
    assert link.is_symlink() and old.read_text() == 'new'


def test_permissions_stay(old):
    old.chmod(0o640)
    write(old)
    assert old.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write read-only files')
def test_a_read_only_file_is_not_replaced(old):
    old.chmod(0o444)
    with pytest.raises(UserError, match='Permission denied'):
        write(old)
    assert old.read_text() == 'old'


def test_a_pipe_is_written_and_not_replaced(tmp_path):
    pipe = tmp_path / 'pipe.json'
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    check_writable('--json', pipe)
    write(pipe)
    assert os.read(reader, 100) == b'new' and pipe.is_fifo()
    os.close(reader)


def test_standard_output_is_written_where_it_leads(tmp_path):
    code = (
        'from pathlib import Path\n'
        'from hand_tracking_ros.command_line import write_text\n'
        'write_text("--json", Path("/dev/stdout"), "first ")\n'
        'print("second", flush=True)\n'
    )
    with (tmp_path / 'stdout').open('w') as file:
        subprocess.run([sys.executable, '-c', code], stdout=file, cwd=tmp_path, check=True)
    assert 'second' in (tmp_path / 'stdout').read_text()


def test_a_check_leaves_no_file_and_no_change(tmp_path, old):
    check_writable('--json', tmp_path / 'folder' / 'new.json')
    check_writable('--json', old)
    assert os.listdir(tmp_path / 'folder') == []
    assert old.read_text() == 'old'


@pytest.mark.parametrize('place', ['file/out.json', 'folder'])
@pytest.mark.parametrize('attempt', [write, lambda path: check_writable('--json', path)])
def test_what_cannot_be_written_names_option_and_file(tmp_path, place, attempt):
    (tmp_path / 'file').write_text('')
    (tmp_path / 'folder').mkdir()
    with pytest.raises(UserError) as error:
        attempt(tmp_path / place)
    assert f'--json: {tmp_path / place} cannot be written' in str(error.value)


@pytest.mark.parametrize('kind', ['the name', 'another name', 'symbolic link', 'hard link'])
def test_an_output_that_is_an_input_is_refused(tmp_path, monkeypatch, kind):
    video, output = tmp_path / 'a.mp4', tmp_path / 'b.mp4'
    video.write_text('years of work')
    if kind == 'the name':
        output = video
    elif kind == 'another name':
        (tmp_path / 'folder').mkdir()
        output = tmp_path / 'folder' / '..' / 'a.mp4'
    elif kind == 'symbolic link':
        output.symlink_to(video)
    else:
        output.hardlink_to(video)
    with pytest.raises(UserError, match=r'--output .*this would overwrite the input .*a\.mp4'):
        check_apart([('--output', output)], [video])


def test_an_unfinished_file_is_an_input_like_any_other(tmp_path):
    rescued = tmp_path / '.a.unfinished.mp4'
    rescued.write_text('of a program that was killed')
    with pytest.raises(UserError, match='overwrite the input'):
        check_apart([('--output', tmp_path / 'a.mp4')], [rescued])


def test_two_results_in_one_file_are_refused(tmp_path):
    outputs = [('--output', tmp_path / 'out'), ('--json', tmp_path / '.' / 'out')]
    with pytest.raises(UserError, match=r'--json .*overwrite another result, --output'):
        check_apart(outputs, [])


def test_other_files_are_fine(tmp_path):
    (tmp_path / 'a.mp4').write_text('')
    check_apart(
        [('--output', tmp_path / 'b.mp4'), ('--json', tmp_path / 'a.json')], [tmp_path / 'a.mp4']
    )


@pytest.fixture
def results(tmp_path):
    """A folder with results of an earlier run."""
    folder = tmp_path / 'results'
    (folder / 'recording').mkdir(parents=True)
    (folder / 'recording' / 'old.mcap').write_text('old')
    (folder / 'hands.json').write_text('old')
    (folder / 'notes.txt').write_text("the user's")
    return folder


def files_of(folder):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob('*.*')
        if path.is_file()
    }


def test_all_results_of_a_folder_are_replaced_together(results):
    before = files_of(results)
    with replacing_all('--output', results) as unfinished:
        (unfinished / 'recording').mkdir()
        (unfinished / 'recording' / 'new.mcap').write_text('new')
        (unfinished / 'hands.json').write_text('new')
        assert {name: text for name, text in files_of(results).items() if name in before} == before
    expected = {'recording/new.mcap': 'new', 'hands.json': 'new', 'notes.txt': "the user's"}
    assert files_of(results) == expected


@pytest.mark.parametrize('error', [UserError, KeyboardInterrupt])
def test_a_folder_stays_as_it_was_if_the_work_fails(results, error):
    before = files_of(results)
    with pytest.raises(error), replacing_all('--output', results) as unfinished:
        (unfinished / 'hands.json').write_text('new')
        raise error
    assert files_of(results) == before


def test_a_folder_takes_what_a_killed_program_left_behind(results):
    (results / '.lock').write_text('')
    (results / '.unfinished').mkdir()
    (results / '.unfinished' / 'annotated.mp4').write_text('half')
    with replacing_all('--output', results) as unfinished:
        assert list(unfinished.iterdir()) == []
        (unfinished / 'hands.json').write_text('new')
    assert 'annotated.mp4' not in str(files_of(results)) and not (results / '.lock').exists()


def test_two_programs_do_not_write_one_folder_at_a_time(results):
    with (
        replacing_all('--output', results) as unfinished,
        pytest.raises(UserError, match='results: another program is writing there'),
        replacing_all('--output', results),
    ):
        pass
    with replacing_all('--output', results) as unfinished:
        (unfinished / 'hands.json').write_text('new')
    assert (results / 'hands.json').read_text() == 'new'
