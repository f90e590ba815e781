"""The sides of the benchmark at work: one process each, and only one at work at a time.

They take turns after every few frames, so that whatever else the machine does meanwhile hits all
alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from evaluation.speed.child_process import Partner
from hand_tracking_ros.tracking.errors import UserError

# The first frames load caches, allocate memory and start threads; their time says nothing.
WARM_UP_FRAMES = 10
FRAMES_PER_TURN = 30


@dataclass
class Recording:
    """What one side did.

    Attributes:
        turns_ms: for every turn, the time of each of its frames in milliseconds, without warm-up.
        processor_ms: the processor time of each frame, all threads together, without warm-up.
        hands: number of hands seen in each frame, warm-up included.
        peak_memory_mb: the most memory the process had resident, in MB (10^6 bytes).
        about: what the process said of itself: versions, and the runtime really in use.
    """

    turns_ms: list[list[float]] = field(default_factory=list)
    processor_ms: list[float] = field(default_factory=list)
    hands: list[int] = field(default_factory=list)
    peak_memory_mb: float = 0.0
    about: dict[str, str] = field(default_factory=dict)


class Side(Partner):
    """A tracker in a process of its own, which tracks some frames when told to.

    Its program speaks as benchmark_worker.py does.
    """

    def __init__(self, *arguments, **keywords) -> None:
        super().__init__(*arguments, **keywords)
        self.recording = Recording()

    def __enter__(self) -> Side:
        return self

    def wait_until_ready(self) -> dict:
        """Wait until the tracker is loaded.

        Raises:
            UserError: it cannot be loaded.
        """
        self.recording.about = super().wait_until_ready().get('about', {})
        return self.recording.about

    def warm_up(self, num_frames: int = WARM_UP_FRAMES) -> int:
        """Track the first frames without taking their time; returns how many there were."""
        return len(self._track(num_frames)['hands'])

    def take_turn(self, num_frames: int) -> int:
        """Track the next frames; returns how many there still were.

        Raises:
            UserError: the process failed.
        """
        answer = self._track(num_frames)
        if answer['times_ms']:
            self.recording.turns_ms.append(answer['times_ms'])
            self.recording.processor_ms += answer['processor_ms']
        return len(answer['hands'])

    def _track(self, num_frames: int) -> dict:
        answer = self.ask(str(num_frames))
        self.recording.hands += answer['hands']
        self.recording.peak_memory_mb = answer['peak_memory_mb']
        return answer


def run_in_turns(
    sides: Sequence[Side],
    max_frames: int,
    report_progress: Callable[[int], object],
    frames_per_turn: int = FRAMES_PER_TURN,
    warm_up_frames: int = WARM_UP_FRAMES,
) -> None:
    """Let the sides track the same frames, a few at a time and each in turn.

    Who begins a round changes from round to round. The results are in the sides' recordings.

    Args:
        sides: processes that have just been started.
        max_frames: how many frames to track, warm-up included; fewer if the video is shorter.
        report_progress: called with the number of frames after each turn.
        frames_per_turn: that one side tracks before the next one does.
        warm_up_frames: tracked first, but not timed.

    Raises:
        UserError: a side failed, or they disagree on the number of frames in the video.
    """
    for side in sides:
        side.wait_until_ready()
    for side in sides:
        report_progress(side.warm_up(warm_up_frames))
    frames_left = max_frames - warm_up_frames
    first = 0
    while frames_left > 0:
        asked = min(frames_per_turn, frames_left)
        done = set()
        for side in (*sides[first:], *sides[:first]):
            num_frames = side.take_turn(asked)
            report_progress(num_frames)
            done.add(num_frames)
        if len(done) > 1:
            raise UserError(
                f'{" and ".join(side.name for side in sides)} decode a different number of frames '
                'from this video; convert it, or give --frames to stop before its end'
            )
        frames_left -= asked
        first = (first + 1) % len(sides)
        if done != {asked}:
            return
