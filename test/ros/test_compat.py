"""Each stand-in of ros/compat.py keeps the promises of the package that it stands in for.

Every promise is checked on the stand-in, and on the real package where that is installed.
"""
# ruff: noqa: E402 (what the imports need is looked for first)

import sys
from math import cos, pi, sin, sqrt

import numpy as np
import pytest

for package in ('rclpy', 'sensor_msgs', 'tf2_msgs'):
    pytest.importorskip(package, reason=f'needs ROS 2 ({package} is not installed)')

import rclpy
from geometry_msgs.msg import TransformStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, HistoryPolicy, ReliabilityPolicy
from rclpy.task import Future
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from hand_tracking_ros.ros import compat

CHANNELS_AND_TYPES = {
    'mono8': (1, np.uint8),
    'mono16': (1, np.uint16),
    'rgb8': (3, np.uint8),
    'bgr8': (3, np.uint8),
    'rgba8': (4, np.uint8),
    'bgra8': (4, np.uint8),
    'rgb16': (3, np.uint16),
    'bgra16': (4, np.uint16),
    'bayer_rggb8': (1, np.uint8),
    'bayer_grbg16': (1, np.uint16),
    'yuv422': (2, np.uint8),
    'yuv422_yuy2': (2, np.uint8),
    '8UC1': (1, np.uint8),
    '8UC3': (3, np.uint8),
    '8SC2': (2, np.int8),
    '16UC1': (1, np.uint16),
    '16SC1': (1, np.int16),
    '32SC4': (4, np.int32),
    '32FC1': (1, np.float32),
    '64FC2': (2, np.float64),
}


def array_of(encoding, height=3, width=5):
    """Different numbers in every sample, of the encoding's type."""
    channels, dtype = CHANNELS_AND_TYPES[encoding]
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(1).integers(0, 127, shape).astype(dtype)


def image_of(array, encoding, row_padding=0):
    row_bytes = array[0].nbytes
    padded = np.full((len(array), row_bytes + row_padding), 0xA5, np.uint8)
    padded[:, :row_bytes] = np.ascontiguousarray(array).view(np.uint8).reshape(len(array), -1)
    message = Image(height=array.shape[0], width=array.shape[1], encoding=encoding)
    message.step = padded.shape[1]
    message.data = padded.tobytes()
    return message


@pytest.fixture(params=['stand-in', 'cv_bridge'])
def bridge(request):
    if request.param == 'stand-in':
        return compat.StandInCvBridge()
    real = pytest.importorskip('cv_bridge', reason='cv_bridge is not installed')
    if compat.CvBridge is not real.CvBridge:
        pytest.skip('the cv_bridge installed does not work with this numpy and OpenCV')
    return real.CvBridge()


@pytest.mark.parametrize('encoding', CHANNELS_AND_TYPES)
def test_image_becomes_array_of_the_encodings_type(bridge, encoding):
    expected = array_of(encoding)
    array = bridge.imgmsg_to_cv2(image_of(expected, encoding))
    assert array.dtype == expected.dtype
    np.testing.assert_array_equal(array, expected)
    assert array.flags.c_contiguous


@pytest.mark.parametrize('encoding', CHANNELS_AND_TYPES)
def test_array_becomes_image(bridge, encoding):
    array = array_of(encoding)
    header = Header(frame_id='camera')
    message = bridge.cv2_to_imgmsg(array, encoding, header)
    assert (message.height, message.width, message.encoding) == (3, 5, encoding)
    assert message.step == array[0].nbytes
    assert not message.is_bigendian
    assert message.header == header
    assert bytes(message.data) == array.tobytes()


def test_array_view_that_is_not_contiguous_becomes_image(bridge):
    array = array_of('rgb8')[:, ::-1]
    assert bytes(bridge.cv2_to_imgmsg(array, 'rgb8').data) == array.tobytes()


@pytest.mark.parametrize(
    ('dtype', 'channels', 'name'),
    [('uint8', None, '8UC1'), ('uint8', 3, '8UC3'), ('int16', 2, '16SC2'), ('float32', 1, '32FC1')],
)
def test_passthrough_names_the_encoding_by_the_arrays_type(bridge, dtype, channels, name):
    shape = (2, 2) if channels is None else (2, 2, channels)
    assert bridge.cv2_to_imgmsg(np.zeros(shape, dtype)).encoding == name


def test_row_padding_is_left_out(bridge):
    expected = array_of('bgr8')
    np.testing.assert_array_equal(
        bridge.imgmsg_to_cv2(image_of(expected, 'bgr8', row_padding=6)), expected
    )


