"""What the demo writes from its recording: video, contact sheet and hands.json."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hand_tracking_ros.command_line import write_json
from hand_tracking_ros.demo.bag import HANDS_TOPIC, IMAGE_TOPIC, read_messages, stamp_ns
from hand_tracking_ros.demo.recorder import Counts
from hand_tracking_ros.demo.session import progress_bar
from hand_tracking_ros.drawing.contact_sheet import (
    MAX_TILES,
    ContactSheet,
    Shot,
    choose_shots,
    common_size,
    render,
)
from hand_tracking_ros.media import MediaSource
from hand_tracking_ros.media.video_writer import VideoWriter
from hand_tracking_ros.msg import HandArray
from hand_tracking_ros.ros.compressed_images import compressed_to_rgb
from hand_tracking_ros.ros.message_conversion import hands_from_message
from hand_tracking_ros.tracking.hand import Hand
from hand_tracking_ros.tracking.hand_json import HAND_FORMAT, hand_to_json, rounded

VIDEO_NAME = 'annotated.mp4'
SHEET_NAME = 'contact_sheet.png'
HANDS_NAME = 'hands.json'

HANDS_FORMAT = f"""\
hands.json holds "source", "counts" (frames published, received, processed, dropped, with_errors),
"latency_ms" (median, p95; from an image's stamp to the arrival of its hands) and "frames": for each
frame published, in order,
  "stamp_ns", "time_s" (since the first frame), "processed" (false: dropped or lost), "image_size"
  [width, height], "latency_ms", and "hands", each with
{HAND_FORMAT}, "gesture", "gesture_score".
"""


@dataclass(frozen=True)
class _Result:
    """The hands of one image, and how long after its stamp they came."""

    message: HandArray
    hands: list[Hand]
    latency_ms: float


class Results:
    """Reads a recording of a source, and writes pictures and numbers of it.

    Attributes:
        counts: where every frame went.
        num_images: in the recording.
        num_results: hand messages in the recording.
        num_with_hands: of these, not empty.
        tracks: side of every track.
    """

    def __init__(self, recording: Path, source: MediaSource, counts: Counts) -> None:
        self._recording = recording
        self._source = source
        self.counts = counts
        self._results = {
            (stamp := stamp_ns(message)): _Result(
                message, hands_from_message(message), (arrival_ns - stamp) / 1e6
            )
            for arrival_ns, message in read_messages(recording, HANDS_TOPIC)
        }
        self._image_stamps = [
            stamp_ns(message) for _, message in read_messages(recording, IMAGE_TOPIC)
        ]
        self.num_images = len(self._image_stamps)
        self.num_results = len(self._results)
        found = [result.hands for result in self._results.values()]
        self.num_with_hands = sum(map(bool, found))
        self.tracks = {
            hand.track_id: hand.handedness.name.lower() for hands in found for hand in hands
        }
        self._stamps = sorted({*self._image_stamps, *self._results})
        self._indices = {stamp: index for index, stamp in enumerate(self._stamps)}

    @property
    def rate_hz(self) -> float | None:
        """Frames per second over the whole recording, None with fewer than two frames."""
        return _rate_hz(self._stamps)

    @property
    def processed_rate_hz(self) -> float | None:
        """As `rate_hz`, of the frames that the tracker processed."""
        return _rate_hz(sorted(self._results))

    @property
    def latencies_ms(self) -> tuple[float, float] | None:
        """(median, 95th percentile) from stamp to arrival, None without any result."""
        latencies = sorted(result.latency_ms for result in self._results.values())
        if not latencies:
            return None
        return statistics.median(latencies), latencies[int(0.95 * (len(latencies) - 1))]

    def write_hands(self, path: Path) -> None:
        """Write hands.json."""
        latencies = self.latencies_ms and rounded(self.latencies_ms)
        content = {
            'source': self._source.name,
            'counts': asdict(self.counts),
            'latency_ms': latencies and {'median': latencies[0], 'p95': latencies[1]},
            'frames': [self._describe_frame(stamp) for stamp in self._stamps],
        }
        write_json('', path, content)

    def write_pictures(self, output: Path, rate_hz: float, subtitle: str) -> str:
        """Write a video, and a contact sheet with a subtitle, into a folder; returns the codec."""
        results = [result.message for result in self._results.values()]
        sizes = [(message.image_width, message.image_height) for message in results]
        frame_size = common_size([(self._source.width, self._source.height), *sizes])
        has_hands = [
            stamp in self._results and bool(self._results[stamp].hands)
            for stamp in self._image_stamps
        ]
        chosen = choose_shots(has_hands, MAX_TILES)
        sheet = ContactSheet(self._source.name, subtitle, len(chosen), frame_size)
        with VideoWriter.open(output / VIDEO_NAME, *frame_size, rate_hz) as video:
            for number, shot in enumerate(self._shots()):
                video.write(render(shot, *frame_size))
                if number in chosen:
                    sheet.add(shot)
        sheet.save(output / SHEET_NAME)
        return video.codec

    def _shots(self) -> Iterator[Shot]:
        messages = read_messages(self._recording, IMAGE_TOPIC)
        for _, message in progress_bar(
            messages, desc='rendering', total=self.num_images, unit='frame'
        ):
            stamp = stamp_ns(message)
            result = self._results.get(stamp)
            yield Shot(
                image=compressed_to_rgb(message),
                hands=result.hands if result else None,
                index=self._indices[stamp],
                time_s=self._time_s(stamp),
            )

    def _time_s(self, stamp: int) -> float:
        return (stamp - self._stamps[0]) / 1e9

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
            'latency_ms': rounded(result.latency_ms),
            'hands': [
                {
                    **hand_to_json(hand),
                    'gesture': fields.gesture,
                    'gesture_score': rounded(fields.gesture_score),
                }
                for hand, fields in zip(result.hands, message.hands, strict=True)
            ],
        }


def _rate_hz(stamps_ns: Sequence[int]) -> float | None:
    """Of rising stamps; None with fewer than two."""
    if len(stamps_ns) < 2:
        return None
    return (len(stamps_ns) - 1) / ((stamps_ns[-1] - stamps_ns[0]) / 1e9)
