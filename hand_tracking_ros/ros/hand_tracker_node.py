"""The ROS 2 node: camera images in, hands out.

Wires cameras, networks, parameters and diagnostics; the way of an image is in camera.py.
"""

from __future__ import annotations

import gc
import itertools
import threading
import time
from collections.abc import Sequence

import cv2
import rclpy
from diagnostic_msgs.msg import DiagnosticArray

from hand_tracking_ros.command_line import run_program
from hand_tracking_ros.ros.camera import Camera, ImageMessage
from hand_tracking_ros.ros.compat import TransformBroadcaster
from hand_tracking_ros.ros.diagnostics import PERIOD_S, counted, idle_status, status_name
from hand_tracking_ros.ros.fast_dds import use_image_profile
from hand_tracking_ros.ros.free_memory import return_free_memory
from hand_tracking_ros.ros.hand_publisher import RESULT_QOS
from hand_tracking_ros.ros.hand_tracker_parameters import HandTrackerSettings
from hand_tracking_ros.ros.input_advice import waiting_advice
from hand_tracking_ros.ros.latest_frames import LatestFrames
from hand_tracking_ros.ros.managed_node import ACTIVE, ManagedNode
from hand_tracking_ros.ros.parameters import NodeParameters, describe
from hand_tracking_ros.ros.process import node_arguments, ros_process, spinning
from hand_tracking_ros.ros.taken_frames import TakenFrames
from hand_tracking_ros.tracking.networks.models import COMPLEXITIES, HandModels

TOPICS = """The ROS 2 node: camera images in, hands out.

topics in:
  image, image/compressed      sensor_msgs/Image or CompressedImage (parameter image_transport)
  camera_info                  sensor_msgs/CameraInfo
  depth, depth/camera_info     sensor_msgs/Image registered to image, and CameraInfo (optional)

services:
  ~/calibrate_hand             hand_tracking_ros/srv/CalibrateHand
  ~/reset                      std_srvs/Trigger: forget every hand
  ~/set_enabled                std_srvs/SetBool: activate or deactivate
  ~/change_state, ~/get_state  of a managed node, see ros2 lifecycle

topics out:
  ~/hands                      hand_tracking_ros/HandArray, for every processed image
  ~/left/pose, ~/right/pose    geometry_msgs/PoseStamped
  ~/left/joint_states, ~/right/joint_states
                               sensor_msgs/JointState, finger joints in radians
  ~/left/landmarks, ~/right/landmarks
                               geometry_msgs/PoseArray, in the frame of the hand
  ~/markers                    visualization_msgs/MarkerArray
  ~/annotated_image            sensor_msgs/Image
  ~/annotated_image/compressed sensor_msgs/CompressedImage
  /tf, /diagnostics

parameters (--ros-args -p NAME:=VALUE):
"""

# How often somebody who waits for a first image is told where it could come from.
ADVICE_PERIOD_S = 10.0


