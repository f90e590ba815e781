"""The stand-in for tf2_ros's buffer and listener, for machines without tf2_ros."""

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')

from geometry_msgs.msg import TransformStamped

from hand_tracking_ros.ros.compat import (
    StandInTransformBuffer,
    StandInTransformException,
)


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
    buffer = StandInTransformBuffer()
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
    with pytest.raises(StandInTransformException, match=f"'base' and '{source}'"):
        buffer.lookup_transform('base', source, None)


def test_a_frame_above_itself_is_refused(buffer):
    buffer.set_transform(transform('camera', 'base', (0, 0, 0)), '')
    with pytest.raises(StandInTransformException, match='own ancestor'):
        buffer.lookup_transform('table', 'arm', None)
