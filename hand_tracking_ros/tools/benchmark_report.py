"""What the benchmark prints of its figures."""

from __future__ import annotations

COLUMNS = ('median', 'p95', 'mean', 'processor', 'hands', 'memory')


def header(result: dict) -> str:
    """What was measured, and on which machine."""
    video, machine = result['video'], result['machine']
    width, height = video['size']
    return (
        f'{video["name"]}: {video["frames"]} images of {width}x{height}\n'
        f'{machine["processor"]}, {machine["cores"]} cores, '
        f'load {machine["load_before"]:.1f} before the start (best near 0)'
    )


def table(entry: dict) -> str:
    """The figures of one setting as a table of plain text."""
    ours, theirs = entry['sides'].values()
    ratio = entry['ratio']
    rows = [(f'max_num_hands {entry["max_num_hands"]}', *COLUMNS)]
    for name, side in entry['sides'].items():
        times_ms = (side[key] for key in ('median_ms', 'p95_ms', 'mean_ms', 'processor_mean_ms'))
        times = (f'{time_ms:.2f} ms' for time_ms in times_ms)
        rows.append((f'  {name}', *times, side['hands'], f'{side["peak_memory_mb"]:.0f} MB'))
    of_processor = ours['processor_mean_ms'] / theirs['processor_mean_ms']
    ratios = (ratio['median'], ratio['p95'], ratio['mean'], of_processor)
    rows.append(('  ours / theirs', *(f'{number:.2f}   ' for number in ratios)))
    lines = [f'{row[0]:<22}' + ''.join(f'{cell:>11}' for cell in row[1:]) for row in rows]
    lines.append(
        f'  ours / theirs, turn by turn: {ratio["turns_median"]:.2f} '
        f'(most from {ratio["turns_p10"]:.2f} to {ratio["turns_p90"]:.2f})'
    )
    return '\n' + '\n'.join(lines)


def describe_node(node: dict) -> str:
    """The memory of the ROS node, or why it is not known."""
    if 'not_measured' in node:
        return (
            f'\nROS node: not measured, as no ROS 2 with this package was found '
            f'({node["not_measured"]}); environment/run has one'
        )
    return (
        f'\nROS node ({node["ros_distro"]}) after {node["images"]} images: '
        f'{node["memory_mb"]:.0f} MB, peak {node["peak_memory_mb"]:.0f} MB'
    )
