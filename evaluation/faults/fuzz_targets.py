"""What is fuzzed: for each kind of input some good ones, and the way that they take in our nodes.

A target's `read` is what the middleware does with bytes; its `use` is our own code. Whatever else
that raises than the documented errors is a finding, and so is a FindingError.
"""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from evaluation.faults import fuzz_samples as samples
from evaluation.faults.fuzz_process import Target
from evaluation.faults.fuzz_samples import SIZE, Scene
from evaluation.faults.hand_invariants import not_finite
from evaluation.faults.mutations import mutated
from hand_tracking_ros.media import open_media
from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.compressed_images import compressed_to_rgb
from hand_tracking_ros.ros.image_conversion import (
    ImageError,
    depth_to_metres,
    image_stamp,
    to_rgb,
)
from hand_tracking_ros.ros.message_conversion import (
    hand_frames,
    hands_from_message,
    hands_to_message,
)
from hand_tracking_ros.teleop.errors import HandUnavailableError, TeleopFaultError
from hand_tracking_ros.teleop.hand_input import HandInput
from hand_tracking_ros.teleop.hand_sample import sample_hand
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.fingers.finger_values import with_finger_values
from hand_tracking_ros.tracking.hand import Hand
from hand_tracking_ros.tracking.hand_check import sound_hand
from hand_tracking_ros.tracking.placing.camera_model import CameraInfoError, CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage
from hand_tracking_ros.tracking.placing.hand_locator import HandLocator
from hand_tracking_ros.tracking.smoothing import HandSmoother

MAX_FRAMES = 20


class FindingError(Exception):
    """Our code broke a promise without an exception of its own."""


def make_targets(scene: Scene, scratch: Path) -> Mapping[str, Target]:
    """All targets by name; each process has files of its own in the scratch folder."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    pictures = samples.pictures(scene)
    hands = [serialize_message(_published(scene.hands))]
    return {
        'Image': Target(
            0.3,
            partial(_mutate_one, samples.images(scene)),
            partial(deserialize_message, message_type=Image),
            _use_image,
            (ImageError,),
        ),
        'CompressedImage': Target(
            0.3,
            partial(samples.mutated_compressed_image, pictures),
            partial(deserialize_message, message_type=CompressedImage),
            _use_compressed,
            (ImageError,),
        ),
        'CameraInfo': Target(
            0.05,
            partial(_mutate_one, samples.camera_infos(scene)),
            partial(deserialize_message, message_type=CameraInfo),
            partial(_use_camera_info, scene),
            (CameraInfoError,),
        ),
        'depth': Target(
            0.05,
            partial(_mutate_one, samples.depth_images(scene)),
            partial(deserialize_message, message_type=Image),
            partial(_use_depth, scene),
            (ImageError, CameraInfoError),
        ),
        'HandArray': Target(
            0.27,
            partial(_mutate_one, hands),
            partial(deserialize_message, message_type=HandArray),
            _use_hands,
            (ValueError, HandUnavailableError, TeleopFaultError),
        ),
        'picture file': Target(
            0.02,
            partial(_mutate_one, pictures),
            bytes,
            partial(_use_file, folder / 'a.png'),
            (UserError,),
        ),
        'video file': Target(
            0.01,
            partial(_mutate_one, [samples.video(scene, folder)]),
            bytes,
            partial(_use_file, folder / 'a.mp4'),
            (UserError,),
        ),
    }


def _mutate_one(good: Sequence[bytes], chance: random.Random) -> bytes:
    return mutated(chance.choice(good), chance)


def _camera_of(message: CameraInfo) -> CameraModel:
    return CameraModel.from_camera_info_fields(
        message.width, message.height, message.k, message.d, message.distortion_model
    )


def _check_rgb(image: np.ndarray) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise FindingError(f'converted to {image.dtype} of shape {image.shape}')


def _use_image(message: Image) -> None:
    image_stamp(message.header)
    image = to_rgb(message)
    _check_rgb(image)
    if image.shape[:2] != (message.height, message.width):
        raise FindingError(f'{message.width}x{message.height} became {image.shape}')


def _use_compressed(message: CompressedImage) -> None:
    image_stamp(message.header)
    _check_rgb(compressed_to_rgb(message))


def _use_camera_info(scene: Scene, message: CameraInfo) -> None:
    camera = _camera_of(message).scaled_to(*SIZE)
    _place_hands(scene, camera, None)


def _use_depth(scene: Scene, message: Image) -> None:
    image_stamp(message.header)
    camera = _camera_of(scene.camera_info)
    _place_hands(scene, camera, DepthImage(depth_to_metres(message), camera))


def _place_hands(scene: Scene, camera: CameraModel, depth: DepthImage | None) -> None:
    """As the pipeline does after tracking, for two images."""
    locator, smoother = HandLocator(), HandSmoother()
    for stamp_s in (0.0, 0.033):
        hands = locator.locate(scene.hands[:1], camera, stamp_s, depth)
        hands = smoother.smooth(hands, stamp_s, *SIZE)
        _published([with_finger_values(hand) for hand in hands])


def _published(hands: Sequence[Hand]) -> HandArray:
    """The message of hands, of which every one has to be sound."""
    for hand in hands:
        problem = sound_hand(hand)[1]
        if problem:
            raise FindingError(problem)
    message = hands_to_message(hands, hand_frames(hands), samples.header(), *SIZE)
    wrong = not_finite(message)
    if wrong:
        raise FindingError(wrong[0])
    return message


def _use_hands(message: HandArray) -> None:
    sound = [sound_hand(hand)[0] for hand in hands_from_message(message)]
    _published([hand for hand in sound if hand is not None])
    chooser = HandInput('/hands', 'left')
    chooser.stamp_s(message.header.stamp)
    sample = sample_hand(chooser.choose(message), np.eye(4))
    if not sample.is_usable:
        raise FindingError('teleoperation would use a hand that is not finite')


def _use_file(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    last_s = -math.inf
    with open_media(path) as source:
        for _, frame in zip(range(MAX_FRAMES), source, strict=False):
            _check_rgb(frame.image)
            if not last_s < frame.stamp_s < math.inf:
                raise FindingError(f'stamp {frame.stamp_s} follows {last_s}')
            last_s = frame.stamp_s
