"""How good the tracking is: `make evaluate` on few frames, and its own arithmetic."""

import json
from dataclasses import replace

import numpy as np
import pytest

from evaluation.accuracy import evaluate
from evaluation.accuracy.identity import identity_errors, tracking_row
from evaluation.accuracy.lost_hands import follow_lost_hands, lost_hands_rows
from evaluation.accuracy.pose_errors import pose_rows
from evaluation.accuracy.sequences import (
    KNOWN_SIZE,
    SMOOTHED,
    UNKNOWN_SIZE,
    WITH_DEPTH,
    SequencePlan,
    TrackedFrame,
    TrackedSequence,
    in_workers,
    track_sequence,
)
from evaluation.accuracy.smoothing import smoothing_rows
from evaluation.accuracy.teleop import teleop_rows
from evaluation.results import Row, results_table
from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.tracking.hand import Hand, TrackingState
from hand_tracking_ros.tracking.region import Region

# Seeds that the table in docs/accuracy.md does not use either.
IDENTITY_SEEDS = (5000, 5001)
ALL_VARIANTS = (UNKNOWN_SIZE, KNOWN_SIZE, WITH_DEPTH, SMOOTHED)


@pytest.fixture(scope='module')
def sequences():
    plans = [
        SequencePlan('still', 1, 1.5, variants=ALL_VARIANTS),
        SequencePlan('wave', 2, 1.5, variants=ALL_VARIANTS),
        SequencePlan('still', 3, 0.5, is_hard=True, variants=ALL_VARIANTS),
        SequencePlan('wave', 4, 1.2, covered_s=0.8, variants=ALL_VARIANTS),
    ]
    return list(in_workers(track_sequence, plans, 1))


@pytest.fixture(scope='module')
def identity_sequences():
    plans = [
        SequencePlan(scene, seed, seconds)
        for scene, seconds in evaluate.IDENTITY_SCENES.items()
        for seed in IDENTITY_SEEDS
    ]
    return list(in_workers(track_sequence, plans, 2))


def uncovered(sequences):
    return [each for each in sequences if each.plan.covered_s > each.plan.duration_s]


def values(rows, start):
    (row,) = (row for row in rows if row.what.startswith(start))
    return row.values


# ---- What was reached, with a margin -----------------------------------------------------------


@pytest.mark.parametrize('scene', ['still', 'wave'])
def test_a_simulated_hand_is_tracked_in_nearly_every_frame(sequences, scene):
    assert tracking_row(uncovered(sequences), scene).values['tracked'] > 0.95


def test_a_hand_is_placed_as_well_as_the_table_says(sequences):
    rows = pose_rows(uncovered(sequences))
    assert values(rows, 'position, RGB, unknown')['median_percent'] < 14
    assert values(rows, 'position, RGB, known')['median_percent'] < 5
    assert values(rows, 'position, RGB, known')['p90_percent'] < 10
    assert values(rows, 'position, depth, plain')['median_mm'] < 10
    assert values(rows, 'position, depth, plain')['p95_mm'] < 15
    assert values(rows, 'position, depth with')['median_mm'] < 10
    assert values(rows, 'orientation, RGB')['median_deg'] < 14
    assert values(rows, 'finger flexion, RGB')['median_deg'] < 9


def test_smoothing_takes_jitter_away_and_adds_at_most_a_frame_of_lag(sequences):
    rows = smoothing_rows(uncovered(sequences))
    assert values(rows, 'still hand')['ratio'] > 5
    assert values(rows, 'fast wave')['lag_ms'] <= 34


def test_a_robot_is_never_told_to_jump_and_stops_when_the_lens_is_covered(sequences):
    rows = teleop_rows(sequences)
    jumps, stop = (row.values for row in rows)
    assert jumps['engaged_minutes'] * 60 > 2
    assert jumps['jumps'] == 0
    assert stop['frames_until_stop'] <= 1


@pytest.mark.parametrize('scene', evaluate.IDENTITY_SCENES)
def test_a_visible_hand_keeps_its_id_and_its_side_and_is_reported_once(identity_sequences, scene):
    errors = [identity_errors(each) for each in identity_sequences if each.plan.scene == scene]
    assert [each['switches'] for each in errors] == [[]] * len(IDENTITY_SEEDS)
    assert [each['duplicates'] for each in errors] == [[]] * len(IDENTITY_SEEDS)
    assert [each['wrong_sides'] for each in errors] == [[]] * len(IDENTITY_SEEDS)
    assert tracking_row(identity_sequences, scene).values['tracked'] > 0.9


