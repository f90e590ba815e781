"""What the benchmark's figures look like as tables, in the terminal and in docs/speed.md."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.markdown import table
from evaluation.speed.trackers import LABELS, label

SETTING_LABELS = {
    'max_1': 'at most 1 hand, one visible',
    'max_2': 'at most 2 hands, one visible',
    'two_hands': 'at most 2 hands, two visible',
}
MEMORY_SETTING = 'max_2'
CURVES = {'hands': 'hands visible and allowed', 'sizes': 'picture size, one hand'}


def heading(result: dict) -> str:
    """When, where and with what."""
    versions = result['versions']
    runtimes = [
        f'{name} {versions[name]}' for name in ('onnxruntime', 'openvino') if name in versions
    ]
    return (
        f'{result["date"][:10]}, {result["machine"]}, Python {versions["python"]}, '
        f'{", ".join(runtimes)}; load {result["load_before"]:.1f} before the start'
    )


def describe_section(name: str, section: dict) -> str:
    """The tables of one section."""
    if 'not_measured' in section:
        return f'{name}: not measured ({section["not_measured"]})'
    if name == 'node':
        return node_table(section)
    if name == 'cameras':
        return cameras_table(section)
    return curve_table(name, section) if name in CURVES else trackers_table({name: section})


def trackers_table(sections: dict) -> str:
    """Time per image, start-up and memory of every tracker.

    Args:
        sections: of a result, those of video, pictures and start that there are.
    """
    entry = next(iter(sections.values()))
    names = list((entry['settings']['max_1'] if 'settings' in entry else entry)['sides'])
    rows = []
    video = sections.get('video')
    if video:
        settings = video['settings']
        for setting, entry in settings.items():
            what = f'{SETTING_LABELS[setting]}, ms per image'
            rows.append([what, *_times(names, entry['sides'], entry)])
        source = '{name}, {size[0]}x{size[1]}, {frames} images'.format(**video['source'])
        rows[0][0] += f' ({source})'
        seen = _numbers(names, settings['two_hands'], 'hands')
        rows.append(['hands seen where two are visible', *seen])
    if entry := sections.get('pictures'):
        what = f'{entry["source"]["pictures"]} {entry["source"]["name"]}, static, ms each'
        rows.append([what, *_times(names, entry['sides'], entry)])
        cells = _times(names, entry['as_mediapipe'], entry)
        rows.append(['the same, detection_tiles 1x1, landmark_passes 1', *cells])
    if entry := sections.get('start'):
        cells = _times(names, entry['sides'], entry, digits=0)
        rows.append(['process start to first result, ms', *cells])
    if video:
        memory = _numbers(names, settings[MEMORY_SETTING], 'peak_memory_mb')
        rows.append(['peak memory of the process, MB', *memory])
    what = f'median, 95 % (ratio of medians to {LABELS["legacy"]})'
    return table([what, *map(label, names)], rows)


def node_table(section: dict) -> str:
    """One camera on the node, beside bare transport and bare tracker."""
    provider = next(iter(section.values()))['execution_provider']
    head = [f'one camera, 30 Hz, {provider}', 'bare transport, ms', 'tracker alone, ms']
    head += ['stamp to HandArray, ms', 'the node adds, ms', 'processor', 'lost, dropped']
    rows = []
    for size, entry in section.items():
        latency, *rest = _node_cells(entry['node'])
        memory = f'{entry["node"]["peak_memory_mb"]:.0f}'
        alone = [_pair(entry['bare']), _pair(entry['tracker'])]
        rows.append([size, *alone, latency, f'{added_ms(entry):.1f}', *rest, memory])
        if 'endurance' in entry:
            seconds = entry['endurance']['published'] / 30
            latency, *rest = _node_cells(entry['endurance'])
            rows.append([f'{size}, {seconds:.0f} s', '', '', latency, '', *rest, ''])
    return table([*head, 'memory, MB'], rows)


def added_ms(entry: dict) -> float:
    """What the node's median latency has more than transport and tracker have by themselves."""
    return entry['node']['median_ms'] - entry['bare']['median_ms'] - entry['tracker']['median_ms']


def cameras_table(section: dict) -> str:
    """Several cameras on one node."""
    cameras, size = section['cameras'], '{}x{}'.format(*section['size'])
    head = [f'{len(cameras)} cameras {size}, {section["rate_hz"]:g} Hz each']
    head += ['processed, Hz', 'not processed', 'stamp to HandArray, ms']
    rows = [
        [name, f'{each["rate_hz"]:.2f}', f'{each["shortfall"]} of {each["published"]}', _pair(each)]
        for name, each in cameras.items()
    ]
    return f'{table(head, rows)}\n\nProcessor: {section["processor_percent"]:.0f} % of a core.'


def curve_table(name: str, section: dict) -> str:
    """Our time against the number of hands or the size of the picture."""
    points = list(section.values())
    rows = [[label(runtime), *(_pair(point[runtime]) for point in points)] for runtime in points[0]]
    if name == 'hands':
        runtime = next(iter(points[0]))
        seen = (point[runtime]['hands'] / point[runtime]['images'] for point in points)
        rows.append(['hands seen', *(f'{number:.1f}' for number in seen)])
    return table([f'{CURVES[name]}: ms', *section], rows)


def _times(names: Sequence[str], sides: dict, entry: dict, digits: int = 1) -> list[str]:
    """A cell for each name, empty where it has none."""
    reference_ms = entry['sides']['legacy']['median_ms']
    cells = []
    for name in names:
        side = sides.get(name)
        cell = _pair(side, digits) if side else ''
        if side and name != 'legacy':
            cell += f' ({side["median_ms"] / reference_ms:.2f})'
        cells.append(cell)
    return cells


def _numbers(names: Sequence[str], entry: dict, key: str) -> list[str]:
    return [f'{entry["sides"][name][key]:.0f}' for name in names]


def _node_cells(node: dict) -> list[str]:
    late = f' ({node["late"]} sent late)' if node['late'] else ''
    return [
        _pair(node),
        f'{node["processor_percent"]:.0f} % of a core',
        f'{node["lost"]}, {node["dropped"]} of {node["published"]}{late}',
    ]


def _pair(side: dict, digits: int = 1) -> str:
    """Median and 95 %."""
    return f'{side["median_ms"]:.{digits}f}, {side["p95_ms"]:.{digits}f}'
