"""What must be true of all that hand_tracker publishes, whatever it is sent.

`HandJudge` takes messages in the order in which they were published, and returns what is wrong.
"""

from __future__ import annotations

import array
import math
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import Pose, PoseStamped
from rclpy.time import Time
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import Marker

from hand_tracking_ros.msg import Hand, HandArray
from hand_tracking_ros.tracking.tracker_options import TrackerOptions
from hand_tracking_ros.tracking.tracks import REMEMBER_S

_OPTIONS = TrackerOptions()
# So many images and answers are remembered.
MEMORY = 5000
# One image that waits, and one that is being processed.
MAX_WAITING = 2
# Hands are published before their image is counted as processed.
MAX_UNCOUNTED = 2
QUATERNION_TOLERANCE = 1e-3
# Of an eigenvalue, as a share of the largest.
EIGENVALUE_TOLERANCE = 1e-9
# float32 numbers that were clipped in float64; times in float64 seconds since 1970.
ROUNDING = 1e-6
SIDES = {Hand.LEFT: 'left', Hand.RIGHT: 'right'}
UNIT_FIELDS = ('handedness_score', 'presence', 'pinch', 'gesture_score')

Key = tuple[int, int, str]


def key_of(header: Header) -> Key:
    """What a header says, to find it again."""
    return header.stamp.sec, header.stamp.nanosec, header.frame_id


def not_finite(message: Any) -> list[str]:
    """Says so if numbers of a message are not finite."""
    count = sum(not math.isfinite(number) for number in _numbers(message))
    return [f'{count} numbers of {type(message).__name__} are not finite'] if count else []


def _numbers(value: Any) -> Iterator[float]:
    """Every floating-point number of a message, however deep it lies."""
    if isinstance(value, float):
        yield value
    elif isinstance(value, (np.ndarray, array.array)):
        numbers = np.asarray(value)
        if numbers.dtype.kind == 'f':
            yield from numbers.tolist()
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _numbers(part)
    elif hasattr(value, 'get_fields_and_field_types'):
        for field in value.get_fields_and_field_types():
            yield from _numbers(getattr(value, field))


