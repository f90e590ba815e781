"""Images, calibrations and depth as a camera sends them to the hand tracker, and its answers."""

from __future__ import annotations

import numpy as np
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.image_conversion import from_rgb
from support.node_process import Client

FRAME_ID = 'test_camera'
FOCAL_PX = 500.0


class Stamps:
    """Headers one after the other, 33 ms apart, as images of one camera have."""

    def __init__(self):
        self.ms = 1_000_000

    def next(self, frame_id=FRAME_ID) -> Header:
        self.ms += 33
        return Header(frame_id=frame_id, stamp=self.later_stamp(0.0))

    def later_stamp(self, delay_s: float) -> Time:
        """The last header's stamp, or one after it."""
        sec, milliseconds = divmod(self.ms + round(1000 * delay_s), 1000)
        return Time(sec=sec, nanosec=milliseconds * 1_000_000)


STAMPS = Stamps()


def later(seconds: float) -> None:
    """Let image time pass."""
    STAMPS.ms += round(seconds * 1000)


def empty_image(size=(320, 240), **fields) -> Image:
    image = from_rgb(np.zeros((*size[::-1], 3), np.uint8), STAMPS.next())
    for name, value in fields.items():
        setattr(image, name, value)
    return image


def camera_info_for(image: np.ndarray, focal_px=FOCAL_PX, **fields) -> CameraInfo:
    height, width = image.shape[:2]
    k = [focal_px, 0.0, width / 2, 0.0, focal_px, height / 2, 0.0, 0.0, 1.0]
    return CameraInfo(
        width=width, height=height, distortion_model='plumb_bob', d=[0.0] * 5, k=k, **fields
    )


def ask_with_pose(client: Client, image: np.ndarray) -> HandArray:
    """The answer to an image once the node knows the camera."""

    def located():
        client.publish('camera_info', camera_info_for(image))
        answer = client.ask(from_rgb(image, STAMPS.next()))
        return answer if answer.hands and answer.hands[0].has_pose else None

    return client.wait_for(located, 'hand with a pose')


def status_where(client: Client, condition):
    """The next diagnostic status that meets a condition."""
    client.diagnostics.clear()
    return client.wait_for(
        lambda: next(
            (s for m in client.diagnostics for s in m.status if condition(s)),
            None,
        ),
        'such a diagnostic status',
    )


def depth_image(metres, stamp, encoding='32FC1') -> Image:
    """A depth image with the colour image's stamp."""
    data = metres.astype('<f4') if encoding == '32FC1' else (1000 * metres).astype('<u2')
    height, width = metres.shape
    image = Image(height=height, width=width, encoding=encoding, step=width * data.itemsize)
    image.header.stamp, image.header.frame_id = stamp, FRAME_ID
    image.data = data.tobytes()
    return image