@pytest.mark.parametrize('scene', ['occlusion', 'leave_and_return'])
def test_a_lost_hand_is_held_and_soon_found_again(identity_sequences, scene):
    held, found = (row.values for row in lost_hands_rows(identity_sequences, scene))
    assert held['held'] > 0
    assert found['found_again'] >= len(IDENTITY_SEEDS)
    assert found['not_found'] == 0
    assert found['median_ms'] < 150


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


def seen(crossing, *hands_of_frames, hidden=()):
    """Frames 0.1 s apart, those in `hidden` without a visible hand."""
    camera, truths = crossing
    unseen = [replace(truth, landmarks_visible=np.zeros(21, bool)) for truth in truths]
    frames = [
        TrackedFrame(n * 0.1, camera, unseen if n in hidden else truths, {UNKNOWN_SIZE: hands})
        for n, hands in enumerate(hands_of_frames)
    ]
    return TrackedSequence(SequencePlan('crossing', 1, 1.0), frames)


def errors_of(*arguments, **keywords):
    return identity_errors(seen(*arguments, **keywords))


def test_hands_that_keep_id_and_side_count_as_faultless(crossing):
    right, left = crossing[1]
    found = errors_of(crossing, *[[seen_as(right, 1), seen_as(left, 2)]] * 3)
    assert not any(found.values())


def test_swapped_ids_are_two_switches(crossing):
    right, left = crossing[1]
    before = [seen_as(right, 1), seen_as(left, 2)]
    after = [seen_as(right, 2), seen_as(left, 1)]
    found = errors_of(crossing, before, after, after)
    assert len(found['switches']) == 2


@pytest.mark.parametrize(('hidden', 'is_due'), [({1, 2}, True), ({1, 2, 3, 4}, False)])
def test_a_new_id_after_hiding_is_no_switch_and_matters_within_the_hold_time(
    crossing, hidden, is_due
):
    right = crossing[1][0]
    frames = [[seen_as(right, 1)], *[[]] * len(hidden), [seen_as(right, 3)]]
    found = errors_of(crossing, *frames, hidden=hidden)
    assert not found['switches']
    assert bool(found['new_after_hold']) == is_due


def test_where_hands_cover_each_other_the_one_in_front_was_seen(crossing):
    camera, (right, left) = crossing
    behind = replace(right, landmarks=left.landmarks + 0.01, landmarks_visible=np.arange(21) < 5)
    report = replace(seen_as(left, 2), landmarks=(left.landmarks + 0.006).astype(np.float32))
    frame = TrackedFrame(0.0, camera, [behind, left], {UNKNOWN_SIZE: [report]})
    assert frame.matches == {1: 0}


def test_two_reports_of_one_hand_are_a_duplicate(crossing):
    right, _ = crossing[1]
    found = errors_of(crossing, [seen_as(right, 1), seen_as(right, 2)])
    assert len(found['duplicates']) == 1


def test_a_report_where_no_hand_is_counts_as_such(crossing):
    right, _ = crossing[1]
    astray = replace(seen_as(right, 2), landmarks=seen_as(right, 2).landmarks + np.float32(0.9))
    found = errors_of(crossing, [seen_as(right, 1), astray])
    assert len(found['false_positives']) == 1 and not found['duplicates']


@pytest.mark.parametrize(('age_s', 'number'), [(0.2, 0), (0.4, 1)])
def test_a_wrong_side_counts_once_the_track_is_old_enough(crossing, age_s, number):
    right, left = crossing[1]
    found = errors_of(crossing, [seen_as(right, 1, left.handedness, age_s)])
    assert len(found['wrong_sides']) == number


@pytest.mark.parametrize('seen_while_hidden', [False, True])
def test_a_lost_hand_is_found_so_long_after_it_is_visible(crossing, seen_while_hidden):
    right = crossing[1][0]
    early = [seen_as(right, 2)] if seen_while_hidden else []
    frames = [[seen_as(right, 1)], [], early, early, early, [seen_as(right, 2)]]
    lost = follow_lost_hands(seen(crossing, *frames, hidden={1, 2}))
    assert lost.found_again_s == pytest.approx([0.0 if seen_while_hidden else 0.2])
    assert not lost.not_found


