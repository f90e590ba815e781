"""What every section of the benchmark is given: trackers, something to show them, and how long."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evaluation.speed.media import Video
from evaluation.speed.trackers import Trackers


@dataclass(frozen=True)
class Lengths:
    """How long everything is measured.

    Attributes:
        video_frames: of the video, at most, warm-up included.
        picture_rounds: how often all pictures are looked at, the first time untimed.
        starts: of each tracker.
        clip_frames: tracked of each clip, warm-up included.
        node_rounds, node_turn_s: for the node at each picture size: bare transport, node and
            tracker alone take turns.
        endurance_s: for the long run of the node; 0: none.
        cameras_s: for the node with several cameras.
    """

    video_frames: int = 10_000
    picture_rounds: int = 6
    starts: int = 7
    clip_frames: int = 310
    node_rounds: int = 4
    node_turn_s: float = 5.0
    endurance_s: float = 60.0
    cameras_s: float = 30.0


QUICK = Lengths(
    video_frames=100,
    picture_rounds=2,
    starts=3,
    clip_frames=40,
    node_rounds=2,
    node_turn_s=2.0,
    endurance_s=5.0,
    cameras_s=5.0,
)


@dataclass(frozen=True)
class Conditions:
    """What a section measures with.

    Attributes:
        trackers: ours and MediaPipe's.
        video: of hands.
        folder: for files that live as long as the benchmark.
        lengths: how long everything is measured.
    """

    trackers: Trackers
    video: Video
    folder: Path
    lengths: Lengths = Lengths()
