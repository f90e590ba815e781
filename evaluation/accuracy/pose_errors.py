"""How far poses of tracked hands are from the truth: position, orientation, fingers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from evaluation.accuracy.sequences import KNOWN_SIZE, UNKNOWN_SIZE, WITH_DEPTH, TrackedSequence
from evaluation.results import Row
from hand_tracking_ros.simulation.ground_truth import HandTruth
from hand_tracking_ros.tracking.fingers.joint_angles import JOINT_NAMES, joint_angles
from hand_tracking_ros.tracking.hand import Hand

# Where depth cameras measure.
DEPTH_RANGE_M = (0.4, 1.5)
SYMBOLS = {'percent': ' %', 'mm': ' mm', 'deg': '°'}
_FLEXIONS = [i for i, name in enumerate(JOINT_NAMES) if name.endswith('_flexion')]


def pose_rows(sequences: Sequence[TrackedSequence]) -> list[Row]:
    """Errors of position, orientation and fingers."""
    plain = [each for each in sequences if not each.plan.is_hard]
    hard = [each for each in sequences if each.plan.is_hard]
    rows = [
        _relative_row(sequences, UNKNOWN_SIZE, 10.0),
        _relative_row(sequences, KNOWN_SIZE, 5.0, 12.0),
        _depth_row(plain, 'depth, plain'),
        _depth_row(hard, 'depth with 30 % holes, clutter'),
    ]
    for variant, images, *limits_deg in ((UNKNOWN_SIZE, 'RGB', 12.0), (WITH_DEPTH, WITH_DEPTH)):
        for what, errors_of in (
            ('orientation', _orientation_errors_deg),
            ('finger flexion', _flexion_errors_deg),
        ):
            hands = _visible_hands(sequences, variant)
            errors_deg = [e for truth, hand in hands if hand.pose for e in errors_of(truth, hand)]
            rows.append(_row(f'{what}, {images}', errors_deg, 'deg', 90, limits_deg))
    return rows


def _visible_hands(
    sequences: Sequence[TrackedSequence], variant: str
) -> Iterator[tuple[HandTruth, Hand]]:
    """Every visible tracked hand with its truth, as one of the pipelines reported it."""
    for sequence in sequences:
        for frame in sequence.frames:
            for number, index in frame.matches.items():
                if frame.truths[number].is_visible:
                    yield frame.truths[number], frame.hands_of_variants[variant][index]


def _relative_row(
    sequences: Sequence[TrackedSequence], variant: str, *limits_percent: float
) -> Row:
    errors_percent, missing = [], 0
    for truth, hand in _visible_hands(sequences, variant):
        if hand.pose is None:
            missing += 1
            continue
        true_m = truth.camera_landmarks_m[0]
        error_m = np.linalg.norm(hand.pose.position_m - true_m)
        errors_percent.append(100 * error_m / np.linalg.norm(true_m))
    counts = {'frames': len(errors_percent), 'no_pose': missing}
    what = f'position, RGB, {variant}'
    return _row(what, errors_percent, 'percent', 90, limits_percent, counts)


def _depth_row(sequences: Sequence[TrackedSequence], label: str) -> Row:
    nearest_m, farthest_m = DEPTH_RANGE_M
    errors_mm = [
        np.inf if hand.pose is None else 1e3 * np.linalg.norm(hand.pose.position_m - true_m)
        for truth, hand in _visible_hands(sequences, WITH_DEPTH)
        for true_m in [truth.camera_landmarks_m[0]]
        if nearest_m <= true_m[2] <= farthest_m
    ]
    what = f'position, {label}, 0.4 to 1.5 m'
    return _row(what, errors_mm, 'mm', 95, [10.0, 25.0], {'frames': len(errors_mm)})


def _row(
    what: str,
    errors: Sequence[float],
    unit: str,
    percent: int,
    limits: Sequence[float],
    counts: Mapping[str, float] = MappingProxyType({}),
) -> Row:
    """The median and another percentile of errors, each against its limit where it has one."""
    figures = np.percentile(errors, [50, percent]) if len(errors) else [np.nan, np.nan]
    reached = {'median': float(figures[0]), f'p{percent}': float(figures[1])}
    target = dict(zip(reached, limits, strict=False))
    symbol = SYMBOLS[unit]
    return Row(
        what,
        ', '.join(f'{name} ≤ {limit:.0f}{symbol}' for name, limit in target.items()),
        ', '.join(f'{name} {value:.1f}{symbol}' for name, value in reached.items()),
        all(reached[name] <= limit for name, limit in target.items()) if target else None,
        {**{f'{name}_{unit}': value for name, value in reached.items()}, **counts},
    )


def _orientation_errors_deg(truth: HandTruth, hand: Hand) -> list[float]:
    cosine = (np.trace(hand.pose.rotation.T @ truth.rotation) - 1) / 2
    return [float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))]


def _flexion_errors_deg(truth: HandTruth, hand: Hand) -> list[float]:
    found = joint_angles(hand.pose.camera_landmarks_m, hand.handedness)
    true = joint_angles(truth.camera_landmarks_m, truth.handedness)
    errors = (found - true)[_FLEXIONS]
    errors = np.degrees(np.abs(np.arctan2(np.sin(errors), np.cos(errors))))
    return list(errors[np.isfinite(errors)])