def test_row_padding_may_be_any_number_of_bytes():
    # The real one takes a step that is no whole number of pixels for another width.
    expected = array_of('bgr8')
    message = image_of(expected, 'bgr8', row_padding=1)
    np.testing.assert_array_equal(compat.StandInCvBridge().imgmsg_to_cv2(message), expected)


def test_big_endian_image_becomes_native_array(bridge):
    if not isinstance(bridge, compat.StandInCvBridge) and not hasattr(np.ndarray, 'newbyteorder'):
        pytest.skip('cv_bridge calls ndarray.newbyteorder, which numpy 2 has not')
    message = image_of(array_of('mono16').astype('>u2'), 'mono16')
    message.is_bigendian = 1
    array = bridge.imgmsg_to_cv2(message)
    assert array.dtype.isnative
    np.testing.assert_array_equal(array, array_of('mono16'))


def test_big_endian_array_becomes_big_endian_image(bridge):
    message = bridge.cv2_to_imgmsg(array_of('mono16').astype('>u2'), 'mono16')
    assert message.is_bigendian
    assert bytes(message.data) == array_of('mono16').astype('>u2').tobytes()


def test_array_shares_the_messages_memory(bridge):
    message = image_of(array_of('rgb8'), 'rgb8')
    assert np.shares_memory(bridge.imgmsg_to_cv2(message), np.frombuffer(message.data, np.uint8))


def test_wrong_use_of_the_bridge_is_a_type_error(bridge):
    with pytest.raises(TypeError):
        bridge.cv2_to_imgmsg(array_of('mono8'), 'rgb8')
    with pytest.raises(TypeError):
        bridge.cv2_to_imgmsg([[1, 2]], 'mono8')
    with pytest.raises(TypeError):
        bridge.cv2_to_compressed_imgmsg([[1, 2]])
    with pytest.raises(TypeError):
        bridge.imgmsg_to_cv2(Image(height=1, width=1, step=1, encoding='nonsense', data=b'1'))
    with pytest.raises(TypeError):
        bridge.imgmsg_to_cv2(Image(height=2, width=9, step=9, encoding='mono8', data=b'short'))


def test_stand_in_refuses_what_it_cannot_do():
    stand_in = compat.StandInCvBridge()
    with pytest.raises(TypeError, match=r"'rgb8'.*must be 'passthrough'"):
        stand_in.imgmsg_to_cv2(image_of(array_of('bgr8'), 'bgr8'), 'rgb8')
    with pytest.raises(TypeError, match='int64'):
        stand_in.cv2_to_imgmsg(np.zeros((2, 2), np.int64))


def test_png_keeps_every_value(bridge):
    array = array_of('bgr8')
    message = bridge.cv2_to_compressed_imgmsg(array, 'png')
    assert message.format == 'png'
    assert bytes(message.data[:4]) == b'\x89PNG'
    np.testing.assert_array_equal(bridge.compressed_imgmsg_to_cv2(message), array)


def test_default_compression_is_jpeg(bridge):
    array = np.full((16, 16, 3), (10, 100, 200), np.uint8)
    message = bridge.cv2_to_compressed_imgmsg(array)
    assert message.format == 'jpg'
    assert bytes(message.data[:3]) == b'\xff\xd8\xff'
    decoded = bridge.compressed_imgmsg_to_cv2(message)
    np.testing.assert_allclose(decoded.astype(int), array.astype(int), atol=3)


def test_picture_of_one_channel_has_two_dimensions(bridge):
    array = array_of('mono8')
    message = bridge.cv2_to_compressed_imgmsg(array, 'png')
    np.testing.assert_array_equal(bridge.compressed_imgmsg_to_cv2(message), array)


def test_data_that_is_no_picture_becomes_none(bridge):
    message = bridge.cv2_to_compressed_imgmsg(array_of('bgr8'), 'png')
    message.data = b'no picture'
    assert bridge.compressed_imgmsg_to_cv2(message) is None


