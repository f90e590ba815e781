"""Where the model files are, and whether a file found there can be a model.

The models are not part of the package: `prepare_models` makes them (models/README.md). This
module reads as much of the ONNX format as telling a whole file from a broken one takes, so that
nobody needs the `onnx` package to run the tracker.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from hand_tracking_ros.tracking.errors import ModelError

MODEL_NAMES = (
    'palm_detection_lite',
    'palm_detection_full',
    'hand_landmark_lite',
    'hand_landmark_full',
)
DIRECTORY_VARIABLE = 'HAND_TRACKING_ROS_MODELS'
PREPARE_COMMANDS = (
    '`ros2 run hand_tracking_ros prepare_models` (or `python3 -m hand_tracking_ros prepare_models`)'
)

_PACKAGE_DIRECTORY = Path(__file__).resolve().parents[2]

# Field numbers of onnx.ModelProto and onnx.StringStringEntryProto (onnx.proto).
_GRAPH_FIELD = 7
_OPSET_IMPORT_FIELD = 8
_METADATA_FIELD = 14
_METADATA_KEY_FIELD = 1
_METADATA_VALUE_FIELD = 2


@dataclass(frozen=True)
class ModelContent:
    """What a model file says of itself.

    Attributes:
        metadata: the ONNX `metadata_props`.
        graph: the serialised graph, weights included.
    """

    metadata: dict[str, str]
    graph: memoryview

    def graph_sha256(self) -> str:
        """The graph's sum, hexadecimal."""
        return hashlib.sha256(self.graph).hexdigest()


def find_model(name: str, directory: str | Path | None = None) -> Path:
    """Find the file of a model.

    Args:
        name: one of MODEL_NAMES.
        directory: the only place to look; None for the first of these that has the file: the
            folder that the environment variable HAND_TRACKING_ROS_MODELS names, the models folder
            of the source checkout or of the installed package, the per-user cache.

    Raises:
        ModelError: the file is nowhere, or the one found is cut short or is not ONNX.
        ValueError: there is no such model.
    """
    if name not in MODEL_NAMES:
        raise ValueError(f'unknown model {name!r}, expected one of {", ".join(MODEL_NAMES)}')
    searched = search_directories(directory)
    for folder in searched:
        path = folder / f'{name}.onnx'
        if os.path.exists(path):  # Path.exists raises in a folder that may not be entered
            read_model_file(path)
            return path
    raise ModelError(
        f'model {name}.onnx not found in {", ".join(map(str, searched))}. '
        f'Run {PREPARE_COMMANDS} once to make it'
    )


def search_directories(directory: str | Path | None = None) -> list[Path]:
    """The folders that `find_model` looks into, in its order."""
    if directory:
        return [Path(directory).expanduser()]
    named = os.environ.get(DIRECTORY_VARIABLE)
    directories = [Path(named).expanduser()] if named else []
    directories += [_models_directory(), user_models_directory()]
    return list(dict.fromkeys(directories))


def user_models_directory() -> Path:
    """The per-user cache, where models of an installed package are kept."""
    cache = os.environ.get('XDG_CACHE_HOME') or '~/.cache'
    return Path(cache).expanduser() / 'hand_tracking_ros'


def load_manifest() -> dict:
    """Read models/manifest.yaml: where each model comes from and what it must compute.

    Raises:
        ModelError: the file is missing, which means an incomplete installation.
    """
    path = _models_directory() / 'manifest.yaml'
    try:
        return yaml.safe_load(path.read_text(encoding='utf-8'))
    except FileNotFoundError:
        raise ModelError(f'{path} is missing: install hand_tracking_ros again') from None


def read_model_file(path: Path) -> ModelContent:
    """Read a model file's own description.

    Raises:
        ModelError: the file cannot be read, is cut short, or is not ONNX.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f'model {path} cannot be read: {error.strerror}') from None
    try:
        return parse_model(data)
    except ValueError as error:
        raise ModelError(
            f'{path} is not a whole ONNX model ({len(data)} bytes; {error}). '
            f'Delete it and run {PREPARE_COMMANDS}'
        ) from None


def parse_model(data: bytes) -> ModelContent:
    """Take a serialised onnx.ModelProto apart as far as `ModelContent` needs.

    Raises:
        ValueError: the data is cut short, or is not an ONNX model.
    """
    graph = memoryview(b'')
    metadata = {}
    has_opset = False
    for number, content in _protobuf_fields(memoryview(data)):
        if number == _GRAPH_FIELD:
            graph = content
        elif number == _OPSET_IMPORT_FIELD:
            has_opset = True
        elif number == _METADATA_FIELD:
            entry = dict(_protobuf_fields(content))
            key = bytes(entry.get(_METADATA_KEY_FIELD, b'')).decode()
            metadata[key] = bytes(entry.get(_METADATA_VALUE_FIELD, b'')).decode()
    if not graph or not has_opset:
        raise ValueError('it has no graph' if not graph else 'its end is missing')
    return ModelContent(metadata, graph)


def _models_directory() -> Path:
    """The models folder that came with this code: installed in the package, else the checkout's."""
    installed = _PACKAGE_DIRECTORY / 'models'
    return installed if installed.is_dir() else _PACKAGE_DIRECTORY.parent / 'models'


def _protobuf_fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Split a protobuf message into (field number, content) pairs; numbers come without content."""
    position = 0
    while position < len(data):
        tag, position = _read_varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        length = 0
        if wire_type == 0:
            _, position = _read_varint(data, position)
        elif wire_type == 2:
            length, position = _read_varint(data, position)
        else:
            raise ValueError('it is of another format')
        if number == 0:
            raise ValueError('it is of another format')
        if position + length > len(data):
            raise ValueError('its end is missing')
        yield number, data[position : position + length]
        position += length


def _read_varint(data: memoryview, position: int) -> tuple[int, int]:
    """Read a protobuf number; returns it and the position behind it."""
    value = 0
    for index, byte in enumerate(data[position : position + 10]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, position + index + 1
    raise ValueError('its end is missing')
