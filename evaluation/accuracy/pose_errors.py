"""How far poses of tracked hands are from the truth: position, orientation, fingers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from evaluation.accuracy.sequences import KNOWN_SIZE, UNKNOWN_SIZE, WITH_DEPTH, TrackedSequence
from evaluation.results import Row
from hand_tracking_ros.simulation.ground_truth import HandTruth
from hand_tracking_ros.tracking.fingers.joint_angles import JOINT_NAMES, joint_angles
from hand_tracking_ros.tracking.hand import Hand

# Where depth cameras measure.
DEPTH_RANGE_M = (0.4, 1.5)
_FLEXIONS = [i for i, name in enumerate(JOINT_NAMES) if name.endswith('_flexion')]


def pose_rows(sequences: Sequence[TrackedSequence]) -> list[Row]:
    """Errors of position, orientation and fingers."""
    plain = [each for each in sequences if not each.plan.is_hard]
    hard = [each for each in sequences if each.plan.is_hard]
    rows = [
        _relative_row(sequences, UNKNOWN_SIZE, 10.0, None),
        _relative_row(sequences, KNOWN_SIZE, 5.0, 12.0),
        _depth_row(plain, 'depth, plain'),
        _depth_row(hard, 'depth with 30 % holes, clutter'),
    ]
    for variant, target in ((UNKNOWN_SIZE, 12.0), (WITH_DEPTH, None)):
        rows.append(_angle_row(sequences, variant, 'orientation', target, _orientation_errors_deg))
        rows.append(_angle_row(sequences, variant, 'finger flexion', target, _flexion_errors_deg))
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
    sequences: Sequence[TrackedSequence],
    variant: str,
    median_target: float,
    p90_target: float | None,
) -> Row:
    errors, missing = [], 0
    for truth, hand in _visible_hands(sequences, variant):
        if hand.pose is None:
            missing += 1
            continue
        true_m = truth.camera_landmarks_m[0]
        error = np.linalg.norm(hand.pose.position_m - true_m) / np.linalg.norm(true_m)
        errors.append(100 * error)
    median, p90 = _percentiles(errors, 50, 90)
    target = f'median ≤ {median_target:.0f} %'
    target += f', p90 ≤ {p90_target:.0f} %' if p90_target else ''
    return Row(
        f'position, RGB, {variant}',
        target,
        f'median {median:.1f} %, p90 {p90:.1f} %',
        median <= median_target and (p90_target is None or p90 <= p90_target),
        {'median_percent': median, 'p90_percent': p90, 'frames': len(errors), 'no_pose': missing},
    )


def _depth_row(sequences: Sequence[TrackedSequence], label: str) -> Row:
    nearest_m, farthest_m = DEPTH_RANGE_M
    errors = [
        np.inf if hand.pose is None else 1e3 * np.linalg.norm(hand.pose.position_m - true_m)
        for truth, hand in _visible_hands(sequences, WITH_DEPTH)
        for true_m in [truth.camera_landmarks_m[0]]
        if nearest_m <= true_m[2] <= farthest_m
    ]
    median, p95 = _percentiles(errors, 50, 95)
    return Row(
        f'position, {label}, 0.4 to 1.5 m',
        'median ≤ 10 mm, p95 ≤ 25 mm',
        f'median {median:.1f} mm, p95 {p95:.1f} mm',
        median <= 10 and p95 <= 25,
        {'median_mm': median, 'p95_mm': p95, 'frames': len(errors)},
    )


def _angle_row(
    sequences: Sequence[TrackedSequence],
    variant: str,
    what: str,
    target_deg: float | None,
    errors_deg: Callable[[HandTruth, Hand], list[float]],
) -> Row:
    errors = [
        error
        for truth, hand in _visible_hands(sequences, variant)
        if hand.pose is not None
        for error in errors_deg(truth, hand)
    ]
    median, p90 = _percentiles(errors, 50, 90)
    return Row(
        f'{what}, {"RGB" if variant == UNKNOWN_SIZE else variant}',
        f'median ≤ {target_deg:.0f}°' if target_deg else '',
        f'median {median:.1f}°, p90 {p90:.1f}°',
        median <= target_deg if target_deg else None,
        {'median_deg': median, 'p90_deg': p90},
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


def _percentiles(values: Sequence[float], *percents: float) -> list[float]:
    if not len(values):
        return [float('nan')] * len(percents)
    return [float(value) for value in np.percentile(values, percents)]
