"""Trackers that take turns: a process for each, and only one at work at a time.

They change after every few frames, so that whatever else the machine does hits all alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import TypeVar

from tqdm import tqdm

from evaluation.speed.child_process import ChildProcess
from evaluation.speed.timing import summarise
from hand_tracking_ros.tracking.errors import UserError

# The first frames load caches, allocate memory and start threads; their time says nothing.
WARM_UP_FRAMES = 10
FRAMES_PER_TURN = 30

Item = TypeVar('Item')


class TimedTracker(ChildProcess):
    """A tracker in a process of its own (worker.py), which tracks some frames when told to.

    Attributes:
        turns_ms: for every turn, the time of each of its frames in milliseconds, without warm-up.
        hands: number of hands seen in each frame, warm-up included.
    """

    def __init__(self, name: str, command: Sequence[str | Path]) -> None:
        super().__init__(name, command)
        self.turns_ms: list[list[float]] = []
        self.hands: list[int] = []
        self._processor_ms: list[float] = []
        self._peak_memory_mb = 0.0

    def track(self, num_frames: int, is_timed: bool = True) -> int:
        """Track the next frames; returns how many there still were.

        Raises:
            UserError: the process failed.
        """
        answer = self.ask(str(num_frames))
        self.hands += answer['hands']
        self._peak_memory_mb = answer['peak_memory_mb']
        if is_timed and answer['times_ms']:
            self.turns_ms.append(answer['times_ms'])
            self._processor_ms += answer['processor_ms']
        return len(answer['hands'])

    def figures(self) -> dict[str, float]:
        """Time per frame, and what else it cost.

        Processor time is that of all threads; memory the most that was resident, MB (10^6 bytes).
        """
        return {
            **summarise(self.turns_ms),
            'processor_mean_ms': fmean(self._processor_ms),
            'images': len(self.hands),
            'hands': sum(self.hands),
            'peak_memory_mb': self._peak_memory_mb,
        }


def rotated(items: Sequence[Item], turn: int) -> list[Item]:
    """The same items; the one that comes first changes from turn to turn."""
    first = turn % len(items)
    return [*items[first:], *items[:first]]


def run_in_turns(
    trackers: Sequence[TimedTracker],
    max_frames: int,
    title: str,
    frames_per_turn: int = FRAMES_PER_TURN,
    warm_up_frames: int = WARM_UP_FRAMES,
) -> None:
    """Let trackers track the same frames, a few at a time and each in turn.

    Args:
        trackers: that have just been started.
        max_frames: how many frames to track, warm-up included; fewer if the video is shorter.
        title: of the progress bar.
        frames_per_turn: that one tracks before the next one does.
        warm_up_frames: tracked first, but not timed.

    Raises:
        UserError: a tracker failed, or they disagree on the number of frames in the video.
    """
    for tracker in trackers:
        tracker.wait_until_ready()
    total = len(trackers) * max_frames
    with tqdm(total=total, desc=title, unit='image', leave=False) as progress:
        for tracker in trackers:
            progress.update(tracker.track(warm_up_frames, is_timed=False))
        for turn, begin in enumerate(range(warm_up_frames, max_frames, frames_per_turn)):
            asked = min(frames_per_turn, max_frames - begin)
            tracked = [tracker.track(asked) for tracker in rotated(trackers, turn)]
            progress.update(sum(tracked))
            if len(set(tracked)) > 1:
                raise UserError(
                    f'{" and ".join(tracker.name for tracker in trackers)} decode a different '
                    'number of frames from this video; convert it, or give --frames to stop '
                    'before its end'
                )
            if tracked[0] < asked:
                return
