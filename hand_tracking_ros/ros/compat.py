"""The ROS packages that PyPI lacks, each with its stand-in: cv_bridge, tf2_ros, tf_transformations.

Import `CvBridge`, `TransformBroadcaster`, `TransformBuffer`, `TransformListener`,
`TransformException` and `quaternion_from_matrix` from here: they are the real ones where those
packages are installed and work. A stand-in does what the real one documents, for the part of it
that this package uses.
"""

import array
import importlib.util
import re

import cv2
import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.logging import get_logger
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CompressedImage, Image
from tf2_msgs.msg import TFMessage
from transforms3d.affines import decompose

from hand_tracking_ros.tracking import rotations

# OpenCV's type of every encoding whose name is not that type itself (as '32FC1' is).
_CV_TYPES = {
    'mono8': '8UC1',
    'mono16': '16UC1',
    **{f'{channels}8': f'8UC{len(channels)}' for channels in ('rgb', 'bgr', 'rgba', 'bgra')},
    **{f'{channels}16': f'16UC{len(channels)}' for channels in ('rgb', 'bgr', 'rgba', 'bgra')},
    **{f'bayer_{tile}8': '8UC1' for tile in ('rggb', 'bggr', 'gbrg', 'grbg')},
    **{f'bayer_{tile}16': '16UC1' for tile in ('rggb', 'bggr', 'gbrg', 'grbg')},
    'yuv422': '8UC2',
    'yuv422_yuy2': '8UC2',
}
_DTYPE_NAMES = {
    '8U': 'uint8',
    '8S': 'int8',
    '16U': 'uint16',
    '16S': 'int16',
    '32S': 'int32',
    '32F': 'float32',
    '64F': 'float64',
}
_DEPTHS = {dtype_name: depth for depth, dtype_name in _DTYPE_NAMES.items()}


