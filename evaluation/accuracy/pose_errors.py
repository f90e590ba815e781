"""How far tracked hands and their poses are from the truth, and what smoothing does to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from evaluation.accuracy.identity import match
from evaluation.accuracy.sequences import (
    KNOWN_SIZE,
    RATE_HZ,
    UNKNOWN_SIZE,
    WITH_DEPTH,
    Recording,
)
from evaluation.results import Row
from hand_tracking_ros.simulation.ground_truth import HandTruth
from hand_tracking_ros.tracking.fingers.joint_angles import JOINT_NAMES, joint_angles
from hand_tracking_ros.tracking.hand import Hand
from hand_tracking_ros.tracking.smoothing import HandSmoother

MIN_TRACKED = 0.95
# Where depth cameras measure.
DEPTH_RANGE_M = (0.4, 1.5)
# Frames before the smoothing has settled.
SETTLING_FRAMES = 15
_FLEXIONS = [i for i, name in enumerate(JOINT_NAMES) if name.endswith('_flexion')]
_LAGS_S = np.arange(0, 100) * 1e-3


def tracking_row(recordings: Sequence[Recording], scene: str) -> Row:
    """In how many frames that show a hand it is tracked."""
    visible, found, misses = 0, 0, []
    for recording in recordings:
        if recording.take.scene != scene:
            continue
        for frame in recording.frames:
            matched = match(frame, recording.camera)
            for number, truth in enumerate(frame.truths):
                visible += truth.is_visible
                found += truth.is_visible and number in matched
                if truth.is_visible and number not in matched:
                    misses.append(recording.take.at(frame.stamp_s))
    share = found / max(visible, 1)
    return Row(
        f'{scene}: visible hands tracked',
        f'≥ {MIN_TRACKED:.0%}',
        f'{share:.1%} of {visible}',
        share >= MIN_TRACKED,
        {'tracked': share, 'visible': visible},
        misses,
    )


def fitted(recordings: Sequence[Recording], fit: str) -> Iterator[tuple[HandTruth, Hand]]:
    """Every tracked hand with its truth, and its pose from one of the fits."""
    for recording in recordings:
        for frame in recording.frames:
            for number, index in match(frame, recording.camera).items():
                truth = frame.truths[number]
                if truth.is_visible:
                    yield truth, frame.hands_of_fits[fit][index]


def pose_rows(recordings: Sequence[Recording]) -> list[Row]:
    """Errors of position, orientation and fingers."""
    plain = [each for each in recordings if not each.take.is_hard]
    hard = [each for each in recordings if each.take.is_hard]
    rows = [
        _relative_row(recordings, UNKNOWN_SIZE, 10.0, None),
        _relative_row(recordings, KNOWN_SIZE, 5.0, 12.0),
        _depth_row(plain, 'depth, plain'),
        _depth_row(hard, 'depth with 30 % holes, clutter'),
    ]
    for fit, target in ((UNKNOWN_SIZE, 12.0), (WITH_DEPTH, None)):
        rows.append(_angle_row(recordings, fit, 'orientation', target, _orientation_errors_deg))
        rows.append(_angle_row(recordings, fit, 'finger flexion', target, _flexion_errors_deg))
    return rows


def smoothing_rows(recordings: Sequence[Recording]) -> list[Row]:
    """Jitter of still hands and lag of waving ones, of the position without depth."""
    ratios, raw_mm, smoothed_mm, lags_ms = [], [], [], []
    for recording in recordings:
        positions = _positions_m(recording)
        if positions is None:
            continue
        raw, smoothed = positions
        if recording.take.scene == 'still':
            spreads = [float(np.sqrt(each.var(axis=0).sum())) * 1e3 for each in positions]
            raw_mm.append(spreads[0])
            smoothed_mm.append(spreads[1])
            ratios.append(spreads[0] / spreads[1])
        elif recording.take.scene == 'wave':
            lags_ms.append(_lag_s(raw[:, :2], smoothed[:, :2]) * 1e3)
    rows = []
    if ratios:
        ratio = float(np.median(raw_mm) / np.median(smoothed_mm))
        rows.append(
            Row(
                f'still hand, {len(ratios)} seeds: jitter raw over smoothed',
                '≥ 5',
                f'{ratio:.1f} ({np.median(raw_mm):.2f} to {np.median(smoothed_mm):.2f} mm)',
                ratio >= 5,
                {'ratio': ratio, 'worst_ratio': min(ratios)},
            )
        )
    if lags_ms:
        lag_ms = float(np.median(lags_ms))
        rows.append(
            Row(
                f'fast wave, {len(lags_ms)} seeds: added lag',
                '≤ 33 ms',
                f'{lag_ms:.0f} ms (worst {max(lags_ms):.0f} ms)',
                lag_ms <= 1e3 / RATE_HZ,
                {'lag_ms': lag_ms, 'worst_lag_ms': max(lags_ms)},
            )
        )
    return rows


def _relative_row(
    recordings: Sequence[Recording], fit: str, median_target: float, p90_target: float | None
) -> Row:
    errors, missing = [], 0
    for truth, hand in fitted(recordings, fit):
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
        f'position, RGB, {fit}',
        target,
        f'median {median:.1f} %, p90 {p90:.1f} %',
        median <= median_target and (p90_target is None or p90 <= p90_target),
        {'median_percent': median, 'p90_percent': p90, 'frames': len(errors), 'no_pose': missing},
    )


def _depth_row(recordings: Sequence[Recording], label: str) -> Row:
    nearest_m, farthest_m = DEPTH_RANGE_M
    errors = [
        np.inf if hand.pose is None else 1e3 * np.linalg.norm(hand.pose.position_m - true_m)
        for truth, hand in fitted(recordings, WITH_DEPTH)
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
    recordings: Sequence[Recording],
    fit: str,
    what: str,
    target_deg: float | None,
    errors_deg: Callable[[HandTruth, Hand], list[float]],
) -> Row:
    errors = [
        error
        for truth, hand in fitted(recordings, fit)
        if hand.pose is not None
        for error in errors_deg(truth, hand)
    ]
    median, p90 = _percentiles(errors, 50, 90)
    return Row(
        f'{what}, {"RGB" if fit == UNKNOWN_SIZE else fit}',
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


def _positions_m(recording: Recording) -> tuple[np.ndarray, np.ndarray] | None:
    """Positions (N, 3) of the only hand, raw and smoothed; None if it was not always seen."""
    smoother = HandSmoother()
    raw, smoothed = [], []
    size = (recording.camera.width, recording.camera.height)
    for frame in recording.frames:
        hands = frame.hands
        result = smoother.smooth(hands, frame.stamp_s, *size)
        index = match(frame, recording.camera).get(0)
        if index is None or hands[index].pose is None:
            raw, smoothed = [], []  # begin anew, as the smoothing does
            continue
        raw.append(hands[index].pose.position_m)
        smoothed.append(result[index].pose.position_m)
    if len(raw) < 2 * SETTLING_FRAMES:
        return None
    return np.array(raw[SETTLING_FRAMES:]), np.array(smoothed[SETTLING_FRAMES:])


def _lag_s(raw: np.ndarray, smoothed: np.ndarray) -> float:
    """By how much `raw` (N, 2) has to be delayed to be as much as possible like `smoothed`."""
    stamps_s = np.arange(len(raw)) / RATE_HZ
    compared = stamps_s >= _LAGS_S[-1]
    misses = []
    for lag_s in _LAGS_S:
        delayed = np.column_stack([np.interp(stamps_s - lag_s, stamps_s, each) for each in raw.T])
        misses.append(((delayed - smoothed)[compared] ** 2).sum())
    return float(_LAGS_S[int(np.argmin(misses))])


def _percentiles(values: Sequence[float], *percents: float) -> list[float]:
    if not len(values):
        return [float('nan')] * len(percents)
    return [float(value) for value in np.percentile(values, percents)]
