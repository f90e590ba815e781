"""What the demo leaves behind: video, contact sheet and hands.json, all made from its recording."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from hand_tracking_ros.demo.bag import (
    HANDS_TOPIC,
    IMAGE_TOPIC,
    NANOSECONDS_PER_SECOND,
    read_messages,
    stamp_ns,
)
from hand_tracking_ros.demo.recorder import Counts
from hand_tracking_ros.drawing.contact_sheet import (
    MAX_TILES,
    ContactSheet,
    Shot,
    choose_shots,
    common_size,
    render,
)
from hand_tracking_ros.media.video_writer import VideoWriter
from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.image_conversion import compressed_to_rgb
from hand_tracking_ros.ros.message_conversion import hands_from_message

VIDEO_NAME = 'annotated.mp4'
SHEET_NAME = 'contact_sheet.png'
HANDS_NAME = 'hands.json'
SIGNIFICANT_DIGITS = 7

HANDS_FORMAT = """\
hands.json holds "source", "counts" (frames published, received, processed, dropped, with_errors),
"latency_ms" (median, p95; from an image's stamp to the arrival of its hands) and "frames": for each
frame published, in order,
  "stamp_ns", "time_s" (since the first frame), "processed" (false: dropped or lost), "image_size"
  [width, height], "latency_ms", and "hands", each with
    "track_id", "handedness" LEFT, RIGHT or UNKNOWN, "handedness_score", "state" TRACKED or HELD,
    "presence", "age_s", "landmarks" 21 x [x, y, z] (fractions of the image size),
    "world_landmarks" 21 x [x, y, z] (m), "region" (center_px, size_px, rotation_rad),
    "pose" (null, or position_m, orientation_xyzw, covariance, camera_landmarks_m,
    reprojection_error_px, source HAND_SIZE or DEPTH), "finger_curl", "pinch", "gesture",
    "gesture_score".
"""


@dataclass(frozen=True)
class _Result:
    """The hands of one image, and when they came."""

    message: HandArray
    arrival_ns: int

    @property
    def latency_ms(self) -> float:
        return (self.arrival_ns - stamp_ns(self.message)) / 1e6


class Results:
    """Reads a recording, and writes what people want to see of it.

    Attributes:
        num_images: in the recording.
        num_results: hand messages in the recording.
        num_with_hands: of these, not empty.
        tracks: side of every track.
    """

    def __init__(self, recording: Path, source_name: str, counts: Counts) -> None:
        self._recording = recording
        self._source_name = source_name
        self._counts = counts
        self._results = {
            stamp_ns(message): _Result(message, time_ns)
            for time_ns, message in read_messages(recording, HANDS_TOPIC)
        }
        image_stamps = [stamp_ns(message) for _, message in read_messages(recording, IMAGE_TOPIC)]
        self.num_images = len(image_stamps)
        self.num_results = len(self._results)
        self.num_with_hands = sum(bool(result.message.hands) for result in self._results.values())
        self.tracks: dict[int, str] = {}
        for result in self._results.values():
            for hand in hands_from_message(result.message):
                self.tracks[hand.track_id] = hand.handedness.name.lower()
        self._image_stamps = image_stamps
        self._stamps = sorted({*image_stamps, *self._results})
        self._indices = {stamp: index for index, stamp in enumerate(self._stamps)}

    @property
    def rate_hz(self) -> float | None:
        """Frames per second over the whole recording, None with fewer than two frames."""
        if len(self._stamps) < 2:
            return None
        duration_s = (self._stamps[-1] - self._stamps[0]) / NANOSECONDS_PER_SECOND
        return (len(self._stamps) - 1) / duration_s

    @property
    def latencies_ms(self) -> tuple[float, float] | None:
        """(median, 95th percentile) from stamp to arrival, None without any result."""
        latencies = sorted(result.latency_ms for result in self._results.values())
        if not latencies:
            return None
        return statistics.median(latencies), latencies[int(0.95 * (len(latencies) - 1))]

    def write_hands(self, path: Path) -> None:
        """Write hands.json."""
        latencies = self.latencies_ms
        content = {
            'source': self._source_name,
            'counts': asdict(self._counts),
            'latency_ms': dict(zip(('median', 'p95'), map(_short, latencies), strict=True))
            if latencies
            else None,
            'frames': [self._describe_frame(stamp) for stamp in self._stamps],
        }
        path.write_text(json.dumps(content))

    def write_pictures(self, output: Path, rate_hz: float, subtitle: str) -> str:
        """Write the annotated video and the contact sheet; returns the video's codec.

        Args:
            output: folder.
            rate_hz: frames per second of the video.
            subtitle: of the contact sheet.
        """
        frame_size = self._frame_size()
        chosen = choose_shots([self._has_hands(stamp) for stamp in self._image_stamps], MAX_TILES)
        sheet = ContactSheet(self._source_name, subtitle, len(chosen), frame_size)
        with VideoWriter.open(output / VIDEO_NAME, *frame_size, rate_hz) as video:
            for number, shot in enumerate(self._shots()):
                video.write(render(shot, *frame_size))
                if number in chosen:
                    sheet.add(shot)
        sheet.save(output / SHEET_NAME)
        return video.codec

    def _shots(self) -> Iterator[Shot]:
        messages = read_messages(self._recording, IMAGE_TOPIC)
        progress = tqdm(
            messages,
            desc='rendering',
            total=self.num_images,
            unit='frame',
            mininterval=0.1 if sys.stderr.isatty() else 10.0,
        )
        for _, message in progress:
            stamp = stamp_ns(message)
            result = self._results.get(stamp)
            yield Shot(
                image=compressed_to_rgb(message),
                hands=hands_from_message(result.message) if result else None,
                index=self._indices[stamp],
                time_s=self._time_s(stamp),
            )

    def _frame_size(self) -> tuple[int, int]:
        sizes = [
            (result.message.image_width, result.message.image_height)
            for result in self._results.values()
        ]
        if sizes:
            return common_size(sizes)
        _, first = next(read_messages(self._recording, IMAGE_TOPIC))
        height, width = compressed_to_rgb(first).shape[:2]
        return width, height

    def _has_hands(self, stamp: int) -> bool:
        return stamp in self._results and bool(self._results[stamp].message.hands)

    def _time_s(self, stamp: int) -> float:
        return (stamp - self._stamps[0]) / NANOSECONDS_PER_SECOND

    def _describe_frame(self, stamp: int) -> dict:
        frame = {'stamp_ns': stamp, 'time_s': round(self._time_s(stamp), 6)}
        result = self._results.get(stamp)
        if result is None:
            return {**frame, 'processed': False, 'hands': []}
        message = result.message
        return {
            **frame,
            'processed': True,
            'image_size': [message.image_width, message.image_height],
            'latency_ms': _short(result.latency_ms),
            'hands': _describe_hands(message),
        }


def _describe_hands(message: HandArray) -> list[dict]:
    return [
        {
            'track_id': hand.track_id,
            'handedness': hand.handedness.name,
            'handedness_score': _short(hand.handedness_score),
            'state': hand.state.name,
            'presence': _short(hand.presence),
            'age_s': _short(hand.age_s),
            'landmarks': _rows(hand.landmarks),
            'world_landmarks': _rows(hand.world_landmarks),
            'region': {
                'center_px': [_short(hand.region.center_x_px), _short(hand.region.center_y_px)],
                'size_px': _short(hand.region.size_px),
                'rotation_rad': _short(hand.region.rotation_rad),
            },
            'pose': _describe_pose(fields, hand.pose),
            'finger_curl': _row(fields.finger_curl),
            'pinch': _short(fields.pinch),
            'gesture': fields.gesture,
            'gesture_score': _short(fields.gesture_score),
        }
        for fields, hand in zip(message.hands, hands_from_message(message), strict=True)
    ]


def _describe_pose(fields, pose) -> dict | None:
    if pose is None:
        return None
    orientation = fields.pose.pose.orientation
    return {
        'position_m': _row(pose.position_m),
        'orientation_xyzw': _row([orientation.x, orientation.y, orientation.z, orientation.w]),
        'covariance': _rows(pose.covariance),
        'camera_landmarks_m': _rows(pose.camera_landmarks_m),
        'reprojection_error_px': _short(pose.reprojection_error_px),
        'source': pose.source.name,
    }


def _rows(matrix) -> list[list[float]]:
    return [_row(row) for row in matrix]


def _row(values: Sequence[float]) -> list[float]:
    return [_short(value) for value in values]


def _short(value: float) -> float:
    """As many digits as mean something."""
    return float(f'{value:.{SIGNIFICANT_DIGITS}g}')
