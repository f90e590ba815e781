"""A hand tracker for the tests that leave it as it was, and a hand to show to it."""

import cv2
import pytest

from support.node_process import Client, NodeProcess
from support.test_data import need
from support.tracker_client import later


@pytest.fixture(scope='module')
def running(tmp_path_factory):
    """One node and client for all tests that leave the node as it was."""
    with NodeProcess(tmp_path_factory.mktemp('node')) as node, Client(node) as client:
        client.wait_for_node()
        yield node, client


@pytest.fixture
def client(running):
    node, client = running
    later(10)  # no hand of an earlier test is still held
    yield client
    assert node.is_running, node.text()


@pytest.fixture(scope='module')
def hand_image():
    """A picture with one right hand, RGB."""
    path = need('annotated/freihand_00017620.jpg')
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
