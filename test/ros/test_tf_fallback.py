"""The fallback for tf2_ros keeps the promises of tf2_ros, as far as this package uses them."""

import runpy
import sys

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

import rclpy
from geometry_msgs.msg import TransformStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, HistoryPolicy, ReliabilityPolicy
from rclpy.task import Future
from tf2_msgs.msg import TFMessage

from hand_tracking_ros.ros import compat, tf_fallback
from hand_tracking_ros.tracking.rotations import matrix_from_rotation_vector


def transform(parent, child, translation, quarter_turns_about_z=0):
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    place, q = message.transform.translation, message.transform.rotation
    place.x, place.y, place.z = (float(value) for value in translation)
    q.w, q.z = (float(f(quarter_turns_about_z * np.pi / 4)) for f in (np.cos, np.sin))
    return message


@pytest.fixture
def buffer():
    """base -> arm -> camera, base -> table; elsewhere stands alone."""
    buffer = tf_fallback.Buffer()
    for one in (
        transform('base', 'arm', (1, 0, 0), 1),
        transform('arm', 'camera', (1, 0, 0), 1),
        transform('base', 'table', (0, 0, 5)),
        transform('far', 'elsewhere', (0, 0, 0)),
    ):
        buffer.set_transform(one, '')
    return buffer


def looked_up(buffer, target, source):
    found = buffer.lookup_transform(target, source, None)
    assert (found.header.frame_id, found.child_frame_id) == (target, source)
    place, q = found.transform.translation, found.transform.rotation
    return [place.x, place.y, place.z, q.w, q.z]


@pytest.mark.parametrize(
    ('target', 'source', 'expected'),
    [
        ('base', 'arm', [1, 0, 0, np.sqrt(0.5), np.sqrt(0.5)]),
        ('base', 'camera', [1, 1, 0, 0, 1]),
        ('camera', 'base', [1, 1, 0, 0, 1]),
        ('table', 'camera', [1, 1, -5, 0, 1]),
        ('camera', 'camera', [0, 0, 0, 1, 0]),
    ],
)
def test_transforms_are_chained_through_the_tree(buffer, target, source, expected):
    found = np.array(looked_up(buffer, target, source))
    # A quaternion and its negative are the same rotation.
    found[3:] *= np.sign(found[3:] @ expected[3:])
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_newest_transform_counts(buffer):
    buffer.set_transform(transform('base', 'arm', (7, 0, 0)), '')
    assert looked_up(buffer, 'base', 'arm')[0] == 7.0


@pytest.mark.parametrize('source', ['elsewhere', 'nowhere'])
def test_frames_that_are_not_connected_are_named(buffer, source):
    with pytest.raises(tf_fallback.TransformException, match=f"'base' and '{source}'"):
        buffer.lookup_transform('base', source, None)


@pytest.mark.parametrize(
    ('field', 'value'),
    [
        ('translation.x', np.nan),
        ('translation.z', -np.inf),
        ('rotation.y', np.nan),
        ('rotation.w', 0.0),
        ('rotation.x', 1e200),
    ],
)
def test_a_transform_that_is_none_is_ignored(buffer, field, value):
    wrong = transform('base', 'arm', (7, 0, 0))
    part, name = field.split('.')
    setattr(getattr(wrong.transform, part), name, value)
    buffer.set_transform(wrong, '/tf')
    assert looked_up(buffer, 'base', 'arm')[0] == 1.0


@pytest.mark.parametrize(('parent', 'child'), [('base', ''), ('', 'arm'), ('arm', 'arm')])
def test_a_transform_without_two_frames_is_ignored(buffer, parent, child):
    buffer.set_transform(transform(parent, child, (7, 0, 0)), '/tf_static')
    assert looked_up(buffer, 'base', 'arm')[0] == 1.0


def test_transforms_too_long_to_be_chained_are_refused(buffer):
    for parent, child in (('base', 'arm'), ('arm', 'camera')):
        buffer.set_transform(transform(parent, child, (1e308, 0, 0)), '')
    with np.errstate(all='ignore'), pytest.raises(tf_fallback.TransformException, match='too long'):
        buffer.lookup_transform('base', 'camera', None)


def test_a_frame_above_itself_is_refused(buffer):
    buffer.set_transform(transform('camera', 'base', (0, 0, 0)), '')
    with pytest.raises(tf_fallback.TransformException, match='own ancestor'):
        buffer.lookup_transform('table', 'arm', None)


@pytest.fixture(params=['fallback', 'tf2_ros'])
def broadcaster_class(request):
    if request.param == 'fallback':
        return tf_fallback.TransformBroadcaster
    return pytest.importorskip('tf2_ros', reason='tf2_ros is not installed').TransformBroadcaster


@pytest.fixture
def node():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node('test_tf_fallback', context=context)
    yield node
    node.destroy_node()
    rclpy.shutdown(context=context)


def transform_to(child_frame_id):
    transform = TransformStamped(child_frame_id=child_frame_id)
    transform.header.frame_id = 'camera'
    transform.transform.translation.z = 0.5
    transform.transform.rotation.w = 1.0
    return transform


def test_transforms_go_to_tf_reliable_volatile_and_keep_last_100(node, broadcaster_class):
    broadcaster_class(node)
    (publisher,) = [each for each in node.publishers if each.topic_name == '/tf']
    qos = publisher.qos_profile
    assert qos.reliability == ReliabilityPolicy.RELIABLE
    assert qos.durability == DurabilityPolicy.VOLATILE
    assert qos.history == HistoryPolicy.KEEP_LAST
    assert qos.depth == 100


@pytest.mark.parametrize(
    ('sent', 'expected'),
    [
        (transform_to('left'), [transform_to('left')]),
        (
            [transform_to('left'), transform_to('right')],
            [transform_to('left'), transform_to('right')],
        ),
        ((transform_to('right'),), [transform_to('right')]),
    ],
    ids=['one', 'list', 'tuple'],
)
def test_transforms_sent_together_arrive_in_one_message(node, broadcaster_class, sent, expected):
    broadcaster = broadcaster_class(node)
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    received = Future(executor=executor)
    node.create_subscription(
        TFMessage, '/tf', lambda message: received.done() or received.set_result(message), 1
    )
    # Sent until it arrives: what is sent before the two have found each other is lost.
    node.create_timer(0.05, lambda: broadcaster.sendTransform(sent))
    executor.spin_until_future_complete(received, timeout_sec=20)
    assert received.done(), 'no message on /tf within 20 s'
    assert received.result().transforms == expected


def test_tf2_ros_is_used_where_it_is_installed():
    tf2_ros = pytest.importorskip('tf2_ros', reason='tf2_ros is not installed')
    assert compat.TransformBroadcaster is tf2_ros.TransformBroadcaster


def test_the_fallback_is_used_where_tf2_ros_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, 'tf2_ros', None)
    chosen = runpy.run_path(compat.__file__)
    assert chosen['TransformBroadcaster'] is tf_fallback.TransformBroadcaster


def test_the_fallback_gives_the_quaternions_of_tf_transformations():
    real = pytest.importorskip('tf_transformations', reason='tf_transformations is not installed')
    random = np.random.default_rng(3)
    for vector in (*random.normal(size=(100, 3)), *np.pi * np.eye(3)):
        matrix = np.eye(4)
        matrix[:3, :3] = matrix_from_rotation_vector(vector)
        assert tf_fallback.quaternion_from_matrix(matrix) == pytest.approx(
            real.quaternion_from_matrix(matrix), abs=1e-12
        )
