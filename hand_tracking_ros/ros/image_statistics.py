"""Counts and times of one camera's images, for the diagnostics."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hand_tracking_ros.tracking.hand import Hand, TrackingState
from hand_tracking_ros.tracking.timings import Timings

# Times and the camera's rate are those of the last this many images.
WINDOW = 100
# Shares of images that were dropped or lost are those of the last seconds.
WINDOW_S = 5.0


@dataclass
class Counts:
    """What became of one camera's images since the start.

    Every image received is counted as processed, dropped or with_errors, or still waits.

    Attributes:
        received, processed, dropped, with_errors, lost_in_transport: images.
        backward_stamps: images whose stamp is before that of the image received before.
        hands_not_finite: hands that lost their pose or were left out, as their numbers are none.
    """

    received: int = 0
    processed: int = 0
    dropped: int = 0
    with_errors: int = 0
    lost_in_transport: int = 0
    backward_stamps: int = 0
    hands_not_finite: int = 0

    def since(self, before: Counts) -> Counts:
        """What has been counted after an earlier state."""
        return Counts(**{name: value - vars(before)[name] for name, value in vars(self).items()})


@dataclass(frozen=True)
class Snapshot:
    """All that is known of a camera's images at one moment.

    Attributes:
        total: since the start.
        new: since the last snapshot, `period_s` ago.
        recent: in the last WINDOW_S.
        silent_s: time since the last image, or since the start.
        camera_hz: images that the camera takes in a second, by their stamps; None: not known.
        num_hands: in the newest image that was processed.
        images_without_pose: so many of the last images in a row showed hands, none with a pose,
            although the camera's calibration is there.
        stamp_age_s: of the newest image processed, by the node's clock; None: none yet.
        latencies_s, processing_s: of the last WINDOW images.
        timings: of the same.
    """

    total: Counts
    new: Counts
    recent: Counts
    period_s: float
    silent_s: float
    camera_hz: float | None
    num_hands: int
    images_without_pose: int
    stamp_age_s: float | None
    last_error: str
    latencies_s: Sequence[float]
    processing_s: Sequence[float]
    timings: Sequence[Timings]


@dataclass
class _Recent:
    """The last images: when they were taken, and how long what took."""

    stamps_s: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))
    processing_s: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))
    timings: deque[Timings] = field(default_factory=lambda: deque(maxlen=WINDOW))


class CameraStatistics:
    """Counts images; one thread may receive them and another process them.

    Times named `now_s` are of one steady clock.
    """

    def __init__(self, now_s: float) -> None:
        self._lock = threading.Lock()
        self._counts = Counts()
        self._recent = _Recent()
        self._num_hands = 0
        self._images_without_pose = 0
        self._last_error = ''
        self.begin(now_s)

    def begin(self, now_s: float) -> None:
        """Images are expected from now on."""
        with self._lock:
            self._last_image_s = now_s
            # When, and the counts then: one for each snapshot of the last WINDOW_S.
            self._history = deque([(now_s, replace(self._counts))])

    @property
    def num_received(self) -> int:
        """Images since the start."""
        return self._counts.received

    def silent_s(self, now_s: float) -> float:
        """Time since the last image, or since the start."""
        return now_s - self._last_image_s

    def count_received(self, stamp_s: float, now_s: float) -> None:
        """An image has come."""
        with self._lock:
            self._counts.received += 1
            self._last_image_s = now_s
            stamps_s = self._recent.stamps_s
            if stamps_s and stamp_s < stamps_s[-1]:
                self._counts.backward_stamps += 1
            stamps_s.append(stamp_s)

    def count_dropped(self) -> None:
        """A newer image took the place of one that was not processed."""
        with self._lock:
            self._counts.dropped += 1

    def count_lost(self, number: int) -> None:
        """The middleware has lost images."""
        with self._lock:
            self._counts.lost_in_transport += number

    def count_not_finite(self, number: int) -> None:
        """So many hands of an image could not be published as they are."""
        with self._lock:
            self._counts.hands_not_finite += number

    def count_processed(
        self,
        hands: Sequence[Hand],
        latency_s: float,
        processing_s: float,
        timings: Timings,
        is_calibrated: bool,
    ) -> None:
        """The hands of an image were published.

        Args:
            hands: with their poses.
            latency_s: from the image's stamp to now.
            processing_s: from the start of the work to now.
            timings: of the networks.
            is_calibrated: the camera's calibration was there, so that hands should have poses.
        """
        seen = [hand for hand in hands if hand.state == TrackingState.TRACKED]
        has_pose = any(hand.pose is not None for hand in seen)
        with self._lock:
            self._counts.processed += 1
            self._num_hands = len(hands)
            self._recent.latencies_s.append(latency_s)
            self._recent.processing_s.append(processing_s)
            self._recent.timings.append(timings)
            if has_pose or not is_calibrated:
                self._images_without_pose = 0
            elif seen:
                self._images_without_pose += 1

    def count_error(self, text: str) -> None:
        """An image could not be processed."""
        with self._lock:
            self._counts.with_errors += 1
            self._last_error = text

    def snapshot(self, now_s: float) -> Snapshot:
        """The state now; what is new in it is so since the last call."""
        with self._lock:
            total = replace(self._counts)
            last_s, last = self._history[-1]
            while len(self._history) > 1 and self._history[1][0] <= now_s - WINDOW_S:
                self._history.popleft()
            self._history.append((now_s, total))
            recent = self._recent
            return Snapshot(
                total=total,
                new=total.since(last),
                recent=total.since(self._history[0][1]),
                period_s=now_s - last_s,
                silent_s=now_s - self._last_image_s,
                camera_hz=_rate_hz(recent.stamps_s),
                num_hands=self._num_hands,
                images_without_pose=self._images_without_pose,
                stamp_age_s=recent.latencies_s[-1] if recent.latencies_s else None,
                last_error=self._last_error,
                latencies_s=tuple(recent.latencies_s),
                processing_s=tuple(recent.processing_s),
                timings=tuple(recent.timings),
            )


def _rate_hz(stamps_s: Sequence[float]) -> float | None:
    """Images in a second; a pause, a repeated stamp or one that runs backwards does not count."""
    intervals_s = np.diff(stamps_s)
    intervals_s = intervals_s[intervals_s > 0]
    return float(1 / np.median(intervals_s)) if len(intervals_s) else None
