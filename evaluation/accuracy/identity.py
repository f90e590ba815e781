"""Whose hand is whose: ids, sides and duplicates against the truth."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from evaluation.accuracy.sequences import Recording, SeenFrame
from evaluation.results import Row
from hand_tracking_ros.simulation.ground_truth import HandTruth
from hand_tracking_ros.simulation.pinhole_camera import PinholeCamera
from hand_tracking_ros.tracking.hand import Hand, TrackingState
from hand_tracking_ros.tracking.palm import palm_size

# A hand is where a true one is if the median landmark is nearer than this many palm sizes.
MAX_DISTANCE_PALMS = 0.6
# A track may have the wrong side for so long.
SIDE_DUE_S = 0.3
# A hand that was hidden for no longer than the tracker's hold time is to keep its id.
HOLD_TIME_S = 0.3


@dataclass
class IdentityCount:
    """What went wrong in one or more recordings; each event is a line that says where."""

    switches: list[str] = field(default_factory=list)
    new_after_hold: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    wrong_sides: list[str] = field(default_factory=list)
    ghosts: list[str] = field(default_factory=list)


def tracked(frame: SeenFrame) -> list[int]:
    """Indices of the hands that were seen in this frame."""
    return [i for i, hand in enumerate(frame.hands) if hand.state == TrackingState.TRACKED]


def match(frame: SeenFrame, camera: PinholeCamera) -> dict[int, int]:
    """Index of the true hand, to the index of the reported one that shows it.

    As many as possible, and of those the nearest. Where one true hand covers another, what was
    seen is the one in front: distances count the more, the less of a hand the image shows.
    """
    distances = {
        (truth, hand): distance
        for hand in tracked(frame)
        for truth, distance in enumerate(distances_palms(frame.hands[hand], frame.truths, camera))
        if distance < MAX_DISTANCE_PALMS
    }
    choices = [
        [None, *(hand for truth, hand in distances if truth == number)]
        for number in range(len(frame.truths))
    ]

    def badness(chosen: dict[int, int]) -> tuple[int, float]:
        shown = (max(frame.truths[truth].landmarks_visible.mean(), 0.01) for truth in chosen)
        far = (distances[pair] for pair in chosen.items())
        return -len(chosen), sum(d / share for d, share in zip(far, shown, strict=True))

    candidates = [
        {truth: hand for truth, hand in enumerate(hands) if hand is not None}
        for hands in itertools.product(*choices)
    ]
    unique = [chosen for chosen in candidates if len(set(chosen.values())) == len(chosen)]
    return min(unique, key=badness)


def distances_palms(hand: Hand, truths: Sequence[HandTruth], camera: PinholeCamera) -> list[float]:
    """Median distance of the landmarks in the image, in each true hand's palm sizes.

    The palm is measured in space, as one seen from the edge has no size in the image.
    """
    size = np.array([camera.width, camera.height])
    distances = []
    for truth in truths:
        points = truth.camera_landmarks_m
        palm_px = palm_size(points) * camera.focal_length_px / np.median(points[:, 2])
        apart_px = (hand.landmarks[:, :2] - truth.landmarks[:, :2]) * size
        distances.append(float(np.nanmedian(np.linalg.norm(apart_px, axis=1)) / palm_px))
    return distances


def count(recording: Recording) -> IdentityCount:
    """Follow every true hand through a recording."""
    found = IdentityCount()
    last_id: dict[int, int] = {}
    hidden_s: dict[int, float] = {}
    for frame in recording.frames:
        place = recording.take.at(frame.stamp_s)
        matched = match(frame, recording.camera)
        for number, truth in enumerate(frame.truths):
            if not truth.is_visible:
                hidden_s.setdefault(number, frame.stamp_s)
            if number not in matched:
                continue
            hand = frame.hands[matched[number]]
            before = last_id.get(number)
            if before not in (None, hand.track_id):
                event = f'{place}: {truth.handedness.name} {before} -> {hand.track_id}'
                if number not in hidden_s:
                    found.switches.append(event)
                elif frame.stamp_s - hidden_s[number] <= HOLD_TIME_S:
                    found.new_after_hold.append(event)
            last_id[number] = hand.track_id
            if truth.is_visible:
                hidden_s.pop(number, None)
            if hand.age_s > SIDE_DUE_S and hand.handedness != truth.handedness:
                found.wrong_sides.append(f'{place}: id {hand.track_id} is {hand.handedness.name}')
        for index in set(tracked(frame)) - set(matched.values()):
            hand = frame.hands[index]
            distance = min(distances_palms(hand, frame.truths, recording.camera))
            kind = found.duplicates if distance < MAX_DISTANCE_PALMS else found.ghosts
            kind.append(f'{place}: id {hand.track_id}, {distance:.1f} palms from a true hand')
    return found


def scene_label(recordings: Sequence[Recording], scene: str) -> str:
    """The scene, and how much of it was filmed."""
    lengths = [len(each.frames) for each in recordings if each.take.scene == scene]
    return f'{scene}, {len(lengths)} seeds, {sum(lengths)} frames'


def identity_rows(recordings: Sequence[Recording], scene: str) -> list[Row]:
    """The table's lines of one scene."""
    counts = [count(each) for each in recordings if each.take.scene == scene]
    label = scene_label(recordings, scene)
    rows = []
    for what, name in (
        ('identity switches of a visible hand', 'switches'),
        ('duplicate hands (frames)', 'duplicates'),
        ('wrong side after 0.3 s (frames)', 'wrong_sides'),
    ):
        events = [event for each in counts for event in getattr(each, name)]
        number = len(events)
        rows.append(Row(f'{label}: {what}', '0', str(number), number == 0, {name: number}, events))
    for what, name in (
        ('new id after hidden for at most 0.3 s', 'new_after_hold'),
        ('hands where none is (frames)', 'ghosts'),
    ):
        events = [event for each in counts for event in getattr(each, name)]
        number = len(events)
        rows.append(Row(f'{label}: {what}', '', str(number), None, {name: number}, events))
    return rows
