"""Hands in the wild: pictures, videos and degraded pictures that no one took for a hand tracker."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from evaluation.accuracy.sequences import in_workers
from evaluation.accuracy.wild_videos import track_video, video_tasks, wild_video_rows
from evaluation.results import Row


def wild_rows(data: Path, workers: int) -> list[Row]:
    """The lines of the table of hands in the wild.

    Args:
        data: the folder of the test data.
        workers: number of processes.

    Raises:
        UserError: a model file is missing or unreadable.
    """
    tasks = video_tasks(data)
    tracked = in_workers(track_video, tasks, workers) if tasks else iter(())
    results = list(tqdm(tracked, total=len(tasks), desc='videos', unit='video', leave=False))
    return wild_video_rows(results)