class HandJudge:
    """Judges what one hand tracker publishes of one camera's images.

    Args:
        max_num_hands: its parameter.
        hold_time_s, image_timeout_s: its parameters.

    Attributes:
        max_num_hands: may be changed with the parameter.
        num_heard: messages of hands so far.
        num_hands: hands in them.
        num_poses, num_transforms: that were found to agree.
    """

    def __init__(
        self,
        max_num_hands: int = 2,
        hold_time_s: float = _OPTIONS.hold_time_s,
        image_timeout_s: float = _OPTIONS.image_timeout_s,
    ) -> None:
        self.max_num_hands = max_num_hands
        self._hold_time_s, self._image_timeout_s = hold_time_s, image_timeout_s
        self._num_before = 0
        self.num_heard = self.num_hands = self.num_poses = self.num_transforms = 0
        self._sent: OrderedDict[Key, deque[dict]] = OrderedDict()
        self._answered: dict[str, int] = {}  # by camera, the number of the newest image
        self._answers: OrderedDict[Key, HandArray] = OrderedDict()
        self._answered_stamps: OrderedDict[tuple[int, int], None] = OrderedDict()
        self._stamp_s = -math.inf
        self._last_tracked_s: dict[int, float] = {}
        self._ages_s: dict[int, float] = {}
        self._newest_id = 0
        self._finished_ids: set[int] = set()

    def send(self, image: dict) -> None:
        """An image was sent: see camera.py."""
        key = (*image['stamp'], image['frame_id'])
        self._sent.setdefault(key, deque()).append(image)
        if len(self._sent) > MEMORY:
            self._sent.popitem(last=False)

    @property
    def known_ids(self) -> set[int]:
        """The hands that may still be seen."""
        return set(self._last_tracked_s)

    def finish(self, track_ids: set[int]) -> None:
        """These hands were forgotten: none of them may be seen again."""
        self._finished_ids |= track_ids
        for track_id in track_ids:
            self._last_tracked_s.pop(track_id, None)

    def count_anew(self) -> None:
        """The node counts its images from 0 again."""
        self._num_before = self.num_heard

    def hands(self, message: HandArray) -> tuple[dict | None, list[str]]:
        """Judge the hands of an image; returns the image that was sent as well."""
        self.num_heard += 1
        self.num_hands += len(message.hands)
        key = key_of(message.header)
        self._answers[key] = message
        self._answered_stamps[key[:2]] = None
        for remembered in (self._answers, self._answered_stamps):
            if len(remembered) > MEMORY:
                remembered.popitem(last=False)
        image, wrong = self._image_of(key)
        wrong += not_finite(message)
        if len(message.hands) > self.max_num_hands:
            wrong.append(f'{len(message.hands)} hands, max_num_hands is {self.max_num_hands}')
        if [hand.state for hand in message.hands] != sorted(hand.state for hand in message.hands):
            wrong.append('held hands come before tracked ones')
        if len({hand.track_id for hand in message.hands}) < len(message.hands):
            wrong.append('two hands have the same track_id')
        stamp_s = Time.from_msg(message.header.stamp).nanoseconds / 1e9
        if not 0 <= stamp_s - self._stamp_s <= self._image_timeout_s + ROUNDING:
            self.finish(self.known_ids)  # time that runs backwards, or a long silence
        for hand in message.hands:
            problems = [*wrong_values(hand), *self._wrong_track(hand, stamp_s)]
            wrong += [f'hand {hand.track_id}: {problem}' for problem in problems]
        self._stamp_s = stamp_s
        return image, wrong

    def pose(self, side: str, message: PoseStamped) -> list[str]:
        """Judge ~/left/pose or ~/right/pose: it is that of a hand of this side in the image."""
        answer = self._answers.get(key_of(message.header))
        poses = [
            hand.pose.pose
            for hand in (answer.hands if answer else ())
            if SIDES.get(hand.handedness) == side and hand.has_pose and hand.state == Hand.TRACKED
        ]
        if message.pose not in poses:
            return [f'~/{side}/pose is no hand of ~/hands']
        self.num_poses += 1
        return not_finite(message)

    def transforms(self, message: TFMessage) -> list[str]:
        """Judge frames of hands: they are the poses of the image."""
        wrong = not_finite(message)
        for transform in message.transforms:
            answer = self._answers.get(key_of(transform.header))
            at, turn = transform.transform.translation, transform.transform.rotation
            hands = [
                hand
                for hand in (answer.hands if answer else ())
                if transform.child_frame_id
                in (f'hand_{hand.track_id}', f'{SIDES.get(hand.handedness)}_hand')
                and hand.state == Hand.TRACKED
                and hand.has_pose
            ]
            if not any(
                (at.x, at.y, at.z, turn)
                == (p.position.x, p.position.y, p.position.z, p.orientation)
                for p in (hand.pose.pose for hand in hands)
            ):
                wrong.append(f'frame {transform.child_frame_id} is no pose of ~/hands')
        self.num_transforms += len(message.transforms)
        return wrong

    def derived(self, message: Any) -> list[str]:
        """Judge any other output: finite, and of an image that was answered."""
        # Its frame may be that of a hand. What takes a marker back belongs to no image.
        is_deletion = isinstance(message, Marker) and message.action == Marker.DELETE
        known = is_deletion or key_of(message.header)[:2] in self._answered_stamps
        wrong = [] if known else [f'{type(message).__name__} has the stamp of no HandArray']
        return wrong + not_finite(message)

    def diagnostics(self, status: DiagnosticStatus, num_lost: int) -> list[str]:
        """Judge the counts of images.

        Args:
            status: of the camera.
            num_lost: messages of hands that did not reach us.
        """
        heard = self.num_heard - self._num_before
        counts = {pair.key: pair.value for pair in status.values}
        received, processed, dropped, errors = (
            int(counts[f'frames {name}'])
            for name in ('received', 'processed', 'dropped', 'with errors')
        )
        wrong = []
        waiting = received - processed - dropped - errors
        if not 0 <= waiting <= MAX_WAITING:
            wrong.append(
                f'received {received} is not processed {processed} + dropped {dropped} + errors '
                f'{errors} + at most {MAX_WAITING}'
            )
        if not 0 <= heard + num_lost - processed <= MAX_UNCOUNTED:
            wrong.append(
                f'{heard} HandArrays heard and {num_lost} lost, but {processed} images processed'
            )
        return wrong

    def _image_of(self, key: Key) -> tuple[dict | None, list[str]]:
        """The image that an answer belongs to; it may be answered once, in the order sent."""
        for image in self._sent.get(key, ()):
            if image['number'] > self._answered.get(image['camera'], 0):
                self._answered[image['camera']] = image['number']
                return image, []
        if key in self._sent:
            return None, [f'image {key} was answered twice, or after a later one']
        return None, [f'no image {key} was sent']

    def _wrong_track(self, hand: Hand, stamp_s: float) -> list[str]:
        last_s = self._last_tracked_s.get(hand.track_id)
        age_s = hand.age.sec + hand.age.nanosec / 1e9
        wrong = []
        if hand.track_id in self._finished_ids:
            wrong.append('its track_id belonged to a hand that was forgotten')
        elif last_s is None and hand.track_id <= self._newest_id:
            wrong.append(f'its track_id is new, but not above {self._newest_id}')
        elif last_s is None and hand.state != Hand.TRACKED:
            wrong.append('it is held, but was never seen')
        elif last_s is not None:
            gap_s = stamp_s - last_s
            most_s = self._hold_time_s
            if hand.state == Hand.TRACKED:
                most_s = max(REMEMBER_S, self._hold_time_s)
            was_in_the_last_image = last_s == self._stamp_s
            if gap_s > most_s + ROUNDING and not (
                hand.state == Hand.TRACKED and was_in_the_last_image
            ):
                wrong.append(
                    f'seen {gap_s:.3f} s ago, in state {hand.state} for {most_s:g} s at most'
                )
            if age_s + ROUNDING < self._ages_s[hand.track_id]:
                wrong.append(f'its age fell to {age_s:.3f} s')
        if hand.state == Hand.TRACKED:
            self._last_tracked_s[hand.track_id] = stamp_s
        self._ages_s[hand.track_id] = age_s
        self._newest_id = max(self._newest_id, hand.track_id)
        return wrong


