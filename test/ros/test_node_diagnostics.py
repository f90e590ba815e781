"""What the node says about its cameras, in /diagnostics and in the log."""

import os
import subprocess
import sys

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import TransformStamped
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.utilities import get_rmw_implementation_identifier
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from hand_tracking_ros.ros.fast_dds import USER_CHOICES
from hand_tracking_ros.ros.image_conversion import from_rgb
from support.checkout import CHECKOUT
from support.node_process import Client, NodeProcess
from support.tracker_client import STAMPS, camera_info_for, empty_image, later, status_where

pytest_plugins = ('support.tracker_fixtures',)

IMAGE_LINK = CHECKOUT / 'test' / 'support' / 'image_link.py'
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture(scope='module')
def running(tmp_path_factory):
    """One node for all tests; a whole number as people write it into YAML."""
    arguments = ['-p', 'image_timeout:=1', '-p', 'max_latency:=60']
    folder = tmp_path_factory.mktemp('node')
    with NodeProcess(folder, *arguments) as node, Client(node) as client:
        client.wait_for_node()
        yield node, client


@pytest.fixture
def log(running):
    node, _ = running
    return node.text


def image_now(client, picture):
    """An image as a camera stamps it."""
    stamp = client.node.get_clock().now().to_msg()
    return from_rgb(picture, Header(frame_id='camera', stamp=stamp))


def status_while_sending(client, picture, condition):
    """The diagnostics that meet a condition while images come."""

    def found():
        client.diagnostics.clear()
        client.publish('camera_info', camera_info_for(picture))
        client.ask(image_now(client, picture))
        return next((s for m in client.diagnostics for s in m.status if condition(s)), None)

    return client.wait_for(found, 'such a diagnostic status')


def test_a_good_camera_is_ok_and_every_value_is_there(client, hand_image):
    status = status_while_sending(client, hand_image, lambda s: s.message == '1 hand')
    assert status.level == DiagnosticStatus.OK
    values = {pair.key: pair.value for pair in status.values}
    missing = [key for key, value in values.items() if not value and key != 'last error']
    assert not missing
    assert values['publishers'] == '/client'
    assert values['palm detector'].startswith('palm_detection_full, sha256 ')
    assert values['calibration'] == '224x224, fx 500.0 px, fy 500.0 px'
    assert float(values['landmark time (ms)']) < float(values['processing time (ms)'])


def test_a_camera_that_stops_is_stale_and_the_log_says_so_once_each_way(client, hand_image, log):
    client.ask(image_now(client, hand_image))
    status = status_where(client, lambda s: s.level == DiagnosticStatus.STALE)
    assert status.message.startswith('no images on /image for ')
    assert 'expected one at least every 1 s (parameter image_timeout)' in status.message
    stops, returns = 'no images on /image for', ': images on /image again'
    before = log().count(stops), log().count(returns)
    assert before[0] > 0

    def has_returned():
        client.ask(image_now(client, hand_image))
        return log().count(returns) > before[1]

    client.wait_for(has_returned, 'line that images come again')
    status_while_sending(client, hand_image, lambda s: s.level != DiagnosticStatus.STALE)
    assert log().count(stops) == before[0]


def test_after_a_silence_hands_have_new_ids_that_were_never_used(client, hand_image):
    def ids():
        return [hand.track_id for hand in client.ask(from_rgb(hand_image, STAMPS.next())).hands]

    first, again = ids(), ids()
    assert first == again
    later(1.1)  # longer than image_timeout
    assert min(ids()) > max(first)


def test_stamps_of_another_clock_and_backward_ones_are_told(client):
    client.ask(empty_image())
    later(-3)
    client.ask(empty_image())
    later(3)
    status = status_where(client, lambda s: 'ran backwards' in s.message)
    assert 'use_sim_time:=true' in status.message  # STAMPS are not of this clock


def test_a_second_publisher_is_named_until_it_goes(client):
    second = client.node.create_publisher(Image, 'image', 1)
    status = status_where(client, lambda s: '2 publishers on /image' in s.message)
    assert '(/client, /client)' in status.message
    client.node.destroy_publisher(second)
    status_where(client, lambda s: 'publishers on' not in s.message)


def test_a_frame_that_a_robot_has_already_is_a_warning_until_tf_prefix_is_set(client):
    static = client.node.create_publisher(TFMessage, '/tf_static', LATCHED)
    link = TransformStamped(header=Header(frame_id='left_wrist'), child_frame_id='left_hand')
    static.publish(TFMessage(transforms=[link]))
    status = status_where(client, lambda s: 'left_hand (on left_wrist)' in s.message)
    assert 'set the parameter tf_prefix' in status.message
    client.set_parameters(tf_prefix='person_')
    status_where(client, lambda s: 'left_hand' not in s.message)


def test_images_lost_in_transport_are_a_warning_with_the_remedy(tmp_path):
    if get_rmw_implementation_identifier() != 'rmw_fastrtps_cpp':
        pytest.skip('needs rmw_fastrtps_cpp, whose profile this is')
    environment = {name: value for name, value in os.environ.items() if name not in USER_CHOICES}
    with NodeProcess(tmp_path) as node, Client(node) as client:
        client.wait_for_node()
        environment['ROS_DOMAIN_ID'] = str(node.domain_id)
        command = [sys.executable, str(IMAGE_LINK), 'send', '1280', '720', '50']
        sender = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, text=True)
        client.wait_for(lambda: client.node.count_publishers('image') == 2, 'sender')
        status_where(client, lambda s: 'no images' not in s.message)  # its first small ones
        sender.stdin.write('go\n')
        sender.stdin.flush()
        try:
            status = status_where(client, lambda s: 'lost in transport' in s.message)
        finally:
            sender.communicate()
        assert status.level >= DiagnosticStatus.WARN
        assert 'DEFAULT_PROFILES_FILE=' in status.message
        assert 'docs/cameras.md, Transport' in status.message
