"""Teleoperation: the target follows behind the clutch, and is safe whatever the hand does."""

from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.teleop.hand_sample import HandSample, sample_hand
from hand_tracking_ros.teleop.teleop import MAX_STEP_S, Teleop, TeleopState
from hand_tracking_ros.teleop.teleop_options import TeleopOptions
from hand_tracking_ros.tracking.fingers.finger_values import with_finger_values
from hand_tracking_ros.tracking.hand import HandPose, PoseSource
from hand_tracking_ros.tracking.rotations import matrix_from_rotation_vector, rotation_vector
from support.synthetic_hand import hand_points, hand_seen

ENGAGED, RELEASED, HAND_LOST = TeleopState.ENGAGED, TeleopState.RELEASED, TeleopState.HAND_LOST
START_M = np.array([0.3, 0.0, 0.4])
HAND_M = np.array([0.1, -0.2, 0.6])
FRAME_S = 1 / 30
# Fast enough to follow every move of the tests below at once.
FAST = TeleopOptions(max_linear_speed_m_s=100.0, max_angular_speed_rad_s=100.0)


def turn(*vector_rad):
    return matrix_from_rotation_vector(np.array(vector_rad, float))


class Operator:
    """Shows a hand to teleoperation, one image after the other."""

    def __init__(self, options=FAST, start_rotation=None):
        rotation = turn(0.1, 0.2, 0.3) if start_rotation is None else start_rotation
        self.teleop = Teleop(START_M, rotation, options)
        self.stamp_s, self.now_s = 100.0, 5.0
        self.hand = HandSample(1, HAND_M, turn(0.5, 0.0, 1.0), 0.0, 0.0)

    def show(self, after_s=FRAME_S, clock_s=None, **changes):
        """The hand as it was last, but for some changes; the clock goes as the images, or not."""
        self.hand = replace(self.hand, **changes)
        self.stamp_s += after_s
        self.now_s += max(after_s, 0.0) if clock_s is None else clock_s
        return self.teleop.update(self.hand, self.stamp_s, self.now_s)

    def move(self, way_m, num_frames=1, **fields):
        """The hand moves this way (3,), as fast as it takes this many images."""
        start_m = self.hand.position_m
        for step in range(1, num_frames + 1):
            target = self.show(position_m=start_m + np.array(way_m) * step / num_frames, **fields)
        return target

    def hide(self, after_s=FRAME_S):
        self.stamp_s += after_s
        self.now_s += after_s
        return self.teleop.lose()

    def engage(self):
        self.show(pinch=0.0)
        return self.show(pinch=1.0)


def assert_same_pose(one, other):
    np.testing.assert_allclose(one.position_m, other.position_m, atol=1e-12)
    np.testing.assert_allclose(one.rotation, other.rotation, atol=1e-12)


def test_without_the_clutch_the_target_stands_still():
    operator = Operator()
    first = operator.show()
    moved = operator.show(position_m=HAND_M + 0.1, rotation=turn(0, 1, 0))
    assert first.state == moved.state == RELEASED
    assert_same_pose(moved, first)
    np.testing.assert_array_equal(moved.position_m, START_M)


def test_closing_the_clutch_moves_nothing_and_then_the_target_moves_as_the_hand():
    operator = Operator()
    before = operator.show()
    engaged = operator.engage()
    assert engaged.state == ENGAGED
    assert_same_pose(engaged, before)
    moved = operator.show(position_m=np.add(HAND_M, [0.03, -0.02, 0.01]))
    np.testing.assert_allclose(moved.position_m, np.add(START_M, [0.03, -0.02, 0.01]))


def test_the_target_turns_as_the_hand_about_the_robots_axes():
    operator = Operator()
    start = operator.engage().rotation
    by = turn(0.0, 0.4, 0.2)
    turned = operator.show(rotation=by @ operator.hand.rotation)
    np.testing.assert_allclose(turned.rotation, by @ start, atol=1e-9)
    np.testing.assert_array_equal(turned.position_m, START_M)


def test_without_following_rotation_the_orientation_stays():
    operator = Operator(replace(FAST, follow_rotation=False))
    start = operator.engage().rotation
    np.testing.assert_array_equal(operator.show(rotation=turn(0, 1, 0)).rotation, start)


def test_motion_is_scaled():
    operator = Operator(replace(FAST, position_scale=0.5))
    operator.engage()
    moved = operator.show(position_m=np.add(HAND_M, [0.1, 0.0, 0.0]))
    np.testing.assert_allclose(moved.position_m, np.add(START_M, [0.05, 0.0, 0.0]))


