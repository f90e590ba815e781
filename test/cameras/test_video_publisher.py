"""The video publisher as a process of its own, heard over DDS."""

import re
import signal

import cv2
import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from hand_tracking_ros.cameras.camera_info import (  # noqa: E402
    assumed_camera_info,
    load_camera_info,
)
from hand_tracking_ros.tracking.errors import UserError  # noqa: E402
from support.camera_process import (  # noqa: E402
    TIMEOUT_S,
    listen_to_all,
    listen_until,
    listening,
    pixels,
    run,
    stamps_ns,
    start,
)

PROGRAM = 'video_publisher'
WIDTH, HEIGHT = 32, 24
NUM_PICTURES = 5

CALIBRATION = """
image_width: 32
image_height: 24
camera_name: narrow_stereo
camera_matrix: {rows: 3, cols: 3, data: [40, 0, 15.5, 0, 41, 11.5, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0.1, -0.2, 0.001, 0.002, 0.0]}
rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}
projection_matrix: {rows: 3, cols: 4, data: [40, 0, 15.5, 0, 0, 41, 11.5, 0, 0, 0, 1, 0]}
"""


@pytest.fixture
def listener():
    with listening(PROGRAM) as node:
        yield node


@pytest.fixture(scope='module')
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp('pictures')
    for index in range(NUM_PICTURES):
        assert cv2.imwrite(str(folder / f'{index}.png'), picture_rgb(index)[..., ::-1])
    return folder


def picture_rgb(index: int) -> np.ndarray:
    image = np.full((HEIGHT, WIDTH, 3), (40 * index, 100, 200), np.uint8)
    image[: HEIGHT // 2, : WIDTH // 2] = (250, 10, 60)
    return image


def publish_all(listener, folder, *arguments: str) -> str:
    """Run the publisher to its end with both image topics listened to; returns its log."""
    return listen_to_all(listener, PROGRAM, folder, *arguments, '-p', 'rate:=20.0')


def test_every_frame_arrives_with_its_camera_info_and_its_jpeg(listener, pictures, tmp_path):
    log = publish_all(listener, tmp_path, str(pictures), '--ros-args')
    assert f'Published {NUM_PICTURES} frames' in log
    assert [count.data for count in listener.counts] == list(range(1, NUM_PICTURES + 1))

    stamps = stamps_ns(listener.images)
    assert len(stamps) == NUM_PICTURES and stamps == sorted(set(stamps))
    assert stamps_ns(listener.infos) == stamps_ns(listener.compressed) == stamps
    everything = listener.images + listener.infos + listener.compressed
    assert {message.header.frame_id for message in everything} == {'camera_optical_frame'}

    for index, (image, compressed) in enumerate(
        zip(listener.images, listener.compressed, strict=True)
    ):
        assert (image.encoding, image.step) == ('rgb8', 3 * WIDTH)
        assert (pixels(image) == picture_rgb(index)).all()
        assert 'jpeg' in compressed.format
        decoded = cv2.imdecode(np.frombuffer(compressed.data, np.uint8), cv2.IMREAD_COLOR)
        assert np.abs(decoded[-4, -4, ::-1].astype(int) - picture_rgb(index)[-4, -4]).max() < 25


def test_the_assumed_camera_info_fits_the_image_and_the_field_of_view(listener, pictures, tmp_path):
    publish_all(listener, tmp_path, str(pictures), '--ros-args', '-p', 'horizontal_fov_deg:=90.0')
    info = listener.infos[0]
    assert (info.width, info.height, info.distortion_model) == (WIDTH, HEIGHT, 'plumb_bob')
    assert info.k[0] == pytest.approx(WIDTH / 2)  # tan(90 degrees / 2) = 1
    assert (info.k[2], info.k[5]) == ((WIDTH - 1) / 2, (HEIGHT - 1) / 2)


def test_a_calibration_file_is_published_as_it_is(listener, pictures, tmp_path):
    calibration = tmp_path / 'camera.yaml'
    calibration.write_text(CALIBRATION)
    publish_all(
        listener, tmp_path, str(pictures), '--ros-args', '-p', f'camera_info_file:={calibration}'
    )
    info = listener.infos[-1]
    assert list(info.k) == [40, 0, 15.5, 0, 41, 11.5, 0, 0, 1]
    assert list(info.d) == [0.1, -0.2, 0.001, 0.002, 0.0]
    assert list(info.p)[:6] == [40, 0, 15.5, 0, 0, 41]


def test_encoding_and_frame_can_be_chosen(listener, pictures, tmp_path):
    arguments = ['-p', 'encoding:=bgr8', '-p', 'frame_id:=head_camera']
    publish_all(listener, tmp_path, str(pictures), '--ros-args', *arguments)
    image = listener.images[0]
    assert (image.encoding, image.header.frame_id) == ('bgr8', 'head_camera')
    assert (pixels(image) == picture_rgb(0)[..., ::-1]).all()


def test_pictures_of_other_sizes_come_with_their_own_camera_info(listener, tmp_path):
    folder = tmp_path / 'sizes'
    folder.mkdir()
    for name, shape in (('1.png', (8, 16, 3)), ('2.png', (20, 30, 3))):
        assert cv2.imwrite(str(folder / name), np.zeros(shape, np.uint8))
    publish_all(listener, tmp_path, str(folder), '--ros-args')
    for messages in (listener.images, listener.infos):
        assert [(message.width, message.height) for message in messages] == [(16, 8), (30, 20)]


def test_no_jpeg_is_made_when_nobody_listens(listener, pictures, tmp_path):
    for subscription in list(listener.subscriptions):
        if subscription.topic_name == '/image/compressed':
            listener.destroy_subscription(subscription)
    process = start(PROGRAM, tmp_path, str(pictures), '--ros-args',
        '-p', 'wait_for_subscribers:=1', '-p', 'rate:=20.0',
    )  # fmt: skip
    listen_until(listener, lambda: process.poll() is not None)
    assert process.returncode == 0
    assert len(listener.images) == NUM_PICTURES and listener.compressed == []


@pytest.mark.parametrize('end', [signal.SIGINT, signal.SIGTERM])
def test_a_loop_goes_on_until_a_signal_ends_it_cleanly(listener, pictures, tmp_path, end):
    process = start(
        PROGRAM, tmp_path, str(pictures), '--ros-args', '-p', 'loop:=true', '-p', 'rate:=50.0'
    )
    listen_until(listener, lambda: len(listener.images) > 2 * NUM_PICTURES)
    process.send_signal(end)
    output, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, output
    assert 'Traceback' not in output
    published = int(re.search(r'Published (\d+) frames', output).group(1))
    assert published > 2 * NUM_PICTURES


def test_it_can_be_ended_while_it_waits_for_subscribers(pictures, tmp_path):
    process = start(
        PROGRAM, tmp_path, str(pictures), '--ros-args', '-p', 'wait_for_subscribers:=99'
    )
    assert any('Waiting for 99 subscribers to /image' in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0 and 'Traceback' not in output


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        (['no/such/film.mp4'], "source 'no/such/film.mp4': no such file"),
        (['--ros-args', '-p', 'source:=987'], 'no camera 987'),
        (['{pictures}', '--ros-args', '-p', 'encoding:=yuv'], "'yuv' is not one of rgb8, bgr8"),
        (['{pictures}', '--ros-args', '-p', 'rate:=-1.0'], 'parameter rate'),
        (['{pictures}', '--ros-args', '-p', 'loop:=maybe'], 'parameter loop'),
        (['{pictures}', '--ros-args', '-p', 'camera_info_file:=no.yaml'], 'no.yaml: cannot be'),
        (['{pictures}', '--ros-args', '-p', 'not a rule'], 'ROS arguments'),
    ],
)
def test_a_user_s_mistake_is_one_plain_line(pictures, tmp_path, arguments, complaint):
    arguments = [argument.format(pictures=pictures) for argument in arguments]
    exit_status, output = run(PROGRAM, tmp_path, *arguments)
    assert exit_status == 1
    assert complaint in output and 'error: ' in output and 'Traceback' not in output