def test_cv_bridge_that_does_not_work_is_replaced_with_one_warning(tmp_path, monkeypatch, capfd):
    package = tmp_path / 'cv_bridge'
    package.mkdir()
    (package / '__init__.py').write_text(
        "class CvBridge:\n    def __init__(self): raise AttributeError('_ARRAY_API not found')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, 'cv_bridge', raising=False)
    assert compat._usable_cv_bridge() is compat.StandInCvBridge
    output = ''.join(capfd.readouterr())
    assert output.count('cv_bridge is installed but does not work') == 1
    assert '_ARRAY_API not found' in output


@pytest.fixture(params=['stand-in', 'tf2_ros'])
def broadcaster_class(request):
    if request.param == 'stand-in':
        return compat.StandInTransformBroadcaster
    return pytest.importorskip('tf2_ros', reason='tf2_ros is not installed').TransformBroadcaster


@pytest.fixture
def node():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node('test_compat', context=context)
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


@pytest.fixture(params=['stand-in', 'tf_transformations'])
def quaternion_from_matrix(request):
    if request.param == 'stand-in':
        return compat.stand_in_quaternion_from_matrix
    return pytest.importorskip(
        'tf_transformations', reason='tf_transformations is not installed'
    ).quaternion_from_matrix


def rotation_matrix(angle_rad, axis):
    """4x4, by Rodrigues' formula."""
    x, y, z = np.asarray(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    matrix = np.eye(4)
    matrix[:3, :3] += sin(angle_rad) * cross + (1 - cos(angle_rad)) * cross @ cross
    return matrix


@pytest.mark.parametrize(
    ('angle_rad', 'axis', 'expected_xyzw'),
    [
        (0.0, (1, 0, 0), (0, 0, 0, 1)),
        (pi / 2, (1, 0, 0), (sqrt(0.5), 0, 0, sqrt(0.5))),
        (pi / 2, (0, 1, 0), (0, sqrt(0.5), 0, sqrt(0.5))),
        (pi / 2, (0, 0, 1), (0, 0, sqrt(0.5), sqrt(0.5))),
        (-pi / 2, (0, 0, 1), (0, 0, -sqrt(0.5), sqrt(0.5))),
        (2 * pi / 3, (1, 1, 1), (0.5, 0.5, 0.5, 0.5)),
        (3 * pi / 2, (0, 0, 1), (0, 0, -sqrt(0.5), sqrt(0.5))),  # w is never negative
        (0.123, (1, 2, 3), (0.0164262, 0.0328524, 0.0492786, 0.9981095)),  # its documentation's
    ],
)
def test_quaternion_is_x_y_z_w(quaternion_from_matrix, angle_rad, axis, expected_xyzw):
    quaternion = quaternion_from_matrix(rotation_matrix(angle_rad, axis))
    np.testing.assert_allclose(quaternion, expected_xyzw, atol=1e-7)


@pytest.mark.parametrize('axis', [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, -1, 1)])
def test_half_a_turn_is_the_axis_either_way_round(quaternion_from_matrix, axis):
    *xyz, w = quaternion_from_matrix(rotation_matrix(pi, axis))
    assert w == pytest.approx(0, abs=1e-7)
    assert abs(np.dot(xyz, axis) / np.linalg.norm(axis)) == pytest.approx(1)


def test_quaternion_ignores_translation_and_scale(quaternion_from_matrix):
    matrix = rotation_matrix(0.4, (1, -1, 2))
    expected = quaternion_from_matrix(matrix)
    matrix[:3, :3] @= np.diag([0.5, 1, 3])
    matrix[:3, 3] = 1, 2, 3
    np.testing.assert_allclose(quaternion_from_matrix(matrix), expected, atol=1e-12)


def test_quaternion_of_any_rotation_has_unit_length_and_turns_the_same(quaternion_from_matrix):
    rng = np.random.default_rng(2)
    for _ in range(200):
        matrix = rotation_matrix(rng.uniform(-pi, pi), rng.normal(size=3))
        x, y, z, w = quaternion_from_matrix(matrix)
        assert x * x + y * y + z * z + w * w == pytest.approx(1)
        angle_rad = 2 * np.arctan2(np.linalg.norm([x, y, z]), w)
        np.testing.assert_allclose(rotation_matrix(angle_rad, (x, y, z)), matrix, atol=1e-7)


def test_stand_in_gives_the_real_quaternion():
    real = pytest.importorskip('tf_transformations', reason='tf_transformations is not installed')
    rng = np.random.default_rng(3)
    matrices = [rotation_matrix(rng.uniform(-pi, pi), rng.normal(size=3)) for _ in range(100)]
    matrices += [rotation_matrix(pi, axis) for axis in np.eye(3)]
    for matrix in matrices:
        assert compat.stand_in_quaternion_from_matrix(matrix) == pytest.approx(
            real.quaternion_from_matrix(matrix), abs=1e-12
        )


@pytest.mark.parametrize(
    ('chosen', 'stand_in', 'package', 'name'),
    [
        (
            compat.TransformBroadcaster,
            compat.StandInTransformBroadcaster,
            'tf2_ros',
            'TransformBroadcaster',
        ),
        (
            compat.quaternion_from_matrix,
            compat.stand_in_quaternion_from_matrix,
            'tf_transformations',
            'quaternion_from_matrix',
        ),
    ],
)
def test_real_package_is_used_where_installed(chosen, stand_in, package, name):
    try:
        real = getattr(__import__(package), name)
    except ImportError:
        real = None
    assert chosen is (real or stand_in)
