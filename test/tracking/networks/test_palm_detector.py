"""Anchors, decoding and merging of the palm detector."""

import numpy as np
import pytest

from hand_tracking_ros.tracking.networks.palm_detector import (
    decode,
    make_anchors,
    weighted_non_maximum_suppression,
)


def detection(x, y, size=0.2):
    """Points (9, 2) of a detection whose keypoints all lie in its centre."""
    center = np.array([x, y], np.float32)
    return np.vstack([center - size / 2, center + size / 2, np.tile(center, (7, 1))])


def test_anchors_are_two_grids_row_by_row():
    anchors = make_anchors()
    assert anchors.shape == (2016, 2)
    np.testing.assert_allclose(anchors[[0, 1]], 0.5 / 24)
    np.testing.assert_allclose(anchors[2], [1.5 / 24, 0.5 / 24])
    np.testing.assert_allclose(anchors[1152:1158], 0.5 / 12)
    np.testing.assert_allclose(anchors[-1], 11.5 / 12)


def test_decoding_adds_the_anchor_to_offsets_in_pixels():
    anchors = make_anchors()
    boxes, scores = np.zeros((2016, 18), np.float32), np.full((2016, 1), -50, np.float32)
    boxes[700, :6] = [19.2, -19.2, 38.4, 76.8, 9.6, 0]  # centre, size, first keypoint
    scores[700] = np.log(3)
    points, kept = decode(boxes, scores, anchors, 0.5)
    x, y = anchors[700]
    assert kept == pytest.approx([0.75])
    np.testing.assert_allclose(points[0, 0], [x + 0.1 - 0.1, y - 0.1 - 0.2], atol=1e-6)
    np.testing.assert_allclose(points[0, 1], [x + 0.1 + 0.1, y - 0.1 + 0.2], atol=1e-6)
    np.testing.assert_allclose(points[0, 2], [x + 0.05, y], atol=1e-6)


@pytest.mark.parametrize('size', [-1.0, np.nan])
def test_boxes_without_a_size_are_dropped(size):
    boxes, scores = np.zeros((2016, 18), np.float32), np.full((2016, 1), 5, np.float32)
    boxes[:, 2] = size
    points, kept = decode(boxes, scores, make_anchors(), 0.5)
    assert (len(points), len(kept)) == (0, 0)


def test_overlapping_detections_become_their_mean_weighted_by_score():
    points = np.stack([detection(0.52, 0.5), detection(0.50, 0.5), detection(0.9, 0.1)])
    merged, scores = weighted_non_maximum_suppression(points, np.float32([0.6, 0.9, 0.7]))
    assert scores == pytest.approx([0.9, 0.7])
    np.testing.assert_allclose(merged[0, 2], [(0.6 * 0.52 + 0.9 * 0.5) / 1.5, 0.5], atol=1e-6)
    np.testing.assert_allclose(merged[1], detection(0.9, 0.1), atol=1e-6)


def test_no_detections_stay_none():
    merged, scores = weighted_non_maximum_suppression(np.zeros((0, 9, 2)), np.zeros(0))
    assert (merged.shape, scores.shape) == ((0, 9, 2), (0,))
