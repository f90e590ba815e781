"""Transforms from TF for teleoperation, and in plain words why one cannot be used."""

from __future__ import annotations

import math

import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.time import Time

from hand_tracking_ros.ros.compat import Buffer, TransformException, TransformListener
from hand_tracking_ros.ros.message_conversion import check_rotation, matrix_from_transform
from hand_tracking_ros.teleop.errors import TeleopFaultError

# So many frames are named to who has misspelt one.
NUM_NAMED = 12


class TransformInput:
    """The newest transform of every frame."""

    def __init__(self, node: Node) -> None:
        self._buffer = _CheckedBuffer()
        self._listener = TransformListener(self._buffer, node)

    def close(self) -> None:
        """Listen no more."""
        self._listener.unregister()

    def matrix(self, target_frame: str, source_frame: str, parameter: str) -> np.ndarray:
        """The transform (4, 4) from the source frame to the target frame, as TF knows it now.

        Args:
            target_frame, source_frame: their names.
            parameter: the one that asks for this transform.

        Raises:
            TeleopFaultError: there is none, or one on the way between them is wrong.
        """
        if target_frame == source_frame:
            return np.eye(4)
        for frame in self._buffer.between(target_frame, source_frame):
            if fault := self._buffer.faults.get(frame):
                raise TeleopFaultError(fault)
        try:
            found = self._buffer.lookup_transform(target_frame, source_frame, Time())
            return matrix_from_transform(found.transform)
        except (TransformException, ValueError) as error:
            raise TeleopFaultError(
                f"no transform from '{source_frame}' to '{target_frame}': "
                f'{self._buffer.why_none(target_frame, source_frame) or error}; publish it, or '
                f'set the parameter {parameter}'
            ) from error


class _CheckedBuffer(Buffer):
    """A TF buffer that knows why the newest transform of a frame cannot be used.

    tf2 ignores such a transform and goes on with the one before, which may be long past.

    Attributes:
        faults: by the child's name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.faults: dict[str, str] = {}
        self._parents: dict[str, str] = {}

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        if self._is_sound(transform, '/tf'):
            super().set_transform(transform, authority)

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        if self._is_sound(transform, '/tf_static'):
            super().set_transform_static(transform, authority)

    def between(self, one_frame: str, other_frame: str) -> set[str]:
        """The frames whose transforms to their parents lead from one frame to another."""
        return set(self._ancestors(one_frame)) ^ set(self._ancestors(other_frame))

    def why_none(self, *frames: str) -> str:
        """Why two frames have no transform between them; empty if TF should have one."""
        parents = self._parents.copy()
        known = sorted(parents.keys() | set(parents.values()))
        if not known:
            return 'nothing comes on /tf and /tf_static'
        missing = [repr(frame) for frame in frames if frame not in known]
        if missing:
            more = ', ...' if len(known) > NUM_NAMED else ''
            return f'TF has no {" and no ".join(missing)}, but {", ".join(known[:NUM_NAMED])}{more}'
        roots = [self._ancestors(frame)[-1] for frame in frames]
        if len(set(roots)) == 1:
            return ''
        trees = (f"'{frame}' is under '{root}'" for frame, root in zip(frames, roots, strict=True))
        return f'TF does not connect them: {", ".join(trees)}'

    def _is_sound(self, transform: TransformStamped, topic: str) -> bool:
        parent, child = transform.header.frame_id, transform.child_frame_id
        self._parents[child] = parent
        place = transform.transform.translation
        if not all(map(math.isfinite, (place.x, place.y, place.z))):
            fault = f'translation is {(place.x, place.y, place.z)}, expected finite numbers'
        else:
            try:
                check_rotation(transform.transform.rotation)
                self.faults.pop(child, None)
                return True
            except ValueError as error:
                fault = f'rotation: {error}'
        self.faults[child] = f"{topic}: transform from '{child}' to '{parent}': {fault}"
        return False

    def _ancestors(self, frame: str) -> list[str]:
        """A frame, its parent, and so on up to the root."""
        chain = [frame]
        while (parent := self._parents.get(chain[-1])) is not None and parent not in chain:
            chain.append(parent)
        return chain
