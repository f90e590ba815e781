"""The demo's recording: a rosbag2 folder, and the counts kept while it is written."""

import json
import os
from pathlib import Path

import pytest

rclpy = pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from ament_index_python import get_package_share_directory  # noqa: E402
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue  # noqa: E402
from geometry_msgs.msg import Point  # noqa: E402
from rclpy.context import Context  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.qos import QoSProfile  # noqa: E402
from rclpy.serialization import serialize_message  # noqa: E402
from rosbags.highlevel import AnyReader  # noqa: E402
from rosbags.rosbag2 import Reader  # noqa: E402
from sensor_msgs.msg import CompressedImage  # noqa: E402
from std_msgs.msg import UInt64  # noqa: E402

from hand_tracking_ros.demo.bag import (  # noqa: E402
    HANDS_TOPIC,
    IMAGE_TOPIC,
    RECORDED_TOPICS,
    Bag,
    check_replaceable,
    read_messages,
)
from hand_tracking_ros.demo.recorder import Counts, Recorder, Status  # noqa: E402
from hand_tracking_ros.msg import Hand, HandArray  # noqa: E402
from hand_tracking_ros.tracking.errors import UserError  # noqa: E402
from support.full_disk import full_disk  # noqa: E402

DOMAIN_ID = int(os.environ['ROS_DOMAIN_ID'])  # of this test run, see conftest.py


def make_hands(index: int) -> HandArray:
    message = HandArray(image_width=640, image_height=480)
    message.header.stamp.sec = index
    hand = Hand(track_id=index + 1, handedness=Hand.LEFT, gesture='fist')
    hand.landmarks[Hand.PINKY_TIP] = Point(x=0.25, y=0.5, z=-0.125)
    message.hands = [hand]
    return message


def write_bag(path: Path, num_messages: int) -> None:
    with Bag(path) as bag:
        for index in range(num_messages):
            bag.write(HANDS_TOPIC, 1000 + index, serialize_message(make_hands(index)))


def installed_type_hash(type_name: str) -> str:
    package, _, name = type_name.split('/')
    path = Path(get_package_share_directory(package)) / 'msg' / f'{name}.json'
    if not path.is_file():
        pytest.skip(f'this ROS has no type descriptions ({path})')
    hashes = json.loads(path.read_text())['type_hashes']
    return next(row['hash_string'] for row in hashes if row['type_name'] == type_name)


def test_messages_come_back_as_they_were_written(tmp_path):
    write_bag(tmp_path / 'bag', 3)
    messages = list(read_messages(tmp_path / 'bag', HANDS_TOPIC))
    assert messages == [(1000 + index, make_hands(index)) for index in range(3)]
    assert list(read_messages(tmp_path / 'bag', IMAGE_TOPIC)) == []


def test_the_bag_can_be_read_without_this_package(tmp_path):
    """Other tools know our messages only from the definitions in the bag itself."""
    write_bag(tmp_path / 'bag', 2)
    assert {path.suffix for path in (tmp_path / 'bag').iterdir()} == {'.mcap', '.yaml'}
    with AnyReader([tmp_path / 'bag']) as reader:
        (connection,) = [entry for entry in reader.connections if entry.topic == HANDS_TOPIC]
        messages = [
            reader.deserialize(data, connection.msgtype)
            for _, _, data in reader.messages([connection])
        ]
    assert [message.hands[0].track_id for message in messages] == [1, 2]
    tip = messages[0].hands[0].landmarks[20]
    assert (tip.x, tip.y, tip.z) == (0.25, 0.5, -0.125)


def test_types_carry_the_hashes_of_the_installed_ones(tmp_path):
    write_bag(tmp_path / 'bag', 1)
    with Reader(tmp_path / 'bag') as reader:
        assert {entry.topic for entry in reader.connections} == set(RECORDED_TOPICS)
        for connection in reader.connections:
            assert connection.digest == installed_type_hash(connection.msgtype)


