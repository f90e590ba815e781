"""The hand tracker as a managed node: its states, what each does, and what fails."""

import os
import platform
import weakref

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.lifecycle import TransitionCallbackReturn
from std_srvs.srv import SetBool, Trigger
from visualization_msgs.msg import Marker

from evaluation.faults.resources import resources
from hand_tracking_ros.ros.hand_tracker_node import HandTrackerNode
from hand_tracking_ros.ros.image_conversion import from_rgb
from hand_tracking_ros.tracking.networks.models import HandModels
from support.node_process import Client, NodeProcess
from support.tracker_client import STAMPS, ask_with_pose, empty_image, status_where

pytest_plugins = ('support.tracker_fixtures',)
UNMANAGED = ('-p', 'autostart:=false')


def change(client, transition):
    """Ask for a transition; whether it succeeded."""
    request = ChangeState.Request(transition=Transition(id=transition))
    return client.call(ChangeState, 'hand_tracker/change_state', request).success


def state(client):
    return client.call(GetState, 'hand_tracker/get_state', GetState.Request()).current_state.id


def test_the_node_is_active_by_itself(tmp_path):
    with NodeProcess(tmp_path) as node, Client(node) as client:
        assert state(client) == State.PRIMARY_STATE_ACTIVE


def test_a_managed_node_goes_through_its_states(tmp_path, hand_image):
    with NodeProcess(tmp_path, *UNMANAGED) as node, Client(node) as client:
        assert state(client) == State.PRIMARY_STATE_UNCONFIGURED
        status_where(client, lambda s: s.message == 'unconfigured')
        assert change(client, Transition.TRANSITION_CONFIGURE)
        client.wait_for(
            lambda: client.node.count_publishers('hand_tracker/hands'), 'advertised topic'
        )
        assert client.node.count_subscribers('image') == 0
        status = status_where(client, lambda s: s.message == 'inactive')
        assert (status.level, status.name) == (DiagnosticStatus.OK, 'hand_tracker: camera')

        assert change(client, Transition.TRANSITION_ACTIVATE)
        client.wait_for_node()
        first = client.ask(from_rgb(hand_image, STAMPS.next()))
        assert change(client, Transition.TRANSITION_DEACTIVATE)
        client.wait_for(lambda: client.node.count_subscribers('image') == 0, 'unsubscription')

        assert change(client, Transition.TRANSITION_ACTIVATE)
        client.wait_for_node()
        second = client.ask(from_rgb(hand_image, STAMPS.next()))
        assert change(client, Transition.TRANSITION_DEACTIVATE)
        assert change(client, Transition.TRANSITION_CLEANUP)
        client.wait_for(
            lambda: client.node.count_publishers('hand_tracker/hands') == 0, 'withdrawn topic'
        )
        assert change(client, Transition.TRANSITION_CONFIGURE)
        assert change(client, Transition.TRANSITION_ACTIVATE)
        client.wait_for_node()
        third = client.ask(from_rgb(hand_image, STAMPS.next()))
        assert [answer.hands[0].track_id for answer in (first, second, third)] == [1, 2, 3]
        assert 'Traceback' not in node.text()


def test_without_models_configure_fails_with_the_command_that_mends_it(tmp_path):
    arguments = (*UNMANAGED, '-p', f'model_directory:={tmp_path}')
    with NodeProcess(tmp_path, *arguments) as node, Client(node) as client:
        assert not change(client, Transition.TRANSITION_CONFIGURE)
        assert state(client) == State.PRIMARY_STATE_UNCONFIGURED
        status = status_where(client, lambda s: s.level == DiagnosticStatus.ERROR)
        for text in (status.message, node.text()):
            assert 'prepare_models' in text
        assert 'Traceback' not in node.text()
        answer = client.call(SetBool, 'hand_tracker/set_enabled', SetBool.Request(data=True))
        assert not answer.success
        assert 'prepare_models' in answer.message


def test_markers_do_not_outlive_the_activity_of_the_node(tmp_path, hand_image):
    with NodeProcess(tmp_path) as node, Client(node) as client:
        client.wait_for_node()
        last = ask_with_pose(client, hand_image)
        client.call(SetBool, 'hand_tracker/set_enabled', SetBool.Request(data=False))
        deleted = client.wait_for(
            lambda: [m for a in client.markers for m in a.markers if m.action == Marker.DELETE],
            'deleted markers',
        )
        assert {marker.header.frame_id for marker in deleted} == {last.header.frame_id}


@pytest.fixture
def unspun_node():
    """The node in this process; nobody serves its callbacks."""
    rclpy.init()
    node = HandTrackerNode()
    yield node
    node.destroy_node()
    rclpy.shutdown()


