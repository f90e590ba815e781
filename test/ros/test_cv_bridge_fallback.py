"""The fallback for cv_bridge keeps cv_bridge's promises, as far as this package uses them.

Every promise is checked on the fallback, and on the real package where that is installed.
"""

import sys

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from std_msgs.msg import Header

from hand_tracking_ros.ros import compat, cv_bridge_fallback

CHANNELS_AND_TYPES = {
    'mono8': (1, np.uint8),
    'rgb8': (3, np.uint8),
    'bgr8': (3, np.uint8),
    '16UC1': (1, np.uint16),
    '32FC1': (1, np.float32),
}


def array_of(encoding, height=3, width=5):
    """Different numbers in every sample, of the encoding's type."""
    channels, dtype = CHANNELS_AND_TYPES[encoding]
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(1).integers(0, 127, shape).astype(dtype)


@pytest.fixture(params=['fallback', 'cv_bridge'])
def bridge(request):
    if request.param == 'fallback':
        return cv_bridge_fallback.CvBridge()
    real = pytest.importorskip('cv_bridge', reason='cv_bridge is not installed')
    if compat.CvBridge is not real.CvBridge:
        pytest.skip('the cv_bridge installed does not work with this numpy and OpenCV')
    return real.CvBridge()


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
    assert compat._usable_cv_bridge() is cv_bridge_fallback.CvBridge
    output = ''.join(capfd.readouterr())
    assert output.count('cv_bridge is installed but does not work') == 1
    assert '_ARRAY_API not found' in output
