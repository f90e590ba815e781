"""What a robot hears of hands that are lost: how long they are HELD, how soon they are back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from evaluation.accuracy.identity import match, scene_label
from evaluation.accuracy.sequences import Recording
from evaluation.results import Row
from hand_tracking_ros.tracking.hand import TrackingState

# Where hands go out of sight and return. One that another hand covers comes and goes from frame to
# frame, too soon to be found.
SCENES_WITH_RETURN = ('occlusion', 'leave_and_return')


@dataclass
class Absence:
    """What was reported of lost hands in one recording.

    Attributes:
        held: number of hands that were HELD, over all frames.
        held_visible: where and when one was HELD that the image showed.
        found_again_s: for each lost hand that was tracked again, how long it had been visible.
        not_found: where and when a lost hand became visible and was not tracked.
    """

    held: int = 0
    held_visible: list[str] = field(default_factory=list)
    found_again_s: list[float] = field(default_factory=list)
    not_found: list[str] = field(default_factory=list)


class _Glimpse(NamedTuple):
    """A true hand in one frame."""

    stamp_s: float
    is_visible: bool
    is_tracked: bool


def follow_absence(recording: Recording) -> Absence:
    """Follow every true hand out of sight and back."""
    absence = Absence()
    glimpses = defaultdict(list)
    track_ids: dict[int, int] = {}  # of each true hand, its last
    for frame in recording.frames:
        matched = match(frame, recording.camera)
        track_ids |= {number: frame.hands[hand].track_id for number, hand in matched.items()}
        for number, truth in enumerate(frame.truths):
            glimpses[number].append(_Glimpse(frame.stamp_s, truth.is_visible, number in matched))
        visible = {track_ids.get(n) for n, truth in enumerate(frame.truths) if truth.is_visible}
        held = [hand.track_id for hand in frame.hands if hand.state == TrackingState.HELD]
        absence.held += len(held)
        absence.held_visible += [
            f'{recording.take.at(frame.stamp_s)}: id {track_id}'
            for track_id in held
            if track_id in visible
        ]
    for timeline in glimpses.values():
        for visible_since_s, found_s in _returns(timeline):
            if found_s is None:
                absence.not_found.append(recording.take.at(visible_since_s))
            else:
                absence.found_again_s.append(found_s - visible_since_s)
    return absence


def absence_rows(recordings: Sequence[Recording], scene: str) -> list[Row]:
    """The table's lines of one scene; of hands found again where they return."""
    absences = [follow_absence(each) for each in recordings if each.take.scene == scene]
    label = scene_label(recordings, scene)
    held = sum(each.held for each in absences)
    held_visible = [event for each in absences for event in each.held_visible]
    found_ms = [1e3 * seconds for each in absences for seconds in each.found_again_s]
    not_found = [event for each in absences for event in each.not_found]
    rows = [
        Row(
            f'{label}: hands HELD (frames)',
            '',
            f'{held}, {len(held_visible)} of them while visible',
            None,
            {'held': held, 'held_visible': len(held_visible)},
            held_visible,
        )
    ]
    if scene in SCENES_WITH_RETURN and (found_ms or not_found):
        values = {'found_again': len(found_ms), 'not_found': len(not_found)}
        reached = f'{len(found_ms)} of {len(found_ms) + len(not_found)} hands'
        if found_ms:
            values |= {'median_ms': float(np.median(found_ms)), 'longest_ms': max(found_ms)}
            reached += f': median {values["median_ms"]:.0f} ms, longest {max(found_ms):.0f} ms'
        what = f'{label}: from visible again to TRACKED again'
        rows.append(Row(what, '', reached, None, values, not_found))
    return rows


def _returns(timeline: Sequence[_Glimpse]) -> Iterator[tuple[float, float | None]]:
    """When a lost hand became visible, and when it was tracked (None: not before it was gone).

    A hand is lost if it was tracked once and is not in a frame that does not show it. What is
    tracked before it counts as visible is found in no time.
    """
    was_tracked = is_lost = False
    visible_since_s = None
    for stamp_s, is_visible, is_tracked in timeline:
        if not is_visible:
            if visible_since_s is not None:
                yield visible_since_s, None
                visible_since_s = None
            is_lost |= was_tracked and not is_tracked
        elif is_lost:
            visible_since_s = stamp_s if visible_since_s is None else visible_since_s
            if is_tracked:
                yield visible_since_s, stamp_s
                is_lost, visible_since_s = False, None
        was_tracked |= is_tracked
    if visible_since_s is not None:
        yield visible_since_s, None
