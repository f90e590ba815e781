"""A camera that goes wrong at random: publishes the clip of `clip.py` at 30 Hz, with faults.

Started by the soak in a process of its own; ends at SIGINT. It tells on `soak/sent`, before each
image, what it sends: JSON with camera, number, stamp, frame and fault.

    python3 -m evaluation.faults.camera FOLDER_OF_CLIP SEED NAME raw|compressed FAULTS_PER_S
"""

from __future__ import annotations

import array
import json
import random
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header, String

from evaluation.faults import bad_messages
from evaluation.faults.bad_messages import Fault
from evaluation.faults.clip import HORIZONTAL_FOV_DEG, RATE_HZ
from hand_tracking_ros.cameras.camera_info import assumed_camera_info
from hand_tracking_ros.cameras.simulated_messages import depth_message
from hand_tracking_ros.ros.compressed_images import compressed_from_rgb
from hand_tracking_ros.ros.image_conversion import from_rgb
from hand_tracking_ros.ros.process import ros_process

FRAME_ID = 'camera_optical_frame'
SENT_TOPIC = 'soak/sent'
# Latched: the node may know this camera a moment before the judge does.
SENT_QOS = QoSProfile(depth=1000, durability=DurabilityPolicy.TRANSIENT_LOCAL)
SIZE = (640, 480)
# What lasts: name, and the longest it lasts, s.
SPELLS = {
    'silence': 5.0,
    'burst': 0.5,
    'ten times too fast stamps': 3.0,
    'repeated stamps': 1.0,
    'no camera_info': 3.0,
    'wrong camera_info': 3.0,
    'depth': 8.0,
    'wrong depth': 3.0,
    'another size': 5.0,
    'another frame': 2.0,
    'another encoding': 3.0,
}
OTHER_SIZES = ((320, 240), (1280, 720), (64, 48), (17, 480))
OTHER_FRAMES = ('', 'another_camera')
OTHER_ENCODINGS = ('bgr8', 'mono8')
BURST_RATE_HZ = 300.0
SPELLS_PER_S = 0.1
# Single faults come in every other one of these, twice as often: in those between, a hand is seen
# for long enough to move a target.
PHASE_S = 12.0
POLL_PERIOD_S = 0.02


