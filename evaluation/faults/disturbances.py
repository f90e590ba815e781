"""What people and their machines do to the nodes while a soak runs: one thing after the other."""

from __future__ import annotations

import contextlib
import math
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from geometry_msgs.msg import TransformStamped
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from std_srvs.srv import SetBool, Trigger
from tf2_msgs.msg import TFMessage

from evaluation.faults.camera import FRAME_ID
from evaluation.faults.processes import Process
from evaluation.faults.witness import HOSTILE_FRAME, TELEOP, TRACKER, Witness
from hand_tracking_ros.msg import Hand, HandArray
from hand_tracking_ros.srv import CalibrateHand

# Even a node that was frozen, on a busy machine, answers by then.
ANSWER_TIMEOUT_S = 60.0
POLL_PERIOD_S = 0.05
ROBOT_FRAME = 'base'
TRANSFORM_PERIOD_S = 0.1
# An image that is at work when a parameter changes is published with the old value.
PARAMETER_SETTLES_S = 2.0
GOOD_PARAMETERS = {
    'max_num_hands': (1, 2, 4),
    'smoothing': ('none', 'one_euro'),
    'detection_interval': (0.0, 0.2),
    'detection_tiles': ('2x2', 'auto'),
    'landmark_passes': (0, 1),
    'image_mirrored': (True, False),
    'pose_convention': ('openxr', 'rep103'),
    'landmark_order': ('openxr', 'mediapipe'),
    'publish_tf': (True, False),
    'hand_length': (0.0, 0.2),
    'depth_tolerance': (0.01, 0.05),
}
BAD_PARAMETERS = (
    ('max_num_hands', 0), ('max_num_hands', 'two'), ('max_num_hands', 10**9),
    ('min_detection_confidence', 7.0), ('min_detection_confidence', math.nan),
    ('hand_length', -1.0), ('hand_length', math.inf), ('smoothing', 'magic'),
    ('num_threads', 2), ('pose_convention', ''), ('detection_tiles', '0x0'),
)  # fmt: skip


