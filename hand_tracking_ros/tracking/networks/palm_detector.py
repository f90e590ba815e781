"""First stage: find palms in an image or in parts of it.

MediaPipe's palm detector: a single-shot detector over 2016 anchors, decoded and merged by
weighted non-maximum suppression (palm_detection_cpu, ssd_anchors_calculator,
tensors_to_detections_calculator, non_max_suppression_calculator).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np

from hand_tracking_ros.tracking.look import Look
from hand_tracking_ros.tracking.networks.network_input import network_input, rendered
from hand_tracking_ros.tracking.networks.runtime import Inference
from hand_tracking_ros.tracking.region import Region, box_overlaps, region_from_palm

INPUT_SIZE_PX = 192
MIN_SUPPRESSION_THRESHOLD = 0.3
# The time for one look is the median over this many calls.
NUM_TIMES = 15
# Cells along a side of each feature map, and anchors in each cell.
ANCHOR_GRIDS = ((24, 2), (12, 6))
WRIST_KEYPOINT, MIDDLE_FINGER_KEYPOINT = 0, 2


@dataclass(frozen=True)
class PalmDetection:
    """A detected palm.

    Attributes:
        box_px: (4,) float32 xmin, ymin, xmax, ymax in image pixels.
        keypoints_px: (7, 2) float32: wrist, index, middle, ring and little-finger MCP, thumb CMC
            and MCP.
        score: 0 to 1.
    """

    box_px: np.ndarray
    keypoints_px: np.ndarray
    score: float

    @property
    def hand_region(self) -> Region:
        """Where the whole hand is expected."""
        wrist = self.keypoints_px[WRIST_KEYPOINT]
        middle = self.keypoints_px[MIDDLE_FINGER_KEYPOINT]
        return region_from_palm(self.box_px, wrist, middle)


class PalmDetector:
    """Finds palms in looks at an image; `infer` runs the network."""

    def __init__(self, infer: Inference) -> None:
        self._infer = infer
        self._anchors = make_anchors()
        self._look_times_s: deque[float] = deque(maxlen=NUM_TIMES)

    def detect(
        self, image: np.ndarray, looks: Sequence[Look], min_confidences: Sequence[float]
    ) -> list[list[PalmDetection]]:
        """Find palms in all looks at an image, in one batch.

        Args:
            image: (H, W, 3) uint8 RGB.
            looks: where and how to look for palms.
            min_confidences: for each look the smallest score of a palm to keep, 0 to 1.

        Returns:
            The palms of each look, best first, in pixels of the image.
        """
        if not looks:
            return []
        started_s = time.perf_counter()
        pictures = [_picture(image, look) for look in looks]
        all_boxes, all_scores = self._infer(network_input(pictures, INPUT_SIZE_PX))
        detections = [
            self._decode_window(boxes, scores, look.window, min_confidence)
            for boxes, scores, look, min_confidence in zip(
                all_boxes, all_scores, looks, min_confidences, strict=True
            )
        ]
        self._look_times_s.append((time.perf_counter() - started_s) / len(looks))
        return detections

    def num_looks_within(self, budget_s: float) -> int:
        """How many looks this machine can process in that time, but at least one."""
        if not self._look_times_s:
            return 1
        return max(int(budget_s / median(self._look_times_s)), 1)

    def _decode_window(
        self, boxes: np.ndarray, scores: np.ndarray, window: Region, min_confidence: float
    ) -> list[PalmDetection]:
        points, kept = decode(boxes, scores, self._anchors, min_confidence)
        points, kept = weighted_non_maximum_suppression(points, kept)
        points = window.to_image(points.reshape(-1, 2)).reshape(points.shape)
        corners = points[:, :2]
        # In a rotated window other corners are the smallest and the largest.
        points[:, 0], points[:, 1] = corners.min(axis=1), corners.max(axis=1)
        return [
            PalmDetection(palm[:2].reshape(4), palm[2:], float(score))
            for palm, score in zip(points, kept, strict=True)
        ]


def _picture(image: np.ndarray, look: Look) -> np.ndarray:
    border = cv2.BORDER_REPLICATE if look.is_padded else cv2.BORDER_CONSTANT
    return rendered(image, look.window, INPUT_SIZE_PX, border, look.rendition)


def make_anchors() -> np.ndarray:
    """Centres of the detector's anchors as (2016, 2) float32 fractions of its input."""
    grids = []
    for cells, repeats in ANCHOR_GRIDS:
        y, x = np.mgrid[:cells, :cells]
        centers = np.stack([x, y], axis=-1).reshape(-1, 2)
        grids.append(np.repeat((centers + 0.5) / cells, repeats, axis=0))
    return np.concatenate(grids).astype(np.float32)


def decode(
    raw_boxes: np.ndarray, raw_scores: np.ndarray, anchors: np.ndarray, min_confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Turn the detector's output into points.

    Args:
        raw_boxes: (2016, 18) float32: centre, size, then 7 keypoints, in input pixels relative to
            the anchor.
        raw_scores: (2016, 1) float32 logits.
        anchors: (2016, 2) from make_anchors.
        min_confidence: smallest score to keep.

    Returns:
        (N, 9, 2) float32 points as fractions of the input: the box's two corners (smallest x and
        y, largest x and y), then the keypoints; and (N,) float32 scores.
    """
    scores = 1 / (1 + np.exp(-np.clip(raw_scores[:, 0], -100, 100)))
    kept = scores >= min_confidence
    points = raw_boxes[kept].reshape(-1, 9, 2) / np.float32(INPUT_SIZE_PX)
    center, half = points[:, 0] + anchors[kept], points[:, 1] / 2
    points[:, 2:] += anchors[kept, None]
    points[:, 0], points[:, 1] = center - half, center + half
    sound = (half >= 0).all(axis=1)
    return points[sound], scores[kept][sound]


def weighted_non_maximum_suppression(
    points: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Merge overlapping detections into their mean, weighted by score.

    Takes and returns (N, 9, 2) points, of which the first two are corners of a box, and (N,)
    scores. The merged detections come best first; each has the best score of its parts.
    """
    order = np.argsort(-scores, kind='stable')
    points, scores = points[order], scores[order]
    merged, merged_scores = [], []
    while len(scores):
        similar = box_overlaps(points[0, :2], points[:, :2]) > MIN_SUPPRESSION_THRESHOLD
        similar[0] = True  # a box without area overlaps nothing, itself included
        merged.append(np.average(points[similar], axis=0, weights=scores[similar]))
        merged_scores.append(scores[0])
        points, scores = points[~similar], scores[~similar]
    return np.array(merged, np.float32).reshape(-1, 9, 2), np.array(merged_scores, np.float32)