def test_releasing_stops_at_once_and_engaging_elsewhere_does_not_jump():
    operator = Operator()
    operator.engage()
    moved = operator.show(position_m=HAND_M + 0.05)
    released = operator.show(pinch=0.0, position_m=HAND_M - 0.3)
    engaged = operator.show(pinch=1.0, rotation=turn(1, 1, 1))
    assert [released.state, engaged.state] == [RELEASED, ENGAGED]
    assert_same_pose(released, moved)
    assert_same_pose(engaged, moved)
    again = operator.show(position_m=HAND_M - 0.3 + [0.0, 0.01, 0.0])
    np.testing.assert_allclose(again.position_m, np.add(moved.position_m, [0.0, 0.01, 0.0]))


def test_the_clutch_has_hysteresis():
    operator = Operator(TeleopOptions(engage_above=0.8, release_below=0.5))
    states = [operator.show(pinch=p).state for p in (0.0, 0.7, 0.8, 0.6, 0.51, 0.5, 0.7)]
    assert states == [RELEASED, RELEASED, ENGAGED, ENGAGED, ENGAGED, RELEASED, RELEASED]


def test_a_fist_can_be_the_clutch_and_pinch_the_gripper():
    operator = Operator(replace(FAST, clutch='fist', max_gripper_speed_s=100.0))
    operator.show()
    assert operator.show(pinch=1.0).state == RELEASED
    engaged = operator.show(curl=1.0, pinch=0.4)
    assert (engaged.state, engaged.gripper) == (ENGAGED, 0.4)


def test_a_hand_that_comes_with_its_clutch_closed_has_to_open_it_first():
    operator = Operator()
    arrived = operator.show(pinch=1.0)
    assert (arrived.state, arrived.reason) == (RELEASED, 'open the pinch once to engage')
    assert operator.show(pinch=0.0).reason == ''
    assert operator.show(pinch=1.0).state == ENGAGED


def test_a_lost_hand_stops_the_target_in_that_very_frame():
    operator = Operator(TeleopOptions())
    operator.engage()
    moving = operator.move([0.1, 0.1, 0.1])
    lost = operator.hide()
    assert (moving.state, lost.state) == (ENGAGED, HAND_LOST)
    assert_same_pose(lost, moving)
    assert lost.gripper == moving.gripper


def test_the_same_hand_returning_soon_goes_on_from_where_the_target_is():
    operator = Operator()
    operator.engage()
    moved = operator.show(position_m=HAND_M + 0.05)
    operator.hide()
    returned = operator.show(position_m=HAND_M - 0.1, rotation=turn(1, 0, 0))
    assert returned.state == ENGAGED
    assert_same_pose(returned, moved)
    on = operator.move([0.01, 0.0, 0.0])
    np.testing.assert_allclose(on.position_m, np.add(moved.position_m, [0.01, 0.0, 0.0]))


@pytest.mark.parametrize(
    ('after_s', 'changes'),
    [(0.5, {}), (FRAME_S, {'track_id': 2}), (-1.0, {})],
    ids=['late', 'as another track', 'with time running backwards'],
)
def test_a_hand_that_returns_has_to_open_the_clutch_first(after_s, changes):
    operator = Operator()
    operator.engage()
    moved = operator.show(position_m=HAND_M + 0.05)
    operator.hide()
    returned = operator.show(after_s, position_m=HAND_M, **changes)
    assert returned.state == RELEASED
    assert_same_pose(returned, moved)
    assert operator.engage().state == ENGAGED


def test_a_gap_without_any_image_counts_as_a_loss():
    operator = Operator()
    operator.engage()
    assert operator.show(1.0).state == RELEASED


@pytest.mark.parametrize(
    'changes',
    [
        {'position_m': [np.nan, 0, 0]},
        {'position_m': [np.inf, 0, 0]},
        {'rotation': np.full((3, 3), np.nan)},
        {'rotation': np.zeros((3, 3))},
        {'rotation': np.diag([1.0, 1.0, -1.0])},
        {'pinch': np.nan},
        {'curl': np.nan},
    ],
    ids=str,
)
def test_a_hand_without_sound_numbers_is_a_lost_one(changes):
    operator = Operator()
    engaged = operator.engage()
    sound = operator.hand
    lost = operator.show(**changes)
    assert lost.state == HAND_LOST
    assert_same_pose(lost, engaged)
    operator.hand = sound
    assert operator.show().state == ENGAGED