def test_a_lost_hand_that_comes_and_goes_unseen_is_not_found(crossing):
    right = crossing[1][0]
    lost = follow_lost_hands(seen(crossing, [seen_as(right, 1)], [], [], [], hidden={1, 3}))
    assert lost.not_found == ['crossing seed 1 0.20 s']
    assert not lost.found_again_s


def test_a_hand_that_was_never_tracked_or_never_lost_is_not_found_again(crossing):
    right = crossing[1][0]
    never_lost = seen(crossing, *[[seen_as(right, 1)]] * 3, hidden={1})
    never_tracked = seen(crossing, [], [], [seen_as(right, 1)], hidden={0, 1})
    for sequence in (never_lost, never_tracked):
        lost = follow_lost_hands(sequence)
        assert not (lost.found_again_s or lost.not_found)


def test_held_hands_count_and_those_that_the_image_shows_are_named(crossing):
    right = seen_as(crossing[1][0], 1)
    held = replace(right, state=TrackingState.HELD)
    stranger = replace(held, track_id=7)
    lost = follow_lost_hands(seen(crossing, [right], [held], [held, stranger], hidden={1}))
    assert lost.held == 3
    assert lost.held_visible == ['crossing seed 1 0.20 s: id 1']


@pytest.mark.parametrize(
    ('scene', 'is_lost', 'is_told'),
    [('occlusion', True, True), ('occlusion', False, False), ('crossing', True, False)],
)
def test_hands_found_again_are_told_where_hands_are_lost_and_return(
    crossing, scene, is_lost, is_told
):
    hand = seen_as(crossing[1][0], 1)
    sequence = seen(crossing, [hand], [] if is_lost else [hand], [hand], hidden={1})
    rows = lost_hands_rows([replace(sequence, plan=SequencePlan(scene, 1, 0.3))], scene)
    assert rows[0].what == f'{scene}, 1 seeds, 3 frames: hands HELD (frames)'
    assert [row.reached for row in rows[1:]] == [
        '1 of 1 hands: median 0 ms, longest 0 ms'
    ] * is_told


def test_the_table_marks_what_misses_its_target():
    lines = results_table(
        [Row('a', '≥ 1', '0', False), Row('b', '≥ 1', '2', True), Row('c', '', '3')]
    ).splitlines()
    assert [line.split(' | ')[-1] for line in lines[2:]] == ['**no** |', 'yes |', ' |']


# ---- The program -------------------------------------------------------------------------------


def test_every_sequence_is_simulated_once_and_only_for_the_measures_wanted():
    everything = evaluate.plan_sequences(evaluate.MEASURES, 20, 1)
    assert len(set(everything)) == len(everything)
    for scene in evaluate.IDENTITY_SCENES:
        assert sum(plan.scene == scene for plan in everything) == 20
    assert {plan.scene for plan in evaluate.plan_sequences(['smoothing'], 2, 1)} == {
        'still',
        'wave',
    }
    assert evaluate.plan_sequences(['pictures', 'video'], 2, 1) == []


@pytest.mark.parametrize('measures', [['teleop'], ['identity', 'teleop'], list(evaluate.MEASURES)])
def test_every_measure_finds_its_pipelines_in_every_sequence(measures):
    for plan in evaluate.plan_sequences(measures, 2, 1):
        assert SMOOTHED in plan.variants
        if 'identity' in measures and plan.scene in evaluate.IDENTITY_SCENES:
            assert UNKNOWN_SIZE in plan.variants


def test_no_two_sequences_have_the_same_hands_and_all_shift_with_the_first_seed():
    plans = evaluate.plan_sequences(evaluate.MEASURES, 20, 5)
    seeds = [plan.seed for plan in plans]
    assert len(set(seeds)) == len(seeds)
    assert min(seeds) == 5
    shifted = [replace(plan, seed=plan.seed + 300) for plan in plans]
    assert evaluate.plan_sequences(evaluate.MEASURES, 20, 305) == shifted


