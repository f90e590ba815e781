"""Whether hands are tracked, and as whom: ids, sides and duplicates against the truth."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.accuracy.matching import MAX_DISTANCE_PALMS, distances_palms
from evaluation.accuracy.sequences import TrackedSequence
from evaluation.results import Row
from hand_tracking_ros.tracking.hand import TrackingState

MIN_TRACKED = 0.95
# A track may have the wrong side for this long.
SIDE_DUE_S = 0.3
# A hand that was hidden for no longer than the tracker's hold time is to keep its id.
HOLD_TIME_S = 0.3

# What can go wrong, and its target.
ERRORS = {
    'switches': ('identity switches of a visible hand', '0'),
    'duplicates': ('duplicate hands (frames)', '0'),
    'wrong_sides': ('wrong side after 0.3 s (frames)', '0'),
    'new_after_hold': ('new id after hidden for at most 0.3 s', ''),
    'false_positives': ('hands where none is (frames)', ''),
}


def tracking_row(sequences: Sequence[TrackedSequence], scene: str) -> Row:
    """In how many frames that show a hand it is tracked."""
    visible, misses = 0, []
    for sequence in sequences:
        if sequence.plan.scene != scene:
            continue
        for frame in sequence.frames:
            shown = [number for number, truth in enumerate(frame.truths) if truth.is_visible]
            visible += len(shown)
            missed = [number for number in shown if number not in frame.matches]
            misses += [sequence.plan.at(frame.stamp_s)] * len(missed)
    share = (visible - len(misses)) / max(visible, 1)
    return Row(
        f'{scene}: visible hands tracked',
        f'≥ {MIN_TRACKED:.0%}',
        f'{share:.1%} of {visible}',
        share >= MIN_TRACKED,
        {'tracked': share, 'visible': visible},
        misses,
    )


def identity_rows(sequences: Sequence[TrackedSequence], scene: str) -> list[Row]:
    """The table's lines of one scene."""
    errors = [identity_errors(each) for each in sequences if each.plan.scene == scene]
    label = scene_label(sequences, scene)
    rows = []
    for name, (what, target) in ERRORS.items():
        events = [event for each in errors for event in each[name]]
        number = len(events)
        is_met = number == 0 if target else None
        rows.append(Row(f'{label}: {what}', target, str(number), is_met, {name: number}, events))
    return rows


def scene_label(sequences: Sequence[TrackedSequence], scene: str) -> str:
    """The scene, and how much of it was simulated."""
    lengths = [len(each.frames) for each in sequences if each.plan.scene == scene]
    return f'{scene}, {len(lengths)} seeds, {sum(lengths)} frames'


def identity_errors(sequence: TrackedSequence) -> dict[str, list[str]]:
    """Follow every true hand through a sequence; a line for each of ERRORS says where it was."""
    errors: dict[str, list[str]] = {name: [] for name in ERRORS}
    last_id: dict[int, int] = {}
    hidden_s: dict[int, float] = {}
    for frame in sequence.frames:
        place = sequence.plan.at(frame.stamp_s)
        for number, truth in enumerate(frame.truths):
            if not truth.is_visible:
                hidden_s.setdefault(number, frame.stamp_s)
            if number not in frame.matches:
                continue
            hand = frame.hands[frame.matches[number]]
            before = last_id.get(number)
            if before not in (None, hand.track_id):
                event = f'{place}: {truth.handedness.name} {before} -> {hand.track_id}'
                if number not in hidden_s:
                    errors['switches'].append(event)
                elif frame.stamp_s - hidden_s[number] <= HOLD_TIME_S:
                    errors['new_after_hold'].append(event)
            last_id[number] = hand.track_id
            if truth.is_visible:
                hidden_s.pop(number, None)
            if hand.age_s > SIDE_DUE_S and hand.handedness != truth.handedness:
                errors['wrong_sides'].append(
                    f'{place}: id {hand.track_id} is {hand.handedness.name}'
                )
        for index, hand in enumerate(frame.hands):
            if hand.state == TrackingState.TRACKED and index not in frame.matches.values():
                distance = min(distances_palms(hand, frame.truths, frame.camera))
                name = 'duplicates' if distance < MAX_DISTANCE_PALMS else 'false_positives'
                event = f'{place}: id {hand.track_id}, {distance:.1f} palms from a true hand'
                errors[name].append(event)
    return errors
