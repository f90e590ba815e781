"""Recordings: what is said on the demo's topics, as a rosbag2 folder that every ROS 2 reads."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from ament_index_python import get_package_share_directory
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from rclpy.serialization import deserialize_message
from rclpy.time import Time
from rosbags.interfaces import Nodetype
from rosbags.rosbag2 import Reader, StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore
from sensor_msgs.msg import CameraInfo, CompressedImage
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from hand_tracking_ros.msg import HandArray
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
NANOSECONDS_PER_SECOND = 10**9


class Bag:
    """A rosbag2 folder (MCAP) that is being written; complete once this context manager ends.

    Args:
        path: of the folder. A bag that is already there is replaced.

    Raises:
        UserError: there is something else at this path.
    """

    def __init__(self, path: Path) -> None:
        if path.exists():
            if not _is_bag(path):
                raise UserError(
                    f'{path} is there already, and not a recording; remove or rename it'
                )
            shutil.rmtree(path)
        self._writer = Writer(path, version=METADATA_VERSION, storage_plugin=StoragePlugin.MCAP)
        self._writer.open()
        names = {topic: _type_name(kind) for topic, kind in RECORDED_TOPICS.items()}
        typestore = typestore_of(*names.values())
        self._connections = {
            topic: self._writer.add_connection(topic, name, typestore=typestore)
            for topic, name in names.items()
        }

    def write(self, topic: str, time_ns: int, message: bytes) -> None:
        """Append a serialized message."""
        self._writer.write(self._connections[topic], time_ns, message)

    def __enter__(self) -> Bag:
        return self

    def __exit__(self, *_exception) -> None:
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


@lru_cache
def typestore_of(*type_names: str) -> Typestore:
    """A rosbags typestore with these types (`package/msg/Name`) and all that they are made of."""
    typestore = get_typestore(Stores.EMPTY)
    known: dict = {}
    for name in type_names:
        _collect(name, known)
    typestore.register(known)
    return typestore


def _collect(type_name: str, known: dict) -> None:
    if type_name in known:
        return
    package, _, name = type_name.split('/')
    text = (Path(get_package_share_directory(package)) / 'msg' / f'{name}.msg').read_text()
    types = get_types_from_msg(text, type_name)
    known.update(types)
    for _, fields in types.values():
        for _, field in fields:
            _collect_field(field, known)


def _collect_field(field: tuple, known: dict) -> None:
    node_type, value = field
    if node_type == Nodetype.NAME:
        _collect(value, known)
    elif node_type in (Nodetype.ARRAY, Nodetype.SEQUENCE):
        _collect_field(value[0], known)


def _is_bag(path: Path) -> bool:
    """Whether this is a bag, perhaps one that was never completed."""
    return path.is_dir() and all(
        file.name == METADATA_FILE or file.suffix == '.mcap' for file in path.iterdir()
    )


def _type_name(message_type: type) -> str:
    package = message_type.__module__.split('.')[0]
    return f'{package}/msg/{message_type.__name__}'