@pytest.mark.parametrize('stamp_s', [np.nan, np.inf, -np.inf])
def test_a_time_that_is_none_loses_the_hand_for_that_frame(stamp_s):
    operator = Operator()
    operator.engage()
    assert operator.teleop.update(operator.hand, stamp_s).state == HAND_LOST
    assert operator.show().state == ENGAGED


def test_a_repeated_time_moves_nothing():
    operator = Operator()
    engaged = operator.engage()
    assert_same_pose(operator.show(0.0, position_m=HAND_M + 0.1), engaged)


def test_the_target_stays_in_the_workspace_and_returns_with_the_hand():
    options = replace(FAST, workspace_min_m=(0.2, -0.1, 0.3), workspace_max_m=(0.4, 0.1, 0.5))
    operator = Operator(options)
    operator.engage()
    out = operator.move([0.5, 0.5, 0.5], num_frames=10)
    np.testing.assert_allclose(out.position_m, [0.4, 0.1, 0.5])
    back = operator.move([-0.5, -0.5, -0.5], num_frames=10)
    np.testing.assert_allclose(back.position_m, START_M)


def test_a_target_outside_the_workspace_is_not_moved_but_by_the_hand():
    operator = Operator(replace(FAST, workspace_max_m=(0.2, 1.0, 1.0)))
    np.testing.assert_array_equal(operator.engage().position_m, START_M)
    farther = operator.move([0.1, 0.0, 0.0])
    np.testing.assert_array_equal(farther.position_m, START_M)
    inside = operator.move([-0.3, 0.0, 0.0], num_frames=3)
    np.testing.assert_allclose(inside.position_m, START_M - [0.2, 0.0, 0.0])


def test_a_fast_hand_is_followed_at_the_speed_limits():
    operator = Operator(TeleopOptions(max_linear_speed_m_s=0.3, max_angular_speed_rad_s=0.6))
    engaged = operator.engage()
    moved = operator.show(0.05, position_m=HAND_M + 0.1, rotation=turn(0, 1, 0) @ turn(0.5, 0, 1))
    assert np.linalg.norm(moved.position_m - engaged.position_m) == pytest.approx(0.015)
    turned = rotation_vector(moved.rotation @ engaged.rotation.T)
    assert np.linalg.norm(turned) == pytest.approx(0.03)


def test_stamps_that_run_too_fast_make_no_motion_faster():
    limit_m_s, turn_limit_rad_s, frame_s = 0.25, 1.0, 0.01
    operator = Operator(TeleopOptions(max_linear_speed_m_s=limit_m_s))
    engaged, start_s = operator.engage(), operator.now_s
    for _ in range(50):
        target = operator.show(
            10 * frame_s,
            clock_s=frame_s,
            position_m=np.add(operator.hand.position_m, [0.02, 0.0, 0.0]),
            rotation=turn(0.0, 0.0, 0.05) @ operator.hand.rotation,
        )
    assert target.state == ENGAGED
    seconds = operator.now_s - start_s
    moved_m = np.linalg.norm(target.position_m - engaged.position_m)
    assert moved_m == pytest.approx(limit_m_s * seconds)
    turned_rad = np.linalg.norm(rotation_vector(target.rotation @ engaged.rotation.T))
    assert turned_rad == pytest.approx(turn_limit_rad_s * seconds)


def test_stamps_that_run_too_slowly_hide_no_absence():
    operator = Operator()
    operator.engage()
    operator.hide()
    returned = operator.show(FRAME_S, clock_s=5.0)
    assert returned.state == RELEASED
    assert returned.reason == 'open the pinch once to engage'


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        (
            {'position_m': np.add(HAND_M, [0.0, 0.8, 0.0])},
            'the hand jumped by 0.80 m within 0.033 s',
        ),
        ({'rotation': turn(0, 0, np.pi) @ turn(0.5, 0, 1)}, 'the hand jumped by 3.1 rad'),
        ({'track_id': 7}, 'track 7 took the place of track 1'),
    ],
    ids=['position', 'rotation', 'track'],
)
def test_a_hand_that_jumps_is_not_followed_until_it_has_opened_its_clutch(changes, reason):
    operator = Operator()
    engaged = operator.engage()
    jumped = operator.show(**changes)
    assert jumped.state == RELEASED
    assert jumped.reason.startswith(reason)
    assert jumped.reason.endswith('open the pinch once to engage')
    assert_same_pose(jumped, engaged)
    assert_same_pose(operator.move([0.05, 0.0, 0.0]), engaged)
    assert_same_pose(operator.engage(), engaged)
    after = operator.move([0.05, 0.0, 0.0])
    np.testing.assert_allclose(after.position_m, np.add(engaged.position_m, [0.05, 0.0, 0.0]))


