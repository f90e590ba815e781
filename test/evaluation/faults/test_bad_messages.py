"""Each fault that the soak's camera makes is one."""

import copy
import random

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from evaluation.faults import bad_messages
from evaluation.faults.camera import HORIZONTAL_FOV_DEG, SIZE
from hand_tracking_ros.cameras.camera_info import assumed_camera_info
from hand_tracking_ros.cameras.simulated_messages import depth_message
from hand_tracking_ros.ros.compressed_images import compressed_from_rgb
from hand_tracking_ros.ros.image_conversion import from_rgb

STAMP = Time(sec=1000)
PICTURE = np.random.default_rng(0).integers(0, 255, (*SIZE[::-1], 3), np.uint8)
GOOD = {
    'IMAGE': from_rgb(PICTURE, Header(stamp=STAMP)),
    'COMPRESSED_IMAGE': compressed_from_rgb(PICTURE, Header(stamp=STAMP)),
    'STAMP': Header(stamp=STAMP),
    'CAMERA_INFO': assumed_camera_info(*SIZE, HORIZONTAL_FOV_DEG),
    'DEPTH': depth_message(np.ones(SIZE[::-1], np.float32), Header(stamp=STAMP), '16UC1'),
}


@pytest.mark.parametrize(
    ('kind', 'name'), [(kind, name) for kind in GOOD for name in getattr(bad_messages, kind)]
)
def test_a_fault_changes_the_message(kind, name):
    message = copy.deepcopy(GOOD[kind])
    getattr(bad_messages, kind)[name](message, random.Random(0))
    assert message != GOOD[kind]
