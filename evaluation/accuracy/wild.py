"""Hands in the wild: pictures, videos and degraded pictures that no one took for a hand tracker."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tqdm import tqdm

from evaluation.accuracy import wild_pictures
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
    return [*_picture_rows(data, workers), *_video_rows(data, workers)]


def _picture_rows(data: Path, workers: int) -> list[Row]:
    truths = wild_pictures.load_labels(data)
    if not truths:
        return [Row('wild pictures', '', f'not measured: there is no {wild_pictures.LABELS}')]
    paths = {name: data / wild_pictures.PICTURES / name for name in truths}
    found = _progress(
        in_workers(wild_pictures.find_in_picture, list(paths.values()), workers),
        'pictures',
        len(paths),
    )
    ours = wild_pictures.count_pictures(truths, dict(found).__getitem__)
    with _mediapipe_if_possible() as mediapipe:
        theirs = mediapipe and wild_pictures.count_pictures(
            truths,
            lambda name: mediapipe.find(read_bgr(paths[name]), wild_pictures.MAX_NUM_HANDS),
        )
    return wild_pictures.picture_rows(ours, theirs)


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
