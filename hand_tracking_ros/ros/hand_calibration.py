"""The service that measures how long a person's hand is, while images go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.task import Future

from hand_tracking_ros.srv import CalibrateHand
from hand_tracking_ros.tracking.hand import Hand, Handedness, TrackingState
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage
from hand_tracking_ros.tracking.placing.hand_size import (
    HandSizeError,
    combine_hand_lengths,
    measure_hand_length,
)

# Measured in so many images, or for so long.
NUM_IMAGES = 30
TIMEOUT_S = 5.0
CHECK_PERIOD_S = 0.5


@dataclass
class _Measurement:
    """One call of the service."""

    request: CalibrateHand.Request
    result: Future
    deadline_s: float
    lengths_m: list[float] = field(default_factory=list)
    handedness: Handedness = Handedness.UNKNOWN
    complaint: str = 'no hand of that side was seen'


class HandCalibration:
    """Offers the service, and measures in the images that come meanwhile.

    Args:
        node: whose service it is.
        service: its name.

    Attributes:
        lengths_m: what was measured, for each side.
    """

    def __init__(self, node: Node, service: str) -> None:
        self.lengths_m: dict[Handedness, float] = {}
        self._node = node
        self._measurement: _Measurement | None = None
        self._lock = threading.Lock()
        # In a group of its own: while a call waits for its answer, its group serves nothing else.
        self._service = node.create_service(
            CalibrateHand, service, self._serve, callback_group=ReentrantCallbackGroup()
        )
        self._timer = node.create_timer(CHECK_PERIOD_S, self._end_if_late)

    def offer(
        self,
        hands: Sequence[Hand],
        camera: CameraModel,
        image_size: tuple[int, int],
        depth: DepthImage | None,
        image_mirrored: bool,
    ) -> None:
        """Measure in one image, if somebody asked for it.

        Args:
            hands: as tracked, not smoothed.
            camera: of the image.
            image_size: width and height, px.
            depth: of the same moment.
            image_mirrored: as for `HandFitter`.
        """
        with self._lock:
            measurement = self._measurement
            if measurement is None:
                return
            distance_m = measurement.request.distance_m or None
            wanted = Handedness(measurement.request.handedness)
            seen = [
                hand
                for hand in hands
                if hand.state == TrackingState.TRACKED
                and wanted in (Handedness.UNKNOWN, hand.handedness)
            ]
            if len(seen) != 1:
                if seen:
                    measurement.complaint = 'two hands are seen: show one, or name its side'
                return
            if depth is None and distance_m is None:
                measurement.complaint = 'there is no depth: give distance_m, the distance measured'
                return
            try:
                length_m = measure_hand_length(
                    seen[0], camera, *image_size, depth, distance_m, image_mirrored
                )
            except (HandSizeError, ValueError) as error:
                measurement.complaint = str(error)
                return
            measurement.handedness = seen[0].handedness
            measurement.lengths_m.append(length_m)
            if len(measurement.lengths_m) >= NUM_IMAGES:
                self._end()

    async def _serve(
        self, request: CalibrateHand.Request, response: CalibrateHand.Response
    ) -> CalibrateHand.Response:
        if request.handedness not in list(Handedness):
            response.message = f'handedness is {request.handedness}, expected 0, 1 or 2'
            return response
        with self._lock:
            if self._measurement is not None:
                response.message = 'another measurement is running'
                return response
            result = Future()
            self._measurement = _Measurement(request, result, time.monotonic() + TIMEOUT_S)
        response.success, response.message, response.hand_length_m = await result
        self._node.get_logger().info(response.message)
        return response

    def _end_if_late(self) -> None:
        with self._lock:
            if self._measurement and time.monotonic() > self._measurement.deadline_s:
                self._end()

    def _end(self) -> None:
        """Answer the call; the lock is held."""
        measurement, self._measurement = self._measurement, None
        try:
            length_m = combine_hand_lengths(measurement.lengths_m)
        except HandSizeError as error:
            reason = str(error) if measurement.lengths_m else measurement.complaint
            measurement.result.set_result((False, f'Hand not measured: {reason}', 0.0))
            return
        side = measurement.handedness
        self.lengths_m = {**self.lengths_m, side: length_m}
        text = f'The {side.name.lower()} hand is {1000 * length_m:.0f} mm long'
        measurement.result.set_result((True, text, length_m))
