"""The sections of the benchmark that need no ROS: what trackers cost, one image after the other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from tqdm import tqdm

from evaluation.speed.conditions import Conditions
from evaluation.speed.media import (
    MAX_HANDS,
    write_clip,
    write_hands,
    write_pictures,
)
from evaluation.speed.timed_tracker import Recording, Side, run_in_turns
from evaluation.speed.timing import compare, summarise
from evaluation.speed.trackers import PEERS, Setting

VIDEO_SETTINGS = {
    'max_1': Setting(max_num_hands=1),
    'max_2': Setting(max_num_hands=2),
    'two_hands': Setting(max_num_hands=2, beside_mirror_image=True),
}
PICTURE_SIZES = ((640, 480), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160))
# Frames of a clip: enough for motion, few enough for the memory that 4K takes.
CLIP_FRAMES = 10
# The first start reads from the disk what later ones find in memory.
UNTIMED_STARTS = 1


def measure_video(conditions: Conditions) -> dict:
    """Time per image of a video: one hand allowed, two allowed, two there."""
    video = conditions.video
    max_frames = min(conditions.lengths.video_frames, video.num_frames)
    settings = {}
    for name, setting in VIDEO_SETTINGS.items():
        with ExitStack() as stack:
            sides = conditions.trackers.all(video.path, setting, stack)
            _track(sides, max_frames, name)
        settings[name] = _compare(sides)
    source = {'name': video.name, 'size': list(video.size), 'frames': max_frames}
    return {'source': source, 'settings': settings}


def measure_pictures(conditions: Conditions) -> dict:
    """Time per picture where each is a world of its own.

    Ours looks at parts of the picture too, and twice at each hand, unless told otherwise:
    `as_mediapipe` is ours so told.
    """
    trackers = conditions.trackers
    path = conditions.folder / 'pictures.npz'
    name, number = write_pictures(path)
    setting = Setting(static=True)
    with ExitStack() as stack:
        sides = trackers.all(path, setting, stack)
        alike = [
            stack.enter_context(trackers.ours(runtime, path, replace(setting, as_mediapipe=True)))
            for runtime in trackers.runtimes
        ]
        _track(
            [*sides, *alike],
            conditions.lengths.picture_rounds * number,
            'pictures',
            frames_per_turn=number,
            warm_up_frames=number,
        )
    return {
        'source': {'name': name, 'pictures': number},
        **_compare(sides),
        'as_mediapipe': {side.name: describe(side.recording) for side in alike},
    }


def measure_start(conditions: Conditions) -> dict:
    """From the start of a process to the hands in its first image."""
    trackers = conditions.trackers
    names = [*trackers.runtimes, *PEERS]
    starts_ms: dict[str, list[list[float]]] = {name: [] for name in names}
    setting = VIDEO_SETTINGS['max_2']
    numbers = range(UNTIMED_STARTS + conditions.lengths.starts)
    for number in tqdm(numbers, desc='start-up', unit='round', leave=False):
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            begun_s = time.perf_counter()
            make = trackers.peer if name in PEERS else trackers.ours
            with make(name, conditions.video.path, setting) as side:
                side.wait_until_ready()
                side.take_turn(1)
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
        setting = Setting(max_num_hands=max(number, 1))
        numbers[str(number)] = _time_ours(conditions, clip, setting)
    return numbers


def measure_sizes(conditions: Conditions) -> dict:
    """Our time per image against its size."""
    sizes = {}
    for size in tqdm(PICTURE_SIZES, desc='picture sizes', leave=False):
        clip = write_clip(conditions.video, size, CLIP_FRAMES, conditions.folder / 'size.npy')
        sizes['{}x{}'.format(*size)] = _time_ours(conditions, clip, Setting())
    return sizes


def _time_ours(conditions: Conditions, clip: Path, setting: Setting) -> dict:
    with ExitStack() as stack:
        sides = [
            stack.enter_context(conditions.trackers.ours(runtime, clip, setting))
            for runtime in conditions.trackers.runtimes
        ]
        _track(sides, conditions.lengths.clip_frames, clip.stem)
    return {side.name: describe(side.recording) for side in sides}


def _track(sides: Sequence[Side], max_frames: int, what: str, **keywords: int) -> None:
    total = len(sides) * max_frames
    with tqdm(total=total, desc=what, unit='image', leave=False) as progress:
        run_in_turns(sides, max_frames, progress.update, **keywords)


def _compare(sides: Sequence[Side]) -> dict:
    recordings = {side.name: side.recording for side in sides}
    return {
        'sides': {name: describe(recording) for name, recording in recordings.items()},
        'ratios': _ratios({name: each.turns_ms for name, each in recordings.items()}),
    }


def _ratios(turns_ms: dict[str, list[list[float]]]) -> dict:
    """For each of our runtimes and each peer: ours divided by theirs."""
    return {
        ours: {peer: compare(turns_ms[ours], turns_ms[peer]) for peer in PEERS}
        for ours in turns_ms
        if ours not in PEERS
    }


def describe(recording: Recording) -> dict:
    """The figures of one side."""
    return {
        **summarise(recording.turns_ms),
        'processor_mean_ms': fmean(recording.processor_ms),
        'images': len(recording.hands),
        'hands': sum(recording.hands),
        'peak_memory_mb': recording.peak_memory_mb,
    }
