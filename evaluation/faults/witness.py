"""Hears everything that the nodes of a soak say, and lets the judges judge it.

Topics come in any order. Everything is sorted by the time at which it was published before it is
judged, so that what one message says of another can be held against it.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseArray, PoseStamped
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64, String
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from evaluation.faults.camera import SENT_TOPIC
from evaluation.faults.hand_invariants import HandJudge
from evaluation.faults.teleop_invariants import TeleopJudge
from hand_tracking_ros.msg import HandArray

TRACKER, TELEOP = 'hand_tracker', 'hand_teleop'
QOS = QoSProfile(depth=10_000)
LATCHED = QoSProfile(depth=1000, durability=DurabilityPolicy.TRANSIENT_LOCAL)
# What was published earlier has arrived by then.
JUDGED_AFTER_S = 3.0
JUDGING_PERIOD_S = 0.2
NANOSECONDS = 1e9
# Hands that the soak itself sends to hand_teleop.
HOSTILE_FRAME = 'hostile'
MAX_EXAMPLES = 20


class Witness(Node):
    """Subscribes to all outputs; somebody has to serve its callbacks.

    Attributes:
        hand_judge, teleop_judge: what they found.
        faults: messages that the camera sent on purpose, and what was wrong with them.
        spells: images sent in each state of the camera.
        num_sent: images.
        num_lost: hands that did not reach us, as the middleware says.
        status: the newest values of the diagnostics.
        last_hands_s: when hands were published last, by the clock.
    """

    def __init__(self, hand_judge: HandJudge, teleop_judge: TeleopJudge) -> None:
        super().__init__('soak_witness')
        self.hand_judge, self.teleop_judge = hand_judge, teleop_judge
        self._latencies_s: list[float] = []
        self.faults: Counter[str] = Counter()
        self.spells: Counter[str] = Counter()
        self.broken: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}
        self.num_sent = self.num_lost = self.num_judged = 0
        self.status: dict[str, str] = {}
        self.last_hands_s = self.last_sent_s = time.time()
        self._events: list[tuple[int, int, Callable[[Any, float], None], Any]] = []
        self._order = itertools.count()
        self._lock = threading.Lock()
        self._listen(String, SENT_TOPIC, self._judge_sent, LATCHED)
        self._listen(HandArray, f'{TRACKER}/hands', self._judge_hands, tells_losses=True)
        self._listen(TFMessage, '/tf', self._judge_transforms)
        self._listen(DiagnosticArray, '/diagnostics', self._judge_diagnostics)
        self._listen(PoseStamped, f'{TELEOP}/target', self._judge_target)
        self._listen(Float64, f'{TELEOP}/gripper', self._judge_gripper)
        self._listen(String, f'{TELEOP}/status', self._judge_status, LATCHED)
        for side in ('left', 'right'):
            self._listen(PoseStamped, f'{TRACKER}/{side}/pose', self._pose_judge(side))
        self._optional = [
            (kind, f'{TRACKER}/{topic}')
            for kind, topic in (
                (JointState, 'left/joint_states'),
                (JointState, 'right/joint_states'),
                (PoseArray, 'left/landmarks'),
                (PoseArray, 'right/landmarks'),
                (MarkerArray, 'markers'),
            )
        ]
        self._subscribed: dict[str, Any] = {}
        self._wanted: set[str] = set()
        self.create_timer(JUDGING_PERIOD_S, self._work)

    def judge_now(self, judgement: Callable[[], None]) -> None:
        """Do something to the judges between the messages published before and after now."""
        self._add(time.time_ns(), lambda _message, _published_s: judgement(), None)

    def limit_hands(self, max_num_hands: int) -> None:
        """No message published from now on may have more hands."""
        self._add(time.time_ns(), self._judge_limit, max_num_hands)

    @contextlib.contextmanager
    def forgetting(self) -> Iterator[None]:
        """No hand published before the block may be published after it."""
        before: set[int] = set()
        self.judge_now(lambda: before.update(self.hand_judge.known_ids))
        yield
        self.judge_now(lambda: self.hand_judge.finish(before))

    def want(self, topics: set[str]) -> None:
        """Subscribe to these of the outputs that are made on demand, and to no others."""
        self._wanted = set(topics)

    @property
    def on_demand(self) -> list[str]:
        """The outputs that are made only for subscribers."""
        return [topic for _, topic in self._optional]

    @property
    def counts(self) -> dict[str, str]:
        """What the node says became of its images."""
        return {name: value for name, value in self.status.items() if name.startswith('frames')}

    def take_latencies_s(self) -> list[float]:
        """From image sent to hands published, since the last call."""
        taken, self._latencies_s = self._latencies_s, []
        return taken

    def judge_all(self) -> None:
        """Judge everything that has come, whenever it was published."""
        self._judge_until(time.time_ns())

    def complain(self, kind: str, text: str) -> None:
        """Note that an invariant is broken."""
        self.broken[kind] += 1
        examples = self.examples.setdefault(kind, [])
        if len(examples) < MAX_EXAMPLES:
            examples.append(f'{time.strftime("%H:%M:%S")} {text}')
            self.get_logger().error(f'{kind}: {text}')

    # ---- Messages, in the order in which they come ---------------------------------------------

    def _listen(
        self,
        kind: type,
        topic: str,
        judge: Callable[[Any, float], None],
        qos: QoSProfile = QOS,
        tells_losses: bool = False,
    ) -> Any:
        def note(message, info):
            self._add(info['source_timestamp'], judge, message)

        events = SubscriptionEventCallbacks(message_lost=self._count_lost) if tells_losses else None
        return self.create_subscription(kind, topic, note, qos, event_callbacks=events)

    def _add(self, published_ns: int, judge: Callable[[Any, float], None], message: Any) -> None:
        with self._lock:
            heapq.heappush(self._events, (published_ns, next(self._order), judge, message))

    def _count_lost(self, event: Any) -> None:
        self.num_lost = event.total_count

    def _work(self) -> None:
        for kind, topic in self._optional:
            if topic in self._wanted and topic not in self._subscribed:
                self._subscribed[topic] = self._listen(kind, topic, self._judge_derived)
            elif topic not in self._wanted and topic in self._subscribed:
                self.destroy_subscription(self._subscribed.pop(topic))
        self._judge_until(time.time_ns() - round(JUDGED_AFTER_S * NANOSECONDS))

    # ---- Messages, in the order in which they were published -----------------------------------

    def _judge_until(self, end_ns: int) -> None:
        while True:
            with self._lock:
                if not self._events or self._events[0][0] > end_ns:
                    return
                published_ns, _, judge, message = heapq.heappop(self._events)
            self.num_judged += 1
            judge(message, published_ns / NANOSECONDS)

    def _judge_sent(self, message: String, published_s: float) -> None:
        image = {**json.loads(message.data), 'sent_s': published_s}
        self.num_sent += 1
        self.last_sent_s = published_s
        self.faults.update([image['fault']] if image['fault'] else [])
        self.spells.update([image['spell']] if image['spell'] else [])
        self.hand_judge.send(image)

    def _judge_hands(self, message: HandArray, published_s: float) -> None:
        if message.header.frame_id == HOSTILE_FRAME:
            return
        image, wrong = self.hand_judge.hands(message)
        self.last_hands_s = published_s
        if image:
            self._latencies_s.append(published_s - image['sent_s'])
        self._complain_of('hands', wrong)

    def _judge_limit(self, max_num_hands: int, _published_s: float) -> None:
        self.hand_judge.max_num_hands = max_num_hands

    def _judge_transforms(self, message: TFMessage, _published_s: float) -> None:
        # The soak itself sends those of cameras.
        message.transforms = [
            frame for frame in message.transforms if 'hand' in frame.child_frame_id
        ]
        self._complain_of('tf', self.hand_judge.transforms(message))

    def _judge_diagnostics(self, message: DiagnosticArray, _published_s: float) -> None:
        for status in message.status:
            values = {pair.key: pair.value for pair in status.values}
            if 'frames received' not in values:  # the node is not active
                continue
            self.status = values
            self._complain_of('counts', self.hand_judge.diagnostics(status, self.num_lost))

    def _judge_derived(self, message: Any, _published_s: float) -> None:
        parts = message.markers if isinstance(message, MarkerArray) else [message]
        for part in parts:
            self._complain_of('outputs', self.hand_judge.derived(part))

    def _pose_judge(self, side: str) -> Callable[[PoseStamped, float], None]:
        return lambda message, _: self._complain_of('pose', self.hand_judge.pose(side, message))

    def _judge_target(self, message: PoseStamped, published_s: float) -> None:
        self._complain_of('teleop', self.teleop_judge.target(message, published_s))

    def _judge_gripper(self, message: Float64, published_s: float) -> None:
        self._complain_of('teleop', self.teleop_judge.gripper(message.data, published_s))

    def _judge_status(self, message: String, _published_s: float) -> None:
        self.teleop_judge.status(message.data)

    def _complain_of(self, kind: str, wrong: list[str]) -> None:
        for text in wrong:
            self.complain(kind, text)
