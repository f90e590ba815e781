"""Whatever comes as a message of the hand tracker: a hand to follow, or words that say why not."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Quaternion
from std_msgs.msg import Header

from hand_tracking_ros.msg import Hand as HandMessage
from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.message_conversion import hand_frames, hands_to_message
from hand_tracking_ros.teleop.errors import HandUnavailableError, TeleopFaultError
from hand_tracking_ros.teleop.hand_input import HandInput, check_age
from hand_tracking_ros.teleop.hand_sample import sample_hand
from hand_tracking_ros.teleop.teleop import Teleop
from hand_tracking_ros.tracking.fingers.finger_values import with_finger_values
from hand_tracking_ros.tracking.hand import Handedness, TrackingState
from support.teleop_operator import hand

TOPIC = '/robot/hands'


def message(*hands):
    hands = [with_finger_values(each) for each in hands]
    return hands_to_message(hands, hand_frames(hands), Header(frame_id='camera'), 640, 480)


def chosen(*hands, side='right'):
    return HandInput(TOPIC, side).choose(message(*hands)).track_id


def test_of_several_hands_the_longest_tracked_of_its_side_is_chosen_and_kept():
    young, old = hand(track_id=1, age_s=1.0), hand(track_id=2, age_s=2.5)
    other = hand(track_id=3, age_s=9.0, side=Handedness.LEFT)
    hand_input = HandInput(TOPIC, 'right')
    assert hand_input.choose(message(young, old, other)).track_id == 2
    older = replace(young, age_s=7.0)
    assert hand_input.choose(message(older, old, other)).track_id == 2
    assert hand_input.choose(message(older, other)).track_id == 1
    assert chosen(young, other, side='left') == 3


@pytest.mark.parametrize(
    ('hands', 'reason'),
    [
        ([], 'no right hand is in the image'),
        ([hand(side=Handedness.LEFT)], 'no right hand is in the image'),
        ([hand(side=Handedness.UNKNOWN)], 'no right hand is in the image'),
        ([hand(state=TrackingState.HELD)], 'the right hand is held, not seen'),
        ([hand(pose=None)], 'needs a valid camera_info'),
    ],
    ids=['none', 'the other hand', 'unknown side', 'held', 'no pose'],
)
def test_a_hand_that_cannot_be_followed_is_named_with_the_reason(hands, reason):
    with pytest.raises(HandUnavailableError, match=reason) as caught:
        chosen(*hands)
    assert not isinstance(caught.value, TeleopFaultError)


def spoilt(**fields):
    """Two hands, of which the second has wrong values."""
    wrong = message(hand(side=Handedness.LEFT), hand())
    for path, value in fields.items():
        *parents, name = path.split('__')
        place = wrong.hands[1]
        for parent in parents:
            place = getattr(place, parent)
        setattr(place, name, value)
    return wrong


NAN = float('nan')


@pytest.mark.parametrize(
    ('fields', 'complaint'),
    [
        ({'handedness': 77}, 'hands[1].handedness is 77, expected one of 0, 1, 2'),
        ({'state': 0}, 'hands[1].state is 0, expected one of 1, 2'),
        ({'pose_source': 200}, 'hands[1]: 200 is not a valid PoseSource'),
        ({'pose__pose__position__y': NAN}, 'hands[1].pose.pose.position is [0.0, nan, '),
        ({'pose__pose__position__x': -np.inf}, 'hands[1].pose.pose.position is [-inf, '),
        ({'pose__pose__orientation__w': NAN}, 'hands[1]: quaternion is ('),
        ({'pose__pose__orientation': Quaternion(w=0.0)}, 'quaternion is (0.0, 0.0, 0.0, 0.0)'),
        ({'pose__pose__orientation': Quaternion(x=9.0, w=1.0)}, 'quaternion is (9.0, 0.0, 0.0'),
        ({'pinch': NAN}, 'hands[1].pinch is [nan], expected finite numbers'),
        ({'finger_curl': np.full(5, NAN, np.float32)}, 'hands[1].finger_curl is [nan, nan'),
    ],
    ids=str,
)
def test_a_wrong_value_is_said_with_topic_field_and_value(fields, complaint):
    with pytest.raises(TeleopFaultError) as caught:
        HandInput(TOPIC, 'right').choose(spoilt(**fields))
    assert str(caught.value).startswith(f'{TOPIC}: ')
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    'stamp', [Time(sec=-1), Time(sec=-(2**31)), Time(sec=5, nanosec=2**32 - 1)], ids=str
)
def test_a_stamp_that_is_no_time_is_refused(stamp):
    with pytest.raises(TeleopFaultError, match=rf'{TOPIC}: header.stamp is \({stamp.sec}, '):
        HandInput(TOPIC, 'right').stamp_s(stamp)


def test_a_stamp_is_a_time_in_seconds():
    assert HandInput(TOPIC, 'right').stamp_s(Time(sec=12, nanosec=345_000_000)) == 12.345


@pytest.mark.parametrize(
    ('age_s', 'use_sim_time', 'complaint'),
    [
        (0.6, False, 'the image is 0.6 s old, max_image_age is 0.5 s; set use_sim_time'),
        (1e9, False, 'synchronize the clocks'),
        (-0.6, False, "the image's stamp is 0.6 s ahead of the clock"),
        (3.0, True, 'use_sim_time is true: does /clock come'),
        (float('nan'), False, 'max_image_age'),
    ],
)
def test_an_image_of_another_time_is_refused_with_its_age_and_what_to_do(
    age_s, use_sim_time, complaint
):
    with pytest.raises(TeleopFaultError, match=complaint):
        check_age(age_s, 0.5, use_sim_time)


@pytest.mark.parametrize('age_s', [0.0, 0.49, -0.49])
def test_an_image_of_now_is_taken(age_s):
    check_age(age_s, 0.5, use_sim_time=False)


WILD = (NAN, float('inf'), -float('inf'), 0.0, -1.0, 1e30, -1e300, 1e308, 5e-324)


def wild_message(rng):
    """Many hands, of which some have numbers that nobody would send on purpose."""
    result = message(*[hand(track_id=int(rng.integers(3)))] * int(rng.integers(1, 40)))
    for each in rng.choice(result.hands, size=2):
        pose = each.pose.pose
        for part, names in (
            (each, ['pinch', 'presence']),
            (pose.position, 'xyz'),
            (pose.orientation, 'xyzw'),
        ):
            for name in names:
                if rng.random() < 0.1:
                    setattr(part, name, float(np.float32(rng.choice(WILD))))
        if rng.random() < 0.1:
            each.handedness, each.state = (int(number) for number in rng.integers(256, size=2))
    return result


@pytest.mark.filterwarnings('ignore::RuntimeWarning')  # numbers that overflow
def test_no_message_whatever_raises_anything_else_or_moves_a_target_to_nowhere():
    rng = np.random.default_rng(5)
    hand_input, teleop = HandInput(TOPIC, 'right'), Teleop(np.zeros(3), np.eye(3))
    num_refused = 0
    for number in range(300):
        try:
            found = hand_input.choose(wild_message(rng))
        except HandUnavailableError:
            num_refused += 1
        else:
            target = teleop.update(sample_hand(found, np.eye(4)), number / 30)
            assert np.isfinite([*target.position_m, *target.rotation.ravel()]).all()
    assert 30 < num_refused < 270


def test_hundreds_of_hands_are_no_trouble():
    crowd = HandArray(hands=[HandMessage(state=1)] * 500 + message(hand(track_id=8)).hands)
    assert HandInput(TOPIC, 'right').choose(crowd).track_id == 8
