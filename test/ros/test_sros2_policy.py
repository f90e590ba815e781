"""The access control policy lets every node do what it does, and nothing else."""

import contextlib
import xml.etree.ElementTree as ElementTree
from pathlib import PurePosixPath

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from rclpy.node import NodeNameNonExistentError

from support.checkout import CHECKOUT
from support.node_process import Client, NodeProcess

POLICY = CHECKOUT / 'config' / 'sros2' / 'policy.xml'
# As the launch files start them.
REMAPPED = ('-r', 'image:=image_raw', '-r', 'image/compressed:=image_raw/compressed')
SIM_TIME = ('-p', 'use_sim_time:=true')
WAITING = ('-p', 'wait_for_subscribers:=100')
PROGRAMS = {
    'hand_tracker': (),
    'hand_teleop': (),
    'simulated_camera': WAITING,
    'video_publisher': ('-p', 'source:=simulated:still', *WAITING),
}
# What another parameter (image_transport) adds, and what not every distribution has.
ALSO_ALLOWED = {('hand_tracker', 'subscribe', '/image_raw/compressed')}
NOT_EVERYWHERE = 'get_type_description'


def allowed():
    """What the policy allows: node, what it does, the full name of the topic or service."""
    found = set()
    for profile in ElementTree.parse(POLICY).iter('profile'):
        node = profile.get('node')
        for group in profile:
            (action,) = group.attrib
            for name in group:
                text = name.text.replace('~', f'/{node}', 1)
                found.add((node, action, str(PurePosixPath(profile.get('ns'), text))))
    return found


def done(client):
    """The same of nodes that run."""
    found = set()
    for node in PROGRAMS:
        for action, names_by_node in (
            ('publish', client.node.get_publisher_names_and_types_by_node),
            ('subscribe', client.node.get_subscriber_names_and_types_by_node),
            ('reply', client.node.get_service_names_and_types_by_node),
            ('request', client.node.get_client_names_and_types_by_node),
        ):
            with contextlib.suppress(NodeNameNonExistentError):  # it is not there yet
                found |= {(node, action, name) for name, _types in names_by_node(node, '/')}
    return found


def test_each_node_has_an_enclave_of_its_own():
    enclaves = ElementTree.parse(POLICY).findall('enclaves/enclave')
    nodes = {
        enclave.get('path'): [profile.get('node') for profile in enclave.iter('profile')]
        for enclave in enclaves
    }
    assert nodes == {f'/hand_tracking/{name}': [name] for name in PROGRAMS}


def test_the_policy_names_what_the_nodes_have_and_nothing_more(tmp_path):
    with contextlib.ExitStack() as running:
        nodes = []
        for program, arguments in PROGRAMS.items():
            domain_id = nodes[0].domain_id if nodes else None
            node = NodeProcess(
                tmp_path, *SIM_TIME, *REMAPPED, *arguments, program=program, domain_id=domain_id
            )
            nodes.append(running.enter_context(node))
        client = running.enter_context(Client(nodes[0]))

        def differences():
            found = allowed() ^ (done(client) | ALSO_ALLOWED)
            return {each for each in found if not each[2].endswith(NOT_EVERYWHERE)}

        try:
            client.wait_for(lambda: not differences(), 'such policy')
        except AssertionError:
            assert differences() == set()  # shows them
            raise
