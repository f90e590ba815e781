"""The state of teleoperation in the log: every stop and every fault, but not again and again."""

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

import rclpy

from hand_tracking_ros.teleop import status
from hand_tracking_ros.teleop.status import StatusPublisher
from hand_tracking_ros.teleop.teleop import TeleopState


@pytest.fixture
def said(monkeypatch):
    """A publisher of states, and what it logs, by severity."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node('test_status', context=context)
    logged = {'info': [], 'warning': []}
    for severity, texts in logged.items():
        monkeypatch.setattr(node.get_logger(), severity, texts.append)
    yield StatusPublisher(node), logged
    node.destroy_node()
    rclpy.shutdown(context=context)


def test_a_fault_that_lasts_is_one_warning(said):
    publisher, logged = said
    for age_s in range(20):
        publisher.say(TeleopState.FAULT, f'the image is {age_s}.5 s old')
    publisher.say(TeleopState.FAULT, 'no transform')
    publisher.say(TeleopState.FAULT, 'no transform')
    assert logged == {'info': [], 'warning': ['the image is 0.5 s old', 'no transform']}


def test_a_fault_that_still_lasts_is_said_again(said, monkeypatch):
    publisher, logged = said
    monkeypatch.setattr(status, 'FAULT_LOG_PERIOD_S', 0.0)
    for _ in range(3):
        publisher.say(TeleopState.FAULT, 'no transform')
    assert logged['warning'] == ['no transform'] * 3


@pytest.mark.parametrize('state', [TeleopState.HAND_LOST, TeleopState.RELEASED, TeleopState.FAULT])
def test_what_stops_an_engaged_target_is_a_warning(said, state):
    publisher, logged = said
    publisher.say(TeleopState.ENGAGED)
    publisher.say(state, 'the reason')
    assert logged == {'info': ['ENGAGED'], 'warning': ['Stopped: the reason']}


def test_who_opens_the_clutch_is_not_warned(said):
    publisher, logged = said
    for state in (TeleopState.RELEASED, TeleopState.ENGAGED, TeleopState.RELEASED):
        publisher.say(state)
    assert logged == {'info': ['RELEASED', 'ENGAGED', 'RELEASED'], 'warning': []}


def test_a_state_is_repeated_when_a_period_has_passed(said, monkeypatch):
    publisher, _ = said
    publisher.say(TeleopState.RELEASED)
    assert 0 < publisher.wait_s() <= status.STATUS_PERIOD_S
    monkeypatch.setattr(status, 'STATUS_PERIOD_S', 0.0)
    assert publisher.wait_s() == 0
