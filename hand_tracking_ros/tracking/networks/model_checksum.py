"""The name and checksum at the end of each model file, which tell damaged and mixed-up files apart.

They guard against accidents (a failing disk, a broken copy, a renamed file), not against somebody
who writes a file on purpose.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from hand_tracking_ros.tracking.errors import ModelError

# In an .onnx file both are the last entry of its metadata: in protobuf's encoding, bytes that
# follow a message add to its repeated fields, so whoever reads the file needs no protobuf.
_KEY = b'name_and_sha256'
_ENTRY = re.compile(rb'r.\n.%b\x12.(?P<name>\w+) (?P<sha256>[0-9a-f]{64})\Z' % _KEY, re.DOTALL)
_MAX_ENTRY_BYTES = 200


@dataclass(frozen=True)
class ModelFile:
    """A model file whose content is what was written.

    Attributes:
        name: of the model, one of model_files.MODEL_NAMES.
        path: of the file.
        sha256: of the whole file, as the program sha256sum prints it.
    """

    name: str
    path: Path
    sha256: str


def with_checksum(name: str, model: bytes) -> bytes:
    """An .onnx file's content with its name and the checksum of all that comes before them."""
    return model + _entry(name, hashlib.sha256(model).hexdigest())


def check_model(name: str, path: Path) -> ModelFile:
    """Read a model file and compare it with the name and checksum in it.

    Raises:
        ModelError: the file cannot be read, is damaged, or is not the model `name`. The message
            says what was found and expected, but not what to do.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f'model {path} cannot be read: {error.strerror}') from None
    entry = _ENTRY.search(content, max(0, len(content) - _MAX_ENTRY_BYTES))
    if entry is None:
        raise ModelError(
            f'{path} ({len(content)} bytes) does not end with the checksum that prepare_models '
            'writes: it is cut short, or made by an older version or by another program'
        )
    found = entry['name'].decode()
    checksum = hashlib.sha256(memoryview(content)[: entry.start()])
    if entry[0] != _entry(found, checksum.hexdigest()):
        raise ModelError(
            f'{path} is damaged: the SHA-256 of its content is {checksum.hexdigest()}, '
            f'{entry["sha256"].decode()} when it was made'
        )
    if found != name:
        raise ModelError(f'{path} is the model {found}, expected {name}')
    checksum.update(entry[0])
    return ModelFile(name, path, checksum.hexdigest())


def _entry(name: str, sha256: str) -> bytes:
    """The last entry of a model file: field 14 of ONNX's ModelProto, a key (1) and a value (2)."""
    value = f'{name} {sha256}'.encode()
    entry = b'\n%c%b\x12%c%b' % (len(_KEY), _KEY, len(value), value)
    return b'r%c%b' % (len(entry), entry)
