"""What became slower since the benchmark was last recorded.

Ratios to other programs of the same run are compared on any machine; milliseconds, megabytes and
shares of a processor only on the same kind of machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from evaluation.speed.report import SETTING_LABELS
from evaluation.speed.trackers import PEERS, label

# Two runs of the same program on an idle machine differ by less in most figures.
RATIO_TOLERANCE = 0.10
ABSOLUTE_TOLERANCE = 0.15


class Figure(NamedTuple):
    """Something of which less is better.

    Attributes:
        name: what was measured.
        value: as measured.
        unit: of an absolute figure; empty for a ratio.
    """

    name: str
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

    slower: list[str] = field(default_factory=list)
    faster: list[str] = field(default_factory=list)
    num_compared: int = 0
    remarks: list[str] = field(default_factory=list)


def compare_with_record(result: dict, recorded: dict) -> Comparison:
    """Find out what changed, for better or worse."""
    if result['model_complexity'] != recorded['model_complexity']:
        return Comparison(remarks=['the record is of other networks: nothing is compared'])
    remarks = []
    new, old = _figures(result), {figure.name: figure for figure in _figures(recorded)}
    if result['machine'] != recorded['machine']:
        remarks.append(
            f'the record is of another machine ({recorded["machine"]}): only ratios are compared'
        )
        new = [figure for figure in new if not figure.unit]
    for section in ('video', 'pictures'):
        shown, shown_before = (_source(each, section) for each in (result, recorded))
        if shown and shown_before and shown != shown_before:
            remarks.append(f'{section}: the record shows something else ({shown_before})')
            new = [figure for figure in new if not figure.name.startswith(section)]
    for peer in PEERS:
        version, was = (each['versions'].get(peer) for each in (result, recorded))
        if version != was:
            remarks.append(f'{label(peer)}: the record is of {was}')
            new = [figure for figure in new if not figure.name.endswith(label(peer))]
    if result['quick']:
        remarks.append('a quick run: chance alone may exceed the tolerances')
    pairs = [(figure, old[figure.name]) for figure in new if figure.name in old]
    comparison = Comparison(num_compared=len(pairs), remarks=remarks)
    for figure, before in pairs:
        tolerance = ABSOLUTE_TOLERANCE if figure.unit else RATIO_TOLERANCE
        change = figure.value / before.value - 1 if before.value else 0.0
        digits, unit = (1, f' {figure.unit}') if figure.unit else (2, '')
        line = f'{figure.name}: {figure.value:.{digits}f}{unit}, was {before.value:.{digits}f}'
        if abs(change) > tolerance:
            lines = comparison.slower if change > 0 else comparison.faster
            lines.append(f'{line} ({change:+.0%})')
    return comparison


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


def _source(result: dict, section: str) -> str | None:
    """The name of what was shown."""
    return result['sections'].get(section, {}).get('source', {}).get('name')


def _figures(result: dict) -> list[Figure]:
    """All that can be compared of a result."""
    return [
        figure
        for name, section in result['sections'].items()
        if 'not_measured' not in section
        for figure in _FIGURES_OF_SECTION[name](section)
    ]


def _of_video(section: dict) -> Iterator[Figure]:
    for name, entry in section['settings'].items():
        what = f'video, {SETTING_LABELS[name]}'
        yield from _of_trackers(what, entry)
        memory_mb = {tracker: side['peak_memory_mb'] for tracker, side in entry['sides'].items()}
        for ours in entry['ratios']:
            ratio = memory_mb[ours] / memory_mb['legacy']
            yield Figure(f'{what}, memory, {label(ours)} over {label("legacy")}', ratio)


def _of_trackers(what: str, entry: dict) -> Iterator[Figure]:
    for ours, peers in entry['ratios'].items():
        for peer, ratio in peers.items():
            for key in ('median', 'mean'):
                yield Figure(f'{what}, {key}, {label(ours)} over {label(peer)}', ratio[key])
        yield Figure(f'{what}, median, {label(ours)}', entry['sides'][ours]['median_ms'], 'ms')


def _of_node(section: dict) -> Iterator[Figure]:
    for size, entry in section.items():
        node = entry['node']
        expected_ms = entry['bare']['median_ms'] + entry['tracker']['median_ms']
        what = f'node, {size}, stamp to HandArray'
        yield Figure(f'{what}, over transport and tracker', node['median_ms'] / expected_ms)
        yield Figure(what, node['median_ms'], 'ms')
        yield Figure(f'node, {size}, processor', node['processor_percent'], '% of a core')
        yield Figure(f'node, {size}, memory', node['peak_memory_mb'], 'MB')


def _of_cameras(section: dict) -> Iterator[Figure]:
    yield Figure('cameras, processor', section['processor_percent'], '% of a core')
    for name, entry in section['cameras'].items():
        yield Figure(f'cameras, {name}, stamp to HandArray', entry['median_ms'], 'ms')


def _of_curve(what: str, section: dict) -> Iterator[Figure]:
    for point, sides in section.items():
        for name, side in sides.items():
            yield Figure(f'{what} {point}, {label(name)}', side['median_ms'], 'ms')


_FIGURES_OF_SECTION = {
    'video': _of_video,
    'pictures': lambda section: _of_trackers('pictures', section),
    'start': lambda section: _of_trackers('start-up', section),
    'node': _of_node,
    'cameras': _of_cameras,
    'hands': lambda section: _of_curve('hands visible', section),
    'sizes': lambda section: _of_curve('picture size', section),
}
