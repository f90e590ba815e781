"""How good the tracking is: `make evaluate` on few frames, and its own arithmetic."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.tools import evaluate
from hand_tracking_ros.tools.evaluation_accuracy import pose_rows, smoothing_rows, tracking_row
from hand_tracking_ros.tools.evaluation_identity import count, match
from hand_tracking_ros.tools.evaluation_report import Row, table
from hand_tracking_ros.tools.evaluation_takes import (
    KNOWN_SIZE,
    UNKNOWN_SIZE,
    WITH_DEPTH,
    Recording,
    SeenFrame,
    Take,
    in_workers,
    record,
)
from hand_tracking_ros.tools.evaluation_teleop import teleop_rows
from hand_tracking_ros.tracking.hand import Hand, TrackingState
from hand_tracking_ros.tracking.region import Region

ALL_FITS = (UNKNOWN_SIZE, KNOWN_SIZE, WITH_DEPTH)


@pytest.fixture(scope='module')
def recordings():
    takes = [
        Take('still', 1, 1.5, fits=ALL_FITS),
        Take('wave', 2, 1.5, fits=ALL_FITS),
        Take('still', 3, 0.5, is_hard=True, fits=ALL_FITS),
        Take('wave', 4, 1.2, covered_s=0.8, fits=ALL_FITS),
    ]
    return list(in_workers(record, takes, 1))


def uncovered(recordings):
    return [each for each in recordings if each.take.covered_s > each.take.duration_s]


def values(rows, start):
    (row,) = (row for row in rows if row.what.startswith(start))
    return row.values


# ---- What was reached, with a margin -----------------------------------------------------------


@pytest.mark.parametrize('scene', ['still', 'wave'])
def test_a_simulated_hand_is_tracked_in_nearly_every_frame(recordings, scene):
    assert tracking_row(uncovered(recordings), scene).values['tracked'] > 0.95


def test_a_hand_is_placed_as_well_as_the_table_says(recordings):
    rows = pose_rows(uncovered(recordings))
    assert values(rows, 'position, RGB, unknown')['median_percent'] < 14
    assert values(rows, 'position, RGB, known')['median_percent'] < 5
    assert values(rows, 'position, RGB, known')['p90_percent'] < 10
    assert values(rows, 'position, depth, plain')['median_mm'] < 10
    assert values(rows, 'position, depth, plain')['p95_mm'] < 15
    assert values(rows, 'position, depth with')['median_mm'] < 10
    assert values(rows, 'orientation, RGB')['median_deg'] < 14
    assert values(rows, 'finger flexion, RGB')['median_deg'] < 9


def test_smoothing_takes_jitter_away_and_adds_at_most_a_frame_of_lag(recordings):
    rows = smoothing_rows(uncovered(recordings))
    assert values(rows, 'still hand')['ratio'] > 5
    assert values(rows, 'fast wave')['lag_ms'] <= 34


def test_a_robot_is_never_told_to_jump_and_stops_when_the_lens_is_covered(recordings):
    rows = teleop_rows(recordings)
    jumps, stop = (row.values for row in rows)
    assert jumps['engaged_minutes'] * 60 > 2
    assert jumps['jumps'] == 0
    assert stop['frames_until_stop'] <= 1


# ---- The arithmetic ----------------------------------------------------------------------------


def seen_as(truth, track_id, handedness=None, age_s=1.0):
    """A hand that the tracker reports exactly where it is."""
    return Hand(
        track_id=track_id,
        handedness=handedness or truth.handedness,
        handedness_score=1.0,
        state=TrackingState.TRACKED,
        presence=1.0,
        age_s=age_s,
        landmarks=truth.landmarks.astype(np.float32),
        world_landmarks=truth.camera_landmarks_m.astype(np.float32),
        region=Region(0, 0, 1, 0),
    )


@pytest.fixture(scope='module')
def crossing():
    simulator = CameraSimulator(SimulatorOptions('crossing', seed=1))
    truths = [replace(truth, landmarks_visible=np.ones(21, bool)) for truth in
              simulator.render(0.0).hands]  # fmt: skip
    return simulator.camera, truths


def counted(crossing, *hands_of_frames, hidden=()):
    camera, truths = crossing
    unseen = [replace(truth, landmarks_visible=np.zeros(21, bool)) for truth in truths]
    frames = [
        SeenFrame(n * 0.1, unseen if n in hidden else truths, {UNKNOWN_SIZE: hands})
        for n, hands in enumerate(hands_of_frames)
    ]
    return count(Recording(Take('crossing', 1, 1.0), camera, frames))


def test_hands_that_keep_id_and_side_count_as_faultless(crossing):
    right, left = crossing[1]
    found = counted(crossing, *[[seen_as(right, 1), seen_as(left, 2)]] * 3)
    assert not (found.switches or found.duplicates or found.wrong_sides or found.ghosts)


def test_swapped_ids_are_two_switches(crossing):
    right, left = crossing[1]
    before = [seen_as(right, 1), seen_as(left, 2)]
    after = [seen_as(right, 2), seen_as(left, 1)]
    found = counted(crossing, before, after, after)
    assert len(found.switches) == 2


@pytest.mark.parametrize(('hidden', 'is_due'), [({1, 2}, True), ({1, 2, 3, 4}, False)])
def test_a_new_id_after_hiding_is_no_switch_and_matters_within_the_hold_time(
    crossing, hidden, is_due
):
    right = crossing[1][0]
    frames = [[seen_as(right, 1)], *[[]] * len(hidden), [seen_as(right, 3)]]
    found = counted(crossing, *frames, hidden=hidden)
    assert not found.switches
    assert bool(found.new_after_hold) == is_due


def test_where_hands_cover_each_other_the_one_in_front_was_seen(crossing):
    camera, (right, left) = crossing
    behind = replace(right, landmarks=left.landmarks + 0.01, landmarks_visible=np.arange(21) < 5)
    report = replace(seen_as(left, 2), landmarks=(left.landmarks + 0.006).astype(np.float32))
    frame = SeenFrame(0.0, [behind, left], {UNKNOWN_SIZE: [report]})
    assert match(frame, camera) == {1: 0}


def test_two_reports_of_one_hand_are_a_duplicate(crossing):
    right, _ = crossing[1]
    found = counted(crossing, [seen_as(right, 1), seen_as(right, 2)])
    assert len(found.duplicates) == 1


def test_a_report_where_no_hand_is_counts_as_such(crossing):
    right, _ = crossing[1]
    astray = replace(seen_as(right, 2), landmarks=seen_as(right, 2).landmarks + np.float32(0.9))
    found = counted(crossing, [seen_as(right, 1), astray])
    assert len(found.ghosts) == 1 and not found.duplicates


@pytest.mark.parametrize(('age_s', 'number'), [(0.2, 0), (0.4, 1)])
def test_a_wrong_side_counts_once_the_track_is_old_enough(crossing, age_s, number):
    right, left = crossing[1]
    found = counted(crossing, [seen_as(right, 1, left.handedness, age_s)])
    assert len(found.wrong_sides) == number


def test_the_table_marks_what_misses_its_target():
    lines = table(
        [Row('a', '≥ 1', '0', False), Row('b', '≥ 1', '2', True), Row('c', '', '3')]
    ).splitlines()
    assert [line.split(' | ')[-1] for line in lines[2:]] == ['**no** |', 'yes |', ' |']


# ---- The program -------------------------------------------------------------------------------


def test_every_take_is_filmed_once_and_only_for_the_measures_wanted():
    everything = evaluate.takes(evaluate.MEASURES, 20)
    assert len(set(everything)) == len(everything)
    for scene in evaluate.IDENTITY_SCENES:
        assert sum(take.scene == scene for take in everything) == 20
    assert {take.scene for take in evaluate.takes(['smoothing'], 2)} == {'still', 'wave'}
    assert evaluate.takes(['pictures', 'video'], 2) == []


def test_program_says_why_real_data_is_not_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('HAND_TRACKING_TEST_DATA', str(tmp_path))
    out = tmp_path / 'figures' / 'out.json'
    options = ['--only', 'pictures', 'video', '--workers', '1', '--json', str(out)]
    assert evaluate.main(options) == 0
    assert capsys.readouterr().out.count('not measured: there is no') == 3
    assert len(json.loads(out.read_text())['rows']) == 3


def test_unwritable_output_is_reported_before_the_work(tmp_path, capsys):
    (tmp_path / 'file').write_text('')
    assert evaluate.main(['--json', str(tmp_path / 'file' / 'out.json')]) == 1
    assert 'cannot be written' in capsys.readouterr().err
