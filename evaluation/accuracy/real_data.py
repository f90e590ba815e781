"""The real pictures and the real video of the test data."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from evaluation.accuracy.sequences import NO_SMOOTHING
from evaluation.results import Row
from hand_tracking_ros.media import open_media
from hand_tracking_ros.tracking import (
    CameraModel,
    Handedness,
    HandModels,
    HandPipeline,
    PipelineOptions,
    TrackerOptions,
    TrackingState,
)

ANNOTATIONS = Path('annotated', 'annotations.json')
VIDEO = Path('video', 'one_hand_720p.mp4')
VIDEO_SIDE = Handedness.RIGHT


def picture_rows(folder: Path, models: HandModels) -> list[Row]:
    """Errors in the pictures whose hand and camera are known in millimetres (RHD)."""
    path = folder / ANNOTATIONS
    if not path.is_file():
        return [Row('RHD pictures', '', f'not measured: there is no {ANNOTATIONS}')]
    annotations = json.loads(path.read_text())
    return [
        _picture_row(path.parent / annotation['file'], annotation, models)
        for annotation in annotations
        if 'joints_camera_mm' in annotation
    ]


def _picture_row(path: Path, annotation: dict, models: HandModels) -> Row:
    image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    height, width = image.shape[:2]
    (fx, fy), (cx, cy) = annotation['camera']['focal'], annotation['camera']['princpt']
    k = (fx, 0, cx, 0, fy, cy, 0, 0, 1)
    camera = CameraModel.from_camera_info_fields(width, height, k, (), '')
    options = PipelineOptions(TrackerOptions(static_image_mode=True), smoothing=NO_SMOOTHING)
    hands = HandPipeline(options, models).process(image, 0.0, camera)
    true_mm = np.array(annotation['joints_camera_mm'])
    found_mm = [1e3 * hand.pose.camera_landmarks_m for hand in hands if hand.pose]
    what = f'{path.name}: joints, root-relative; absolute'
    if not found_mm:
        return Row(what, '', 'no hand found')
    nearest_mm = min(found_mm, key=lambda joints: np.linalg.norm(joints - true_mm))
    relative_mm = _mean_error(nearest_mm - nearest_mm[0], true_mm - true_mm[0])
    absolute_mm = _mean_error(nearest_mm, true_mm)
    percent = 100 * np.linalg.norm(nearest_mm[0] - true_mm[0]) / np.linalg.norm(true_mm[0])
    return Row(
        what,
        '',
        f'{relative_mm:.0f} mm; {absolute_mm:.0f} mm (wrist {percent:.1f} % of the distance)',
        None,
        {'relative_mm': relative_mm, 'absolute_mm': absolute_mm, 'wrist_percent': float(percent)},
    )


def video_row(task: tuple[Path, bool], models: HandModels) -> Row:
    """Ids and sides in the video of one hand, alone or beside its mirror image."""
    folder, is_doubled = task
    what = 'one_hand_720p.mp4' + (' beside its mirror image' if is_doubled else '')
    if not (folder / VIDEO).is_file():
        return Row(what, '', f'not measured: there is no {VIDEO}')
    pipeline = HandPipeline(PipelineOptions(), models)
    expected = [VIDEO_SIDE, VIDEO_SIDE.mirrored] if is_doubled else [VIDEO_SIDE]
    ids: list[set[int]] = [set() for _ in expected]
    counts: Counter = Counter()
    misses = []
    for frame in open_media(str(folder / VIDEO)):
        image = frame.image
        if is_doubled:
            image = np.ascontiguousarray(np.hstack([image, image[:, ::-1]]))
        hands = pipeline.process(image, frame.stamp_s)
        hands = [hand for hand in hands if hand.state == TrackingState.TRACKED]
        for hand in hands:
            place = int(is_doubled and np.median(hand.landmarks[:, 0]) > 0.5)
            ids[place].add(hand.track_id)
            if hand.handedness != expected[place]:
                misses.append(f'{frame.name}: id {hand.track_id} is {hand.handedness.name}')
                counts['wrong'] += 1
        if len(hands) != len(expected):
            misses.append(f'{frame.name}: {len(hands)} hands')
        counts.update(frames=1, lost=len(expected) - len(hands))
    num_ids, wrong, lost = sum(map(len, ids)), counts['wrong'], counts['lost']
    return Row(
        f'{what}, {counts["frames"]} frames',
        'one id and one side per hand',
        f'{num_ids} ids for {len(expected)} hands, {wrong} wrong sides, {lost} times not seen',
        num_ids == len(expected) and wrong == 0,
        {'ids': num_ids, 'wrong_sides': wrong, 'lost': lost, 'frames': counts['frames']},
        misses,
    )


def _mean_error(found: np.ndarray, true: np.ndarray) -> float:
    return float(np.linalg.norm(found - true, axis=1).mean())
