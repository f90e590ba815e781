"""process_media as a user runs it: pictures and videos in, JSON and drawings out, no ROS."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest

from hand_tracking_ros.media import Frame, MediaSource, open_media
from hand_tracking_ros.media.video_writer import VideoWriter
from hand_tracking_ros.offline import process_media
from hand_tracking_ros.tracking import HandPipeline
from support.full_disk import full_disk
from support.reference_hands import read_reference, to_px
from support.test_data import need

WIDTH, HEIGHT, NUM_FRAMES = 96, 64, 4
HAND_PICTURE = 'annotated/freihand_00017620.jpg'
SMALL_HAND_PICTURE = 'gestures/four_249c5023.jpg'


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for name in ('a.png', 'b.png'):
        cv2.imwrite(str(folder / name), np.full((HEIGHT, WIDTH, 3), 128, np.uint8))
    return folder


@pytest.fixture
def video(tmp_path):
    path = tmp_path / 'video.mp4'
    with VideoWriter.open(path, WIDTH, HEIGHT, 30.0) as writer:
        for _ in range(NUM_FRAMES):
            writer.write(np.full((HEIGHT, WIDTH, 3), 128, np.uint8))
    return path


def run(*arguments):
    return process_media.main([str(argument) for argument in arguments])


def test_pictures_and_a_video_give_an_entry_for_every_frame(pictures, video, tmp_path):
    assert run(pictures, video, '--json', tmp_path / 'new/out.json') == 0
    results = json.loads((tmp_path / 'new/out.json').read_text())
    empty = {'width': WIDTH, 'height': HEIGHT, 'hands': []}
    assert results == {
        'images': {'a.png': empty, 'b.png': empty},
        'videos': {'video.mp4': [[]] * NUM_FRAMES},
        'video_sizes': {'video.mp4': [WIDTH, HEIGHT]},
    }


def test_a_hand_is_described_and_drawn(tmp_path):
    picture, drawn = need(HAND_PICTURE), tmp_path / 'drawn.png'
    assert run(picture, '--json', tmp_path / 'out.json', '--output', drawn) == 0
    (entry,) = json.loads((tmp_path / 'out.json').read_text())['images'].values()
    (hand,) = entry['hands']
    assert (hand['handedness'], hand['state']) == ('RIGHT', 'TRACKED')
    assert np.shape(hand['landmarks']) == np.shape(hand['world_landmarks']) == (21, 3)
    before, after = cv2.imread(str(picture)), cv2.imread(str(drawn))
    x, y = np.array(hand['landmarks'])[9, :2] * [entry['width'], entry['height']]
    changed = np.abs(before.astype(int) - after).max(axis=2) > 40
    assert changed[int(y) - 3 : int(y) + 4, int(x) - 3 : int(x) + 4].any()


def test_a_mirrored_picture_shows_the_other_side(tmp_path):
    arguments = ('--json', tmp_path / 'out.json', '--image-mirrored')
    assert run(need(HAND_PICTURE), *arguments) == 0
    (entry,) = json.loads((tmp_path / 'out.json').read_text())['images'].values()
    assert entry['hands'][0]['handedness'] == 'LEFT'


def hands_in(picture, tmp_path, *arguments):
    """The landmarks (21, 2) of the hands in one picture, px."""
    assert run(picture, '--json', tmp_path / 'out.json', *arguments) == 0
    (entry,) = json.loads((tmp_path / 'out.json').read_text())['images'].values()
    size = entry['width'], entry['height']
    return [np.array(hand['landmarks'])[:, :2] * size for hand in entry['hands']]


def test_with_one_landmark_pass_and_no_tiles_a_hand_is_mediapipes(tmp_path):
    picture = need(HAND_PICTURE)
    reference = read_reference('static_full')['images'][picture.name]
    (theirs,) = reference['hands']
    theirs = to_px(theirs, reference['width'], reference['height'])
    once = ('--detection-tiles', '1x1', '--landmark-passes', '1')
    (ours,) = hands_in(picture, tmp_path, *once)
    np.testing.assert_allclose(ours, theirs, atol=0.3)
    (by_default,) = hands_in(picture, tmp_path)
    assert np.abs(by_default - theirs).max() > 1
    (twice,) = hands_in(picture, tmp_path, '--landmark-passes', '2')
    np.testing.assert_array_equal(by_default, twice)


@pytest.mark.parametrize('options', [(), ('--detection-rotated',)])
def test_turned_looks_are_made_on_request(options, tmp_path, monkeypatch):
    seen = []
    configure = HandPipeline.configure
    monkeypatch.setattr(
        HandPipeline,
        'configure',
        lambda pipeline, options: (seen.append(options), configure(pipeline, options)),
    )
    hands_in(need(HAND_PICTURE), tmp_path, *options)
    assert seen[-1].tracker.detection_rotated == bool(options)


def test_a_small_hand_is_found_in_tiles_only(tmp_path):
    person = cv2.imread(str(need(SMALL_HAND_PICTURE)))
    height, width = person.shape[:2]
    large = np.full((1080, 1920, 3), 128, np.uint8)
    large[300 : 300 + height, 400 : 400 + width] = person
    cv2.imwrite(str(tmp_path / 'large.png'), large)
    assert hands_in(tmp_path / 'large.png', tmp_path, '--detection-tiles', '1x1') == []
    for tiles in ((), ('--detection-tiles', '4x2')):
        (found,) = hands_in(tmp_path / 'large.png', tmp_path, *tiles)
        (expected,) = hands_in(need(SMALL_HAND_PICTURE), tmp_path)
        np.testing.assert_allclose(found, expected + np.array([400, 300]), atol=10)


def test_pictures_and_videos_are_written_into_a_folder(pictures, video, tmp_path):
    assert run(pictures, video, '--output', tmp_path / 'drawn') == 0
    assert {path.name for path in (tmp_path / 'drawn').iterdir()} == {'a.png', 'b.png', 'video.mp4'}
    assert len(list(open_media(tmp_path / 'drawn/video.mp4'))) == NUM_FRAMES


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        (('nowhere.mp4', '--json', 'out.json'), "'nowhere.mp4': no such file"),
        (('pictures', 'pictures', '--json', 'out.json'), "named 'pictures'"),
        (('pictures', '--output', 'drawn.png'), 'expected a folder'),
        (('video.mp4', '--output', 'drawn.png'), 'expected a .mp4 file'),
        (('pictures/a.png', '--output', 'drawn.mp4'), 'expected a picture file'),
        (('pictures', '--json', 'pictures/a.png/out.json'), 'cannot be written'),
    ],
)
def test_a_users_mistake_is_explained_in_one_line(
    pictures, video, tmp_path, monkeypatch, capsys, arguments, complaint
):
    monkeypatch.chdir(tmp_path)
    assert run(*arguments) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith('error: ')
    assert complaint in error


@pytest.mark.parametrize(
    'arguments',
    [
        ('a.png',),
        ('a.png', '--json', 'x', '--max-num-hands', '0'),
        ('a.png', '--json', 'x', '--landmark-passes', '0'),
        ('a.png', '--json', 'x', '--detection-tiles', '0x2'),
        ('a.png', '--json', 'x', '--horizontal-fov-deg', '180'),
    ],
)
def test_wrong_arguments_end_with_the_usage(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        run(*arguments)
    assert end.value.code == 2
    assert 'usage: process_media' in capsys.readouterr().err


def test_an_unwritable_result_is_reported_before_the_work(pictures, monkeypatch, capsys):
    monkeypatch.setattr(process_media.HandPipeline, 'process', lambda *_: pytest.fail('too late'))
    assert run(pictures, '--json', pictures / 'a.png' / 'out.json') == 1
    assert capsys.readouterr().err.startswith('error: --json: ')


def test_a_missing_model_is_explained(pictures, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.delenv('HAND_TRACKING_ROS_MODELS', raising=False)
    monkeypatch.setattr(
        'hand_tracking_ros.tracking.networks.model_files._PACKAGE_DIRECTORY', tmp_path / 'package'
    )
    assert run(pictures, '--json', tmp_path / 'out.json') == 1
    assert 'prepare_models' in capsys.readouterr().err


def files_of(folder):
    """Contents of all files below a folder, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob('*.*')}


