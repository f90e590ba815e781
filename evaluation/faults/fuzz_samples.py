"""Good inputs, of which the fuzz makes bad ones: what a camera sees of two simulated hands."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from evaluation.faults.mutations import mutated, with_checksums
from hand_tracking_ros.cameras.camera_info import assumed_camera_info
from hand_tracking_ros.cameras.simulated_messages import depth_message, hand_from_truth
from hand_tracking_ros.media.video_writer import VideoWriter
from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.tracking.hand import Hand, TrackingState

SIZE = (160, 120)
# Of raw images and pictures: small, so that as many mutations meet the header as the pixels.
IMAGE_SIZE, PICTURE_SIZE = (8, 6), (64, 48)
# Row bytes over the width, and rows over the height.
_ENCODINGS = {
    **dict.fromkeys(('rgb8', 'bgr8', '8UC3'), (3, 1)),
    **dict.fromkeys(('rgba8', '8UC4'), (4, 1)),
    **dict.fromkeys(('mono8', 'bayer_rggb8'), (1, 1)),
    **dict.fromkeys(('mono16', 'bayer_gbrg16', 'uyvy', 'yuv422_yuy2'), (2, 1)),
    **dict.fromkeys(('nv12', 'nv21'), (1, 1.5)),
    'bgra16': (8, 1),
    'nv24': (1, 3),
}


@dataclass(frozen=True)
class Scene:
    """A simulated moment.

    Attributes:
        image, depth_m: of the camera.
        camera_info: its calibration.
        hands: the truth.
    """

    image: np.ndarray
    depth_m: np.ndarray
    camera_info: CameraInfo
    hands: list[Hand]

    @classmethod
    def simulated(cls) -> Scene:
        """Two hands before a camera, alike but for identity and side."""
        options = SimulatorOptions('still', 0, *SIZE, person=False)
        frame = CameraSimulator(options).render(0.5)
        hand = replace(hand_from_truth(frame.hands[0], *SIZE, 0.5), state=TrackingState.TRACKED)
        info = assumed_camera_info(*SIZE, options.horizontal_fov_deg)
        info.d = [0.01, -0.02, 0.001, 0.0, 0.0]
        return cls(
            frame.image,
            frame.depth_m,
            info,
            [hand, replace(hand, track_id=2, handedness=hand.handedness.mirrored)],
        )


def header() -> Header:
    """As a camera sends it."""
    made = Header(frame_id='camera')
    made.stamp.sec, made.stamp.nanosec = 1_700_000_000, 250_000_000
    return made


def images(scene: Scene) -> list[bytes]:
    """An Image of each encoding, some with row padding."""
    messages = []
    width, height = IMAGE_SIZE
    for number, (encoding, (row_bytes, rows)) in enumerate(_ENCODINGS.items()):
        step = row_bytes * width + number % 3
        message = Image(header=header(), encoding=encoding, width=width, height=height, step=step)
        message.data = np.resize(scene.image, round(rows * height) * step).tobytes()
        messages.append(serialize_message(message))
    return messages


def depth_images(scene: Scene) -> list[bytes]:
    """An Image of each depth encoding."""
    encodings = ('16UC1', '32FC1')
    return [serialize_message(depth_message(scene.depth_m, header(), name)) for name in encodings]


def pictures(scene: Scene) -> list[bytes]:
    """Encoded pictures of each kind that is taken."""
    width, height = PICTURE_SIZE
    small = scene.image[:height, :width, ::-1]
    stored = [
        ('.jpg', small, ()),
        ('.jpg', small, (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)),
        ('.png', small, ()),
        ('.png', small[..., 0], ()),
        ('.png', small.astype(np.uint16) * 257, ()),
        ('.png', np.dstack([small, small[..., :1]]), ()),
    ]
    return [cv2.imencode(name, image, list(how))[1].tobytes() for name, image, how in stored]


def mutated_compressed_image(encoded: list[bytes], chance: random.Random) -> bytes:
    """A CompressedImage that is damaged, or holds a damaged picture."""
    data = chance.choice(encoded)
    is_jpeg = data.startswith(b'\xff\xd8')
    name = 'rgb8; jpeg compressed bgr8' if is_jpeg else 'bgr8; png compressed bgr8'
    message = CompressedImage(header=header(), format=name)
    if chance.random() < 0.5:
        message.data = mutated(data, chance)
        if not is_jpeg and chance.random() < 0.5:
            message.data = with_checksums(bytes(message.data))
        return serialize_message(message)
    message.data = data
    return mutated(serialize_message(message), chance)


def camera_infos(scene: Scene) -> list[bytes]:
    """A CameraInfo of each distortion model."""
    messages = [scene.camera_info]
    for name, d in (('rational_polynomial', [0.01] * 8), ('equidistant', [0.01] * 4), ('', [])):
        other = CameraInfo(k=scene.camera_info.k, d=d, distortion_model=name)
        other.width, other.height = SIZE
        messages.append(other)
    return [serialize_message(message) for message in messages]


def video(scene: Scene, folder: Path) -> bytes:
    """A short .mp4 file."""
    path, (width, height) = folder / 'sample.mp4', PICTURE_SIZE
    with VideoWriter.open(path, width, height, 10.0) as writer:
        for shift in range(12):
            writer.write(np.ascontiguousarray(np.roll(scene.image, shift, 1)[:height, :width]))
    return path.read_bytes()
