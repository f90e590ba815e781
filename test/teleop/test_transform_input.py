"""Transforms for teleoperation: the newest counts, and what cannot be used is said."""

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

import rclpy
from geometry_msgs.msg import Quaternion, TransformStamped, Vector3
from tf2_msgs.msg import TFMessage

from hand_tracking_ros.teleop.errors import TeleopFaultError
from hand_tracking_ros.teleop.transform_input import TransformInput

NAN = float('nan')


def transform(parent, child, x=1.0, **rotation):
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    message.transform.translation = Vector3(x=x)
    message.transform.rotation = Quaternion(**{'w': 1.0, **rotation})
    return message


@pytest.fixture(scope='module')
def context():
    context = rclpy.Context()
    rclpy.init(context=context)
    yield context
    rclpy.shutdown(context=context)


class World:
    """What comes on /tf and /tf_static: base <- arm <- camera at first, and world above base."""

    def __init__(self, node):
        self.transforms = TransformInput(node)
        self._callbacks = {each.topic_name: each.callback for each in node.subscriptions}
        self.send(transform('world', 'base'), topic='/tf_static')
        self.send(transform('base', 'arm'), transform('arm', 'camera'))

    def send(self, *transforms, topic='/tf'):
        self._callbacks[topic](TFMessage(transforms=transforms))

    def matrix(self):
        return self.transforms.matrix('base', 'camera', 'robot_frame')


@pytest.fixture
def world(context):
    node = rclpy.create_node('test_transform_input', context=context)
    yield World(node)
    node.destroy_node()


def test_the_newest_transforms_are_chained(world):
    np.testing.assert_allclose(world.matrix()[:3, 3], [2, 0, 0])
    world.send(transform('arm', 'camera', 5.0))
    np.testing.assert_allclose(world.matrix()[:3, 3], [6, 0, 0])


def test_a_frame_is_itself_without_any_transform(world):
    np.testing.assert_array_equal(world.transforms.matrix('any', 'any', 'tool_frame'), np.eye(4))


WRONG = {
    'no number as translation': (transform('arm', 'camera', NAN), '(nan, 0.0, 0.0)'),
    'infinite translation': (transform('arm', 'camera', float('inf')), '(inf, 0.0, 0.0)'),
    'no number as rotation': (transform('arm', 'camera', y=NAN), '(0.0, nan, 0.0, 1.0)'),
    'a rotation of zeros': (transform('arm', 'camera', w=0.0), '(0.0, 0.0, 0.0, 0.0)'),
    'a long rotation': (transform('arm', 'camera', x=1e200, w=1e200), '1e+200'),
}


@pytest.mark.parametrize('topic', ['/tf', '/tf_static'])
@pytest.mark.parametrize(('wrong', 'value'), WRONG.values(), ids=WRONG)
def test_a_wrong_transform_is_said_and_used_by_nobody_until_a_right_one_comes(
    world, wrong, value, topic
):
    world.send(wrong, topic=topic)
    with pytest.raises(TeleopFaultError) as caught:
        world.matrix()
    assert str(caught.value).startswith(f"{topic}: transform from 'camera' to 'arm': ")
    assert value in str(caught.value)
    world.send(transform('arm', 'camera', 3.0), topic=topic)
    np.testing.assert_allclose(world.matrix()[:3, 3], [4, 0, 0])


def test_a_wrong_transform_elsewhere_is_no_matter(world):
    world.send(transform('world', 'base', NAN), transform('arm', 'gripper', w=0.0))
    np.testing.assert_allclose(world.matrix()[:3, 3], [2, 0, 0])


def test_transforms_too_long_to_be_chained_are_refused(world):
    world.send(transform('base', 'arm', 1e308), transform('arm', 'camera', 1e308))
    with np.errstate(all='ignore'), pytest.raises(TeleopFaultError, match='no transform'):
        world.matrix()


@pytest.mark.parametrize(
    ('target', 'source', 'complaint'),
    [
        ('bsae', 'camera', "TF has no 'bsae', but arm, base, camera, world"),
        ('bsae', 'lens', "TF has no 'bsae' and no 'lens', but arm"),
        ('base', 'wrist', "'base' is under 'world', 'wrist' is under 'elbow'"),
    ],
)
def test_missing_transforms_are_explained_with_what_tf_has(world, target, source, complaint):
    if source == 'wrist':
        world.send(transform('elbow', 'wrist'))
    with pytest.raises(TeleopFaultError) as caught:
        world.transforms.matrix(target, source, 'robot_frame')
    text = str(caught.value)
    assert text.startswith(f"no transform from '{source}' to '{target}': ")
    assert complaint in text
    assert text.endswith('set the parameter robot_frame')


def test_of_many_frames_only_some_are_named(world):
    world.send(*[transform('base', f'link_{number:03}') for number in range(200)])
    with pytest.raises(TeleopFaultError) as caught:
        world.transforms.matrix('bsae', 'camera', 'robot_frame')
    assert 'link_003' in str(caught.value)
    assert 'link_100' not in str(caught.value)
