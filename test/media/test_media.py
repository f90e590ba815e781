"""Pictures from files, folders and cameras (no ROS)."""

import itertools
import logging
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from hand_tracking_ros.media import media_source, open_media, opencv_camera, simulated_media
from hand_tracking_ros.simulation.camera_simulator import SimulatorOptions
from hand_tracking_ros.tracking.errors import UserError
from support import test_data as external_data

RED_RGB = (255, 0, 0)
VIDEO_RATE_HZ = 20.0
VIDEO_NUM_FRAMES = 12


def write_picture(path: Path, image: np.ndarray) -> Path:
    assert cv2.imwrite(str(path), image)
    return path


def solid_bgr(width=16, height=8, rgb=RED_RGB) -> np.ndarray:
    return np.full((height, width, 3), rgb[::-1], np.uint8)


def jpeg_with_orientation(image_bgr: np.ndarray, orientation: int) -> bytes:
    """A JPEG with an EXIF segment that holds nothing but the orientation."""
    jpeg = cv2.imencode('.jpg', image_bgr, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
    entry = (
        (0x0112).to_bytes(2, 'big')  # tag: orientation
        + (3).to_bytes(2, 'big')  # type: short
        + (1).to_bytes(4, 'big')  # count
        + orientation.to_bytes(2, 'big')
        + b'\0\0'
    )
    tiff = b'MM\0\x2a' + (8).to_bytes(4, 'big') + (1).to_bytes(2, 'big') + entry + b'\0\0\0\0'
    segment = b'Exif\0\0' + tiff
    return jpeg[:2] + b'\xff\xe1' + (len(segment) + 2).to_bytes(2, 'big') + segment + jpeg[2:]


@pytest.fixture(scope='module')
def video(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp('video') / 'ramp.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), VIDEO_RATE_HZ, (64, 48))
    assert writer.isOpened()
    for index in range(VIDEO_NUM_FRAMES):
        writer.write(np.full((48, 64, 3), 20 * index, np.uint8))
    writer.release()
    return path


def test_a_picture_is_one_rgb_frame_of_its_size(tmp_path):
    path = write_picture(tmp_path / 'red.png', solid_bgr(width=16, height=8))
    source = open_media(path)
    assert (source.name, source.width, source.height, source.num_frames) == ('red.png', 16, 8, 1)
    assert not source.is_video and not source.is_live
    (frame,) = source
    assert frame.name == 'red.png' and frame.stamp_s == 0.0
    assert frame.image.dtype == np.uint8 and frame.image.flags.c_contiguous
    assert frame.image.shape == (8, 16, 3)
    assert (frame.image == RED_RGB).all()


@pytest.mark.parametrize(
    ('stored', 'expected_rgb'),
    [
        pytest.param(np.full((4, 4), 90, np.uint8), (90, 90, 90), id='grey'),
        pytest.param(np.full((4, 4), 90 * 257, np.uint16), (90, 90, 90), id='16-bit grey'),
        pytest.param(np.full((4, 4, 4), (1, 2, 3, 0), np.uint8), (3, 2, 1), id='transparent'),
        pytest.param(np.full((4, 4, 3), (0, 0, 65535), np.uint16), (255, 0, 0), id='16-bit colour'),
    ],
)
def test_every_kind_of_pixel_becomes_rgb_of_8_bits(tmp_path, stored, expected_rgb):
    (frame,) = open_media(write_picture(tmp_path / 'picture.png', stored))
    assert frame.image.shape == (4, 4, 3) and frame.image.dtype == np.uint8
    assert (frame.image == expected_rgb).all()


def test_exif_orientation_is_applied(tmp_path):
    image = solid_bgr(width=32, height=16, rgb=(0, 0, 0))
    image[:, :16] = 255
    (tmp_path / 'turned.jpg').write_bytes(jpeg_with_orientation(image, 6))
    (frame,) = open_media(tmp_path / 'turned.jpg')
    # Orientation 6: shown after a quarter turn clockwise, so the left half comes to the top.
    assert frame.image.shape == (32, 16, 3)
    assert frame.image[:12].min() > 200 and frame.image[20:].max() < 50


def test_a_folder_gives_its_pictures_in_order_of_name_and_number(tmp_path):
    for name in ('b_10.png', 'b_9.png', 'a.PNG', 'c.jpeg'):
        write_picture(tmp_path / name, solid_bgr())
    (tmp_path / 'notes.txt').write_text('not a picture')
    (tmp_path / 'deeper').mkdir()
    source = open_media(tmp_path)
    assert source.name == tmp_path.name and source.num_frames == 4 and not source.is_video
    frames = list(source)
    assert [frame.name for frame in frames] == ['a.PNG', 'b_9.png', 'b_10.png', 'c.jpeg']
    stamps = [frame.stamp_s for frame in frames]
    assert stamps == pytest.approx([index / source.rate_hz for index in range(4)])


def test_pictures_of_one_folder_keep_their_own_sizes(tmp_path):
    write_picture(tmp_path / '1.png', solid_bgr(16, 8))
    write_picture(tmp_path / '2.png', solid_bgr(30, 20))
    assert [frame.image.shape for frame in open_media(tmp_path)] == [(8, 16, 3), (20, 30, 3)]


@pytest.fixture
def warnings():
    """Messages that sources log meanwhile.

    Not with pytest's caplog: launch, which a plugin of pytest imports where it is installed, cuts
    all loggers that are made later off from their parents.
    """

    class Collector(logging.Handler):
        def emit(self, record):
            messages.append(record.getMessage())

    messages, collector = [], Collector(logging.WARNING)
    logger = logging.getLogger(media_source.__name__)
    logger.addHandler(collector)
    yield messages
    logger.removeHandler(collector)


def test_an_unreadable_picture_costs_only_itself(tmp_path, warnings):
    write_picture(tmp_path / '2.png', solid_bgr(16, 8))
    (tmp_path / '1.png').write_bytes(b'no picture at all')
    source = open_media(tmp_path)
    assert (source.width, source.height) == (16, 8)
    assert [frame.name for frame in source] == ['2.png']
    (problem,) = source.problems
    assert '1.png cannot be read' in problem and warnings == [problem]


def test_hidden_files_are_no_pictures_of_a_folder(tmp_path):
    write_picture(tmp_path / '.a.unfinished.png', solid_bgr())
    write_picture(tmp_path / 'a.png', solid_bgr())
    assert [frame.name for frame in open_media(tmp_path)] == ['a.png']


def test_a_video_gives_every_frame_with_its_time(video):
    source = open_media(str(video))
    assert source.is_video and not source.is_live
    assert source.rate_hz == pytest.approx(VIDEO_RATE_HZ)
    assert (source.width, source.height, source.num_frames) == (64, 48, VIDEO_NUM_FRAMES)
    frames = list(source)
    assert [frame.name for frame in frames] == [f'ramp.avi#{i}' for i in range(VIDEO_NUM_FRAMES)]
    expected_s = np.arange(VIDEO_NUM_FRAMES) / VIDEO_RATE_HZ
    np.testing.assert_allclose([frame.stamp_s for frame in frames], expected_s, atol=1e-3)
    levels = [frame.image.mean() for frame in frames]
    np.testing.assert_allclose(levels, 20 * np.arange(VIDEO_NUM_FRAMES), atol=3)


def test_a_source_can_be_read_again_from_its_beginning(video):
    source = open_media(video)
    assert next(iter(source)).name == 'ramp.avi#0'
    assert len(list(source)) == len(list(source)) == VIDEO_NUM_FRAMES


def test_stamps_rise_even_if_the_container_repeats_them(video, monkeypatch):
    class CaptureWithoutTimes:
        def __init__(self, *arguments):
            self._capture = real_capture(*arguments)

        def get(self, what):
            return 0.0 if what == cv2.CAP_PROP_POS_MSEC else self._capture.get(what)

        def __getattr__(self, name):
            return getattr(self._capture, name)

    real_capture = cv2.VideoCapture
    monkeypatch.setattr(cv2, 'VideoCapture', CaptureWithoutTimes)
    stamps = [frame.stamp_s for frame in open_media(video)]
    np.testing.assert_allclose(stamps, np.arange(VIDEO_NUM_FRAMES) / VIDEO_RATE_HZ)


@pytest.mark.parametrize('name', ['notes.md', 'photo.jpg', 'film.mp4', 'empty.png'])
def test_a_file_that_is_no_picture_and_no_video_is_named(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b'' if name == 'empty.png' else b'only words ' * 50)
    with pytest.raises(UserError, match=name):
        open_media(path)


def test_a_video_cut_off_before_its_index_is_named(tmp_path, video):
    cut = tmp_path / 'cut.avi'
    cut.write_bytes(video.read_bytes()[:200])
    with pytest.raises(UserError, match=r'cut\.avi'):
        open_media(cut)


def test_a_video_that_breaks_off_says_how_much_of_it_was_read(tmp_path, video, warnings):
    data = video.read_bytes()
    path = tmp_path / 'damaged.avi'
    path.write_bytes(data[: len(data) * 9 // 10])
    source = open_media(path)
    num_read = len(list(source))
    assert 0 < num_read < VIDEO_NUM_FRAMES
    (problem,) = source.problems
    assert f'damaged.avi: only {num_read} of {VIDEO_NUM_FRAMES} frames can be read' in problem
    assert warnings == [problem]
    assert len(list(source)) == num_read and source.problems == [problem]


@pytest.mark.parametrize('suffix', ['mp4', 'mkv'])
@pytest.mark.parametrize('longest_ms', [34, 120], ids=['steady', 'varying'])
def test_a_whole_video_has_no_problem_whatever_its_container_counts(tmp_path, suffix, longest_ms):
    av = pytest.importorskip('av', reason='no PyAV')
    path, rng, time_ms = tmp_path / f'whole.{suffix}', np.random.default_rng(0), 0
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
        stream.codec_context.time_base = Fraction(1, 1000)
        for _ in range(40):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format='rgb24')
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            time_ms += int(rng.integers(33, longest_ms))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    source = open_media(path)
    assert len(list(source)) == 40 and source.problems == []


def test_a_missing_file_is_an_error_that_says_what_is_expected():
    with pytest.raises(UserError, match=r"'no/such/film\.mp4'.*no such file.*camera index"):
        open_media('no/such/film.mp4')


def test_a_folder_without_pictures_says_what_was_looked_for(tmp_path):
    (tmp_path / 'notes.txt').write_text('words')
    with pytest.raises(UserError, match=r'no pictures.*jpg.*found 1 other'):
        open_media(tmp_path)


def test_a_folder_of_unreadable_pictures_is_an_error(tmp_path):
    (tmp_path / 'a.png').write_bytes(b'words')
    with pytest.raises(UserError, match=r'none of its 1 pictures'):
        open_media(tmp_path)


def test_a_camera_that_is_not_there_says_what_to_do():
    with pytest.raises(UserError, match=r'no camera 987.*connect one, or name another source'):
        open_media('987')


def test_without_any_camera_the_search_says_what_to_do(monkeypatch):
    monkeypatch.setattr(opencv_camera, '_camera_indices', lambda: [987])
    with pytest.raises(UserError, match=r'no camera found \(found /dev/video987\).*another source'):
        open_media('camera')


class FakeCapture:
    """What OpenCV does for a camera that is unplugged after some frames."""

    def __init__(self, index, *_backend):
        # One to see that it works, those that waited in the driver, and two more.
        self.frames_left = 3 + opencv_camera.NUM_STALE_FRAMES if index == 4 else 0
        self.is_released = False

    def set(self, *_property):
        pass

    def get(self, what):
        return 25.0 if what == cv2.CAP_PROP_FPS else 0.0

    def grab(self):
        self.frames_left -= 1
        return self.frames_left >= 0

    def retrieve(self):
        return True, solid_bgr()

    def read(self):
        return (True, solid_bgr()) if self.grab() else (False, None)

    def release(self):
        self.is_released = True


def test_a_camera_is_live_and_ends_with_a_warning_when_unplugged(monkeypatch, warnings):
    monkeypatch.setattr(cv2, 'VideoCapture', FakeCapture)
    with open_media('/dev/video4') as source:
        assert source.is_live and source.is_video
        assert (source.name, source.rate_hz, source.num_frames) == ('camera 4', 25.0, 0)
        frames = list(source)
    assert [frame.name for frame in frames] == ['camera 4#0', 'camera 4#1']
    assert frames[0].stamp_s == 0.0 <= frames[1].stamp_s
    (problem,) = source.problems
    assert 'camera 4 stopped delivering' in problem and warnings == [problem]


def test_the_first_camera_is_the_first_that_delivers_pictures(monkeypatch):
    # One webcam has several /dev/video*; some of them never deliver a picture.
    monkeypatch.setattr(cv2, 'VideoCapture', FakeCapture)
    monkeypatch.setattr(opencv_camera, '_camera_indices', lambda: [2, 4, 5])
    assert open_media('camera').name == 'camera 4'


def test_a_simulated_camera_is_a_source_that_knows_its_length_and_lens():
    source = open_media('simulated:pinch')
    assert source.is_video and not source.is_live
    assert (source.name, source.num_frames) == ('simulated pinch', 600)
    assert source.horizontal_fov_deg == SimulatorOptions().horizontal_fov_deg
    first, second = itertools.islice(source, 2)
    assert [frame.name for frame in (first, second)] == ['simulated pinch#0', 'simulated pinch#1']
    assert (first.stamp_s, second.stamp_s) == (0.0, pytest.approx(1 / source.rate_hz))
    assert first.image.shape == (source.height, source.width, 3)
    assert (first.image == next(iter(source)).image).all()


def test_without_a_scene_the_simulated_camera_shows_several_with_lowered_hands_between(monkeypatch):
    class PaintedSimulator:
        """Each scene in a grey of its own, another one without hands."""

        def __init__(self, options):
            self.level = 1 + simulated_media.DEMO_SCENES.index(options.scene)

        def render(self, t_s):
            return SimpleNamespace(image=np.full((480, 640, 3), self.level, np.uint8))

        def render_without_hands(self, t_s):
            return np.full((480, 640, 3), 100 + self.level, np.uint8)

    monkeypatch.setattr(simulated_media, 'CameraSimulator', PaintedSimulator)
    source = open_media('simulated')
    levels = [int(frame.image[0, 0, 0]) for frame in source]
    assert len(levels) == source.num_frames
    runs = [level for level, _ in itertools.groupby(levels)]
    assert runs == [1, 101, 2, 102, 3, 103, 4, 104, 5, 105]


def test_a_scene_that_there_is_not_is_named_with_those_there_are():
    with pytest.raises(UserError, match=r"'simulated:juggle': no such scene.*still, wave"):
        open_media('simulated:juggle')


@pytest.mark.parametrize('source', ['film.mp4', '987'])
def test_opencv_and_ffmpeg_stay_silent(tmp_path, source):
    (tmp_path / 'film.mp4').write_bytes(b'only words ' * 50)
    # In a process of its own: ffmpeg decides once per process how much it says.
    program = (
        'from hand_tracking_ros.media import open_media\n'
        'from hand_tracking_ros.tracking.errors import UserError\n'
        f'try: open_media({source!r})\n'
        'except UserError: print("as expected")'
    )
    result = subprocess.run(
        [sys.executable, '-c', program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert (result.stdout, result.stderr) == ('as expected\n', '')


def test_the_reference_video_has_621_frames():
    path = external_data.need('video/one_hand_720p.mp4')
    source = open_media(path)
    assert (source.width, source.height, source.rate_hz) == (1280, 720, 30.0)
    assert source.num_frames == 621


def test_a_picture_that_asks_for_gigabytes_is_not_decoded(tmp_path, monkeypatch):
    """OpenCV believes a PNG's lengths and a JPEG's size, whatever the file has."""
    png = bytearray(cv2.imencode('.png', solid_bgr())[1].tobytes())
    png[png.index(b'IDAT') - 4] ^= 0x80
    (tmp_path / 'length.png').write_bytes(png)
    jpeg = bytearray(cv2.imencode('.jpg', solid_bgr())[1].tobytes())
    size_at = jpeg.index(b'\xff\xc0') + 5
    jpeg[size_at : size_at + 4] = b'\x75\x30\x75\x30'  # 30000x30000
    (tmp_path / 'size.jpg').write_bytes(jpeg)

    def decoded(*_arguments):
        raise AssertionError('the picture reached the decoder')

    monkeypatch.setattr(cv2, 'imread', decoded)
    with pytest.raises(UserError, match='none of its 2 pictures can be read'):
        open_media(tmp_path)
