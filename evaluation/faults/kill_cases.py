"""The programs that are killed: how each is started, and how one sees that it works."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
from sensor_msgs.msg import Image
from std_msgs.msg import String

from evaluation.paths import CHECKOUT
from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions

NUM_PICTURES = 12
WIDTH, HEIGHT = 160, 120
SMALL = ('--ros-args', '-p', f'width:={WIDTH}', '-p', f'height:={HEIGHT}')
PROGRAM = (sys.executable, '-m', 'hand_tracking_ros')
CAMERA = (*PROGRAM, 'simulated_camera', *SMALL)


@dataclass(frozen=True)
class Node:
    """A program that runs until Ctrl-C.

    Attributes:
        command: starts it.
        topic, message_type: of a message that it sends once it works.
        is_latched: who listens later gets it too.
        needs_camera: it works only while somebody sends images.
    """

    command: Sequence[str]
    topic: str
    message_type: type
    is_latched: bool = False
    needs_camera: bool = False


@dataclass(frozen=True)
class Job:
    """A program that ends by itself, and leaves files in the folder in which it is started.

    Attributes:
        command: starts it.
        folder: where; None: an empty one.
        stamp: a file that is removed first, so that there is something to do.
    """

    command: Sequence[str]
    folder: Path | None = None
    stamp: Path | None = None

    def prepare(self) -> None:
        """Let there be something to do."""
        if self.stamp:
            self.stamp.unlink(missing_ok=True)


def cases(pictures: Path) -> dict[str, Node | Job]:
    """All programs by name; `pictures` is a folder that this fills."""
    simulator = CameraSimulator(SimulatorOptions('wave', 0, WIDTH, HEIGHT))
    for number in range(NUM_PICTURES):
        image = simulator.render(number / 30).image
        cv2.imwrite(str(pictures / f'{number:02}.png'), image[..., ::-1])
    looped = (str(pictures), '--ros-args', '-p', 'loop:=true', '-p', 'rate:=10.0')
    demo = ('--output', 'results', '--rate', '10')
    written = ('--json', 'hands.json', '--output', 'drawn')
    return {
        'hand_tracker': Node(
            (*PROGRAM, 'hand_tracker'), 'hand_tracker/hands', HandArray, needs_camera=True
        ),
        'hand_teleop': Node(
            (*PROGRAM, 'hand_teleop'), 'hand_teleop/status', String, is_latched=True
        ),
        'simulated_camera': Node(CAMERA, 'image', Image),
        'video_publisher': Node((*PROGRAM, 'video_publisher', *looped), 'image', Image),
        'process_media': Job((*PROGRAM, 'process_media', str(pictures), *written)),
        'prepare_models': Job((*PROGRAM, 'prepare_models', '--output-directory', 'models')),
        'demo': Job((*PROGRAM, 'demo', '--source', str(pictures), *demo)),
        'environment/setup': Job(
            ('environment/run', 'hand_tracker', '--help'),
            folder=CHECKOUT,
            stamp=CHECKOUT / '.environment' / os.environ.get('ROS_DISTRO', '') / 'package.stamp',
        ),
    }