def test_a_calibration_for_another_size_is_refused(pictures, tmp_path):
    calibration = tmp_path / 'camera.yaml'
    calibration.write_text(CALIBRATION.replace('image_width: 32', 'image_width: 640'))
    exit_status, output = run(
        PROGRAM, tmp_path, str(pictures), '--ros-args', '-p', f'camera_info_file:={calibration}'
    )
    assert exit_status == 1
    assert '640x24' in output and '32x24' in output and 'Traceback' not in output


def test_help_tells_of_every_parameter(tmp_path):
    exit_status, output = run(PROGRAM, tmp_path, '--help')
    assert exit_status == 0
    for name in ('source', 'rate', 'loop', 'wait_for_subscribers', 'camera_info_file'):
        assert re.search(rf'^  {name} \(', output, re.MULTILINE)


def test_a_ray_at_half_the_field_of_view_meets_the_edge_of_the_image():
    info = assumed_camera_info(1280, 720, 60.0)
    x_px = info.k[0] * np.tan(np.radians(30.0)) + info.k[2]
    assert x_px == pytest.approx(1279.5)  # half a pixel beyond the centre of the last one
    assert info.k[0] == info.k[4] and list(info.d) == [0.0] * 5


@pytest.mark.parametrize(
    ('content', 'complaint'),
    [
        (CALIBRATION.replace('distortion_model', 'model'), "'distortion_model' is missing"),
        (CALIBRATION.replace('0, 0, 1]}\ndist', '0, 0]}\ndist'), '8 numbers instead of 9'),
        (CALIBRATION.replace('15.5', 'x'), 'could not convert'),
        ('- a list', 'expected a file as camera_calibration writes it'),
        ('{', 'not a YAML file'),
    ],
)
def test_a_calibration_file_that_is_none_is_named(tmp_path, content, complaint):
    path = tmp_path / 'camera.yaml'
    path.write_text(content)
    with pytest.raises(UserError, match=complaint) as raised:
        load_camera_info(path)
    assert str(path) in str(raised.value)
