"""The service that measures how long a person's hand is, while images go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.task import Future

from hand_tracking_ros.srv import CalibrateHand
from hand_tracking_ros.tracking.hand import Handedness
from hand_tracking_ros.tracking.pipeline import HandPipeline
from hand_tracking_ros.tracking.placing.hand_measurement import HandMeasurement, HandSizeError

TIMEOUT_S = 5.0
CHECK_PERIOD_S = 0.5


@dataclass(frozen=True)
class _Call:
    """One call of the service that waits for its answer."""

    measurement: HandMeasurement
    answer: Future
    deadline_s: float


class HandCalibration:
    """Offers the service, and lets the images that come meanwhile measure the hand.

    Attributes:
        lengths_m: what was measured, for each side; another object after each measurement.
    """

    def __init__(self, node: Node, service: str, pipeline: HandPipeline) -> None:
        self.lengths_m: Mapping[Handedness, float] = {}
        self._node = node
        self._pipeline = pipeline
        self._call: _Call | None = None
        self._lock = threading.Lock()  # images and the timer have threads of their own
        # In a group of its own: while a call waits for its answer, its group serves nothing else.
        self._service = node.create_service(
            CalibrateHand, service, self._serve, callback_group=ReentrantCallbackGroup()
        )
        self._timer = node.create_timer(CHECK_PERIOD_S, self._answer_if_late)

    def close(self) -> None:
        """Withdraw the service."""
        self._node.destroy_service(self._service)
        self._node.destroy_timer(self._timer)

    def answer_if_complete(self) -> None:
        """Answer the call, if there is one and enough images have measured the hand."""
        with self._lock:
            if self._call and self._call.measurement.is_complete:
                self._answer(self._call)

    async def _serve(
        self, request: CalibrateHand.Request, response: CalibrateHand.Response
    ) -> CalibrateHand.Response:
        if request.handedness not in list(Handedness):
            response.message = f'handedness is {request.handedness}, expected 0, 1 or 2'
            return response
        with self._lock:
            if self._call is not None:
                response.message = 'another measurement is running'
                return response
            measurement = HandMeasurement(
                Handedness(request.handedness), request.distance_m or None
            )
            self._call = _Call(measurement, Future(), time.monotonic() + TIMEOUT_S)
            answer = self._call.answer
            self._pipeline.measure(measurement)
        response.success, response.message, response.hand_length_m = await answer
        self._node.get_logger().info(response.message)
        return response

    def _answer_if_late(self) -> None:
        with self._lock:
            if self._call and time.monotonic() > self._call.deadline_s:
                self._answer(self._call)

    def _answer(self, call: _Call) -> None:
        """End a measurement; the lock is held."""
        self._pipeline.measure(None)
        self._call = None
        try:
            length_m = call.measurement.result_m()
        except HandSizeError as error:
            call.answer.set_result((False, f'Hand not measured: {error}', 0.0))
            return
        side = call.measurement.handedness
        self.lengths_m = {**self.lengths_m, side: length_m}
        text = f'The {side.name.lower()} hand is {1000 * length_m:.0f} mm long'
        call.answer.set_result((True, text, length_m))
