"""Hands in the wild: pictures, videos and degraded pictures that no one took for a hand tracker."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tqdm import tqdm

from evaluation.accuracy import wild_pictures
from evaluation.accuracy.degraded_hands import (
    base_pictures,
    degraded_rows,
    judge_mediapipe,
    judge_ours,
)
from evaluation.accuracy.picture_hands import MediaPipe, open_mediapipe, read_bgr
from evaluation.accuracy.sequences import in_workers
from evaluation.accuracy.wild_videos import track_video, video_tasks, wild_video_rows
from evaluation.results import Row
from hand_tracking_ros.tracking.errors import UserError


def wild_rows(data: Path, workers: int) -> list[Row]:
    """The lines of the table of hands in the wild.

    Args:
        data: the folder of the test data.
        workers: number of processes.

    Raises:
        UserError: a model file is missing or unreadable.
    """
    if not (data / wild_pictures.PICTURES).is_dir():
        return [Row('hands in the wild', '', f'not measured: there is no {wild_pictures.PICTURES}')]
    with _mediapipe_if_possible() as mediapipe:
        pictures = _picture_rows(data, workers, mediapipe)
        return [*pictures, *_degraded_rows(data, workers, mediapipe), *_video_rows(data, workers)]


def _picture_rows(data: Path, workers: int, mediapipe: MediaPipe | None) -> list[Row]:
    truths = wild_pictures.load_labels(data)
    if not truths:
        return [Row('wild pictures', '', f'not measured: there is no {wild_pictures.LABELS}')]
    paths = {name: data / wild_pictures.PICTURES / name for name in truths}
    jobs = list(paths.values())
    found = in_workers(wild_pictures.find_in_picture, jobs, workers)
    hands = dict(_progress(found, 'pictures', len(jobs)))
    ours = wild_pictures.count_pictures(truths, hands.__getitem__)
    theirs = mediapipe and wild_pictures.count_pictures(
        truths, lambda name: mediapipe.find(read_bgr(paths[name]), wild_pictures.MAX_NUM_HANDS)
    )
    return wild_pictures.picture_rows(ours, theirs)


def _degraded_rows(data: Path, workers: int, mediapipe: MediaPipe | None) -> list[Row]:
    pictures = base_pictures(data)
    tasks = [(picture, data) for picture in pictures]
    judged = _progress(in_workers(judge_ours, tasks, workers), 'degraded', len(tasks))
    ours = [outcome for outcomes in judged for outcome in outcomes]
    return degraded_rows(ours, mediapipe and judge_mediapipe(pictures, data, mediapipe))


def _video_rows(data: Path, workers: int) -> list[Row]:
    tasks = video_tasks(data)
    tracked = in_workers(track_video, tasks, workers) if tasks else iter(())
    return wild_video_rows(list(_progress(tracked, 'videos', len(tasks))))


@contextmanager
def _mediapipe_if_possible() -> Iterator[MediaPipe | None]:
    """MediaPipe; None, and the reason on standard error, where it cannot be had."""
    with ExitStack() as stack:
        mediapipe = None
        try:
            mediapipe = stack.enter_context(open_mediapipe())
        except UserError as error:
            print(f'mediapipe is not measured: {error}', file=sys.stderr)
        yield mediapipe


def _progress(results: Iterator, what: str, total: int) -> tqdm:
    return tqdm(results, total=total, desc=what, leave=False)
