"""The judge of a soak lets a good target pass, and finds each kind of bad one."""

import math

import pytest
from geometry_msgs.msg import PoseStamped

from evaluation.faults.teleop_invariants import TeleopJudge

SPEED_M_S, TURN_RAD_S, STROKES_S = 0.25, 1.0, 2.0


@pytest.fixture
def judge():
    corners = (-0.2, -0.2, -0.2), (0.2, 0.2, 0.2)
    judge = TeleopJudge(corners, SPEED_M_S, TURN_RAD_S, STROKES_S)
    judge.status('ENGAGED')
    return judge


def target(x=0.0, turn_rad=0.0):
    message = PoseStamped()
    message.pose.position.x = x
    message.pose.orientation.z = math.sin(turn_rad / 2)
    message.pose.orientation.w = math.cos(turn_rad / 2)
    return message


def test_a_target_within_its_limits_passes(judge):
    for number in range(20):
        s = number / 30
        assert judge.target(target(SPEED_M_S * s, TURN_RAD_S * s), s) == []
        assert judge.gripper(min(1.0, STROKES_S * s), s) == []
    judge.status('RELEASED')
    assert judge.target(target(SPEED_M_S * s, TURN_RAD_S * s), s + 0.03) == []


def test_targets_that_come_late_together_pass(judge):
    judge.target(target(), 0.0)
    for number in range(1, 10):
        assert judge.target(target(SPEED_M_S * number / 30), 0.3 + number / 1000) == []


@pytest.mark.parametrize('factor', [1.5, 10.0])
def test_a_target_that_is_too_fast_is_found(judge, factor):
    wrong = []
    for number in range(45):
        s = number / 30
        wrong += judge.target(target((-1) ** number * 0.5 * factor * SPEED_M_S / 30), s)
    assert any('speed limit' in text for text in wrong)


def test_a_target_that_jumps_is_found(judge):
    judge.target(target(), 0.0)
    assert 'speed limit' in str(judge.target(target(0.19), 0.03))
    assert 'turned' in str(judge.target(target(0.19, 2.0), 0.06))


def test_a_target_that_moves_while_not_engaged_is_found(judge):
    judge.target(target(), 0.0)
    judge.status('HAND_LOST: no message')
    assert 'not engaged' in str(judge.target(target(0.0001), 0.03))
    assert 'not engaged' in str(judge.target(target(0.0001, 0.0001), 0.06))
    assert judge.target(target(0.0001, 0.0001), 0.09) == []


def test_a_target_outside_the_workspace_or_not_finite_is_found(judge):
    assert 'workspace' in str(judge.target(target(0.21), 0.0))
    assert 'not finite' in str(judge.target(target(math.nan), 0.0))


@pytest.mark.parametrize('value', [math.nan, -0.1, 1.1])
def test_a_gripper_outside_its_range_is_found(judge, value):
    assert judge.gripper(value, 0.0)


def test_a_gripper_that_is_too_fast_is_found(judge):
    judge.gripper(0.0, 0.0)
    judge.gripper(1.0, 0.01)
    assert 'gripper moved' in str(judge.gripper(0.0, 0.02))
