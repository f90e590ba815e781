"""The service that measures how long a person's hand is, while images go on."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.task import Future

from hand_tracking_ros.srv import CalibrateHand
from hand_tracking_ros.tracking.hand import Handedness
from hand_tracking_ros.tracking.pipeline import HandPipeline
from hand_tracking_ros.tracking.placing.hand_measurement import HandMeasurement, HandSizeError

TIMEOUT_S = 5.0
CHECK_PERIOD_S = 0.5


# Nobody's palm is measured from farther away.
MAX_DISTANCE_M = 3.0


@dataclass(frozen=True)
class _Call:
    """One call of the service that waits for its answer."""

    measurement: HandMeasurement
    answer: Future
    deadline_s: float


class HandCalibration:
    """Offers the service, lets the images that come meanwhile measure the hand, sets `hand_length`.

    Args:
        node: whose service and parameter these are.
        service: its name.
        pipeline: of the camera before which the hand is held.
        obstacle: why no hand can be measured now, with depth (true) or at a given distance (false);
            empty if nothing is known to be missing.
    """

    def __init__(
        self, node: Node, service: str, pipeline: HandPipeline, obstacle: Callable[[bool], str]
    ) -> None:
        self._node = node
        self._pipeline = pipeline
        self._obstacle = obstacle
        self._call: _Call | None = None
        self._lock = threading.Lock()  # images and the timer have threads of their own
        # In a group of its own: while a call waits for its answer, its group serves nothing else.
        self._service = node.create_service(
            CalibrateHand, service, self._serve, callback_group=ReentrantCallbackGroup()
        )
        # A caller waits in real time, also where a simulation stands still.
        self._timer = node.create_timer(
            CHECK_PERIOD_S,
            self._answer_if_late,
            clock=Clock(clock_type=ClockType.STEADY_TIME),
        )

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
        try:
            length_m, side = await self._begin(request)
        except HandSizeError as error:
            response.message = f'Hand not measured: {error}'
        else:
            response.success, response.hand_length_m = True, length_m
            response.message = self._keep(length_m, side)
        self._node.get_logger().info(response.message)
        return response

    def _begin(self, request: CalibrateHand.Request) -> Future:
        """Let the next images measure; a HandSizeError if it is known that they cannot."""
        problem = _refusal(request) or self._obstacle(not request.distance_m)
        if problem:
            raise HandSizeError(problem)
        measurement = HandMeasurement(Handedness(request.handedness), request.distance_m or None)
        with self._lock:
            if self._call is not None:
                raise HandSizeError('another measurement is running')
            self._call = _Call(measurement, Future(), time.monotonic() + TIMEOUT_S)
            self._pipeline.measure(measurement)
            return self._call.answer

    def _keep(self, length_m: float, side: Handedness) -> str:
        """Set the parameter, and tell how to keep it."""
        # A person's hands differ by less than a measurement errs.
        value = round(length_m, 4)
        self._node.set_parameters([Parameter('hand_length', value=value)])
        return (
            f'The {side.name.lower()} hand is {1000 * length_m:.0f} mm long. The parameter '
            f'hand_length is {value} now, for both hands. To keep it when the node ends, write '
            f'"hand_length: {value}" into the parameter file'
        )

    def _answer_if_late(self) -> None:
        with self._lock:
            if self._call and time.monotonic() > self._call.deadline_s:
                self._answer(self._call)

    def _answer(self, call: _Call) -> None:
        """End a measurement; the lock is held."""
        self._pipeline.measure(None)
        self._call = None
        try:
            call.answer.set_result((call.measurement.result_m(), call.measurement.handedness))
        except HandSizeError as error:
            call.answer.set_exception(error)


def _refusal(request: CalibrateHand.Request) -> str:
    """What is wrong with a request; empty if nothing is."""
    if request.handedness not in list(Handedness):
        return f'handedness is {request.handedness}, expected 0, 1 or 2'
    distance_m = request.distance_m
    if not (math.isfinite(distance_m) and 0 <= distance_m <= MAX_DISTANCE_M):
        return (
            f'distance_m is {distance_m:g}, expected 0 (with depth) or up to {MAX_DISTANCE_M:g} m'
        )
    return ''
