"""The real node in a process of its own, and a client that talks to it over DDS."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from hand_tracking_ros.msg import HandArray

# A domain for each node: nobody else's topics are heard. The ports of higher ones are not free.
_DOMAIN_IDS = (1 + number % 101 for number in itertools.count(os.getpid()))
TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
SERVICE_SETTLE_S = 0.3
RELIABLE = QoSProfile(depth=50, reliability=ReliabilityPolicy.RELIABLE)


class NodeProcess:
    """A node as users run it; a context manager.

    Args:
        folder: for its log.
        ros_arguments: what follows --ros-args.
        program: which one.
        domain_id: of other nodes that it is to hear; None for one of its own.
    """

    def __init__(
        self,
        folder: Path,
        *ros_arguments: str,
        program: str = 'hand_tracker',
        domain_id: int | None = None,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.log = folder / f'{program}.log'
        self.domain_id = domain_id or next(_DOMAIN_IDS)
        self._command = [sys.executable, '-m', 'hand_tracking_ros', program]
        self._command += ['--ros-args', *ros_arguments]
        self._folder = folder

    def __enter__(self) -> NodeProcess:
        environment = {**os.environ, 'ROS_DOMAIN_ID': str(self.domain_id), 'PYTHONUNBUFFERED': '1'}
        environment['ROS_LOG_DIR'] = str(self._folder / 'log')
        with self.log.open('w') as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, cwd=self._folder, env=environment
            )
        return self

    def __exit__(self, *_exception) -> None:
        # In order: a process that is killed leaves its shared memory behind.
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def text(self) -> str:
        """All that the node has printed."""
        return self.log.read_text()

    def wait(self) -> int:
        """Wait for the node to end by itself."""
        return self._process.wait(TIMEOUT_S)

    def send_signal(self, number: int) -> None:
        """Send the node a signal."""
        self._process.send_signal(number)

    def stop(self, number: int = signal.SIGINT) -> int:
        """Tell the node to end, and return its exit status."""
        self.send_signal(number)
        return self.wait()


class Client:
    """Publishes images and keeps what the node answers; a context manager."""

    def __init__(self, node: NodeProcess, namespace: str = '') -> None:
        self._node_process = node
        self._context = Context()
        rclpy.init(context=self._context, domain_id=node.domain_id)
        self.node = rclpy.create_node('client', context=self._context, namespace=namespace or None)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self.hands: list[HandArray] = []
        self.markers: list[MarkerArray] = []
        self.transforms: list[TFMessage] = []
        self.diagnostics: list[DiagnosticArray] = []
        self.listen(HandArray, 'hand_tracker/hands', self.hands)
        self.listen(MarkerArray, 'hand_tracker/markers', self.markers)
        self.listen(TFMessage, '/tf', self.transforms)
        self.listen(DiagnosticArray, '/diagnostics', self.diagnostics)
        self._publishers = {
            topic: self.node.create_publisher(kind, topic, RELIABLE)
            for kind, topic in (
                (Image, 'image'),
                (CompressedImage, 'image/compressed'),
                (CameraInfo, 'camera_info'),
            )
        }

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exception) -> None:
        self._executor.shutdown()
        self.node.destroy_node()
        self._context.try_shutdown()

    def listen(self, kind: type, topic: str, received: list, qos: QoSProfile = RELIABLE) -> None:
        """Keep what comes on a topic in a list."""
        self.node.create_subscription(kind, topic, received.append, qos)

    def wait_for(self, condition, what: str):
        """Wait until a condition returns something true, and return that."""
        deadline_s = time.monotonic() + TIMEOUT_S
        while not (result := condition()):
            assert time.monotonic() < deadline_s, f'no {what}; the node says:\n{self._log()}'
            assert self._node_process.is_running, f'the node ended:\n{self._log()}'
            self._executor.spin_once(timeout_sec=0.05)
        return result

    def wait_for_node(self, topic: str = 'image') -> None:
        """Wait until the node listens to a topic of ours and we hear its hands."""
        # A camera of another name has its calibration elsewhere.
        for name in (topic, 'camera_info') if topic.startswith('image') else (topic,):
            publisher = self._publishers[name]
            self.wait_for(publisher.get_subscription_count, f'subscription to {name}')
        hands = 'hand_tracker/hands'
        self.wait_for(lambda: self.node.count_publishers(hands), f'publisher of {hands}')

    def add_publisher(self, kind: type, topic: str) -> None:
        """Publish on another topic too."""
        self._publishers[topic] = self.node.create_publisher(kind, topic, RELIABLE)

    def publish(self, topic: str, message) -> None:
        """Send one message."""
        self._publishers[topic].publish(message)

    def ask(self, image: Image | CompressedImage, topic: str = 'image') -> HandArray:
        """Send an image until its own answer comes: best effort may lose any one of them."""
        answer = None

        def answered():
            nonlocal answer
            self.publish(topic, image)
            for _ in range(20):
                self._executor.spin_once(timeout_sec=0.05)
                answer = next((m for m in self.hands if m.header == image.header), None)
                if answer:
                    return answer
            return None

        return self.wait_for(answered, f'answer to the image on {topic}')

    def service_client(self, kind: type, service: str):
        """A client whose requests are heard and whose answers arrive."""
        client = self.node.create_client(kind, service)
        self.wait_for(client.service_is_ready, service)
        # We know the service now; nothing tells when it knows us. It waits 0.1 s for whom to answer
        # and then drops the answer, which happens on a busy machine.
        deadline_s = time.monotonic() + SERVICE_SETTLE_S
        while time.monotonic() < deadline_s:
            self._executor.spin_once(timeout_sec=0.05)
        return client

    def call(self, kind: type, service: str, request):
        """Call a service and wait for its answer."""
        client = self.service_client(kind, service)
        future = client.call_async(request)
        self.wait_for(future.done, f'answer of {service}')
        self.node.destroy_client(client)
        return future.result()

    def set_parameters(self, **values):
        """Set parameters of the node at run time; returns the result of each."""
        changes = [Parameter(name, value=v).to_parameter_msg() for name, v in values.items()]
        request = SetParameters.Request(parameters=changes)
        return self.call(SetParameters, 'hand_tracker/set_parameters', request).results

    def get_parameter(self, name: str):
        """The value that a parameter of the node has."""
        client = self.node.create_client(GetParameters, 'hand_tracker/get_parameters')
        self.wait_for(client.service_is_ready, 'parameter service')
        future = client.call_async(GetParameters.Request(names=[name]))
        self.wait_for(future.done, 'answer of the parameter service')
        return future.result().values[0]

    def _log(self) -> str:
        return self._node_process.text()