def test_a_full_disk_is_told_in_a_sentence(tmp_path):
    with full_disk(free_bytes=100_000), pytest.raises(UserError, match=r'bag cannot be written'):
        write_bag(tmp_path / 'bag', 1000)


def test_only_recordings_may_be_replaced(tmp_path):
    check_replaceable(tmp_path / 'bag')
    write_bag(tmp_path / 'bag', 1)
    check_replaceable(tmp_path / 'bag')
    (tmp_path / 'bag' / 'metadata.yaml').unlink()  # of a recording that was cut off
    check_replaceable(tmp_path / 'bag')
    (tmp_path / 'bag' / 'thesis.txt').write_text('years of work')
    with pytest.raises(UserError, match='not a recording'):
        check_replaceable(tmp_path / 'bag')


def test_counts_say_where_frames_went():
    counts = Counts(published=10, received=8, processed=5, dropped=2, with_errors=1)
    assert (counts.lost_in_transport, counts.unaccounted) == (2, 0)
    assert Counts(published=10, received=8, processed=5).unaccounted == 3


def test_status_tells_rate_and_latency_of_the_newest_frames():
    status = Status()
    assert status.rate_hz is None and status.latency_s is None
    for index in range(100):
        status.arrivals_s.append(index * 0.1)
        status.latencies_s.append(9.0 if index < 30 else 0.02)
    assert status.rate_hz == pytest.approx(10.0)
    assert status.latency_s == pytest.approx(0.02)


def diagnostics(received: int) -> DiagnosticArray:
    counts = {
        'frames received': received,
        'frames processed': received - 3,
        'frames dropped': 2,
        'frames with errors': 1,
    }
    values = [KeyValue(key=key, value=str(value)) for key, value in counts.items()]
    other = DiagnosticStatus(name='motor: temperature', values=[KeyValue(key='x', value='y')])
    return DiagnosticArray(
        status=[other, DiagnosticStatus(name='hand_tracker: camera', values=values)]
    )


@pytest.fixture
def context():
    context = Context()
    rclpy.init(context=context, domain_id=DOMAIN_ID)
    yield context
    context.try_shutdown()


def test_the_recorder_records_everything_and_keeps_the_counts(tmp_path, context):
    talker = rclpy.create_node('talker', context=context)
    qos = QoSProfile(depth=50)
    publishers = {
        topic: talker.create_publisher(kind, topic, qos)
        for topic, kind in {**RECORDED_TOPICS, '/video_publisher/frames_published': UInt64}.items()
    }
    with Bag(tmp_path / 'bag') as bag:
        recorder = Recorder(bag, context)
        executor = SingleThreadedExecutor(context=context)
        for node in (talker, recorder):
            executor.add_node(node)

        def spin_until(condition):
            for _ in range(1000):
                if condition():
                    return
                executor.spin_once(timeout_sec=0.05)
            pytest.fail('nothing heard')

        image = publishers[IMAGE_TOPIC]
        others = [publisher for publisher in publishers.values() if publisher is not image]
        spin_until(lambda: all(publisher.get_subscription_count() for publisher in others))
        # The publisher of images waits for its subscriber: it comes once the tracker is heard.
        assert image.get_subscription_count() == 0
        publishers['/diagnostics'].publish(diagnostics(received=7))
        spin_until(image.get_subscription_count)

        image.publish(CompressedImage(format='jpeg'))
        publishers['/video_publisher/frames_published'].publish(UInt64(data=8))
        for index in range(4):
            publishers[HANDS_TOPIC].publish(make_hands(index))
        spin_until(lambda: recorder.status.num_results == 4 and recorder.counts.published == 8)
        assert recorder.counts == Counts(8, received=7, processed=4, dropped=2, with_errors=1)
        assert recorder.status.num_hands == 1 and recorder.num_diagnostics == 1
        executor.shutdown()
        for node in (talker, recorder):
            node.destroy_node()
    for topic, count in ((HANDS_TOPIC, 4), ('/diagnostics', 1)):
        assert len(list(read_messages(tmp_path / 'bag', topic))) == count
