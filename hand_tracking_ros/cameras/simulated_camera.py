"""Publish simulated hands as a ROS 2 RGB-D camera would, and the truth about them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sensor_msgs.msg import Image

from hand_tracking_ros.cameras.camera_info import assumed_camera_info
from hand_tracking_ros.cameras.camera_node import (
    TOPICS,
    CameraNode,
    CameraSettings,
    Messages,
    paced,
    run_camera,
)
from hand_tracking_ros.cameras.simulated_messages import (
    DEPTH_ENCODINGS,
    depth_message,
    ground_truth_message,
)
from hand_tracking_ros.command_line import run_program
from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.parameters import describe, fixed
from hand_tracking_ros.ros.process import node_arguments
from hand_tracking_ros.signals import StopRequest
from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.simulation.scenes import SCENES
from hand_tracking_ros.simulation.sensor import SensorOptions
from hand_tracking_ros.tracking.hand import Handedness

_OPTIONS = SimulatorOptions()
_SENSOR = SensorOptions()
_SIDES = {'random': Handedness.UNKNOWN, 'left': Handedness.LEFT, 'right': Handedness.RIGHT}


@dataclass(frozen=True)
class SimulatedCameraSettings(CameraSettings):
    """The parameters of the simulated camera."""

    scene: str = fixed(
        _OPTIONS.scene,
        'What the hands do: '
        + '; '.join(f'{name}, {row.description}' for name, row in SCENES.items()),
        choices=tuple(SCENES),
    )
    seed: int = fixed(_OPTIONS.seed, 'Seed of everything random.', within=(0, 2**31 - 1))
    width: int = fixed(_OPTIONS.width, 'Width of the image, px.', within=(16, 4096))
    height: int = fixed(_OPTIONS.height, 'Height of the image, px.', within=(16, 4096))
    rate: float = fixed(30.0, 'Frames per second (Hz).', within=(0.1, 1000.0))
    duration: float = fixed(
        0.0, 'Seconds after which the program ends; 0: never.', within=(0.0, 1e6)
    )
    horizontal_fov_deg: float = fixed(
        _OPTIONS.horizontal_fov_deg, 'Horizontal field of view, degrees.', within=(10.0, 150.0)
    )
    handedness: str = fixed(
        'random', 'Side of the hand where the scene has only one.', choices=tuple(_SIDES)
    )
    hand_length: float = fixed(
        0.0,
        'Length of the hands from wrist to middle fingertip, m; 0: random, 0.16 to 0.21.',
        within=(0.0, 0.3),
    )
    light: float = fixed(_OPTIONS.light, 'Brightness; 1 is ordinary.', within=(0.0, 4.0))
    clutter: bool = fixed(_OPTIONS.clutter, 'Objects in front of the wall.')
    person: bool = fixed(_OPTIONS.person, 'Show the person whose hands they are.')
    noise: float = fixed(
        _SENSOR.noise, "Standard deviation of the image's noise, of 255.", within=(0.0, 64.0)
    )
    blur: float = fixed(
        _SENSOR.blur_px, "Standard deviation of the lens's blur, px.", within=(0.0, 20.0)
    )
    depth_encoding: str = fixed(
        DEPTH_ENCODINGS[0],
        'Encoding of depth. 16UC1: mm, 0 where there is none. 32FC1: m, NaN where there is none.',
        choices=DEPTH_ENCODINGS,
    )
    depth_noise: float = fixed(
        _SENSOR.depth_noise,
        'Standard deviation of the depth at 1 m, m; grows with the square of the distance.',
        within=(0.0, 1.0),
    )
    depth_holes: float = fixed(
        _SENSOR.depth_holes, 'Share of pixels without depth.', within=(0.0, 1.0)
    )


DESCRIPTION = f"""{__doc__}

topics out:
{TOPICS}\
  depth                 sensor_msgs/Image, registered to image: camera_info holds for it too
  ground_truth          hand_tracking_ros/HandArray, what is really there: HELD are hands that the
                        image does not show; poses have the axes of rep103

Stamps are the time at which a frame is sent. The same parameters give the same frames.

parameters (--ros-args -p NAME:=VALUE):
{describe(SimulatedCameraSettings)}"""


class SimulatedCamera(CameraNode):
    """Publishes a scene, from its beginning.

    Raises:
        UserError: a parameter is wrong.
    """

    def __init__(self) -> None:
        super().__init__('simulated_camera', SimulatedCameraSettings)
        self.add_publisher('depth', Image)
        self.add_publisher('ground_truth', HandArray)
        self._simulator = CameraSimulator(_simulator_options(self.settings))

    def run(self, stop: StopRequest) -> None:
        """Publish until the duration is over or until told to stop."""
        settings = self.settings
        self.wait_for_subscribers(stop)
        self.get_logger().info(
            f'Publishing scene {settings.scene}, seed {settings.seed}, {settings.width}x'
            f'{settings.height} at {settings.rate:g} Hz, on {self.image_topic}'
        )
        self.publish_all(paced(self._frames(), stop), stop)

    def _frames(self) -> Iterator[tuple[Messages, float]]:
        """Messages of every frame, with the time after the first at which they are due."""
        settings = self.settings
        num_frames = round(settings.duration * settings.rate)
        for index in range(num_frames) if settings.duration else itertools.count():
            frame = self._simulator.render(index / settings.rate)
            camera_info = assumed_camera_info(
                settings.width, settings.height, settings.horizontal_fov_deg
            )
            messages = {
                'ground_truth': ground_truth_message(frame, self.make_header()),
                'depth': depth_message(frame.depth_m, self.make_header(), settings.depth_encoding),
                **self.make_messages(frame.image, camera_info),
            }
            yield messages, index / settings.rate


def _simulator_options(settings: SimulatedCameraSettings) -> SimulatorOptions:
    same = ('scene', 'seed', 'width', 'height', 'horizontal_fov_deg', 'light', 'clutter', 'person')
    return SimulatorOptions(
        **{name: getattr(settings, name) for name in same},
        handedness=_SIDES[settings.handedness],
        hand_length_m=settings.hand_length or None,
        sensor=SensorOptions(
            noise=settings.noise,
            blur_px=settings.blur,
            depth_noise=settings.depth_noise,
            depth_holes=settings.depth_holes,
        ),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    _, arguments = node_arguments('simulated_camera', argv, DESCRIPTION)
    return run_program(lambda: run_camera(arguments, SimulatedCamera))