def wrong_values(hand: Hand) -> list[str]:
    """What is outside the range that Hand.msg states."""
    wrong = [
        f'{field} is {value}'
        for field in UNIT_FIELDS
        if not -ROUNDING <= (value := getattr(hand, field)) <= 1 + ROUNDING
    ]
    if not all(-ROUNDING <= curl <= 1 + ROUNDING for curl in hand.finger_curl):
        wrong.append(f'finger_curl is {list(hand.finger_curl)}')
    if hand.state not in (Hand.TRACKED, Hand.HELD):
        wrong.append(f'state is {hand.state}')
    if hand.handedness not in (Hand.UNKNOWN, Hand.LEFT, Hand.RIGHT):
        wrong.append(f'handedness is {hand.handedness}')
    if not hand.region_size_px > 0:
        wrong.append(f'region_size_px is {hand.region_size_px}')
    if hand.has_pose != (hand.pose_source in (Hand.HAND_SIZE, Hand.DEPTH)):
        wrong.append(f'has_pose is {hand.has_pose}, pose_source {hand.pose_source}')
    return wrong + (_wrong_pose(hand.pose.pose, hand.pose.covariance) if hand.has_pose else [])


def _wrong_pose(pose: Pose, covariance: Sequence[float]) -> list[str]:
    wrong = []
    q = pose.orientation
    if not abs(math.hypot(q.x, q.y, q.z, q.w) - 1) < QUATERNION_TOLERANCE:
        wrong.append(f'its quaternion is {q.x, q.y, q.z, q.w}')
    matrix = np.reshape(covariance, (6, 6))
    if not np.isfinite(matrix).all():
        return wrong  # said already
    largest = np.abs(matrix).max()
    if not np.allclose(matrix, matrix.T, atol=EIGENVALUE_TOLERANCE * largest):
        wrong.append('its covariance is not symmetric')
    if not np.linalg.eigvalsh(matrix)[0] >= -EIGENVALUE_TOLERANCE * largest or not largest > 0:
        wrong.append(f'its covariance is not positive: {np.linalg.eigvalsh(matrix)}')
    return wrong
