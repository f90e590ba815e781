"""When frames are due, and work done ahead of them (no ROS)."""

import threading
from dataclasses import dataclass

import numpy as np
import pytest

from hand_tracking_ros.cameras.pacing import Pacer, thinned, timeline
from hand_tracking_ros.media.media_source import Frame
from hand_tracking_ros.media.prefetch import prefetch


class FakeTime:
    def __init__(self):
        self.now_s = 1000.0

    def clock(self) -> float:
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        self.now_s += duration_s

    def pacer(self) -> Pacer:
        return Pacer(self.clock, self.sleep)


@dataclass
class FakeSource:
    stamps_s: tuple
    rate_hz: float = 10.0

    def __iter__(self):
        image = np.zeros((2, 2, 3), np.uint8)
        return (Frame(str(index), image, stamp) for index, stamp in enumerate(self.stamps_s))


def test_frames_are_released_at_their_times_after_the_first():
    time = FakeTime()
    pacer = time.pacer()
    released_s = []
    for due_s in (0.0, 0.1, 0.4, 0.5):
        pacer.wait_for(due_s)
        released_s.append(time.now_s - 1000.0)
        time.now_s += 0.02  # the work on a frame does not add to the interval
    assert released_s == pytest.approx([0.0, 0.1, 0.4, 0.5])


def test_a_small_delay_is_caught_up():
    time = FakeTime()
    pacer = time.pacer()
    pacer.wait_for(0.0)
    time.now_s += 0.15
    pacer.wait_for(0.1)
    pacer.wait_for(0.2)
    assert time.now_s == pytest.approx(1000.2)


def test_a_stall_moves_the_later_frames_instead_of_causing_a_burst():
    time = FakeTime()
    pacer = time.pacer()
    pacer.wait_for(0.0)
    time.now_s += 5.0
    pacer.wait_for(0.1)
    assert time.now_s == pytest.approx(1005.0)
    pacer.wait_for(0.2)
    assert time.now_s == pytest.approx(1005.1)


def test_the_source_s_own_times_are_kept():
    due_s = [due for _, due in timeline(FakeSource((0.0, 0.1, 0.7)), 0.0, loop=False)]
    assert due_s == pytest.approx([0.0, 0.1, 0.7])


def test_a_rate_replaces_the_source_s_own_times():
    due_s = [due for _, due in timeline(FakeSource((0.0, 0.1, 0.7)), 4.0, loop=False)]
    assert due_s == pytest.approx([0.0, 0.25, 0.5])


@pytest.mark.parametrize(('rate_hz', 'period_s'), [(0.0, 0.1), (20.0, 0.05)])
def test_a_loop_goes_on_with_the_same_rhythm(rate_hz, period_s):
    frames = timeline(FakeSource((0.0, 0.1, 0.2)), rate_hz, loop=True)
    looped = [next(frames) for _ in range(8)]
    assert [frame.name for frame, _ in looped] == ['0', '1', '2', '0', '1', '2', '0', '1']
    assert [due for _, due in looped] == pytest.approx([period_s * index for index in range(8)])


def test_a_loop_over_a_source_that_became_empty_ends():
    assert list(timeline(FakeSource(()), 0.0, loop=True)) == []


def test_a_camera_is_thinned_out_to_the_rate_asked_for():
    stamps = tuple(index / 30 for index in range(30))
    kept = [frame.stamp_s for frame in thinned(FakeSource(stamps), 10.0)]
    assert kept == pytest.approx([index / 10 for index in range(10)])


@pytest.mark.parametrize('rate_hz', [0.0, 30.0, 60.0])
def test_a_camera_that_is_not_faster_than_asked_for_keeps_every_frame(rate_hz):
    jitter_s = (0.0, 0.002, -0.002)
    stamps = tuple(index / 30 + jitter_s[index % 3] for index in range(30))
    assert len(list(thinned(FakeSource(stamps), rate_hz))) == 30


def test_prefetched_items_come_in_order():
    assert list(prefetch(range(50), depth=3)) == list(range(50))


def test_prefetch_works_ahead_but_only_as_far_as_told():
    started = []
    third_started = threading.Event()

    def items():
        for index in range(10):
            started.append(index)
            if index == 3:
                third_started.set()
            yield index

    ahead = prefetch(items(), depth=2)
    assert next(ahead) == 0
    # One was taken, two wait, one is at the door.
    assert third_started.wait(10)
    assert started == [0, 1, 2, 3]
    ahead.close()


def test_an_error_in_the_work_ahead_is_raised_in_its_place():
    def items():
        yield 1
        raise ValueError('broken')

    ahead = prefetch(items(), depth=4)
    assert next(ahead) == 1
    with pytest.raises(ValueError, match='broken'):
        next(ahead)


def test_closing_early_ends_the_thread():
    before = threading.active_count()
    ahead = prefetch(iter(range(10**9)), depth=2)
    next(ahead)
    assert threading.active_count() == before + 1
    ahead.close()
    assert threading.active_count() == before
