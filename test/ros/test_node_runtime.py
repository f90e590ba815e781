"""What the node says about the runtime of its networks."""

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from diagnostic_msgs.msg import DiagnosticStatus

from hand_tracking_ros.tracking.networks import gpu_session
from support.node_process import Client, NodeProcess
from support.tracker_client import empty_image, status_where


def provider_in_use(status):
    return next(value.value for value in status.values if value.key == 'execution provider')


def status_with_images(client):
    """A diagnostic status of a time when images came."""

    def has_images(status):
        client.publish('image', empty_image())
        return not status.message.startswith('no images')

    return status_where(client, has_images)


def test_a_provider_that_does_not_start_is_a_warning_and_the_cpu_goes_on(tmp_path):
    if gpu_session.is_built_for('cuda'):
        pytest.skip('CUDA may start here')
    with NodeProcess(tmp_path, '-p', 'execution_provider:=cuda') as node, Client(node) as client:
        client.wait_for_node()
        assert client.ask(empty_image()).hands == []
        status = status_with_images(client)
        assert status.level == DiagnosticStatus.WARN
        assert 'cuda does not start' in status.message
        assert provider_in_use(status) == 'cpu'
        warnings = [line for line in node.text().splitlines() if 'does not start' in line]
        assert len(warnings) == 1
        assert 'WARN' in warnings[0]
        assert 'Traceback' not in node.text()


def test_the_provider_in_use_is_in_the_log_and_in_the_diagnostics(tmp_path):
    pytest.importorskip('openvino', reason='OpenVINO is not installed')
    arguments = ('-p', 'execution_provider:=openvino', '-p', 'num_threads:=1')
    with NodeProcess(tmp_path, *arguments) as node, Client(node) as client:
        client.wait_for_node()
        assert client.ask(empty_image()).hands == []
        status = status_with_images(client)
        assert 'openvino' not in status.message
        assert provider_in_use(status) == 'openvino'
        assert 'networks on openvino' in node.text()