def test_a_hand_that_jumps_after_a_gap_is_not_followed_either():
    operator = Operator(replace(FAST, resume_within_s=1.0))
    operator.engage()
    assert operator.show(0.5, position_m=np.add(HAND_M, [0.0, 0.0, 0.8])).state == RELEASED


def test_a_fast_hand_is_no_jump():
    operator = Operator()
    operator.engage()
    three_m_s = operator.move([0.0, 0.0, 1.0], num_frames=10)
    turning = operator.show(rotation=turn(0, 0.5, 0) @ operator.hand.rotation)
    assert (three_m_s.state, turning.state) == (ENGAGED, ENGAGED)


def test_an_orientation_that_moves_nothing_may_jump():
    operator = Operator(replace(FAST, follow_rotation=False))
    operator.engage()
    assert operator.show(rotation=turn(0, 0, np.pi) @ operator.hand.rotation).state == ENGAGED


def test_a_hand_that_is_told_to_disengage_has_to_open_its_clutch():
    operator = Operator()
    engaged = operator.engage()
    stopped = operator.teleop.disengage('the camera changed', TeleopState.FAULT)
    assert (stopped.state, stopped.reason) == (TeleopState.FAULT, 'the camera changed')
    still = operator.move([0.05, 0.0, 0.0])
    assert still.state == RELEASED
    assert_same_pose(still, engaged)
    assert operator.engage().state == ENGAGED


def test_the_gripper_is_unknown_until_the_first_engagement():
    operator = Operator()
    assert operator.show(curl=0.7).gripper is None
    assert operator.engage().gripper == pytest.approx(0.7)


def test_the_gripper_follows_the_fingers_at_its_speed_limit_while_engaged():
    operator = Operator(replace(FAST, max_gripper_speed_s=1.0))
    operator.engage()
    assert operator.show(0.05, curl=1.0).gripper == pytest.approx(0.05)
    assert operator.show(0.05, pinch=0.0).gripper == pytest.approx(0.05)


def test_a_closed_gripper_stays_closed_until_the_fingers_have_closed_too():
    operator = Operator(replace(FAST, max_gripper_speed_s=100.0))
    operator.show(curl=1.0)
    assert operator.engage().gripper == 1.0
    operator.show(pinch=0.0, curl=0.0)
    assert operator.engage().gripper == 1.0
    grippers = [operator.show(curl=curl).gripper for curl in (0.0, 0.5, 0.95, 0.5, 0.0)]
    assert grippers == pytest.approx([1.0, 1.0, 0.95, 0.5, 0.0])


def random_inputs(rng, count):
    """Hands that wander, jump, vanish, swap, and bring nonsense, at times that do too.

    With the image's stamp and the clock, which does not go as the stamps do.
    """
    stamp_s, now_s, track_id = 0.0, 0.0, 1
    position_m, rotation = HAND_M, np.eye(3)
    pinch = curl = 0.0
    for _ in range(count):
        stamp_s += rng.choice([FRAME_S, 0.0, 0.2, 1.0, -0.5], p=[0.9, 0.03, 0.03, 0.02, 0.02])
        now_s += rng.choice([FRAME_S, 0.002, 0.1, 1.0], p=[0.8, 0.15, 0.04, 0.01])
        position_m = position_m + rng.normal(scale=rng.choice([0.02, 1.0], p=[0.97, 0.03]), size=3)
        rotation = (
            turn(*rng.normal(scale=rng.choice([0.1, 2.0], p=[0.97, 0.03]), size=3)) @ rotation
        )
        if rng.random() < 0.2:
            pinch, curl = rng.choice([0.0, 0.6, 1.0]), rng.random()
        if rng.random() < 0.02:
            track_id += 1
        sample = HandSample(track_id, position_m, rotation, pinch, curl)
        nonsense = rng.random()
        if nonsense < 0.03:
            sample = None
        elif nonsense < 0.05:
            sample = replace(sample, position_m=np.array([np.nan, np.inf, 0.0]))
        elif nonsense < 0.06:
            sample = replace(sample, rotation=rotation * 1e9)
        elif nonsense < 0.07:
            sample = replace(sample, pinch=np.nan)
        yield sample, rng.choice([stamp_s, np.nan], p=[0.99, 0.01]), now_s


