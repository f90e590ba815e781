"""What the benchmark's figures are to reach, and whether they do."""

from __future__ import annotations

from collections.abc import Iterator

from evaluation.results import Row
from evaluation.speed.report import added_ms
from evaluation.speed.trackers import LABELS

REFERENCE_RUNTIME = 'cpu'
# Ours divided by mediapipe's legacy release: with ONNX Runtime, and with the best runtime.
VIDEO_TARGETS = {
    'max_1': ('at most 1 hand', 0.60, 0.45),
    'max_2': ('at most 2 hands, one visible', 0.30, 0.30),
    'two_hands': ('at most 2 hands, two visible', 0.55, 0.55),
}
NODE_SIZE = '1280x720'
NODE_MARGIN_MS = 3.0
NODE_PROCESSOR_PERCENT = 45.0
# Every camera at its rate; or frames left out, evenly.
CAMERA_RATE_SHARE = 0.99
CAMERA_SPREAD_SHARE = 0.02


def target_rows(result: dict) -> list[Row]:
    """A row for every target whose section was measured."""
    sections = {
        name: section
        for name, section in result['sections'].items()
        if 'not_measured' not in section
    }
    rows: list[Row] = []
    if 'video' in sections:
        rows += _video_rows(sections['video'])
    if 'node' in sections:
        rows += _node_rows(sections['node'])
    if 'cameras' in sections:
        rows.append(_cameras_row(sections['cameras']))
    return rows


def _video_rows(video: dict) -> Iterator[Row]:
    for name, (what, for_reference, for_best) in VIDEO_TARGETS.items():
        peers = video['settings'][name]['ratios'].items()
        ratios = {runtime: over['legacy'] for runtime, over in peers}
        best = min(ratios, key=lambda runtime: ratios[runtime]['median'])
        cases = {}
        if REFERENCE_RUNTIME in ratios:
            cases[REFERENCE_RUNTIME, for_reference] = LABELS[REFERENCE_RUNTIME]
        cases.setdefault((best, for_best), f'best runtime ({LABELS[best]})')
        for (runtime, target), which in cases.items():
            ratio = ratios[runtime]
            yield Row(
                f'{what}, {which}: time per image over {LABELS["legacy"]}',
                f'≤ {target:.2f}',
                f'{ratio["median"]:.2f} (means {ratio["mean"]:.2f}; '
                f'turns {ratio["turns_p10"]:.2f} to {ratio["turns_p90"]:.2f})',
                ratio['median'] <= target,
                {'ratio': ratio['median']},
            )


def _node_rows(node: dict) -> Iterator[Row]:
    entry = node[NODE_SIZE]
    bare_ms, tracker_ms = entry['bare']['median_ms'], entry['tracker']['median_ms']
    latency_ms, added = entry['node']['median_ms'], added_ms(entry)
    yield Row(
        f'node, {NODE_SIZE}, 30 Hz: median from stamp to HandArray received',
        f'≤ transport {bare_ms:.1f} + tracker {tracker_ms:.1f} + {NODE_MARGIN_MS:g} ms',
        f'{latency_ms:.1f} ms: {added:.1f} ms more than the two',
        added <= NODE_MARGIN_MS,
        {'latency_ms': latency_ms, 'added_ms': added},
    )
    if 'endurance' in entry:
        run = entry['endurance']
        yield Row(
            f'node, {NODE_SIZE}, 30 Hz, {run["published"] / 30:.0f} s: lost between publisher and '
            'callback',
            '0',
            f'{run["lost"]} of {run["published"]} (and {run["dropped"]} received, not processed)',
            run['lost'] == 0,
            {'lost': run['lost'], 'dropped': run['dropped']},
        )
    percent = entry.get('endurance', entry['node'])['processor_percent']
    yield Row(
        f'node, {NODE_SIZE}, 30 Hz, one hand: processor',
        f'≤ {NODE_PROCESSOR_PERCENT:g} % of a core',
        f'{percent:.0f} %',
        percent <= NODE_PROCESSOR_PERCENT,
        {'percent': percent},
    )


def _cameras_row(section: dict) -> Row:
    cameras = section['cameras'].values()
    published = min(entry['published'] for entry in cameras)
    shortfalls = [entry['shortfall'] for entry in cameras]
    counted = all(
        entry['shortfall']
        == entry['published'] - entry['received'] + entry['dropped'] + entry['with_errors']
        for entry in cameras
    )
    at_rate = max(shortfalls) <= (1 - CAMERA_RATE_SHARE) * published
    even = max(shortfalls) - min(shortfalls) <= CAMERA_SPREAD_SHARE * published
    width, height = section['size']
    return Row(
        f'node, {len(shortfalls)} cameras {width}x{height}, {section["rate_hz"]:g} Hz',
        'every one at its rate, or the shortfall counted and even',
        f'{min(entry["rate_hz"] for entry in cameras):.2f} to '
        f'{max(entry["rate_hz"] for entry in cameras):.2f} Hz; not processed '
        f'{min(shortfalls)} to {max(shortfalls)} of {published} each',
        at_rate or (counted and even),
        {'fewest': min(shortfalls), 'most': max(shortfalls)},
    )
