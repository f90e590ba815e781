"""The sides of the benchmark at work: one process each, and only one at work at a time.

They take turns after every few frames, so that whatever else the machine does meanwhile hits all
alike.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hand_tracking_ros.tracking.errors import UserError

WORKER = Path(__file__).with_name('benchmark_worker.py')
# The first frames load caches, allocate memory and start threads; their time says nothing.
WARM_UP_FRAMES = 10
FRAMES_PER_TURN = 30
SECONDS_TO_END = 5.0
LOG_LINES_TO_SHOW = 10


@dataclass
class Recording:
    """What one side did.

    Attributes:
        turns_ms: for every turn, the time of each of its frames in milliseconds, without warm-up.
        processor_ms: the processor time of each frame, all threads together, without warm-up.
        hands: number of hands seen in each frame, warm-up included.
        peak_memory_mb: the most memory the process had resident, in MB (10^6 bytes).
    """

    turns_ms: list[list[float]] = field(default_factory=list)
    processor_ms: list[float] = field(default_factory=list)
    hands: list[int] = field(default_factory=list)
    peak_memory_mb: float = 0.0


class Side:
    """A tracker in a process of its own, which tracks some frames of a video when told to.

    Args:
        name: what to call it in errors.
        command: starts a program that speaks as benchmark_worker.py does.
        folder: working directory of the process; this one's if None.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        folder: Path | None = None,
    ) -> None:
        self.name = name
        self.recording = Recording()
        self._log = tempfile.TemporaryFile('w+', errors='replace')  # noqa: SIM115 (see __exit__)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=folder,
            text=True,
        )

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *_exception) -> None:
        """End the process, which ends by itself once nothing more can be asked."""
        with contextlib.suppress(BrokenPipeError):  # it has ended already
            self._process.stdin.close()
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def wait_until_ready(self) -> None:
        """Wait until the tracker is loaded.

        Raises:
            UserError: it cannot be loaded.
        """
        self._read_answer()

    def warm_up(self) -> int:
        """Track the first frames without taking their time; returns how many there were."""
        answer = self._ask(WARM_UP_FRAMES)
        return len(answer['hands'])

    def take_turn(self, num_frames: int) -> int:
        """Track the next frames; returns how many there still were.

        Raises:
            UserError: the process failed.
        """
        answer = self._ask(num_frames)
        if answer['times_ms']:
            self.recording.turns_ms.append(answer['times_ms'])
            self.recording.processor_ms += answer['processor_ms']
        return len(answer['hands'])

    def _ask(self, num_frames: int) -> dict:
        with contextlib.suppress(BrokenPipeError):  # explained where the answer is missed
            self._process.stdin.write(f'{num_frames}\n')
            self._process.stdin.flush()
        answer = self._read_answer()
        self.recording.hands += answer['hands']
        self.recording.peak_memory_mb = answer['peak_memory_mb']
        return answer

    def _read_answer(self) -> dict:
        line = self._process.stdout.readline()
        answer = json.loads(line) if line else {'error': self._last_words()}
        if 'error' in answer:
            raise UserError(f'{self.name}: {answer["error"]}')
        return answer

    def _last_words(self) -> str:
        status = self._process.wait()
        self._log.seek(0)
        lines = self._log.read().splitlines()[-LOG_LINES_TO_SHOW:]
        return '\n  '.join([f'its process ended with exit status {status}', *lines])


def run_in_turns(
    sides: Sequence[Side], max_frames: int, report_progress: Callable[[int], object]
) -> None:
    """Let the sides track the same frames, a few at a time and each in turn.

    Who begins a round changes from round to round. The results are in the sides' recordings.

    Args:
        sides: processes that have just been started.
        max_frames: how many frames to track, warm-up included; fewer if the video is shorter.
        report_progress: called with the number of frames after each turn.

    Raises:
        UserError: a side failed, or they disagree on the number of frames in the video.
    """
    for side in sides:
        side.wait_until_ready()
    for side in sides:
        report_progress(side.warm_up())
    frames_left = max_frames - WARM_UP_FRAMES
    first = 0
    while frames_left > 0:
        asked = min(FRAMES_PER_TURN, frames_left)
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
