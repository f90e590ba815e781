"""What smoothing does: how much jitter it takes from a still hand, and by how much it lags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation.accuracy.sequences import RATE_HZ, SMOOTHED, UNKNOWN_SIZE, TrackedSequence
from evaluation.results import Row

# Frames before the smoothing has settled.
SETTLING_FRAMES = 15
MIN_JITTER_RATIO = 5.0
MAX_LAG_MS = 1e3 / RATE_HZ
_LAGS_S = np.arange(0, 100) * 1e-3


def smoothing_rows(sequences: Sequence[TrackedSequence]) -> list[Row]:
    """Jitter of still hands and lag of waving ones, of the position without depth."""
    jitters_mm = [
        [1e3 * float(np.sqrt(each.var(axis=0).sum())) for each in positions_m]
        for positions_m in _positions_m(sequences, 'still')
    ]
    lags_ms = [
        1e3 * _lag_s(raw[:, :2], smoothed[:, :2])
        for raw, smoothed in _positions_m(sequences, 'wave')
    ]
    rows = []
    if jitters_mm:
        raw_mm, smoothed_mm = np.median(jitters_mm, axis=0)
        ratio = float(raw_mm / smoothed_mm)
        rows.append(
            Row(
                f'still hand, {len(jitters_mm)} seeds: jitter raw over smoothed',
                f'≥ {MIN_JITTER_RATIO:.0f}',
                f'{ratio:.1f} ({raw_mm:.2f} to {smoothed_mm:.2f} mm)',
                ratio >= MIN_JITTER_RATIO,
                {'ratio': ratio, 'worst_ratio': min(raw / smooth for raw, smooth in jitters_mm)},
            )
        )
    if lags_ms:
        lag_ms = float(np.median(lags_ms))
        rows.append(
            Row(
                f'fast wave, {len(lags_ms)} seeds: added lag',
                f'≤ {MAX_LAG_MS:.0f} ms',
                f'{lag_ms:.0f} ms (worst {max(lags_ms):.0f} ms)',
                lag_ms <= MAX_LAG_MS,
                {'lag_ms': lag_ms, 'worst_lag_ms': max(lags_ms)},
            )
        )
    return rows


def _positions_m(sequences: Sequence[TrackedSequence], scene: str) -> list[np.ndarray]:
    """Positions (2, N, 3) of the only hand, raw and smoothed, where it was tracked throughout."""
    positions_m = []
    for sequence in sequences:
        if sequence.plan.scene != scene:
            continue
        pairs: list[list[np.ndarray]] = []
        for frame in sequence.frames:
            index = frame.matches.get(0)
            if index is None or frame.hands[index].pose is None:
                pairs = []  # begin anew, as the smoothing does
                continue
            pairs.append(
                [
                    frame.hands_of_variants[variant][index].pose.position_m
                    for variant in (UNKNOWN_SIZE, SMOOTHED)
                ]
            )
        if len(pairs) >= 2 * SETTLING_FRAMES:
            positions_m.append(np.array(pairs[SETTLING_FRAMES:]).swapaxes(0, 1))
    return positions_m


def _lag_s(raw: np.ndarray, smoothed: np.ndarray) -> float:
    """By how much `raw` (N, 2) has to be delayed to be as much as possible like `smoothed`."""
    stamps_s = np.arange(len(raw)) / RATE_HZ
    compared = stamps_s >= _LAGS_S[-1]
    residuals = []
    for lag_s in _LAGS_S:
        delayed = np.column_stack([np.interp(stamps_s - lag_s, stamps_s, each) for each in raw.T])
        residuals.append(((delayed - smoothed)[compared] ** 2).sum())
    return float(_LAGS_S[int(np.argmin(residuals))])
