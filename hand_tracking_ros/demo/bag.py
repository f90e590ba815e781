"""Recordings of the demo's topics as a rosbag2 folder, which every ROS 2 reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ament_index_python import get_package_share_directory
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from rclpy.serialization import deserialize_message
from rclpy.time import Time
from rosbags.rosbag2 import Reader, StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore
from sensor_msgs.msg import CameraInfo, CompressedImage
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from hand_tracking_ros.msg import Hand, HandArray
from hand_tracking_ros.output_files import explained
from hand_tracking_ros.tracking.errors import UserError

TRACKER = 'hand_tracker'
PUBLISHER = 'video_publisher'
IMAGE_TOPIC = '/image/compressed'
HANDS_TOPIC = f'/{TRACKER}/hands'
DIAGNOSTICS_TOPIC = '/diagnostics'
RECORDED_TOPICS: dict[str, type] = {
    IMAGE_TOPIC: CompressedImage,
    '/camera_info': CameraInfo,
    HANDS_TOPIC: HandArray,
    f'/{TRACKER}/markers': MarkerArray,
    f'/{TRACKER}/left/pose': PoseStamped,
    f'/{TRACKER}/right/pose': PoseStamped,
    '/tf': TFMessage,
    DIAGNOSTICS_TOPIC: DiagnosticArray,
}
# The oldest version of rosbag2's metadata that rosbags writes; every later rosbag2 reads it.
METADATA_VERSION = 8
METADATA_FILE = 'metadata.yaml'


class Bag:
    """A rosbag2 folder (MCAP) that is being written; complete once this context manager ends.

    Raises:
        UserError: the bag cannot be written, now or later.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = Writer(path, version=METADATA_VERSION, storage_plugin=StoragePlugin.MCAP)
        with explained('', path):
            self._writer.open()
        typestore = _typestore()
        self._connections = {
            topic: self._writer.add_connection(topic, _type_name(kind), typestore=typestore)
            for topic, kind in RECORDED_TOPICS.items()
        }

    def write(self, topic: str, time_ns: int, message: bytes) -> None:
        """Append a serialized message."""
        with explained('', self._path):
            self._writer.write(self._connections[topic], time_ns, message)

    def __enter__(self) -> Bag:
        return self

    def __exit__(self, *exception) -> None:
        with explained('', self._path):
            self._writer.close()


def read_messages(path: Path, topic: str) -> Iterator[tuple[int, object]]:
    """Yield (time of recording in ns, message) of one topic of a bag."""
    message_type = RECORDED_TOPICS[topic]
    with Reader(path) as reader:
        connections = [entry for entry in reader.connections if entry.topic == topic]
        if not connections:
            return
        for _, time_ns, serialized in reader.messages(connections):
            yield time_ns, deserialize_message(bytes(serialized), message_type)


def stamp_ns(message) -> int:
    """The header's stamp."""
    return Time.from_msg(message.header.stamp).nanoseconds


def _typestore() -> Typestore:
    """The messages of this ROS distribution, which rosbags knows, and those of this package."""
    distribution = os.environ.get('ROS_DISTRO', '').upper()
    typestore = get_typestore(getattr(Stores, f'ROS2_{distribution}', Stores.LATEST))
    for kind in (Hand, HandArray):
        package, _, name = _type_name(kind).split('/')
        path = Path(get_package_share_directory(package)) / 'msg' / f'{name}.msg'
        typestore.register(get_types_from_msg(path.read_text(), _type_name(kind)))
    return typestore


def check_replaceable(path: Path) -> None:
    """Fail if there is something else than a bag, perhaps one that was never completed.

    Raises:
        UserError: it must not be replaced.
    """
    is_bag = path.is_dir() and all(
        file.name == METADATA_FILE or file.suffix == '.mcap' for file in path.iterdir()
    )
    if path.exists() and not is_bag:
        raise UserError(f'{path} exists, and is not a recording; remove or rename it')


def _type_name(message_type: type) -> str:
    package = message_type.__module__.split('.')[0]
    return f'{package}/msg/{message_type.__name__}'
