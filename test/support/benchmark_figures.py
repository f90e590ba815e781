"""Figures as a whole run of the benchmark leaves them, all invented."""

from __future__ import annotations

from evaluation.speed.timing import compare, summarise

MEDIANS_MS = {'cpu': 5.0, 'openvino': 4.0, 'legacy': 10.0, 'tasks': 8.0}


def sides(times_ms: dict[str, float]) -> dict:
    """Trackers that took the same time for every image."""
    turns = {name: [[time_ms] * 3, [time_ms] * 3] for name, time_ms in times_ms.items()}
    return {
        'sides': {
            name: {
                **summarise(turn),
                'processor_mean_ms': 9.0,
                'images': 6,
                'hands': 6,
                'peak_memory_mb': 100.0 if name in ('cpu', 'openvino') else 200.0,
            }
            for name, turn in turns.items()
        },
        'ratios': {
            ours: {peer: compare(turns[ours], turns[peer]) for peer in ('legacy', 'tasks')}
            for ours in ('cpu', 'openvino')
        },
    }


def node_run(median_ms: float, published: int, lost: int = 0) -> dict:
    """What the node did."""
    return {
        **summarise([[median_ms] * 4]),
        'received': published - lost,
        'processed': published - lost,
        'dropped': 0,
        'with_errors': 0,
        'published': published,
        'lost': lost,
        'late': 0,
        'hands_per_image': 1.0,
        'processor_percent': 40.0,
        'peak_memory_mb': 250.0,
    }


def camera_run(shortfall: int) -> dict:
    """What the node made of one of several cameras, which sent 450 frames."""
    return {
        **summarise([[20.0] * 4]),
        'received': 450,
        'processed': 450 - shortfall,
        'dropped': shortfall,
        'with_errors': 0,
        'published': 450,
        'rate_hz': (450 - shortfall) / 30,
        'shortfall': shortfall,
    }


def whole_run() -> dict:
    """A result in which every target is met."""
    per_runtime = sides(MEDIANS_MS)['sides']
    curve = {name: per_runtime[name] for name in ('cpu', 'openvino')}
    node = {
        size: {
            'execution_provider': 'CPUExecutionProvider',
            'bare': summarise([[3.0] * 4]),
            'tracker': per_runtime['cpu'],
            'node': node_run(10.0, 600),
        }
        for size in ('640x480', '1280x720', '1920x1080')
    }
    node['1280x720']['endurance'] = node_run(10.0, 1800)
    return {
        'schema': 1,
        'date': '2026-11-20T10:00:00+00:00',
        'machine': 'Some Processor, 2 cores',
        'load_before': 0.1,
        'versions': {
            'hand_tracking_ros': '0.1.0',
            'python': '3.11.7',
            'numpy': '2.2.6',
            'opencv': '4.14.0',
            'onnxruntime': '1.23.2',
            'openvino': '2026.4.1',
            'legacy': '0.10.21',
            'tasks': '1.2.2',
        },
        'model_complexity': 1,
        'quick': False,
        'runtimes': ['cpu', 'openvino'],
        'not_measured': ['cuda'],
        'sections': {
            'video': {
                'source': {'name': 'hands.mp4', 'size': [1280, 720], 'frames': 600},
                'settings': {
                    'max_1': sides({**MEDIANS_MS, 'legacy': 10.0}),
                    'max_2': sides({**MEDIANS_MS, 'legacy': 20.0}),
                    'two_hands': sides({**MEDIANS_MS, 'legacy': 10.0}),
                },
            },
            'pictures': {
                'source': {'name': 'pictures', 'pictures': 6},
                **sides(MEDIANS_MS),
                'as_mediapipe': curve,
            },
            'start': sides(MEDIANS_MS),
            'node': node,
            'cameras': {
                'size': [640, 480],
                'rate_hz': 15.0,
                'sent_rate_hz': 15.0,
                'late': 0,
                'processor_percent': 80.0,
                'cameras': {name: camera_run(0) for name in ('front', 'left', 'right', 'wrist')},
            },
            'hands': {str(number): curve for number in range(9)},
            'sizes': {size: curve for size in ('640x480', '3840x2160')},
        },
    }