def test_cleanup_frees_the_networks(unspun_node, monkeypatch):
    loaded = []
    load = HandModels.load

    def remember(*arguments, **options):
        models = load(*arguments, **options)
        loaded.append(weakref.ref(models.runtime))
        return models

    monkeypatch.setattr(HandModels, 'load', remember)
    unspun_node.start(is_automatic=True)
    assert loaded[0]() is not None
    unspun_node.trigger_deactivate()
    assert loaded[0]() is not None
    unspun_node.trigger_cleanup()
    assert loaded[0]() is None


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='only glibc returns memory')
def test_cleanup_gives_the_memory_of_the_networks_back(unspun_node):
    unspun_node.start(is_automatic=True)
    active_mb = resources(os.getpid()).uss_mb
    unspun_node.trigger_deactivate()
    unspun_node.trigger_cleanup()
    # Measured: 30 to 50 MB. Without it, none.
    assert resources(os.getpid()).uss_mb < active_mb - 10


def test_a_transition_that_the_state_does_not_allow_is_refused(tmp_path):
    with NodeProcess(tmp_path) as node, Client(node) as client:
        assert not change(client, Transition.TRANSITION_CONFIGURE)
        assert not change(client, 77)
        assert state(client) == State.PRIMARY_STATE_ACTIVE
        assert change(client, Transition.TRANSITION_DEACTIVATE)


def test_a_step_that_fails_unexpectedly_leads_back_to_the_beginning(unspun_node, monkeypatch):
    unspun_node.start(is_automatic=False)
    monkeypatch.setattr(HandModels, 'load', lambda *_, **__: 1 / 0)
    assert unspun_node.trigger_configure() == TransitionCallbackReturn.ERROR
    assert unspun_node.state == 'unconfigured'
    assert 'ZeroDivisionError' in str(unspun_node.failure)
    monkeypatch.undo()
    unspun_node.trigger_configure()
    unspun_node.trigger_activate()
    assert (unspun_node.state, unspun_node.failure) == ('active', None)


def test_an_active_managed_node_shows_its_manager_that_it_lives(tmp_path):
    Status = pytest.importorskip('bond.msg', reason='package bond is not installed').Status
    with NodeProcess(tmp_path, *UNMANAGED) as node, Client(node) as client:
        heard = []
        client.listen(Status, 'bond', heard)
        answer = client.node.create_publisher(Status, 'bond', 10)
        assert change(client, Transition.TRANSITION_CONFIGURE)
        assert not heard
        assert change(client, Transition.TRANSITION_ACTIVATE)
        client.wait_for(lambda: len(heard) > 10, 'heartbeat')
        assert {(m.id, m.active) for m in heard} == {('hand_tracker', True)}
        assert heard[0].heartbeat_period < heard[0].heartbeat_timeout
        assert change(client, Transition.TRANSITION_DEACTIVATE)
        client.wait_for(lambda: not heard[-1].active, 'farewell')

        assert change(client, Transition.TRANSITION_ACTIVATE)
        client.wait_for(lambda: heard[-1].active, 'new bond')
        answer.publish(Status(id='another_node', instance_id='manager', active=False))
        num_heard = len(heard)
        client.wait_for(lambda: len(heard) > num_heard + 3, 'heartbeat')
        assert heard[-1].active
        farewell = Status(id='hand_tracker', instance_id='manager', active=False)
        answer.publish(farewell)  # we hear it too
        client.wait_for(
            lambda: any(
                m.instance_id != farewell.instance_id and not m.active for m in heard[num_heard:]
            ),
            "answer to the manager's farewell",
        )


def test_set_enabled_stops_and_resumes_the_work(tmp_path):
    with NodeProcess(tmp_path) as node, Client(node) as client:
        client.wait_for_node()
        client.ask(empty_image())
        for data, expected in ((False, 'inactive'), (False, 'inactive'), (True, 'active')):
            answer = client.call(SetBool, 'hand_tracker/set_enabled', SetBool.Request(data=data))
            assert (answer.success, answer.message) == (True, f'The node is {expected}')
        client.wait_for_node()
        client.ask(empty_image())


def test_reset_forgets_the_hands_and_goes_on_counting(tmp_path, hand_image):
    with NodeProcess(tmp_path) as node, Client(node) as client:
        client.wait_for_node()
        first = client.ask(from_rgb(hand_image, STAMPS.next()))
        assert client.call(Trigger, 'hand_tracker/reset', Trigger.Request()).success
        second = client.ask(from_rgb(hand_image, STAMPS.next()))
        assert [answer.hands[0].track_id for answer in (first, second)] == [1, 2]
