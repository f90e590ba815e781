"""What became slower since the benchmark was last recorded.

Ratios to other programs of the same run are compared on any machine; milliseconds, megabytes and
shares of a processor only on the same kind of machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evaluation.speed.report import SETTING_LABELS, label
from evaluation.speed.trackers import PEERS

# Two runs of the same program on an idle machine differ by less in most figures.
RATIO_TOLERANCE = 0.10
ABSOLUTE_TOLERANCE = 0.15


@dataclass(frozen=True)
class Figure:
    """Something of which less is better.

    Attributes:
        value: as measured.
        unit: of an absolute figure; empty for a ratio.
    """

    value: float
    unit: str = ''


@dataclass(frozen=True)
class Comparison:
    """How a run differs from the recorded one; lines for people.

    Attributes:
        slower, faster: one line for each figure that changed by more than its tolerance.
        num_compared: figures that both runs have.
        remarks: what was not compared and why.
    """

    slower: list[str]
    faster: list[str]
    num_compared: int
    remarks: list[str]


def compare_with_record(result: dict, recorded: dict) -> Comparison:
    """Find out what changed, for better or worse."""
    slower, faster, remarks = [], [], []
    new, old = _comparable(result), _comparable(recorded)
    same_machine = result['machine'] == recorded['machine']
    if not same_machine:
        remarks.append(
            f'the record is of another machine ({recorded["machine"]}): only ratios are compared'
        )
    if result['model_complexity'] != recorded['model_complexity']:
        return Comparison([], [], 0, ['the record is of other networks: nothing is compared'])
    for section in ('video', 'pictures'):
        sources = [_source(each, section) for each in (result, recorded)]
        if None not in sources and sources[0] != sources[1]:
            remarks.append(f'{section}: the record shows something else ({sources[1]})')
            new = {name: v for name, v in new.items() if not name.startswith(section)}
    for peer in PEERS:
        version, was = (each['versions'].get(peer) for each in (result, recorded))
        if version != was:
            remarks.append(f'{label(peer)}: the record is of {was}')
            new = {name: v for name, v in new.items() if not name.endswith(label(peer))}
    if result['quick']:
        remarks.append('a quick run: chance alone may exceed the tolerances')
    shared = [name for name in new if name in old and (same_machine or not new[name].unit)]
    for name in shared:
        tolerance = ABSOLUTE_TOLERANCE if new[name].unit else RATIO_TOLERANCE
        change = new[name].value / old[name].value - 1 if old[name].value else 0.0
        line = _line(name, new[name], old[name], change)
        if change > tolerance:
            slower.append(line)
        elif change < -tolerance:
            faster.append(line)
    return Comparison(slower, faster, len(shared), remarks)


def describe(comparison: Comparison, recorded: dict) -> str:
    """The comparison in words."""
    lines = [f'Compared with the record of {recorded["date"][:10]}:']
    lines += [f'  {remark}' for remark in comparison.remarks]
    lines += [f'  SLOWER  {line}' for line in comparison.slower]
    lines += [f'  faster  {line}' for line in comparison.faster]
    same = comparison.num_compared - len(comparison.slower) - len(comparison.faster)
    lines.append(
        f'  {same} of {comparison.num_compared} figures are the same within '
        f'{RATIO_TOLERANCE:.0%} (ratios) or {ABSOLUTE_TOLERANCE:.0%} (ms, MB, % of a core)'
    )
    return '\n'.join(lines)


def _comparable(result: dict) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    for name, section in result['sections'].items():
        if 'not_measured' not in section:
            figures.update(_FIGURES[name](section))
    return figures


def _source(result: dict, section: str) -> str | None:
    """The name of what was shown."""
    return result['sections'].get(section, {}).get('source', {}).get('name')


def _line(name: str, new: Figure, old: Figure, change: float) -> str:
    digits = 1 if new.unit else 2
    unit = f' {new.unit}' if new.unit else ''
    return f'{name}: {new.value:.{digits}f}{unit}, was {old.value:.{digits}f} ({change:+.0%})'


def _of_video(section: dict) -> Iterator[tuple[str, Figure]]:
    for name, entry in section['settings'].items():
        yield from _of_sides(f'video, {SETTING_LABELS[name]}', entry)
        legacy = entry['sides']['legacy']
        for ours, side in entry['sides'].items():
            if ours not in PEERS:
                ratio = side['peak_memory_mb'] / legacy['peak_memory_mb']
                what = (
                    f'video, {SETTING_LABELS[name]}, memory, {label(ours)} over {label("legacy")}'
                )
                yield what, Figure(ratio)


def _of_pictures(section: dict) -> Iterator[tuple[str, Figure]]:
    yield from _of_sides('pictures', section)


def _of_start(section: dict) -> Iterator[tuple[str, Figure]]:
    yield from _of_sides('start-up', section)


def _of_sides(what: str, entry: dict) -> Iterator[tuple[str, Figure]]:
    for ours, peers in entry['ratios'].items():
        for peer, ratio in peers.items():
            for key in ('median', 'mean'):
                yield f'{what}, {key}, {label(ours)} over {label(peer)}', Figure(ratio[key])
        yield f'{what}, median, {label(ours)}', Figure(entry['sides'][ours]['median_ms'], 'ms')


def _of_node(section: dict) -> Iterator[tuple[str, Figure]]:
    for size, entry in section.items():
        latency_ms = entry['node']['median_ms']
        expected_ms = entry['bare']['median_ms'] + entry['tracker']['median_ms']
        what = f'node, {size}, stamp to HandArray'
        yield f'{what}, over transport and tracker', Figure(latency_ms / expected_ms)
        yield what, Figure(latency_ms, 'ms')
        yield f'node, {size}, processor', Figure(entry['node']['processor_percent'], '% of a core')
        yield f'node, {size}, memory', Figure(entry['node']['peak_memory_mb'], 'MB')


def _of_cameras(section: dict) -> Iterator[tuple[str, Figure]]:
    yield 'cameras, processor', Figure(section['processor_percent'], '% of a core')
    for name, entry in section['cameras'].items():
        yield f'cameras, {name}, stamp to HandArray', Figure(entry['median_ms'], 'ms')


def _of_hands(section: dict) -> Iterator[tuple[str, Figure]]:
    yield from _of_curve('hands visible', section)


def _of_sizes(section: dict) -> Iterator[tuple[str, Figure]]:
    yield from _of_curve('picture size', section)


def _of_curve(what: str, section: dict) -> Iterator[tuple[str, Figure]]:
    for point, sides in section.items():
        for name, side in sides.items():
            yield f'{what} {point}, {label(name)}', Figure(side['median_ms'], 'ms')


_FIGURES = {
    'video': _of_video,
    'pictures': _of_pictures,
    'start': _of_start,
    'node': _of_node,
    'cameras': _of_cameras,
    'hands': _of_hands,
    'sizes': _of_sizes,
}
