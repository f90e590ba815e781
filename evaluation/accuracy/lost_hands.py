"""What a robot hears of lost hands: how long they are HELD, how soon they are TRACKED again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from evaluation.accuracy.identity import scene_label
from evaluation.accuracy.sequences import TrackedSequence
from evaluation.results import Row
from hand_tracking_ros.tracking.hand import TrackingState

# Where hands go out of sight and return. One that another hand covers comes and goes from frame to
# frame, too soon to be found.
SCENES_WITH_RETURN = ('occlusion', 'leave_and_return')


@dataclass
class LostHands:
    """What was reported of lost hands in a sequence.

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


def lost_hands_rows(sequences: Sequence[TrackedSequence], scene: str) -> list[Row]:
    """The table's lines of one scene; of hands found again where they return."""
    losses = [follow_lost_hands(each) for each in sequences if each.plan.scene == scene]
    label = scene_label(sequences, scene)
    held = sum(each.held for each in losses)
    held_visible = [event for each in losses for event in each.held_visible]
    found_ms = [1e3 * seconds for each in losses for seconds in each.found_again_s]
    not_found = [event for each in losses for event in each.not_found]
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


def follow_lost_hands(sequence: TrackedSequence) -> LostHands:
    """Follow every true hand out of sight and back."""
    result = LostHands()
    timelines = defaultdict(list)
    track_ids: dict[int, int] = {}  # of each true hand, its last
    for frame in sequence.frames:
        place = sequence.plan.at(frame.stamp_s)
        track_ids |= {number: frame.hands[i].track_id for number, i in frame.matches.items()}
        for number, truth in enumerate(frame.truths):
            timelines[number].append((frame.stamp_s, truth.is_visible, number in frame.matches))
        visible = {track_ids.get(n) for n, truth in enumerate(frame.truths) if truth.is_visible}
        held = [hand.track_id for hand in frame.hands if hand.state == TrackingState.HELD]
        result.held += len(held)
        result.held_visible += [f'{place}: id {each}' for each in held if each in visible]
    for timeline in timelines.values():
        for visible_since_s, found_s in _returns(timeline):
            if found_s is None:
                result.not_found.append(sequence.plan.at(visible_since_s))
            else:
                result.found_again_s.append(found_s - visible_since_s)
    return result


def _returns(
    timeline: Sequence[tuple[float, bool, bool]],
) -> Iterator[tuple[float, float | None]]:
    """When a lost hand became visible, and when it was tracked (None: not before it was gone).

    The timeline says of a true hand, for each frame: stamp, whether it is visible, and tracked.

    A hand is lost if it was tracked once and is not in a frame that does not show it. What is
    tracked before it counts as visible is found at once.
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
