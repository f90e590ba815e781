"""Time our tracker and MediaPipe side by side on one video, and weigh the ROS node.

Both trackers run in one go on this machine, each in a process of its own, taking turns every few
frames; what is timed is the tracker's own call for one decoded RGB image. MediaPipe is installed in
an environment of its own the first time. docs/benchmark.md says how to read the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from statistics import fmean

import cv2
import onnxruntime
from tqdm import tqdm

from hand_tracking_ros.tools.benchmark_report import describe_node, header, table
from hand_tracking_ros.tools.benchmark_sides import (
    WARM_UP_FRAMES,
    WORKER,
    Recording,
    Side,
    run_in_turns,
)
from hand_tracking_ros.tools.benchmark_statistics import compare, summarise
from hand_tracking_ros.tools.mediapipe_environment import VERSION, prepare_mediapipe
from hand_tracking_ros.tools.programs import run_program
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.models import COMPLEXITIES

PACKAGE_PARENT = Path(__file__).resolve().parents[2]
TEST_DATA_VARIABLE = 'HAND_TRACKING_TEST_DATA'
DEFAULT_VIDEO = Path('video', 'one_hand_720p.mp4')
OURS, MEDIAPIPE = 'hand_tracking_ros', f'mediapipe {VERSION}'


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    return run_program(lambda: benchmark(_parse(argv)))


def benchmark(arguments: argparse.Namespace) -> None:
    """Measure, print the figures, and write them if wished.

    Raises:
        UserError: the video is not usable, MediaPipe cannot be set up, or a tracker fails.
    """
    if arguments.json:
        _write(arguments.json, '', 'a')  # fails now if it must, not after the long run
    video = arguments.video or _default_video()
    frames_in_video, size = _look_at(video)
    max_frames = min(arguments.frames or frames_in_video, frames_in_video)
    mediapipe_python = prepare_mediapipe()

    result = {
        'date': datetime.now(timezone.utc).isoformat(timespec='seconds'),
        'machine': _describe_machine(),
        'video': {'name': video.name, 'size': size, 'frames': max_frames},
        'model_complexity': arguments.model_complexity,
        'tracking': [],
    }
    print(header(result), flush=True)
    for max_num_hands in arguments.max_num_hands:
        entry = _time_trackers(
            video, max_frames, max_num_hands, arguments.model_complexity, mediapipe_python
        )
        result['tracking'].append(entry)
        print(table(entry), flush=True)
    result['node'] = _weigh_node(video, max_frames)
    print(describe_node(result['node']))
    if arguments.json:
        _write(arguments.json, json.dumps(result, indent=2) + '\n', 'w')


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='benchmark',
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--video',
        type=Path,
        metavar='FILE',
        help=f'a video of hands (default: {DEFAULT_VIDEO} in the folder that the environment '
        f'variable {TEST_DATA_VARIABLE} names)',
    )
    parser.add_argument(
        '--frames',
        type=_frames,
        metavar='N',
        help='stop after so many frames (default: the whole video)',
    )
    parser.add_argument(
        '--max-num-hands',
        type=int,
        nargs='+',
        choices=range(1, 11),
        default=[1, 2],
        metavar='N',
        help='measure with each of these (default: 1 2)',
    )
    parser.add_argument(
        '--model-complexity',
        type=int,
        choices=sorted(COMPLEXITIES),
        default=1,
        help='0: lite networks, 1: full networks (default)',
    )
    parser.add_argument('--json', type=Path, metavar='OUT.json', help='write the figures here too')
    return parser.parse_args(argv)


def _frames(text: str) -> int:
    if not text.isdecimal() or int(text) <= WARM_UP_FRAMES:
        raise argparse.ArgumentTypeError(
            f'{text!r} is too few or no number: expected more than {WARM_UP_FRAMES}, '
            'as so many are not timed'
        )
    return int(text)


def _default_video() -> Path:
    data = os.environ.get(TEST_DATA_VARIABLE) or PACKAGE_PARENT.parent / 'shared' / 'data'
    video = Path(data) / DEFAULT_VIDEO
    if not video.is_file():
        raise UserError(f'there is no {video}; give a video of hands with --video FILE')
    return video


def _look_at(video: Path) -> tuple[int, tuple[int, int]]:
    """Number of frames, (width, height)."""
    if not video.is_file():
        raise UserError(f'--video: {video} is not a file')
    capture = cv2.VideoCapture(str(video))
    frames, width, height = (
        int(capture.get(key))
        for key in (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
    )
    if frames <= WARM_UP_FRAMES:
        raise UserError(
            f'--video: {video} has {max(frames, 0)} frames that OpenCV can read, '
            f'expected a video of more than {WARM_UP_FRAMES}'
        )
    return frames, (width, height)


def _describe_machine() -> dict:
    with open('/proc/cpuinfo') as cpuinfo:
        models = [line.split(':')[1].strip() for line in cpuinfo if line.startswith('model name')]
    return {
        'processor': models[0] if models else platform.machine(),
        'cores': len(os.sched_getaffinity(0)),
        'load_before': os.getloadavg()[0],
        'python': platform.python_version(),
        'onnxruntime': onnxruntime.__version__,
    }


def _time_trackers(
    video: Path,
    max_frames: int,
    max_num_hands: int,
    model_complexity: int,
    mediapipe_python: Path,
) -> dict:
    """Let both trackers work through the video, and sum up what they did."""
    work = [
        video.resolve(),
        f'--max-num-hands={max_num_hands}',
        f'--model-complexity={model_complexity}',
    ]
    ours = [sys.executable, '-m', 'hand_tracking_ros.tools.benchmark_worker', 'ours', *work]
    theirs = [mediapipe_python, '-I', WORKER, 'mediapipe', *work]
    with ExitStack() as stack:
        sides = [
            stack.enter_context(Side(OURS, ours, PACKAGE_PARENT)),
            stack.enter_context(Side(MEDIAPIPE, theirs)),
        ]
        progress = stack.enter_context(
            tqdm(
                total=len(sides) * max_frames,
                desc=f'max_num_hands {max_num_hands}',
                unit='image',
                leave=False,
            )
        )
        run_in_turns(sides, max_frames, progress.update)
    recordings = {side.name: side.recording for side in sides}
    return {
        'max_num_hands': max_num_hands,
        'sides': {name: _describe(recording) for name, recording in recordings.items()},
        'ratio': compare(*(recording.turns_ms for recording in recordings.values())),
    }


def _describe(recording: Recording) -> dict:
    return {
        **summarise(recording.turns_ms),
        'processor_mean_ms': fmean(recording.processor_ms),
        'images': len(recording.hands),
        'hands': sum(recording.hands),
        'peak_memory_mb': recording.peak_memory_mb,
    }


def _weigh_node(video: Path, max_frames: int) -> dict:
    """Measure the memory of the real ROS node, or say why that cannot be done here."""
    # Elsewhere than in the checkout, whose hand_tracking_ros folder has no messages and would
    # hide the installed one that has.
    with tempfile.TemporaryDirectory() as elsewhere:
        needed = [sys.executable, '-c', 'import rclpy, hand_tracking_ros.msg']
        attempt = subprocess.run(needed, cwd=elsewhere, capture_output=True, text=True)
        if attempt.returncode != 0:
            return {'not_measured': attempt.stderr.strip().splitlines()[-1]}
        module = 'hand_tracking_ros.tools.benchmark_node'
        weighing = [sys.executable, '-m', module, video.resolve(), str(max_frames)]
        answer = subprocess.run(weighing, cwd=elsewhere, stdout=subprocess.PIPE, text=True)
    if answer.returncode != 0:
        raise UserError('the memory of the ROS node could not be measured, for the reason above')
    return {'ros_distro': os.environ.get('ROS_DISTRO'), **json.loads(answer.stdout)}


def _write(path: Path, text: str, mode: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode) as file:
            file.write(text)
    except OSError as error:
        raise UserError(f'--json: {path} cannot be written ({error.strerror})') from error


if __name__ == '__main__':
    sys.exit(main())