class HandTrackerNode(ManagedNode):
    """Publishes the hands in the images of one or several cameras.

    Images are received in the executor's thread, and processed in the one that calls `run`.

    Raises:
        UserError: a parameter is wrong.
    """

    def __init__(self) -> None:
        super().__init__('hand_tracker')
        self._node_parameters = NodeParameters(self, HandTrackerSettings)
        self._models: HandModels | None = None
        self._cameras: list[Camera] = []
        self._frames: LatestFrames[Camera, ImageMessage] = LatestFrames()
        self._processing = threading.Lock()  # transitions wait for the image being processed
        self._transforms = TransformBroadcaster(self)
        # Ids are never reused, even when the node is cleaned up and configured anew.
        names = self.settings.cameras
        self._track_ids = {name: itertools.count(1) for name in names}
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', RESULT_QOS)
        self._taken_frames = TakenFrames(self)
        self._started_s = time.monotonic()
        # A wall timer: a simulation that stands still is worth a diagnosis too.
        self._timer = self.create_timer(
            PERIOD_S, self._publish_diagnostics, clock=rclpy.clock.Clock()
        )

    @property
    def settings(self) -> HandTrackerSettings:
        """The parameters as they are now."""
        return self._node_parameters.settings

    def configure(self) -> None:
        """Load and check the models, advertise the topics."""
        settings = self.settings
        self._models = HandModels.load(
            settings.model_complexity,
            settings.model_directory or None,
            settings.execution_provider,
            settings.num_threads,
            device_id=settings.device_id,
            precision=settings.precision,
            warn=self.get_logger().warning,
        )
        self._cameras = [
            Camera(self, name, settings, self._models, self._transforms, track_ids)
            for name, track_ids in self._track_ids.items()
        ]
        gc.freeze()  # to look through all that was imported for garbage takes as long as an image

    def activate(self) -> None:
        """Take images from now on."""
        for camera in self._cameras:
            camera.activate(self._receive)
        self._started_s = time.monotonic()
        self.get_logger().info(
            f'Looking for up to {counted(self.settings.max_num_hands, "hand")} on '
            f'{", ".join(camera.image_topic for camera in self._cameras)} with the '
            f'{COMPLEXITIES[self.settings.model_complexity]} networks on '
            f'{self._models.execution_provider}'
        )

    def deactivate(self) -> None:
        """Take no more images; the models stay loaded."""
        with self._processing:
            for camera in self._cameras:
                camera.deactivate()
                if self._frames.remove(camera):
                    camera.statistics.count_dropped()

    def cleanup(self) -> None:
        """Free the models, withdraw the topics."""
        while self._cameras:
            self._cameras.pop().close()
        self._models = None
        gc.unfreeze()
        gc.collect()
        return_free_memory()

    def reset(self) -> None:
        """Forget every hand; track ids go on."""
        with self._processing:
            for camera in self._cameras:
                camera.reset()

    def run(self) -> None:
        """Process the newest image of each camera in turn, until something is raised."""
        while True:
            camera, message = self._frames.take()
            with self._processing:
                if camera.is_active:  # it may have ended meanwhile
                    camera.process(message, self.settings)
                else:
                    camera.statistics.count_dropped()

    def _receive(self, camera: Camera, message: ImageMessage) -> None:
        stamp = message.header.stamp
        camera.statistics.count_received(stamp.sec + stamp.nanosec / 1e9, time.monotonic())
        if self._frames.put(camera, message):
            camera.statistics.count_dropped()

    def _publish_diagnostics(self) -> None:
        message = DiagnosticArray()
        message.header.stamp = self.get_clock().now().to_msg()
        if self.state == ACTIVE:
            warning = self._frame_warning()
            message.status = [
                camera.diagnose(self._models, self.settings, warning) for camera in self._cameras
            ]
            self._advise_who_waits()
        else:
            message.status = [
                idle_status(status_name(self, name), self.state, str(self.failure or ''))
                for name in self.settings.cameras
            ]
        self._diagnostics.publish(message)

    def _frame_warning(self) -> str:
        """TF frames of hands that somebody else has too; empty if none."""
        settings = self.settings
        if not settings.publish_tf:
            return ''
        return self._taken_frames.warning(settings.tf_prefix, settings.cameras)

    def _advise_who_waits(self) -> None:
        """Help somebody who waits for hands on the wrong topic."""
        settings = self.settings
        silent = {
            camera.name: camera.image_topic
            for camera in self._cameras
            if not camera.statistics.num_received
        }
        has_waited = time.monotonic() - self._started_s > settings.image_timeout
        if silent and has_waited:
            self.get_logger().warning(
                waiting_advice(self, silent, settings.image_transport, settings.cameras),
                throttle_duration_sec=ADVICE_PERIOD_S,
            )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    description = TOPICS + describe(HandTrackerSettings)
    _, arguments = node_arguments('hand_tracker', argv, description)
    return run_program(lambda: _run(arguments))


def _run(arguments: Sequence[str]) -> None:
    """Run the node until a signal tells it to stop."""
    # OpenCV's own threads wait awake for more to do, which crops as small as these do not repay.
    cv2.setNumThreads(1)
    use_image_profile()
    with ros_process(arguments):
        node = HandTrackerNode()
        try:
            node.start(is_automatic=node.settings.autostart)
            with spinning(node):
                node.run()
        finally:
            node.destroy_node()
