"""The teleoperation node as a managed node: inactive it moves nothing, and says so."""

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

import rclpy
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.lifecycle import TransitionCallbackReturn
from std_srvs.srv import SetBool, Trigger

from hand_tracking_ros.teleop import hand_teleop_node
from support.node_process import NodeProcess
from support.teleop_client import place
from support.teleop_operator import PATIENT, Operator, hand

START_M = (0.1, 0.2, 0.3)
START = ('-p', f'start_position:={list(START_M)}', '-p', 'max_linear_speed:=10.0')
UNMANAGED = ('-p', 'autostart:=false')


def change(client, transition):
    """Ask for a transition; whether it succeeded."""
    request = ChangeState.Request(transition=Transition(id=transition))
    return client.call(ChangeState, 'hand_teleop/change_state', request).success


def state(client):
    return client.call(GetState, 'hand_teleop/get_state', GetState.Request()).current_state.id


def set_enabled(client, data):
    return client.call(SetBool, 'hand_teleop/set_enabled', SetBool.Request(data=data))


def wait_for_topics(operator, are_advertised, is_heard):
    """Wait until target and gripper are advertised and hands are heard, or not."""
    node = operator.node
    for topic in ('hand_teleop/target', 'hand_teleop/gripper'):
        operator.wait_for(
            lambda t=topic: node.count_publishers(t) == are_advertised, f'publisher of {topic}'
        )
    operator.wait_for(lambda: operator.is_heard() == is_heard, 'subscription to hands')


def engage(operator):
    operator.connect()
    operator.show(hand())
    target = operator.show(hand(pinched=True))
    operator.said.wait_for_status('ENGAGED')
    return place(target)


def test_a_managed_node_moves_something_only_while_it_is_active(tmp_path):
    with (
        NodeProcess(tmp_path, *START, *PATIENT, *UNMANAGED, program='hand_teleop') as node,
        Operator(node) as operator,
    ):
        said = operator.said
        operator.wait_for(lambda: said.num_statuses > 3, 'status again and again')
        assert said.statuses == ['INACTIVE: the node is not configured']
        wait_for_topics(operator, are_advertised=False, is_heard=False)

        assert change(operator, Transition.TRANSITION_CONFIGURE)
        said.wait_for_status('INACTIVE: the node is not active')
        wait_for_topics(operator, are_advertised=True, is_heard=False)

        assert change(operator, Transition.TRANSITION_ACTIVATE)
        said.wait_for_status('HAND_LOST: no message')
        np.testing.assert_allclose(engage(operator), START_M)
        moved = place(operator.show(hand((0.05, 0.0, 0.6), pinched=True)))

        # In mid-motion: nothing is published any more, whatever comes.
        assert change(operator, Transition.TRANSITION_DEACTIVATE)
        said.wait_for_status('INACTIVE: the node is not active')
        assert 'Stopped: the node is not active' in node.text()
        wait_for_topics(operator, are_advertised=True, is_heard=False)

        # It goes on from where it is, once the clutch was opened.
        assert change(operator, Transition.TRANSITION_ACTIVATE)
        operator.connect()
        closed = operator.show(hand((0.1, 0.0, 0.6), pinched=True))
        said.wait_for_status('RELEASED: open the pinch once to engage')
        np.testing.assert_array_equal(place(closed), moved)
        np.testing.assert_array_equal(engage(operator), moved)

        # Cleaned up, it has forgotten all.
        assert change(operator, Transition.TRANSITION_DEACTIVATE)
        assert change(operator, Transition.TRANSITION_CLEANUP)
        said.wait_for_status('INACTIVE: the node is not configured')
        wait_for_topics(operator, are_advertised=False, is_heard=False)
        assert change(operator, Transition.TRANSITION_CONFIGURE)
        assert change(operator, Transition.TRANSITION_ACTIVATE)
        np.testing.assert_allclose(engage(operator), START_M)
        assert 'Traceback' not in node.text()


def test_configure_fails_with_parameters_that_contradict_each_other(tmp_path):
    with (
        NodeProcess(
            tmp_path, *UNMANAGED, '-p', 'clutch_engage:=0.3', program='hand_teleop'
        ) as node,
        Operator(node) as operator,
    ):  # fmt: skip
        assert not change(operator, Transition.TRANSITION_CONFIGURE)
        assert state(operator) == State.PRIMARY_STATE_UNCONFIGURED
        complaint = 'the clutch opens below 0.5 and closes above 0.3'
        operator.said.wait_for_status('INACTIVE: the node is not configured: parameters: ')
        assert complaint in operator.said.statuses[-1]
        assert complaint in node.text()
        assert complaint in set_enabled(operator, True).message
        assert 'Traceback' not in node.text()


def test_set_enabled_and_reset_disengage(tmp_path):
    with (
        NodeProcess(tmp_path, *START, *PATIENT, program='hand_teleop') as node,
        Operator(node) as operator,
    ):
        engage(operator)
        assert operator.call(Trigger, 'hand_teleop/reset', Trigger.Request()).success
        operator.show(hand(pinched=True))
        operator.said.wait_for_status('RELEASED: open the pinch once to engage')
        engage(operator)
        for data, status in ((False, 'INACTIVE'), (True, 'HAND_LOST: no message')):
            assert set_enabled(operator, data).success
            operator.said.wait_for_status(status)
        engage(operator)


@pytest.fixture
def unspun_node():
    """The node in this process; nobody serves its callbacks."""
    rclpy.init()
    node = hand_teleop_node.HandTeleopNode()
    yield node
    node.destroy_node()
    rclpy.shutdown()


@pytest.mark.parametrize('step', ['configure', 'activate'])
def test_a_step_that_fails_unexpectedly_leads_back_to_the_beginning(unspun_node, monkeypatch, step):
    unspun_node.start(is_automatic=False)
    what = {'configure': 'TransformInput', 'activate': 'HandInput'}[step]
    if step == 'activate':
        unspun_node.trigger_configure()
    monkeypatch.setattr(hand_teleop_node, what, lambda *_: 1 / 0)
    result = getattr(unspun_node, f'trigger_{step}')()
    assert result == TransitionCallbackReturn.ERROR
    assert unspun_node.state == 'unconfigured'
    assert 'ZeroDivisionError' in str(unspun_node.failure)
    monkeypatch.undo()
    unspun_node.trigger_configure()
    unspun_node.trigger_activate()
    assert (unspun_node.state, unspun_node.failure) == ('active', None)
