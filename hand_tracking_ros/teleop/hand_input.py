"""The hand to follow, from the hand tracker's messages. Whatever they hold is checked here."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from builtin_interfaces.msg import Time

from hand_tracking_ros.msg import Hand as HandMessage
from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.message_conversion import hand_from_message
from hand_tracking_ros.teleop.errors import HandUnavailableError, TeleopFaultError
from hand_tracking_ros.tracking.hand import Hand

SIDES = {'left': HandMessage.LEFT, 'right': HandMessage.RIGHT}
HANDEDNESS = (HandMessage.UNKNOWN, HandMessage.LEFT, HandMessage.RIGHT)
STATES = (HandMessage.TRACKED, HandMessage.HELD)
NANOSECONDS = 10**9


class HandInput:
    """Chooses one hand of each message, and stays with it.

    Args:
        topic: where the messages come from, for what is said about them.
        side: `left` or `right`.
    """

    def __init__(self, topic: str, side: str) -> None:
        self._topic, self._side = topic, side
        self._track_id: int | None = None

    def stamp_s(self, stamp: Time) -> float:
        """The time of a message.

        Raises:
            TeleopFaultError: it is none.
        """
        if stamp.sec < 0 or stamp.nanosec >= NANOSECONDS:
            raise self._fault('header.stamp', (stamp.sec, stamp.nanosec), 'sec >= 0, nanosec < 1e9')
        return stamp.sec + stamp.nanosec / NANOSECONDS

    def choose(self, message: HandArray) -> Hand:
        """The hand to follow: the same as last time, else the one that is tracked longest.

        Raises:
            HandUnavailableError: there is none.
            TeleopFaultError: the message is wrong.
        """
        hands = list(enumerate(message.hands))
        for index, hand in hands:
            self._check_one_of(f'hands[{index}].handedness', hand.handedness, HANDEDNESS)
            self._check_one_of(f'hands[{index}].state', hand.state, STATES)
        ours = [each for each in hands if each[1].handedness == SIDES[self._side]]
        if not ours:
            raise HandUnavailableError(f'no {self._side} hand is in the image')
        tracked = [each for each in ours if each[1].state == HandMessage.TRACKED]
        if not tracked:
            raise HandUnavailableError(f'the {self._side} hand is held, not seen')
        located = [each for each in tracked if each[1].has_pose]
        if not located:
            raise HandUnavailableError(
                f'the {self._side} hand has no pose: the hand tracker needs a valid camera_info'
            )
        index, hand = max(located, key=lambda each: self._preference(each[1]))
        self._track_id = hand.track_id
        return self._checked(f'hands[{index}]', hand)

    def _preference(self, hand: HandMessage) -> tuple[bool, int, int]:
        return hand.track_id == self._track_id, hand.age.sec, hand.age.nanosec

    def _checked(self, name: str, message: HandMessage) -> Hand:
        place = message.pose.pose.position
        self._check_finite(f'{name}.pose.pose.position', (place.x, place.y, place.z))
        self._check_finite(f'{name}.finger_curl', message.finger_curl)
        self._check_finite(f'{name}.pinch', [message.pinch])
        try:
            return hand_from_message(message)
        except ValueError as error:
            raise TeleopFaultError(f'{self._topic}: {name}: {error}') from error

    def _check_one_of(self, name: str, value: int, allowed: tuple[int, ...]) -> None:
        if value not in allowed:
            raise self._fault(name, value, f'one of {", ".join(map(str, allowed))}')

    def _check_finite(self, name: str, values: Iterable[float]) -> None:
        numbers = [float(value) for value in values]
        if not all(map(math.isfinite, numbers)):
            raise self._fault(name, numbers, 'finite numbers')

    def _fault(self, name: str, value: Any, expected: str) -> TeleopFaultError:
        return TeleopFaultError(f'{self._topic}: {name} is {value}, expected {expected}')


def check_age(age_s: float, max_age_s: float, use_sim_time: bool) -> None:
    """Refuse an image that shows how the hand was some time ago, or that has a wrong time.

    Raises:
        TeleopFaultError: with what to do.
    """
    if abs(age_s) <= max_age_s:
        return
    if age_s > 0:
        found = f'the image is {age_s:.3g} s old'
    else:
        found = f"the image's stamp is {-age_s:.3g} s ahead of the clock"
    remedy = (
        'use_sim_time is true: does /clock come from what sends the images?'
        if use_sim_time
        else 'set use_sim_time for a recording or a simulator, else synchronize the clocks of '
        'camera and robot'
    )
    raise TeleopFaultError(f'{found}, max_image_age is {max_age_s:.3g} s; {remedy}')
