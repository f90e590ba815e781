"""From the times of single frames to the few figures that the benchmark prints."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def summarise(turns_ms: Sequence[Sequence[float]]) -> dict[str, float]:
    """Median, 95th percentile and mean time per frame, in milliseconds, over all turns."""
    times_ms = np.concatenate(turns_ms)
    return {
        'frames': len(times_ms),
        'median_ms': float(np.median(times_ms)),
        'p95_ms': float(np.percentile(times_ms, 95)),
        'mean_ms': float(np.mean(times_ms)),
    }


def compare(
    ours_ms: Sequence[Sequence[float]], theirs_ms: Sequence[Sequence[float]]
) -> dict[str, float]:
    """Our time divided by theirs: below 1 we are faster.

    Args:
        ours_ms: for every turn, the time of each of its frames.
        theirs_ms: the same for the other tracker; its turns hold the same frames.

    Returns:
        The ratio of the medians, of the 95th percentiles and of the means over all frames; and of
        the mean times of each pair of turns the median, the 10th and the 90th percentile: the
        turns of a pair follow one another, so a busy machine slows both.
    """
    ours, theirs = summarise(ours_ms), summarise(theirs_ms)
    pairs = zip(ours_ms, theirs_ms, strict=True)
    of_turns = [np.mean(our_turn) / np.mean(their_turn) for our_turn, their_turn in pairs]
    low, middle, high = map(float, np.percentile(of_turns, [10, 50, 90]))
    ratios = {name: ours[f'{name}_ms'] / theirs[f'{name}_ms'] for name in ('median', 'p95', 'mean')}
    return {**ratios, 'turns_median': middle, 'turns_p10': low, 'turns_p90': high}
