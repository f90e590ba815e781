"""What `make evaluate ARGS='--only wild'` counts in pictures, on hands made by hand."""

import json

import numpy as np
import pytest

from evaluation.accuracy.picture_hands import PictureHand
from evaluation.accuracy.wild_pictures import (
    FURTHER_HANDS,
    LABELS,
    PICTURES,
    Mark,
    PictureCounts,
    PictureTruth,
    count_pictures,
    load_labels,
    picture_rows,
)
from hand_tracking_ros.tracking.hand import NUM_LANDMARKS, Handedness

A, B, C, D = (0.1, 0.1, 0.3, 0.3), (0.6, 0.6, 0.8, 0.8), (0.1, 0.6, 0.3, 0.8), (0.6, 0.1, 0.8, 0.3)


def found(box, side='UNKNOWN'):
    """A reported hand whose landmarks span a box."""
    return PictureHand(np.linspace(box[:2], box[2:], NUM_LANDMARKS), Handedness[side])


def counted(marks, num_clear, hands, name='hand_a.jpg'):
    counts = PictureCounts()
    counts.add(name, PictureTruth(marks, num_clear), hands)
    return counts


def test_recall_is_of_the_clear_hands_also_of_those_that_are_not_marked():
    counts = counted([Mark('hand', A), Mark('hand', B)], 4, [found(A)])
    assert (counts.found, counts.clear, counts.recall) == (1, 4, 0.25)
    assert counts.missed == ['hand_a.jpg: [0.60, 0.60, 0.80, 0.80]']
    assert counts.precision == 1


def test_what_is_no_hand_and_a_hand_again_are_false():
    marks = [Mark('hand', A), Mark('no hand', B), Mark('duplicate', C)]
    beside = tuple(value + 0.02 for value in A)
    counts = counted(marks, 1, [found(A), found(beside), found(B), found(C), found(D)])
    assert [each.split('] ')[1] for each in counts.false] == [
        'a second time',
        'no hand',
        'a second time',
        'unlabelled: look at it',
    ]
    assert counts.precision == pytest.approx(1 / 5)


def test_unclear_places_count_neither_way_and_further_hands_only_as_true():
    counts = counted([Mark('unclear', A), Mark('extra', B)], 1, [found(A), found(B)])
    assert (counts.found, counts.extra, counts.false, counts.missed) == (0, 1, [], [])
    assert (counts.recall, counts.precision) == (0, 1)


def test_a_hand_in_an_unclear_place_is_still_that_hand():
    everywhere = Mark('unclear', (0, 0, 1, 1))
    counts = counted([everywhere, Mark('hand', A)], 1, [found(A), found(C)])
    assert (counts.found, counts.false) == (1, [])


def test_sides_are_compared_where_both_are_known():
    marks = [Mark('hand', A, Handedness.LEFT), Mark('hand', B, Handedness.RIGHT), Mark('hand', C)]
    hands = [found(A, 'RIGHT'), found(B, 'RIGHT'), found(C, 'LEFT')]
    counts = counted(marks, 3, hands)
    assert (counts.sides, counts.wrong_sides) == (
        2,
        ['hand_a.jpg: [0.10, 0.10, 0.30, 0.30] is RIGHT'],
    )
    assert counted(marks, 3, [found(A)]).sides == 0


def test_a_picture_without_hands_counts_once():
    counts = counted([], 0, [found(A), found(B)], 'none_a.jpg')
    assert (counts.none, counts.none_with_hand, len(counts.false)) == (1, ['none_a.jpg'], 2)
    assert all(each.endswith('no hand') for each in counts.false)
    assert counted([], 0, [], 'none_a.jpg').none_with_hand == []


def test_rows_judge_by_the_targets_and_say_where_mediapipe_is_not_measured():
    truths = {
        'hand_a.jpg': PictureTruth([Mark('hand', A, Handedness.LEFT)], 1),
        'none_a.jpg': PictureTruth([], 0),
    }
    good = {'hand_a.jpg': [found(A, 'LEFT')], 'none_a.jpg': []}
    bad = {'hand_a.jpg': [found(A, 'RIGHT'), found(B)], 'none_a.jpg': [found(A)]}
    ours, theirs = (count_pictures(truths, hands.__getitem__) for hands in (good, bad))
    rows = picture_rows(ours, theirs)
    assert [row.is_met for row in rows] == [True] * 4
    assert rows[1].reached == '1.000 of 1; mediapipe 0.333'
    assert [row.is_met for row in picture_rows(theirs, None)] == [True, False, False, False]
    assert 'mediapipe not measured' in picture_rows(ours, None)[0].reached


def test_further_hands_are_added_to_the_labels(tmp_path):
    name, marks = next(iter(json.loads(FURTHER_HANDS.read_text()).items()))
    labelled = {'label': 'hand', 'side': None, 'box': A}
    (tmp_path / PICTURES).mkdir()
    (tmp_path / PICTURES / name).touch()
    content = {name: {'hands': [labelled], 'clear_hands_missed_by_all': 2}, 'absent.jpg': {}}
    content['absent.jpg'] = {'hands': [], 'clear_hands_missed_by_all': 1}
    (tmp_path / LABELS).write_text(json.dumps(content))
    truths = load_labels(tmp_path)
    assert list(truths) == [name]
    assert (truths[name].num_clear, len(truths[name].marks)) == (3, 1 + len(marks))
    assert load_labels(tmp_path / 'nowhere') == {}
