"""How the node starts and ends, and what its arguments make of it."""

import signal

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from sensor_msgs.msg import CompressedImage, Image

from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.compressed_images import compressed_from_rgb
from hand_tracking_ros.ros.image_conversion import from_rgb
from support.node_process import Client, NodeProcess
from support.tracker_client import STAMPS, empty_image

pytest_plugins = ('support.tracker_fixtures',)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_the_node_ends_quietly_when_told_to(tmp_path, number):
    with NodeProcess(tmp_path) as node, Client(node) as client:
        client.wait_for_node()
        client.ask(empty_image())
        assert node.stop(number) == 0, node.text()
        assert 'Traceback' not in node.text()
        assert 'terminate called' not in node.text()


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        (['-p', 'max_num_hands:=99'], 'max_num_hands'),
        (['-p', 'image_transport:=theora'], 'raw, compressed'),
        (['-p', 'max_num_hands:=two'], 'max_num_hands'),
        (['-p', 'model_directory:=/nowhere'], '/nowhere'),
        (['-p', "cameras:=['a b']"], "'a b' is not the name of a camera"),
        (['-p', "cameras:=['/abs']"], "'/abs' is not the name of a camera"),
        (['-p', "cameras:=['a', 'a']"], "'a' is given more than once"),
        (['-p', 'cameras:=[]'], 'parameter cameras has no value'),
    ],
)
def test_a_wrong_start_is_explained_in_one_line(tmp_path, arguments, complaint):
    with NodeProcess(tmp_path, *arguments) as node:
        assert node.wait() == 1
        assert complaint in node.text()
        assert 'Traceback' not in node.text()


def test_a_misspelt_parameter_is_named(tmp_path):
    with NodeProcess(tmp_path, '-p', 'max_hands:=1') as node, Client(node) as client:
        client.wait_for_node()
        assert 'no parameter max_hands; did you mean max_num_hands?' in node.text()


def test_compressed_images_are_tracked(tmp_path, hand_image):
    with NodeProcess(tmp_path, '-p', 'image_transport:=compressed') as node, Client(node) as client:
        client.wait_for_node('image/compressed')
        image = compressed_from_rgb(hand_image, STAMPS.next())
        assert len(client.ask(image, 'image/compressed').hands) == 1


def test_every_camera_has_its_own_topics_and_tracks(tmp_path, hand_image):
    with NodeProcess(tmp_path, '-p', 'cameras:=[front, back]') as node, Client(node) as client:
        client.listen(HandArray, 'hand_tracker/front/hands', client.hands)
        client.listen(HandArray, 'hand_tracker/back/hands', client.hands)
        for camera in ('front', 'back'):
            client.add_publisher(Image, f'{camera}/image')
        front = client.ask(from_rgb(hand_image, STAMPS.next()), 'front/image')
        back = client.ask(from_rgb(hand_image, STAMPS.next()), 'back/image')
    assert [len(front.hands), len(back.hands)] == [1, 1]
    assert [front.hands[0].track_id, back.hands[0].track_id] == [1, 1]


def test_a_namespace_moves_every_topic(tmp_path):
    with NodeProcess(tmp_path, '-r', '__ns:=/robot') as node, Client(node, '/robot') as client:
        client.wait_for_node()
        assert client.ask(empty_image()).hands == []


def advice(node):
    """The newest line that tells where images could come from; empty if there is none."""
    lines = [line for line in node.text().splitlines() if 'No image on' in line]
    return lines[-1] if lines else ''


def test_nobody_is_advised_before_image_timeout_is_over(tmp_path):
    with NodeProcess(tmp_path, '-p', 'image_timeout:=60.0') as node, Client(node) as client:
        # The advice would come with the diagnostics.
        client.wait_for(lambda: len(client.diagnostics) > 3, 'diagnostics')
        assert not advice(node)


def test_who_waits_on_the_wrong_topic_is_told_the_right_ones_and_how_to_choose(tmp_path):
    with NodeProcess(tmp_path) as node, Client(node) as client:
        topic = '/robot/camera/image_raw'
        client.add_publisher(Image, topic)
        # On a slow machine the first advice came before anybody was found.
        client.wait_for(lambda: topic in advice(node), f'advice to use {topic}')
    line = advice(node)
    assert 'No image on /image (1 publisher) yet.' in line
    # Never the topic that is chosen already: what helps there is said by itself.
    assert 'that have a publisher: /robot/camera/image_raw.' in line
    assert 'DEFAULT_PROFILES_FILE=' in line
    assert 'image_topic:=TOPIC in the launch file' in line
    assert line.endswith('-r image:=TOPIC')


def test_named_cameras_that_wait_are_told_what_to_remap_and_others_are_not(tmp_path):
    arguments = ['-p', 'cameras:=[front, wrist, back]', '-p', 'image_transport:=compressed']
    with NodeProcess(tmp_path, *arguments) as node, Client(node) as client:
        topic = 'back/image/compressed'
        client.add_publisher(CompressedImage, topic)
        client.listen(HandArray, 'hand_tracker/back/hands', client.hands)
        client.ask(compressed_from_rgb(np.zeros((48, 64, 3), np.uint8), STAMPS.next()), topic)
        # On a slow machine the first advice was for all three.
        client.wait_for(lambda: advice(node) and '-r back' not in advice(node), 'advice for two')
    line = advice(node)
    for name in ('front', 'wrist'):
        assert f'/{name}/image/compressed (0 publishers)' in line
        assert f'-r {name}/image/compressed:=TOPIC' in line
    assert 'cameras:=front:=TOPIC,wrist:=TOPIC,back:=TOPIC in the launch file' in line
    assert '/back/image/compressed' in line.partition('that have a publisher')[2]
