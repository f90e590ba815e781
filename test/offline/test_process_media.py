"""process_media as a user runs it: pictures and videos in, JSON and drawings out, no ROS."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from hand_tracking_ros.media import open_media
from hand_tracking_ros.media.video_writer import VideoWriter
from hand_tracking_ros.offline import process_media
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


def test_no_ros_is_needed(tmp_path):
    """The module and all that it imports load where nothing of ROS can be imported."""
    code = (
        'import sys\n'
        'for name in ("rclpy", "std_msgs", "sensor_msgs", "cv_bridge"): sys.modules[name] = None\n'
        'import hand_tracking_ros.offline.process_media\n'
    )
    subprocess.run([sys.executable, '-c', code], check=True, cwd=tmp_path)