def measured(monkeypatch, path, first_seed):
    """What the program writes of one short sequence."""
    _, variants = evaluate.MEASURES['pose']
    monkeypatch.setitem(evaluate.MEASURES, 'pose', (('still',), variants))
    monkeypatch.setitem(evaluate.ALL_SCENES, 'still', 0.3)
    options = ['--only', 'pose', '--seeds', '1', '--workers', '1', '--json', str(path)]
    assert evaluate.main([*options, '--first-seed', str(first_seed)]) == 0
    return json.loads(path.read_text())


def test_the_same_seeds_give_the_same_figures_and_others_give_others(monkeypatch, tmp_path):
    first, again, other = (
        measured(monkeypatch, tmp_path / 'figures.json', seed) for seed in (5000, 5000, 5001)
    )
    # As text: NaN, where nothing was measured, is not equal to itself.
    assert json.dumps(again['rows']) == json.dumps(first['rows'])
    assert other['rows'][0]['values'] != first['rows'][0]['values']


def test_heading_and_json_name_the_seeds(monkeypatch, tmp_path, capsys):
    result = measured(monkeypatch, tmp_path / 'figures.json', 5002)
    assert '1 seeds from 5002' in capsys.readouterr().out.splitlines()[0]
    assert (result['seeds'], result['first_seed']) == (1, 5002)
    assert result['seeds_of_scenes'] == {'still': [5002]}


def test_program_says_why_real_data_is_not_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('HAND_TRACKING_TEST_DATA', str(tmp_path))
    out = tmp_path / 'figures' / 'out.json'
    options = ['--only', 'pictures', 'video', '--workers', '1', '--json', str(out)]
    assert evaluate.main(options) == 0
    assert capsys.readouterr().out.count('not measured: there is no') == 3
    assert len(json.loads(out.read_text())['rows']) == 3


@pytest.fixture
def document(tmp_path, monkeypatch):
    path = tmp_path / 'accuracy.md'
    path.write_text('Title\n<!-- evaluation: begin -->\nold\n<!-- evaluation: end -->\nWords.\n')
    monkeypatch.setattr(evaluate, 'DOCUMENT', path)
    return path


def test_program_records_the_printed_table(document, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('HAND_TRACKING_TEST_DATA', str(tmp_path))
    monkeypatch.setattr(evaluate, 'plan_sequences', lambda *_: [])
    monkeypatch.setattr(evaluate, 'measure', lambda *_: [Row('a', '≥ 1', '2', True)])
    assert evaluate.main(['--record', '--workers', '1']) == 0
    printed = capsys.readouterr().out
    assert '| ≥ 1 ' in printed and '| yes |' in printed
    expected = f'<!-- evaluation: begin -->\n{printed}<!-- evaluation: end -->\nWords.\n'
    assert document.read_text(encoding='utf-8') == f'Title\n{expected}'


def test_hands_in_the_wild_are_recorded_in_their_own_table(document, tmp_path, monkeypatch):
    monkeypatch.setenv('HAND_TRACKING_TEST_DATA', str(tmp_path))
    text = document.read_text() + '<!-- wild: begin -->\n<!-- wild: end -->\n'
    document.write_text(text)
    assert evaluate.main(['--only', 'wild', '--record', '--workers', '1']) == 0
    before, _, after = document.read_text(encoding='utf-8').partition('<!-- wild: begin -->\n')
    assert before in text
    assert after.startswith("Hands in the wild (`make evaluate ARGS='--only wild'`")
    assert 'not measured: there is no wild' in after


@pytest.mark.parametrize('text', [None, '# No place for a table'])
def test_a_document_that_cannot_be_recorded_into_is_reported_before_the_work(
    document, capsys, text
):
    document.unlink() if text is None else document.write_text(text)
    assert evaluate.main(['--record']) == 1
    assert capsys.readouterr().err.startswith(f'error: {document}')


def test_a_part_of_the_table_is_not_recorded(document, capsys):
    with pytest.raises(SystemExit) as end:
        evaluate.main(['--record', '--only', 'pose'])
    assert end.value.code == 2
    assert 'leave out --only' in capsys.readouterr().err


def test_unwritable_output_is_reported_before_the_work(tmp_path, capsys):
    (tmp_path / 'file').write_text('')
    assert evaluate.main(['--json', str(tmp_path / 'file' / 'out.json')]) == 1
    assert 'cannot be written' in capsys.readouterr().err
