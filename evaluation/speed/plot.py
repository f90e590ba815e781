"""The benchmark's figures as a plot.

Runs by itself under the Python that mediapipe was installed for, because matplotlib came along with
it: python benchmark_plot.py FIGURES.json OUT.png
"""

from __future__ import annotations

import json
import sys

import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as plt

SETTINGS = {
    'max_1': 'at most\n1 hand',
    'max_2': 'at most 2,\none visible',
    'two_hands': 'at most 2,\ntwo visible',
}
COLORS = {
    'cpu': '#1b6ca8',
    'openvino': '#46a2d9',
    'openvino_bf16': '#8fcbe8',
    'cuda': '#2a9d6f',
    'legacy': '#c0392b',
    'tasks': '#e08e45',
}
OTHER_COLOR = '#8e7cc3'
RUNTIMES = {
    'cpu': 'ONNX Runtime',
    'openvino': 'OpenVINO',
    'openvino_bf16': 'OpenVINO bf16',
    'cuda': 'CUDA',
}
PEERS = ('legacy', 'tasks')
GRAY = '#b0b0b0'


def main():
    figures, path = sys.argv[1:]
    with open(figures) as file:
        result = json.load(file)
    sections = result['sections']
    plt.rcParams.update({'font.size': 8, 'axes.spines.top': False, 'axes.spines.right': False})
    figure, axes = plt.subplots(2, 2, figsize=(9, 6.6), layout='constrained')
    draw_trackers(axes[0][0], sections, result['versions'])
    draw_node(axes[0][1], sections['node'])
    draw_curve(axes[1][0], sections['hands'], 'hands visible and allowed, 1280x720')
    draw_curve(axes[1][1], sections['sizes'], 'picture size, one hand')
    figure.suptitle(f'{result["date"][:10]}, {result["machine"]}', fontsize=9)
    figure.savefig(path, dpi=110, metadata={'Software': None})


def draw_trackers(axes, sections, versions):
    """Draw bars for the median, with the 95th percentile as a line above them."""
    entries = {label: sections['video']['settings'][name] for name, label in SETTINGS.items()}
    entries['static\npictures'] = sections['pictures']
    names = list(entries['at most\n1 hand']['sides'])
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        sides = [entry['sides'].get(name) for entry in entries.values()]
        x = [index + (place - (len(names) - 1) / 2) * width for index in range(len(sides))]
        medians = [side['median_ms'] for side in sides]
        above = [max(0.0, side['p95_ms'] - side['median_ms']) for side in sides]
        axes.bar(
            x,
            medians,
            width,
            yerr=[[0.0] * len(above), above],
            color=COLORS.get(name, OTHER_COLOR),
            label=tracker_label(name, versions),
            error_kw={'lw': 0.8, 'ecolor': '#404040'},
        )
    axes.set_xticks(range(len(entries)), list(entries))
    axes.set_title('time per image, ms: median, line to 95 %', loc='left')
    add_legend(axes)


def draw_node(axes, node):
    """Draw the node's latency on top of what it cannot avoid."""
    sizes = list(node)
    bare = [node[size]['bare']['median_ms'] for size in sizes]
    tracker = [node[size]['tracker']['median_ms'] for size in sizes]
    latency = [node[size]['node']['median_ms'] for size in sizes]
    percent = [node[size]['node']['processor_percent'] for size in sizes]
    rows = range(len(sizes))
    axes.barh([row + 0.2 for row in rows], latency, 0.36, color=COLORS['cpu'], label='node')
    axes.barh([row - 0.2 for row in rows], bare, 0.36, color=GRAY, label='bare transport')
    axes.barh(
        [row - 0.2 for row in rows],
        tracker,
        0.36,
        left=bare,
        color=OTHER_COLOR,
        label='tracker alone',
    )
    for row in rows:
        axes.text(latency[row], row + 0.2, f' {percent[row]:.0f} % of a core', va='center')
    axes.set_yticks(rows, sizes)
    axes.invert_yaxis()
    axes.margins(x=0.25)
    axes.set_title('node, 30 Hz: stamp to HandArray, median ms', loc='left')
    add_legend(axes)


def draw_curve(axes, section, what):
    """Draw our median against something, with a band up to the 95th percentile."""
    points = list(section)
    for name in section[points[0]]:
        medians = [section[point][name]['median_ms'] for point in points]
        p95 = [section[point][name]['p95_ms'] for point in points]
        color = COLORS.get(name, OTHER_COLOR)
        axes.plot(
            range(len(points)),
            medians,
            marker='o',
            ms=3,
            color=color,
            label=RUNTIMES.get(name, name),
        )
        axes.fill_between(range(len(points)), medians, p95, color=color, alpha=0.15, lw=0)
    axes.set_xticks(range(len(points)), points)
    axes.margins(y=0.25)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(what)
    axes.set_title('ours, time per image, ms: median, band to 95 %', loc='left')
    axes.legend(frameon=False, loc='upper left')


def add_legend(axes):
    """Put the legend under a plot that has no room inside."""
    axes.legend(frameon=False, loc='upper center', bbox_to_anchor=(0.5, -0.16), ncols=2)


def tracker_label(name, versions):
    """Say what a tracker is called."""
    if name in PEERS:
        return f'mediapipe {versions[name]}'
    return f'ours, {RUNTIMES.get(name, name)}'


if __name__ == '__main__':
    main()
