"""The sections of the benchmark that need no ROS: what trackers cost, one image after the other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tqdm import tqdm

from evaluation.speed.conditions import Conditions
from evaluation.speed.media import MAX_HANDS, write_clip, write_hands, write_pictures
from evaluation.speed.timed_tracker import TimedTracker, rotated, run_in_turns
from evaluation.speed.timing import compare, summarise
from evaluation.speed.trackers import PEERS

VIDEO_SETTINGS = {
    'max_1': {'max_num_hands': 1},
    'max_2': {'max_num_hands': 2},
    'two_hands': {'max_num_hands': 2, 'beside_mirror_image': True},
}
PICTURE_SIZES = ((640, 480), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160))
# Frames of a clip: enough for motion, few enough for the memory that 4K takes.
CLIP_FRAMES = 10
# The first start reads from the disk what later ones find in memory.
UNTIMED_STARTS = 1


def measure_video(conditions: Conditions) -> dict:
    """Time per image of a video: one hand allowed, two allowed, two there."""
    video, trackers = conditions.video, conditions.trackers
    max_frames = min(conditions.lengths.video_frames, video.num_frames)
    settings = {}
    for name, options in VIDEO_SETTINGS.items():
        with ExitStack() as stack:
            started = trackers.start_all(trackers.names, video.path, stack, **options)
            run_in_turns(started, max_frames, name)
        settings[name] = _compare(started)
    source = {'name': video.name, 'size': list(video.size), 'frames': max_frames}
    return {'source': source, 'settings': settings}


def measure_pictures(conditions: Conditions) -> dict:
    """Time per picture where each is independent of the others.

    Ours searches tiles too and runs the landmark model more than once, unless told otherwise:
    `as_mediapipe` is ours so told.
    """
    trackers = conditions.trackers
    path = conditions.folder / 'pictures.npz'
    name, number = write_pictures(path)
    with ExitStack() as stack:
        started = trackers.start_all(trackers.names, path, stack, static=True)
        alike = trackers.start_all(trackers.runtimes, path, stack, static=True, as_mediapipe=True)
        rounds = conditions.lengths.picture_rounds
        run_in_turns([*started, *alike], rounds * number, 'pictures', number, number)
    return {
        'source': {'name': name, 'pictures': number},
        **_compare(started),
        'as_mediapipe': {tracker.name: tracker.figures() for tracker in alike},
    }


def measure_start(conditions: Conditions) -> dict:
    """From the start of a process to the hands in its first image."""
    trackers = conditions.trackers
    starts_ms: dict[str, list[list[float]]] = {name: [] for name in trackers.names}
    numbers = range(UNTIMED_STARTS + conditions.lengths.starts)
    for number in tqdm(numbers, desc='start-up', unit='round', leave=False):
        for name in rotated(list(starts_ms), number):
            begun_s = time.perf_counter()
            with trackers.start(name, conditions.video.path) as tracker:
                tracker.wait_until_ready()
                tracker.track(1)
                taken_ms = 1e3 * (time.perf_counter() - begun_s)
            if number >= UNTIMED_STARTS:
                starts_ms[name].append([taken_ms])
    sides = {name: summarise(times_ms) for name, times_ms in starts_ms.items()}
    return {'sides': sides, 'ratios': _ratios(starts_ms)}


def measure_hands(conditions: Conditions) -> dict:
    """Our time per image against the number of hands, as many allowed as there are."""
    numbers = {}
    for number in tqdm(range(MAX_HANDS + 1), desc='numbers of hands', leave=False):
        clip = write_hands(number, CLIP_FRAMES, conditions.folder / 'hands.npy')
        numbers[str(number)] = _time_ours(conditions, clip, max_num_hands=max(number, 1))
    return numbers


def measure_sizes(conditions: Conditions) -> dict:
    """Our time per image against its size."""
    sizes = {}
    for size in tqdm(PICTURE_SIZES, desc='picture sizes', leave=False):
        clip = write_clip(conditions.video, size, CLIP_FRAMES, conditions.folder / 'size.npy')
        sizes['{}x{}'.format(*size)] = _time_ours(conditions, clip)
    return sizes


def _time_ours(conditions: Conditions, clip: Path, **options: int) -> dict:
    trackers = conditions.trackers
    with ExitStack() as stack:
        started = trackers.start_all(trackers.runtimes, clip, stack, **options)
        run_in_turns(started, conditions.lengths.clip_frames, clip.stem)
    return {tracker.name: tracker.figures() for tracker in started}


def _compare(trackers: Sequence[TimedTracker]) -> dict:
    return {
        'sides': {tracker.name: tracker.figures() for tracker in trackers},
        'ratios': _ratios({tracker.name: tracker.turns_ms for tracker in trackers}),
    }


def _ratios(turns_ms: dict[str, list[list[float]]]) -> dict:
    """For each of our runtimes and each peer: ours divided by theirs."""
    return {
        ours: {peer: compare(turns_ms[ours], turns_ms[peer]) for peer in PEERS}
        for ours in turns_ms
        if ours not in PEERS
    }