class Disturbances:
    """Does something at random, one thing at a time.

    Args:
        chance: what is chosen.
        witness: hears what comes of it; requests go out through its node.
        tracker, teleop: the processes of the nodes.
        start_camera: starts a camera.
        folder: for logs.

    Attributes:
        done: how often each was done.
        times: when each began.
        camera: the process of the camera.
    """

    def __init__(
        self,
        chance: random.Random,
        witness: Witness,
        tracker: Process,
        teleop: Process,
        start_camera: Callable[[], Process],
        folder: Path,
    ) -> None:
        self.done: Counter[str] = Counter()
        self.times: list[tuple[str, str]] = []
        self._left: list[str] = []
        self.camera = start_camera()
        self._start_camera, self._folder = start_camera, folder
        self._chance, self._witness = chance, witness
        self._tracker, self._teleop = tracker, teleop
        self._set_parameters = witness.create_client(SetParameters, f'{TRACKER}/set_parameters')
        self._tf = witness.create_publisher(TFMessage, '/tf', 10)
        self._hands = witness.create_publisher(HandArray, f'{TRACKER}/hands', 10)
        witness.create_timer(TRANSFORM_PERIOD_S, self._send_transforms)
        self._all: dict[str, Callable[[], None]] = {
            'camera killed': self._kill_camera,
            'camera restarted': self._restart_camera,
            'second camera': self._second_camera,
            'client killed': self._kill_client,
            'subscribers changed': self._change_subscribers,
            'parameters changed': self._change_parameters,
            'wrong parameter': self._set_wrong_parameter,
            'calibrate_hand': self._calibrate,
            'client of calibrate_hand gone': self._calibrate_and_go,
            'reset': self._reset,
            'hand_tracker disabled': self._disable_tracker,
            'hand_teleop disabled': lambda: self._disable(TELEOP),
            'deactivated and cleaned up': self._clean_up,
            'hand_tracker frozen': lambda: self._freeze(tracker),
            'hand_teleop frozen': lambda: self._freeze(teleop),
            'wrong TF': self._send_wrong_transform,
            'wrong HandArray': self._send_wrong_hands,
        }

    def one(self) -> None:
        """Do one of them: each once in random order, then each again in another order."""
        if not self._left:
            self._left = self._chance.sample(list(self._all), len(self._all))
        name = self._left.pop()
        self.times.append((time.strftime('%H:%M:%S'), name))
        self._all[name]()
        self.done[name] += 1

    # ---- Processes -----------------------------------------------------------------------------

    def _kill_camera(self) -> None:
        self.camera.kill()
        self._pause(0.0, 3.0)
        self.camera = self._start_camera()

    def _restart_camera(self) -> None:
        self.camera.stop()
        self._pause(0.0, 3.0)
        self.camera = self._start_camera()

    def _second_camera(self) -> None:
        with self._start_camera():
            self._pause(2.0, 5.0)

    def _kill_client(self) -> None:
        client = Process('client', self._folder, 'evaluation.faults.client')
        self._pause(0.2, 5.0)
        client.kill()

    def _freeze(self, process: Process) -> None:
        process.send(signal.SIGSTOP)
        self._pause(0.1, 2.0)
        process.send(signal.SIGCONT)

    # ---- Subscribers, parameters, services -----------------------------------------------------

    def _change_subscribers(self) -> None:
        topics = self._witness.on_demand
        self._witness.want(set(self._chance.sample(topics, self._chance.randint(0, len(topics)))))

    def _change_parameters(self) -> None:
        """Give each parameter a value, one after the other."""
        for name, values in GOOD_PARAMETERS.items():
            value = self._chance.choice(values)
            if name == 'max_num_hands':
                self._witness.limit_hands(max(value, self._witness.hand_judge.max_num_hands))
            if not self._is_set(name, value):
                self._witness.complain('parameters', f'{name} could not be set to {value!r}')
            elif name == 'max_num_hands':
                time.sleep(PARAMETER_SETTLES_S)
                self._witness.limit_hands(value)

    def _set_wrong_parameter(self) -> None:
        name, value = self._chance.choice(BAD_PARAMETERS)
        if self._is_set(name, value):
            self._witness.complain('parameters', f'{name} was set to {value!r}')

    def _is_set(self, name: str, value: Any) -> bool:
        request = SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg()]
        )
        answer = self._answer_of(self._set_parameters, request, f'setting {name}')
        return answer is not None and answer.results[0].successful

    def _calibrate(self) -> None:
        with self._calibration_client() as client:
            request = CalibrateHand.Request(
                handedness=self._chance.choice((Hand.UNKNOWN, Hand.LEFT, Hand.RIGHT, 77)),
                distance_m=self._chance.choice((0.0, 0.5, -1.0, math.nan)),
            )
            answer = self._answer_of(client, request, 'calibrate_hand')
            if answer and answer.success and not 0.05 < answer.hand_length_m < 0.5:
                self._witness.complain('services', f'calibrate_hand says {answer.hand_length_m} m')

    def _calibrate_and_go(self) -> None:
        with self._calibration_client() as client:
            if client.wait_for_service(ANSWER_TIMEOUT_S):
                client.call_async(CalibrateHand.Request(distance_m=0.5))

    @contextlib.contextmanager
    def _calibration_client(self) -> Iterator[Any]:
        client = self._witness.create_client(CalibrateHand, f'{TRACKER}/calibrate_hand')
        yield client
        self._witness.destroy_client(client)

    def _answer_of(self, client: Any, request: Any, what: str) -> Any:
        """The answer of a service; none, and a complaint, if there is none in time."""
        deadline_s = time.monotonic() + ANSWER_TIMEOUT_S
        future = client.call_async(request) if client.wait_for_service(ANSWER_TIMEOUT_S) else None
        while future and not future.done() and time.monotonic() < deadline_s:
            time.sleep(POLL_PERIOD_S)
        if future and future.done():
            return future.result()
        self._witness.complain('services', f'{what}: no answer within {ANSWER_TIMEOUT_S:g} s')
        return None

    # ---- Lifecycle -----------------------------------------------------------------------------

    def _reset(self) -> None:
        with self._witness.forgetting():
            self._succeed(Trigger, f'{TRACKER}/reset', Trigger.Request())

    def _disable_tracker(self) -> None:
        with self._witness.forgetting():
            self._disable(TRACKER)

    def _disable(self, name: str) -> None:
        self._succeed(SetBool, f'{name}/set_enabled', SetBool.Request(data=False))
        self._pause(0.0, 3.0)
        self._succeed(SetBool, f'{name}/set_enabled', SetBool.Request(data=True))

    def _clean_up(self) -> None:
        with self._witness.forgetting():
            self._change_state(Transition.TRANSITION_DEACTIVATE)
            self._change_state(Transition.TRANSITION_CLEANUP)
            self._witness.judge_now(self._witness.hand_judge.count_anew)
            self._pause(0.0, 2.0)
            self._change_state(Transition.TRANSITION_CONFIGURE)
            self._pause(0.0, 1.0)
            self._change_state(Transition.TRANSITION_ACTIVATE)

    def _change_state(self, transition_id: int) -> None:
        request = ChangeState.Request(transition=Transition(id=transition_id))
        self._succeed(ChangeState, f'{TRACKER}/change_state', request)

    def _succeed(self, service: type, name: str, request: Any) -> None:
        """Ask for something that has to succeed."""
        client = self._witness.create_client(service, name)
        answer = self._answer_of(client, request, name)
        self._witness.destroy_client(client)
        if answer and not answer.success:
            self._witness.complain('services', f'{name} answered {answer}')

    # ---- Messages to hand_teleop ---------------------------------------------------------------

    def _send_transforms(self) -> None:
        frames = [self._transform(name) for name in (FRAME_ID, HOSTILE_FRAME)]
        self._tf.publish(TFMessage(transforms=frames))

    def _transform(self, frame_id: str) -> TransformStamped:
        """A camera that looks along the robot's x axis."""
        transform = TransformStamped(child_frame_id=frame_id)
        transform.header.frame_id = ROBOT_FRAME
        transform.header.stamp = self._witness.get_clock().now().to_msg()
        q = transform.transform.rotation
        q.x, q.y, q.z, q.w = -0.5, 0.5, -0.5, 0.5
        return transform

    def _send_wrong_transform(self) -> None:
        transform = self._transform(FRAME_ID)
        at, turn = transform.transform.translation, transform.transform.rotation
        turn.w = self._chance.choice((0.0, 1.0, math.nan, 1e200))
        at.x = self._chance.choice((0.0, math.nan, math.inf))
        self._tf.publish(TFMessage(transforms=[transform]))

    def _send_wrong_hands(self) -> None:
        hand = Hand(track_id=1, handedness=Hand.RIGHT, state=Hand.TRACKED, has_pose=True)
        hand.pose_source = Hand.DEPTH
        hand.pose.pose.orientation.w = self._chance.choice((0.0, 1.0, math.nan))
        hand.pose.pose.position.x = self._chance.choice((math.nan, math.inf, 1e30, 5.0))
        hand.pinch = self._chance.choice((1.0, math.nan, -7.0))
        hand.state = self._chance.choice((0, Hand.TRACKED, Hand.HELD, 99))
        message = HandArray(hands=[hand] * self._chance.randint(0, 3))
        message.header.frame_id = HOSTILE_FRAME
        message.header.stamp.sec = self._chance.choice((-1, 0, 2**31 - 1))
        self._hands.publish(message)

    def _pause(self, least_s: float, most_s: float) -> None:
        time.sleep(self._chance.uniform(least_s, most_s))