@pytest.mark.parametrize(
    'arguments',
    [
        ('video.mp4', '--output', 'video.mp4'),
        ('video.mp4', '--output', '.'),
        ('video.mp4', '--output', 'link.mp4'),
        ('video.mp4', '--json', 'video.mp4'),
        ('pictures', '--output', 'pictures'),
        ('pictures/a.png', '--output', 'pictures'),
        ('pictures', '--json', 'pictures/b.png'),
        ('pictures', 'video.mp4', '--json', 'video.mp4'),
    ],
)
def test_an_input_is_never_overwritten(pictures, video, tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'link.mp4').symlink_to(video)
    before = files_of(tmp_path)
    assert run(*arguments) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f'error: {arguments[-2]} ') and 'overwrite the input' in error
    assert files_of(tmp_path) == before


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        (('a/x.avi', 'b/x.mp4', '--output', 'drawn'), 'overwrite another result, --output'),
        (('b/x.mp4', '--output', 'out.mp4', '--json', 'out.mp4'), 'overwrite another result'),
        (('pictures', 'b/a.png', '--json', 'out.json'), "two inputs are named 'a.png'"),
    ],
)
def test_no_result_hides_another(
    pictures, video, tmp_path, monkeypatch, capsys, arguments, complaint
):
    monkeypatch.chdir(tmp_path)
    for name in ('a/x.avi', 'b/x.mp4'):
        (tmp_path / name).parent.mkdir()
        shutil.copy(video, tmp_path / name)
    shutil.copy(pictures / 'a.png', tmp_path / 'b')
    assert run(*arguments) == 1
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize('arguments', [('--json', 'out.json'), ('--output', 'drawn')])
def test_a_full_disk_leaves_the_older_results(
    pictures, video, tmp_path, monkeypatch, capsys, arguments
):
    monkeypatch.chdir(tmp_path)
    both = ('--json', 'out.json', '--output', 'drawn')
    assert run(pictures, video, *both) == 0
    before = files_of(tmp_path)
    with full_disk(free_bytes=10):
        assert run(pictures, video, *arguments) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f'error: {arguments[0]}: ') and 'cannot be written' in error
    assert files_of(tmp_path) == before


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_older_results_and_nothing_else(tmp_path, video, number):
    long, output = tmp_path / 'long.avi', tmp_path / 'out.mp4'
    writer = cv2.VideoWriter(str(long), cv2.VideoWriter_fourcc(*'MJPG'), 30.0, (WIDTH, HEIGHT))
    for _ in range(3000):
        writer.write(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    writer.release()
    output.write_text('of an earlier run')
    program = subprocess.Popen(
        [sys.executable, '-m', 'hand_tracking_ros', 'process_media', long, '--output', output],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in iter(lambda: program.stderr.read(1), ''):
        if line == '%':  # the bar: it has begun
            break
    program.send_signal(number)
    _, rest = program.communicate(timeout=60)
    assert program.returncode == 128 + number
    assert ('interrupted' if number == signal.SIGINT else f'ended by {number.name}') in rest
    assert output.read_text() == 'of an earlier run'
    assert {path.name for path in tmp_path.iterdir()} == {'long.avi', 'out.mp4', 'video.mp4'}


def test_a_camera_is_recorded_until_ctrl_c(tmp_path, monkeypatch):
    class Camera(MediaSource):
        is_live = True

        def __iter__(self):
            for index in itertools.count():
                if index == 3:
                    os.kill(os.getpid(), signal.SIGINT)
                assert index < 10
                yield Frame(f'camera#{index}', np.zeros((HEIGHT, WIDTH, 3), np.uint8), index / 30)

    camera = Camera('camera 0', (HEIGHT, WIDTH), 30.0, 0)
    monkeypatch.setattr(process_media, 'open_media', lambda _: camera)
    assert run('0', '--json', tmp_path / 'out.json', '--output', tmp_path) == 0
    assert len(json.loads((tmp_path / 'out.json').read_text())['videos']['camera 0']) == 4
    assert len(list(open_media(tmp_path / 'camera 0.mp4'))) == 4


def test_a_damaged_input_fails_but_the_rest_is_written(pictures, video, tmp_path, capsys):
    (pictures / 'b.png').write_bytes(b'no picture')
    whole = tmp_path / 'whole.avi'
    writer = cv2.VideoWriter(str(whole), cv2.VideoWriter_fourcc(*'MJPG'), 30.0, (WIDTH, HEIGHT))
    for _ in range(60):
        writer.write(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    writer.release()
    cut = tmp_path / 'cut.avi'
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert run(pictures, cut, '--json', tmp_path / 'out.json', '--output', tmp_path / 'drawn') == 1
    results = json.loads((tmp_path / 'out.json').read_text())
    num_read = len(results['videos']['cut.avi'])
    assert 0 < num_read < 60 and list(results['images']) == ['a.png']
    assert len(list(open_media(tmp_path / 'drawn/cut.mp4'))) == num_read
    assert capsys.readouterr().err.splitlines()[-1].startswith('error: not all of the input')


def test_a_field_of_view_gives_hands_a_pose(tmp_path):
    arguments = ('--json', tmp_path / 'out.json', '--horizontal-fov-deg', '60')
    assert run(need(HAND_PICTURE), *arguments) == 0
    (entry,) = json.loads((tmp_path / 'out.json').read_text())['images'].values()
    (hand,) = entry['hands']
    assert hand['pose']['source'] == 'HAND_SIZE' and hand['pose']['position_m'][2] > 0.1
    assert len(hand['finger_curl']) == 5 and 0 <= hand['pinch'] <= 1


def test_a_video_that_browsers_do_not_play_is_named(video, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'av', None)
    assert run(video, '--output', tmp_path / 'out.mp4') == 0
    assert 'video.mp4 was written as MPEG-4: browsers play only H.264' in capsys.readouterr().out


def test_what_was_found_is_counted_in_good_english(pictures, tmp_path, capsys):
    assert run(pictures / 'a.png', '--json', tmp_path / 'out.json') == 0
    assert capsys.readouterr().out == '1 image, 0 with hands, 0 hands\n'


def test_no_ros_is_needed(tmp_path):
    """The module and all that it imports load where nothing of ROS can be imported."""
    code = (
        'import sys\n'
        'for name in ("rclpy", "std_msgs", "sensor_msgs", "cv_bridge"): sys.modules[name] = None\n'
        'import hand_tracking_ros.offline.process_media\n'
    )
    subprocess.run([sys.executable, '-c', code], check=True, cwd=tmp_path)