class StandInCvBridge:
    """cv_bridge.CvBridge without its conversions between encodings ('passthrough' only).

    What it cannot do raises TypeError, of which cv_bridge's own error is a subclass.
    """

    def imgmsg_to_cv2(self, img_msg, desired_encoding='passthrough'):
        """Return the samples of an Image, (height, width) or (height, width, channels).

        They have the encoding's element type in this machine's byte order, without the padding of
        the rows, and share the message's memory where neither asks for a copy.
        """
        _require_passthrough(desired_encoding)
        dtype, num_channels = _element_type(img_msg.encoding)
        byte_order = '>' if img_msg.is_bigendian else '<'
        rows = np.ndarray(
            (img_msg.height, img_msg.step // dtype.itemsize),
            dtype.newbyteorder(byte_order),
            buffer=img_msg.data,
        )
        rows = rows[:, : img_msg.width * num_channels].astype(dtype, copy=False)
        shape = (img_msg.height, img_msg.width, num_channels)
        return np.ascontiguousarray(rows).reshape(shape[:2] if num_channels == 1 else shape)

    def cv2_to_imgmsg(self, cvim, encoding='passthrough', header=None):
        """Return this array as an Image; 'passthrough' names the encoding by its element type."""
        _require_array(cvim)
        height, width = cvim.shape[:2]
        num_channels = 1 if cvim.ndim == 2 else cvim.shape[2]
        if cvim.dtype.name not in _DEPTHS:
            raise TypeError(f'the array is of {cvim.dtype}, which no encoding holds')
        cv_type = f'{_DEPTHS[cvim.dtype.name]}C{num_channels}'
        if encoding == 'passthrough':
            encoding = cv_type
        elif _CV_TYPES.get(encoding, encoding) != cv_type:
            raise TypeError(f"encoding is '{encoding}', but the array is of type {cv_type}")
        message = Image(height=height, width=width, encoding=encoding)
        if header is not None:
            message.header = header
        message.is_bigendian = int(cvim.dtype.str.startswith('>'))
        message.step = width * num_channels * cvim.itemsize
        message.data = _byte_array(cvim)
        return message

    def compressed_imgmsg_to_cv2(self, cmprs_img_msg, desired_encoding='passthrough'):
        """Return the decoded picture in OpenCV's channel order, None if it cannot be decoded."""
        _require_passthrough(desired_encoding)
        return cv2.imdecode(np.frombuffer(cmprs_img_msg.data, np.uint8), cv2.IMREAD_UNCHANGED)

    def cv2_to_compressed_imgmsg(self, cvim, dst_format='jpg'):
        """Return a picture in OpenCV's channel order as a CompressedImage."""
        _require_array(cvim)
        _, encoded = cv2.imencode(f'.{dst_format}', cvim)
        return CompressedImage(format=dst_format, data=_byte_array(encoded))


def _require_passthrough(desired_encoding):
    if desired_encoding != 'passthrough':
        raise TypeError(
            f"desired_encoding is '{desired_encoding}', without cv_bridge it must be 'passthrough'"
        )


def _require_array(cvim):
    if not isinstance(cvim, np.ndarray):
        raise TypeError(f'the image is a {type(cvim).__name__}, expected a numpy array')


def _element_type(encoding):
    """Return (dtype in native byte order, number of channels) of an encoding."""
    cv_type = _CV_TYPES.get(encoding, encoding)
    match = re.fullmatch(f'({"|".join(_DTYPE_NAMES)})(?:C([1-9][0-9]*))?', cv_type)
    if match is None:
        raise TypeError(f"encoding '{encoding}' is unknown")
    depth, num_channels = match.groups(default='1')
    return np.dtype(_DTYPE_NAMES[depth]), int(num_channels)


def _byte_array(samples):
    """Return the array's bytes as what a uint8[] field takes without a check per element."""
    data = array.array('B')
    data.frombytes(np.ascontiguousarray(samples).view(np.uint8))
    return data


class StandInTransformBroadcaster:
    """tf2_ros.TransformBroadcaster: publishes transforms on /tf."""

    def __init__(self, node):
        # tf2_ros's quality of service: keep last 100, and rclpy's defaults reliable and volatile.
        self._publisher = node.create_publisher(TFMessage, '/tf', QoSProfile(depth=100))

    def sendTransform(self, transform):
        """Send one TransformStamped, or several in one message."""
        transforms = [transform] if isinstance(transform, TransformStamped) else list(transform)
        self._publisher.publish(TFMessage(transforms=transforms))


class StandInTransformException(Exception):
    """tf2_ros.TransformException: why there is no such transform."""


class StandInTransformBuffer:
    """tf2_ros.Buffer that knows the newest transform of every frame only."""

    def __init__(self):
        self._to_parents = {}

    def set_transform(self, transform, _authority):
        """Take over one TransformStamped."""
        translation, q = transform.transform.translation, transform.transform.rotation
        matrix = np.eye(4)
        matrix[:3, :3] = rotations.matrix_from_quaternion(np.array([q.x, q.y, q.z, q.w]))
        matrix[:3, 3] = translation.x, translation.y, translation.z
        self._to_parents[transform.child_frame_id] = transform.header.frame_id, matrix

    def lookup_transform(self, target_frame, source_frame, _time):
        """Return the TransformStamped that takes points of the source frame to the target frame."""
        target_root, from_target = self._to_root(target_frame)
        source_root, from_source = self._to_root(source_frame)
        if target_root != source_root:
            raise StandInTransformException(
                f'Could not find a connection between {target_frame!r} and {source_frame!r}'
            )
        matrix = np.linalg.solve(from_target, from_source)
        found = TransformStamped(child_frame_id=source_frame)
        found.header.frame_id = target_frame
        translation, rotation = found.transform.translation, found.transform.rotation
        translation.x, translation.y, translation.z = matrix[:3, 3].tolist()
        quaternion = rotations.quaternion_from_matrix(matrix[:3, :3])
        rotation.x, rotation.y, rotation.z, rotation.w = quaternion.tolist()
        return found

    def _to_root(self, frame):
        """Return the root of a frame's tree, and the (4, 4) matrix to it."""
        matrix, seen = np.eye(4), {frame}
        while frame in self._to_parents:
            frame, to_parent = self._to_parents[frame]
            matrix = to_parent @ matrix
            if frame in seen:
                raise StandInTransformException(f'The frame {frame!r} is its own ancestor')
            seen.add(frame)
        return frame, matrix


class StandInTransformListener:
    """tf2_ros.TransformListener: fills a buffer from /tf and /tf_static."""

    def __init__(self, buffer, node):
        static = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        for topic, profile in (('/tf', QoSProfile(depth=100)), ('/tf_static', static)):
            node.create_subscription(
                TFMessage,
                topic,
                lambda message: [buffer.set_transform(one, '') for one in message.transforms],
                profile,
            )


def stand_in_quaternion_from_matrix(matrix):
    """Return the rotation of a 4x4 transformation as a quaternion (x, y, z, w), w >= 0.

    Translation, scale and shear are left out, as in tf_transformations.
    """
    _, rotation, _, _ = decompose(matrix)
    return rotations.quaternion_from_matrix(rotation)


def _usable_cv_bridge():
    """Return cv_bridge's CvBridge, or the stand-in where it is missing or does not work."""
    if importlib.util.find_spec('cv_bridge') is None:
        return StandInCvBridge
    # A cv_bridge that was built for another numpy or OpenCV than the ones imported here fails on
    # import or, more often, at the first image, and not always with an ImportError.
    try:
        from cv_bridge import CvBridge as RealCvBridge

        bridge = RealCvBridge()
        bridge.imgmsg_to_cv2(bridge.cv2_to_imgmsg(np.zeros((1, 1, 3), np.uint8), 'rgb8'))
    except Exception as error:
        get_logger('hand_tracking_ros').warning(
            f'cv_bridge is installed but does not work with numpy {np.__version__} and OpenCV '
            f'{cv2.__version__} ({type(error).__name__}: {error}); images are converted without it'
        )
        return StandInCvBridge
    return RealCvBridge


CvBridge = _usable_cv_bridge()

try:
    from tf2_ros import Buffer as TransformBuffer
    from tf2_ros import TransformBroadcaster, TransformException, TransformListener
except ImportError:
    TransformBroadcaster = StandInTransformBroadcaster
    TransformBuffer = StandInTransformBuffer
    TransformException = StandInTransformException
    TransformListener = StandInTransformListener

try:
    from tf_transformations import quaternion_from_matrix
except ImportError:
    quaternion_from_matrix = stand_in_quaternion_from_matrix
