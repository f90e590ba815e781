"""Two hands that touch: how the pictures are put together, and what counts as found."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from evaluation.accuracy.picture_hands import PictureHand
from evaluation.accuracy.touching import CANVAS, OVERLAPS, Pair, judge, touching_rows
from hand_tracking_ros.tracking.hand import NUM_LANDMARKS

SIZE_PX = CANVAS.shape[1::-1]
HANDS_PX = [np.linspace([x_px, 100], [x_px + 100, 300], NUM_LANDMARKS) for x_px in (300.0, 500.0)]


def pair(path=Path('sign.png'), overlap=0.0):
    return Pair(path, 0, overlap, tuple(HANDS_PX))


def seen(points_px):
    return PictureHand(points_px / SIZE_PX)


@pytest.mark.parametrize(
    ('hands', 'num_found', 'num_further'),
    [
        (HANDS_PX, 2, 0),
        (HANDS_PX[:1], 1, 0),
        ([HANDS_PX[0], HANDS_PX[0] + 10], 1, 1),
        ([], 0, 0),
    ],
)
def test_each_hand_counts_once_and_what_is_beyond_it_is_further(hands, num_found, num_further):
    outcome = judge(pair(), [seen(points_px) for points_px in hands])
    assert (outcome.num_found, outcome.num_further) == (num_found, num_further)


def test_hands_that_overlap_cover_less_of_the_picture(tmp_path):
    path = tmp_path / 'sign.png'
    sign = np.full((100, 100, 3), 250, np.uint8)
    cv2.rectangle(sign, (35, 20), (65, 90), (90, 120, 180), -1)
    cv2.imwrite(str(path), sign)
    widths = []
    for overlap in OVERLAPS:
        columns = np.flatnonzero((pair(path, overlap).image[..., 0] < 150).any(axis=0))
        widths.append(np.ptp(columns) + 1)
    one_px = widths[0] / 2
    np.testing.assert_allclose(widths, [one_px * (2 - overlap) for overlap in OVERLAPS], atol=3)


def test_the_rows_say_how_often_both_hands_were_found():
    ours = [judge(pair(), [seen(each) for each in HANDS_PX[:n]]) for n in (2, 2, 1)]
    first, *_ = touching_rows(ours, ours[1:])
    assert first.reached == '2 of 3, one of 1, 0 times a further one; mediapipe 1'
    assert first.misses == ['/sign.png turned by 0']
