"""The benchmark's figures as a plot.

Runs by itself under the Python that mediapipe was installed for, because matplotlib came along with
it: python plot.py OUT.png < FIGURES.json
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
GRAY = '#b0b0b0'


def main():
    result = json.load(sys.stdin)
    sections, labels = result['sections'], result['labels']
    plt.rcParams.update({'font.size': 8, 'axes.spines.top': False, 'axes.spines.right': False})
    figure, axes = plt.subplots(2, 2, figsize=(9, 6.6), layout='constrained')
    draw_trackers(axes[0][0], sections, labels)
    draw_node(axes[0][1], sections['node'])
    draw_curve(axes[1][0], sections['hands'], labels, 'hands visible and allowed, 1280x720')
    draw_curve(axes[1][1], sections['sizes'], labels, 'picture size, one hand')
    figure.suptitle(f'{result["date"][:10]}, {result["machine"]}', fontsize=9)
    figure.savefig(sys.argv[1], dpi=110, metadata={'Software': None})


def draw_trackers(axes, sections, labels):
    """Draw bars for the median, with the 95th percentile as a line above them."""
    entries = {label: sections['video']['settings'][name] for name, label in SETTINGS.items()}
    entries['static\npictures'] = sections['pictures']
    names = list(entries['at most\n1 hand']['sides'])
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        sides = [entry['sides'][name] for entry in entries.values()]
        x = [index + (place - (len(names) - 1) / 2) * width for index in range(len(sides))]
        above = [max(0.0, side['p95_ms'] - side['median_ms']) for side in sides]
        axes.bar(
            x,
            [side['median_ms'] for side in sides],
            width,
            yerr=[[0.0] * len(above), above],
            color=COLORS.get(name, OTHER_COLOR),
            label=labels[name],
            error_kw={'lw': 0.8, 'ecolor': '#404040'},
        )
    axes.set_xticks(range(len(entries)), list(entries))
    axes.set_title('time per image, ms: median, line to 95 %', loc='left')
    add_legend(axes)


def draw_node(axes, node):
    """Draw the node's latency on top of what it cannot avoid."""
    sizes = list(node)
    medians_ms = {
        what: [node[size][what]['median_ms'] for size in sizes]
        for what in ('bare', 'tracker', 'node')
    }
    upper = [row + 0.2 for row in range(len(sizes))]
    lower = [row - 0.2 for row in range(len(sizes))]

    def draw(what, rows, color, label, left=0.0):
        axes.barh(rows, medians_ms[what], 0.36, left=left, color=color, label=label)

    draw('node', upper, COLORS['cpu'], 'node')
    draw('bare', lower, GRAY, 'bare transport')
    draw('tracker', lower, OTHER_COLOR, 'tracker alone', left=medians_ms['bare'])
    for row, size in enumerate(sizes):
        percent = node[size]['node']['processor_percent']
        axes.text(medians_ms['node'][row], upper[row], f' {percent:.0f} % of a core', va='center')
    axes.set_yticks(range(len(sizes)), sizes)
    axes.invert_yaxis()
    axes.margins(x=0.25)
    axes.set_title('node, 30 Hz: stamp to HandArray, median ms', loc='left')
    add_legend(axes)


def draw_curve(axes, section, labels, what):
    """Draw our median against something, with a band up to the 95th percentile."""
    points = list(section)
    x = range(len(points))
    for name in section[points[0]]:
        medians = [section[point][name]['median_ms'] for point in points]
        p95 = [section[point][name]['p95_ms'] for point in points]
        color = COLORS.get(name, OTHER_COLOR)
        axes.plot(x, medians, marker='o', ms=3, color=color, label=labels[name])
        axes.fill_between(x, medians, p95, color=color, alpha=0.15, lw=0)
    axes.set_xticks(x, points)
    axes.margins(y=0.25)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(what)
    axes.set_title('ours, time per image, ms: median, band to 95 %', loc='left')
    axes.legend(frameon=False, loc='upper left')


def add_legend(axes):
    """Put the legend under a plot that has no room inside."""
    axes.legend(frameon=False, loc='upper center', bbox_to_anchor=(0.5, -0.16), ncols=2)


if __name__ == '__main__':
    main()
