"""What the benchmark's figures look like as text: tables in Markdown, for terminal and README."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.speed.trackers import LABELS, PEERS

SETTING_LABELS = {
    'max_1': 'at most 1 hand, one visible',
    'max_2': 'at most 2 hands, one visible',
    'two_hands': 'at most 2 hands, two visible',
}
MEMORY_SETTING = 'max_2'


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table whose first row is its head, with columns that line up."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        '| ' + ' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + ' |'
        for row in rows
    ]
    lines.insert(1, '|' + '|'.join('-' * (width + 2) for width in widths) + '|')
    return '\n'.join(lines)


def heading(result: dict) -> str:
    """When, where and with what."""
    versions = result['versions']
    runtimes = [f'onnxruntime {versions["onnxruntime"]}']
    runtimes += [f'openvino {versions["openvino"]}'] if 'openvino' in versions else []
    return (
        f'{result["date"][:10]}, {result["machine"]}, Python {versions["python"]}, '
        f'{", ".join(runtimes)}; load {result["load_before"]:.1f} before the start'
    )


def describe_section(name: str, result: dict) -> str:
    """The tables of one section."""
    section = result['sections'][name]
    if 'not_measured' in section:
        return f'{name}: not measured ({section["not_measured"]})'
    if name in ('video', 'pictures', 'start'):
        return trackers_table({name: section})
    if name == 'node':
        return node_table(section)
    if name == 'cameras':
        return cameras_table(section)
    return curve_table(name, section)


def trackers_table(sections: dict) -> str:
    """Time per image, start-up and memory of every tracker.

    Args:
        sections: of a result, those of video, pictures and start that there are.
    """
    names = _names(sections)
    legacy = LABELS['legacy']
    rows = [[f'median, 95 % (ratio of medians to {legacy})', *map(label, names)]]
    video = sections.get('video')
    if video:
        source = '{name}, {size[0]}x{size[1]}, {frames} images'.format(**video['source'])
        for setting, entry in video['settings'].items():
            what = f'{SETTING_LABELS[setting]}, ms per image'
            rows.append([what, *_times(names, entry['sides'], entry)])
        rows[1][0] += f' ({source})'
        seen = _numbers(names, video['settings']['two_hands'], 'hands')
        rows.append(['hands seen where two are visible', *seen])
    if 'pictures' in sections:
        entry = sections['pictures']
        what = f'{entry["source"]["pictures"]} {entry["source"]["name"]}, static, ms each'
        rows.append([what, *_times(names, entry['sides'], entry)])
        cells = _times(names, entry['as_mediapipe'], entry)
        rows.append(['the same, detection_tiles 1x1, landmark_passes 1', *cells])
    if 'start' in sections:
        entry = sections['start']
        what = 'process start to first result, ms'
        rows.append([what, *_times(names, entry['sides'], entry, digits=0)])
    if video:
        memory = _numbers(names, video['settings'][MEMORY_SETTING], 'peak_memory_mb')
        rows.append(['peak memory of the process, MB', *memory])
    return markdown(rows)


def _names(sections: dict) -> list[str]:
    """Of all trackers that took part."""
    entry = next(iter(sections.values()))
    return list((entry['settings']['max_1'] if 'settings' in entry else entry)['sides'])


def _times(names: Sequence[str], sides: dict, entry: dict, digits: int = 1) -> list[str]:
    """A cell for each name, empty where it has none."""
    reference_ms = entry['sides']['legacy']['median_ms']
    cells = []
    for name in names:
        side = sides.get(name)
        cell = f'{side["median_ms"]:.{digits}f}, {side["p95_ms"]:.{digits}f}' if side else ''
        if side and name != 'legacy':
            cell += f' ({side["median_ms"] / reference_ms:.2f})'
        cells.append(cell)
    return cells


def _numbers(names: Sequence[str], entry: dict, key: str) -> list[str]:
    return [f'{entry["sides"][name][key]:.0f}' for name in names]


def label(name: str) -> str:
    """Of a tracker, for people."""
    return LABELS[name] if name in PEERS else f'ours, {LABELS[name]}'


def node_table(section: dict) -> str:
    """One camera on the node, beside bare transport and bare tracker."""
    provider = next(iter(section.values()))['execution_provider']
    head = [f'one camera, 30 Hz, {provider}', 'bare transport, ms', 'tracker alone, ms']
    head += ['stamp to HandArray, ms', 'the node adds, ms', 'processor', 'lost, dropped']
    head += ['memory, MB']
    rows = [head]
    for size, entry in section.items():
        bare, alone = _pair(entry['bare']), _pair(entry['tracker'])
        adds = f'{added_ms(entry):.1f}'
        memory = f'{entry["node"]["peak_memory_mb"]:.0f}'
        latency, *rest = _node_cells(entry['node'])
        rows.append([size, bare, alone, latency, adds, *rest, memory])
        if 'endurance' in entry:
            seconds = entry['endurance']['published'] / 30
            latency, *rest = _node_cells(entry['endurance'])
            rows.append([f'{size}, {seconds:.0f} s', '', '', latency, '', *rest, ''])
    return markdown(rows)


def added_ms(entry: dict) -> float:
    """What the node's median latency has more than transport and tracker have by themselves."""
    return entry['node']['median_ms'] - entry['bare']['median_ms'] - entry['tracker']['median_ms']


def _node_cells(node: dict) -> list[str]:
    late = f' ({node["late"]} sent late)' if node['late'] else ''
    return [
        _pair(node),
        f'{node["processor_percent"]:.0f} % of a core',
        f'{node["lost"]}, {node["dropped"]} of {node["published"]}{late}',
    ]


def cameras_table(section: dict) -> str:
    """Several cameras on one node."""
    width, height = section['size']
    cameras = section['cameras']
    head = [f'{len(cameras)} cameras {width}x{height}, {section["rate_hz"]:g} Hz each']
    head += ['processed, Hz', 'not processed', 'stamp to HandArray, ms']
    rows = [head]
    for name, entry in cameras.items():
        shortfall = f'{entry["shortfall"]} of {entry["published"]}'
        rows.append([name, f'{entry["rate_hz"]:.2f}', shortfall, _pair(entry)])
    return markdown(rows) + f'\n\nProcessor: {section["processor_percent"]:.0f} % of a core.'


def curve_table(name: str, section: dict) -> str:
    """Our time against the number of hands or the size of the picture."""
    whats = {'hands': 'hands visible and allowed', 'sizes': 'picture size, one hand'}
    rows = [[f'{whats[name]}: ms', *section]]
    for runtime in next(iter(section.values())):
        rows.append([label(runtime), *(_pair(entry[runtime]) for entry in section.values())])
    if name == 'hands':
        runtime = next(iter(next(iter(section.values()))))
        found = (entry[runtime]['hands'] / entry[runtime]['images'] for entry in section.values())
        rows.append(['hands seen', *(f'{number:.1f}' for number in found)])
    return markdown(rows)


def _pair(side: dict) -> str:
    """Median and 95 %."""
    return f'{side["median_ms"]:.1f}, {side["p95_ms"]:.1f}'
