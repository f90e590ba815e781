"""The judge of a soak lets good hands pass, and finds each kind of bad ones."""

import math

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseStamped, TransformStamped
from sensor_msgs.msg import JointState
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import Marker

from evaluation.faults.hand_invariants import HandJudge
from hand_tracking_ros.msg import Hand, HandArray

FRAME_ID = 'camera'


def header(milliseconds):
    seconds, milliseconds = divmod(milliseconds, 1000)
    result = Header(frame_id=FRAME_ID)
    result.stamp.sec, result.stamp.nanosec = 1000 + seconds, milliseconds * 1_000_000
    return result


def hand(track_id=1, **fields):
    result = Hand(
        track_id=track_id,
        handedness=Hand.LEFT,
        handedness_score=0.9,
        state=Hand.TRACKED,
        presence=0.9,
        region_size_px=100.0,
        has_pose=True,
        pose_source=Hand.HAND_SIZE,
    )
    result.pose.pose.position.z = 0.5
    result.pose.covariance = np.diag([1e-4] * 6).ravel()
    for name, value in fields.items():
        setattr(result, name, value)
    return result


class Camera:
    """Sends images to a judge, and answers to them."""

    def __init__(self, **limits):
        self.judge = HandJudge(**limits)
        self._number = 0

    def send(self, milliseconds, camera='a'):
        self._number += 1
        stamp = header(milliseconds).stamp
        self.judge.send({
            'camera': camera,
            'number': self._number,
            'stamp': [stamp.sec, stamp.nanosec],
            'frame_id': FRAME_ID,
        })  # fmt: skip

    def answer(self, milliseconds, *hands):
        return self.judge.hands(HandArray(header=header(milliseconds), hands=hands))[1]

    def show(self, milliseconds, *hands):
        self.send(milliseconds)
        return self.answer(milliseconds, *hands)


def test_good_hands_pass():
    camera = Camera()
    assert camera.show(0) == []
    assert camera.show(33, hand(1)) == []
    assert camera.show(66, hand(1), hand(2)) == []
    assert camera.show(99, hand(2), hand(1, state=Hand.HELD)) == []
    assert camera.show(132, hand(3)) == []


def test_an_image_that_is_lost_is_no_fault_but_answers_keep_the_order():
    camera = Camera()
    for milliseconds in (0, 33, 66):
        camera.send(milliseconds)
    assert camera.answer(33) == []
    assert 'after a later one' in camera.answer(0)[0]
    assert 'answered twice' in camera.answer(33)[0]
    assert 'no image' in camera.answer(50)[0]


def test_images_with_the_same_stamp_may_each_be_answered():
    camera = Camera()
    camera.send(0)
    camera.send(0)
    assert [camera.answer(0), camera.answer(0)] == [[], []]
    assert camera.answer(0) != []


def test_cameras_are_in_order_each_by_itself():
    camera = Camera()
    camera.send(0, 'a')
    camera.send(5, 'b')
    assert [camera.answer(5), camera.answer(0)] == [[], []]


def covariance(*diagonal):
    return np.diag(diagonal).ravel()


@pytest.mark.parametrize(
    ('wrong', 'said'),
    [
        ({'presence': math.nan}, 'not finite'),
        ({'presence': 1.5}, 'presence is 1.5'),
        ({'pinch': -0.1}, 'pinch'),
        ({'finger_curl': [0.0, 0.0, 2.0, 0.0, 0.0]}, 'finger_curl'),
        ({'state': 7}, 'state is 7'),
        ({'handedness': 3}, 'handedness is 3'),
        ({'region_size_px': 0.0}, 'region_size_px'),
        ({'pose_source': Hand.NONE}, 'pose_source'),
        ({'has_pose': False}, 'pose_source'),
    ],
)
def test_values_outside_their_range_are_found(wrong, said):
    camera = Camera()
    assert said in str(camera.show(0, hand(1, **wrong)))


@pytest.mark.parametrize(
    'matrix',
    [
        covariance(1, 1, 1, 1, 1, -1),
        covariance(0, 0, 0, 0, 0, 0),
        np.eye(6).ravel() + np.eye(36)[1],
        covariance(1, 1, 1, 1, 1, math.nan),
    ],
    ids=['negative', 'nothing', 'not symmetric', 'not finite'],
)
def test_a_wrong_covariance_is_found(matrix):
    wrong = hand()
    wrong.pose.covariance = matrix
    assert 'covariance' in str(problems := Camera().show(0, wrong)) or 'finite' in str(problems)


def test_a_quaternion_of_another_length_is_found():
    wrong = hand()
    wrong.pose.pose.orientation.w = 0.5
    assert 'quaternion' in str(Camera().show(0, wrong))


def test_too_many_hands_are_found():
    camera = Camera(max_num_hands=1)
    assert 'max_num_hands is 1' in str(camera.show(0, hand(1), hand(2)))


