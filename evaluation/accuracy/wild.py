"""Hands in the wild: pictures, degraded pictures and videos that no one took for a hand tracker."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from evaluation.accuracy import touching, wild_pictures
from evaluation.accuracy.degraded_hands import (
    base_pictures,
    degraded_rows,
    judge_mediapipe,
    judge_ours,
)
from evaluation.accuracy.picture_hands import MediaPipe, read_bgr
from evaluation.accuracy.sequences import in_workers
from evaluation.accuracy.wild_videos import track_video, video_tasks, wild_video_rows
from evaluation.results import Row
from hand_tracking_ros.tracking.errors import UserError

Result = TypeVar('Result')


def wild_rows(measures: Sequence[str], data: Path, workers: int) -> list[Row]:
    """The lines of the table of hands in the wild.

    Args:
        measures: names in MEASURES; others are left to others.
        data: the folder of the test data.
        workers: number of processes.

    Raises:
        UserError: a model file is missing or unreadable.
    """
    wanted = {name: rows_of for name, rows_of in MEASURES.items() if name in measures}
    if wanted and not (data / wild_pictures.PICTURES).is_dir():
        return [Row('hands in the wild', '', f'not measured: there is no {wild_pictures.PICTURES}')]
    return [row for rows_of in wanted.values() for row in rows_of(data, workers)]


def _picture_rows(data: Path, workers: int) -> list[Row]:
    truths = wild_pictures.load_labels(data)
    if not truths:
        return [Row('wild pictures', '', f'not measured: there is no {wild_pictures.LABELS}')]
    paths = {name: data / wild_pictures.PICTURES / name for name in truths}
    jobs = list(paths.values())
    found = in_workers(wild_pictures.find_in_picture, jobs, workers)
    hands = dict(_progress(found, 'pictures', len(jobs)))
    ours = wild_pictures.count_pictures(truths, hands.__getitem__)

    def count_theirs(mediapipe: MediaPipe) -> wild_pictures.PictureCounts:
        return wild_pictures.count_pictures(
            truths, lambda name: mediapipe.find(read_bgr(paths[name]), wild_pictures.MAX_NUM_HANDS)
        )

    return wild_pictures.picture_rows(ours, _of_mediapipe(count_theirs))


def _degraded_rows(data: Path, workers: int) -> list[Row]:
    pictures = base_pictures(data)
    tasks = [(picture, data) for picture in pictures]
    judged = _progress(in_workers(judge_ours, tasks, workers), 'degraded', len(tasks))
    ours = [outcome for outcomes in judged for outcome in outcomes]
    theirs = _of_mediapipe(lambda mediapipe: judge_mediapipe(pictures, data, mediapipe))
    return degraded_rows(ours, theirs)


def _video_rows(data: Path, workers: int) -> list[Row]:
    tasks = video_tasks(data)
    tracked = in_workers(track_video, tasks, workers) if tasks else iter(())
    return wild_video_rows(list(_progress(tracked, 'videos', len(tasks))))


def _touching_rows(data: Path, workers: int) -> list[Row]:
    paths = touching.touching_tasks(data)
    judged = _progress(in_workers(touching.judge_ours, paths, workers), 'touching', len(paths))
    ours = [outcome for outcomes in judged for outcome in outcomes]
    pairs = [outcome.pair for outcome in ours]
    theirs = _of_mediapipe(lambda mediapipe: touching.judge_mediapipe(pairs, mediapipe))
    return touching.touching_rows(ours, theirs)


MEASURES: dict[str, Callable[[Path, int], list[Row]]] = {
    'wild_pictures': _picture_rows,
    'wild_degraded': _degraded_rows,
    'wild_touching': _touching_rows,
    'wild_videos': _video_rows,
}


def _of_mediapipe(measure: Callable[[MediaPipe], Result]) -> Result | None:
    """What MediaPipe reaches; None, and the reason on standard error, where it cannot be had."""
    try:
        with MediaPipe() as mediapipe:
            return measure(mediapipe)
    except UserError as error:
        print(f'mediapipe is not measured: {error}', file=sys.stderr)
        return None


def _progress(results: Iterator[Result], what: str, total: int) -> Iterator[Result]:
    return tqdm(results, total=total, desc=what, leave=False)