class FaultyCamera(Node):
    """Publishes the clip in a circle; its first frame follows from the seed.

    Args:
        clip: folder of `images.npy` and `depth_mm.npy`.
        seed: of everything random.
        name: who sends, unlike all others.
        transport: raw or compressed.
        faults_per_s: single messages that go wrong.
    """

    def __init__(
        self, clip: Path, seed: int, name: str, transport: str, faults_per_s: float
    ) -> None:
        super().__init__(f'faulty_camera_{name}')
        self._name, self._faults_per_s = name, faults_per_s
        self._chance = random.Random(seed)
        self._images = np.load(clip / 'images.npy', mmap_mode='r')
        self._depths_mm = np.load(clip / 'depth_mm.npy', mmap_mode='r')
        self._place = self._chance.randrange(len(self._images))
        self._number = 0
        self._began_s = 0.0
        self._is_raw = transport == 'raw'
        topic, kind = ('image', Image) if self._is_raw else ('image/compressed', CompressedImage)
        self._image = self.create_publisher(kind, topic, qos_profile_sensor_data)
        self._info = self.create_publisher(CameraInfo, 'camera_info', qos_profile_sensor_data)
        self._depth = self.create_publisher(Image, 'depth', qos_profile_sensor_data)
        self._sent = self.create_publisher(String, SENT_TOPIC, SENT_QOS)
        self._spell, self._spell_began_s, self._spell_ends_s = '', 0.0, 0.0
        self._spell_stamp_ns = 0
        self._size, self._encoding, self._frame_id = SIZE, 'rgb8', FRAME_ID
        self._wrong_info: Fault | None = None

    def run(self) -> None:
        """Publish until something is raised."""
        while not self._sent.get_subscription_count():
            time.sleep(POLL_PERIOD_S)
        due_s = self._began_s = time.monotonic()
        while True:
            self._choose_spell()
            if self._spell != 'silence':
                self._publish_frame()
            due_s += 1 / (BURST_RATE_HZ if self._spell == 'burst' else RATE_HZ)
            # A camera on a machine that was busy does not make up for it.
            due_s = max(due_s, time.monotonic() - 0.1)
            time.sleep(max(0.0, due_s - time.monotonic()))

    def _choose_spell(self) -> None:
        now_s, chance = time.monotonic(), self._chance
        if self._spell and now_s < self._spell_ends_s:
            return
        self._spell = ''
        self._size, self._encoding, self._frame_id = SIZE, 'rgb8', FRAME_ID
        if self._faults_per_s and chance.random() < SPELLS_PER_S / RATE_HZ:
            self._spell = chance.choice(list(SPELLS))
            self._spell_ends_s = now_s + chance.uniform(0.2, 1.0) * SPELLS[self._spell]
            self._spell_stamp_ns = time.time_ns()
            self._wrong_info = chance.choice(list(bad_messages.CAMERA_INFO.values()))
            if self._spell == 'another size':
                self._size = chance.choice(OTHER_SIZES)
            elif self._spell == 'another frame':
                self._frame_id = chance.choice(OTHER_FRAMES)
            elif self._spell == 'another encoding':
                self._encoding = chance.choice(OTHER_ENCODINGS)

    def _publish_frame(self) -> None:
        stamp_ns = self._stamp_ns()
        self._place = (self._place + 1) % len(self._images)
        image = cv2.resize(self._images[self._place], self._size)
        if self._is_raw:
            message = from_rgb(image, self._header(stamp_ns), self._encoding)
            message.data = array.array('B', message.data)
        else:
            message = compressed_from_rgb(image, self._header(stamp_ns))
        faults = bad_messages.IMAGE if self._is_raw else bad_messages.COMPRESSED_IMAGE
        fault = self._spoil(message, faults)
        self._publish_info(self._header(stamp_ns))
        self._publish_depth(self._header(stamp_ns))
        self._number += 1
        self._sent.publish(String(data=json.dumps({
            'camera': self._name,
            'number': self._number,
            'stamp': [message.header.stamp.sec, message.header.stamp.nanosec],
            'frame_id': message.header.frame_id,
            'fault': fault,
            'spell': self._spell,
        })))  # fmt: skip
        self._image.publish(message)

    def _header(self, stamp_ns: int) -> Header:
        header = Header(frame_id=self._frame_id)
        header.stamp.sec, header.stamp.nanosec = divmod(stamp_ns, bad_messages.NANOSECONDS)
        return header

    def _stamp_ns(self) -> int:
        now_ns = time.time_ns()
        if self._spell == 'ten times too fast stamps':
            return self._spell_stamp_ns + 10 * (now_ns - self._spell_stamp_ns)
        return self._spell_stamp_ns if self._spell == 'repeated stamps' else now_ns

    def _spoil(self, message: Image | CompressedImage, faults: Mapping[str, Fault]) -> str:
        """Make a fault of the image or of its stamp, or none; returns its name."""
        is_calm = int((time.monotonic() - self._began_s) / PHASE_S) % 2
        if is_calm or self._chance.random() >= 2 * self._faults_per_s / RATE_HZ:
            return ''
        table = self._chance.choice([faults, bad_messages.STAMP])
        name = self._chance.choice(list(table))
        table[name](message if table is faults else message.header, self._chance)
        return name

    def _publish_info(self, header: Header) -> None:
        if self._spell == 'no camera_info':
            return
        info = assumed_camera_info(*self._size, HORIZONTAL_FOV_DEG)
        info.header = header
        if self._spell == 'wrong camera_info':
            self._wrong_info(info, self._chance)
        self._info.publish(info)

    def _publish_depth(self, header: Header) -> None:
        if self._spell not in ('depth', 'wrong depth'):
            return
        message = depth_message(self._depths_mm[self._place] / 1000.0, header, '16UC1')
        if self._spell == 'wrong depth':
            message.data = array.array('B', message.data)
            self._chance.choice(list(bad_messages.DEPTH.values()))(message, self._chance)
        self._depth.publish(message)


def main() -> int:
    folder, seed, name, transport, faults_per_s = sys.argv[1:]
    with ros_process([]):
        camera = FaultyCamera(Path(folder), int(seed), name, transport, float(faults_per_s))
        try:
            camera.run()
        finally:
            camera.destroy_node()  # else its shared memory stays behind
    return 0


if __name__ == '__main__':
    sys.exit(main())