def test_held_hands_before_tracked_ones_are_found():
    camera = Camera()
    camera.show(0, hand(1), hand(2))
    assert 'before tracked' in str(camera.show(33, hand(1, state=Hand.HELD), hand(2)))


def test_one_id_for_two_hands_is_found():
    assert 'same track_id' in str(Camera().show(0, hand(1), hand(1)))


def test_an_older_id_than_known_ones_is_found():
    camera = Camera()
    camera.show(0, hand(5))
    assert 'not above 5' in str(camera.show(33, hand(5), hand(4)))


def test_an_id_that_returns_after_the_hand_was_forgotten_is_found():
    camera = Camera()
    camera.show(0, hand(1))
    for milliseconds in range(33, 1000, 33):
        assert camera.show(milliseconds) == []
    assert 'seen 1.033 s ago' in str(camera.show(1033, hand(1)))


@pytest.mark.parametrize('end', ['stamps run backwards', 'a long silence', 'told to forget'])
def test_an_id_that_outlives_the_end_of_its_track_is_found(end):
    camera = Camera()
    camera.show(100, hand(1))
    if end == 'told to forget':
        camera.judge.finish(camera.judge.known_ids)
    stamp = {'stamps run backwards': 50, 'a long silence': 3200}.get(end, 133)
    assert 'was forgotten' in str(camera.show(stamp, hand(1)))
    assert camera.show(stamp + 33, hand(2)) == []


def test_a_hand_may_go_on_after_a_short_silence():
    camera = Camera(image_timeout_s=3.0)
    camera.show(0, hand(1))
    assert camera.show(2900, hand(1)) == []


def test_a_hand_that_is_held_too_long_is_found():
    camera = Camera(hold_time_s=0.3)
    camera.show(0, hand(1))
    assert camera.show(300, hand(1, state=Hand.HELD)) == []
    assert 'for 0.3 s at most' in str(camera.show(333, hand(1, state=Hand.HELD)))
    assert 'never seen' in str(camera.show(366, hand(2, state=Hand.HELD)))


def test_poses_and_frames_that_differ_from_the_hands_are_found():
    camera = Camera()
    camera.show(0, hand(1))
    pose = PoseStamped(header=header(0), pose=hand(1).pose.pose)
    frame = TransformStamped(header=header(0), child_frame_id='hand_1')
    frame.transform.translation.z = 0.5
    assert camera.judge.pose('left', pose) == []
    assert camera.judge.transforms(TFMessage(transforms=[frame])) == []
    assert camera.judge.pose('right', pose) != []
    frame.child_frame_id = 'right_hand'
    assert camera.judge.transforms(TFMessage(transforms=[frame])) != []
    frame.child_frame_id, frame.transform.translation.z = 'left_hand', 0.51
    assert camera.judge.transforms(TFMessage(transforms=[frame])) != []
    pose.header = header(33)
    assert camera.judge.pose('left', pose) != []


def test_other_outputs_belong_to_an_image_and_are_finite():
    camera = Camera()
    camera.show(0)
    assert camera.judge.derived(JointState(header=header(0), position=[0.1])) == []
    assert camera.judge.derived(JointState(header=header(0), position=[math.inf])) != []
    assert camera.judge.derived(JointState(header=header(33))) != []
    assert camera.judge.derived(Marker(header=header(33))) != []
    assert camera.judge.derived(Marker(action=Marker.DELETE)) == []


@pytest.mark.parametrize(
    ('received', 'processed', 'dropped', 'errors', 'is_right'),
    [
        (10, 3, 5, 2, True),
        (12, 3, 5, 2, True),
        (13, 3, 5, 2, False),
        (9, 3, 5, 2, False),
        (11, 4, 5, 2, False),  # of which only three were heard
        (12, 1, 9, 2, True),  # the newest two are not yet counted
        (12, 0, 10, 2, False),
    ],
)
def test_counts_have_to_add_up(received, processed, dropped, errors, is_right):
    camera = Camera()
    for milliseconds in (0, 33, 66):
        camera.show(milliseconds)
    counts = {
        'received': received,
        'processed': processed,
        'dropped': dropped,
        'with errors': errors,
    }
    status = DiagnosticStatus(
        values=[KeyValue(key=f'frames {name}', value=str(n)) for name, n in counts.items()]
    )
    assert (camera.judge.diagnostics(status, num_lost=0) == []) is is_right


def test_counts_that_begin_anew_are_counted_anew():
    camera = Camera()
    camera.show(0)
    camera.judge.count_anew()
    names = ('received', 'processed', 'dropped', 'with errors')
    status = DiagnosticStatus(values=[KeyValue(key=f'frames {name}', value='0') for name in names])
    assert camera.judge.diagnostics(status, num_lost=0) == []