@pytest.mark.parametrize('clutch', ['pinch', 'fist'])
@pytest.mark.parametrize('seed', range(10))
def test_no_input_whatever_moves_the_target_beyond_its_limits(seed, clutch):
    """5 minutes of it for each clutch. The limits hold by the stamps and by the clock."""
    rng = np.random.default_rng(seed)
    options = TeleopOptions(
        clutch=clutch,
        workspace_min_m=(0.0, -0.3, 0.2),
        workspace_max_m=(0.6, 0.3, 0.7),
        position_scale=float(rng.uniform(0.2, 3.0)),
    )
    teleop = Teleop(START_M, np.eye(3), options)
    last, last_stamp_s, last_now_s = teleop.lose(), 0.0, 0.0
    num_engaged = 0
    for sample, stamp_s, now_s in random_inputs(rng, 900):
        target = teleop.update(sample, stamp_s, now_s) if sample else teleop.lose()
        step_s = min(max(stamp_s - last_stamp_s, 0.0), MAX_STEP_S) if np.isfinite(stamp_s) else 0.0
        step_s = min(step_s, now_s - last_now_s)
        if target.state != ENGAGED:
            step_s = 0.0
        moved_m = np.linalg.norm(target.position_m - last.position_m)
        turned_rad = np.linalg.norm(rotation_vector(target.rotation @ last.rotation.T))
        assert moved_m <= options.max_linear_speed_m_s * step_s + 1e-9
        assert turned_rad <= options.max_angular_speed_rad_s * step_s + 1e-6
        assert (target.position_m >= options.workspace_min_m).all()
        assert (target.position_m <= options.workspace_max_m).all()
        np.testing.assert_allclose(target.rotation @ target.rotation.T, np.eye(3), atol=1e-9)
        if last.gripper is not None:
            assert abs(target.gripper - last.gripper) <= options.max_gripper_speed_s * step_s + 1e-9
        num_engaged += target.state == ENGAGED
        last, last_now_s = target, now_s
        last_stamp_s = stamp_s if np.isfinite(stamp_s) else last_stamp_s
    assert num_engaged > 20


def test_a_hand_is_taken_into_the_robots_frame():
    points = hand_points((0.0, 0.0, 1.4, 1.4, 1.4)) + HAND_M
    pose = HandPose(HAND_M, turn(1, 0, 0), points, np.eye(6), 0.0, PoseSource.HAND_SIZE)
    hand = replace(hand_seen(np.zeros((21, 2)), (640, 480), points), pose=pose)
    to_robot = np.eye(4)
    to_robot[:3, :3], to_robot[:3, 3] = turn(0, 0, np.pi / 2), [1.0, 2.0, 3.0]
    sample = sample_hand(with_finger_values(hand), to_robot)
    np.testing.assert_allclose(sample.position_m, [1.2, 2.1, 3.6])
    np.testing.assert_allclose(sample.rotation, turn(0, 0, np.pi / 2) @ turn(1, 0, 0), atol=1e-12)
    assert (sample.track_id, sample.curl, sample.pinch) == (1, 1.0, 0.0)


def test_clutch_and_gripper_come_from_the_fingers_as_published():
    pose = HandPose(HAND_M, np.eye(3), np.zeros((21, 3)), np.eye(6), 0.0, PoseSource.HAND_SIZE)
    hand = replace(
        hand_seen(np.zeros((21, 2)), (640, 480), hand_points()),
        pose=pose,
        finger_curl=np.array([0.9, 0.8, 0.1, 0.2, 0.6]),
        pinch=0.7,
    )
    sample = sample_hand(hand, np.eye(4))
    assert (sample.pinch, sample.curl) == (0.7, pytest.approx(0.3))


@pytest.mark.parametrize(
    ('options', 'complaint'),
    [
        ({'clutch': 'wink'}, 'pinch, fist'),
        ({'engage_above': 0.4, 'release_below': 0.4}, 'clutch'),
        ({'workspace_min_m': (0, 0, 0), 'workspace_max_m': (1, 0, 1)}, 'workspace'),
        ({'workspace_min_m': (np.nan, 0, 0)}, 'workspace'),
    ],
)
def test_options_that_contradict_each_other_are_refused(options, complaint):
    with pytest.raises(ValueError, match=complaint):
        TeleopOptions(**options)
