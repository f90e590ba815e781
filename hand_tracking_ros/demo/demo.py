"""Track the hands of a simulated camera, or of your own, with the real node, and show them.

Starts hand_tracker and video_publisher as processes of their own, which talk over DDS; records
their messages, and makes pictures of the recording.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from hand_tracking_ros.command_line import counted, positive_number, run_program
from hand_tracking_ros.demo.bag import Bag, check_replaceable
from hand_tracking_ros.demo.child import end_with_parent
from hand_tracking_ros.demo.results import HANDS_FORMAT, HANDS_NAME, SHEET_NAME, VIDEO_NAME, Results
from hand_tracking_ros.demo.session import Job, Session
from hand_tracking_ros.media import MediaSource
from hand_tracking_ros.media.simulated_media import SIMULATED
from hand_tracking_ros.media.sources import SOURCE_HELP, open_media
from hand_tracking_ros.media.video_writer import CODEC_ADVICE, H264
from hand_tracking_ros.output_files import check_apart, explained, replacing_all
from hand_tracking_ros.signals import exit_on_signal, stop_on_first_signal
from hand_tracking_ros.tracking.errors import UserError

RECORDING_NAME = 'recording'
LOG_FOLDER_NAME = 'logs'
MAX_TRACKS_NAMED = 6
# Set by the Makefile: the process whose end ends the demo.
PARENT_VARIABLE = 'HAND_TRACKING_ROS_PARENT'

DESCRIPTION = f"""{__doc__}
Into the output folder:
  {VIDEO_NAME:20}every frame with the hands found in it
  {SHEET_NAME:20}some of them on one page
  {HANDS_NAME:20}every hand, all fields
  {RECORDING_NAME + '/':20}rosbag2 folder (MCAP): images (jpeg), camera_info, hands, poses, TF,
  {'':20}markers, diagnostics
  {LOG_FOLDER_NAME + '/':20}what hand_tracker and video_publisher printed

{HANDS_FORMAT}"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    parent_pid = os.environ.pop(PARENT_VARIABLE, '')
    if parent_pid:
        end_with_parent(int(parent_pid))
    arguments = _parse(argv)
    with exit_on_signal():
        return run_program(lambda: run(arguments))


def run(arguments: argparse.Namespace) -> None:
    """Record, write the results, and print a summary.

    Raises:
        UserError: the source or the output folder is not usable, one of the programs failed, or
            frames are not accounted for.
    """
    with open_media(arguments.source) as source:
        # It can be read, and knows its size; the publisher opens it again.
        job = Job(source, arguments.source, arguments.rate, arguments.duration)
    results = [arguments.output / name for name in (VIDEO_NAME, SHEET_NAME, HANDS_NAME)]
    check_apart([('--output', path) for path in results], source.paths)
    with replacing_all('--output', arguments.output) as folder:
        check_replaceable(arguments.output / RECORDING_NAME)
        failure = _record_and_show(job, folder, arguments.output)
    print(f'{"written":10}{_list_files(arguments.output)}', flush=True)
    if failure:
        raise failure


def _record_and_show(job: Job, folder: Path, output: Path) -> UserError | None:
    """Write everything into `folder`; returns what to raise once it is in `output`."""
    logs = output / LOG_FOLDER_NAME
    with explained('--output', logs):
        logs.mkdir(exist_ok=True)
    print(_describe_job(job), flush=True)
    with stop_on_first_signal() as stop, Bag(folder / RECORDING_NAME) as bag:
        session = Session(bag, logs)
        failure = session.run(job, stop)
    counts = session.counts
    results = Results(folder / RECORDING_NAME, job.source, counts)
    if not results.num_images:
        raise failure or UserError('ended before the first frame: there is nothing to show')
    _write_results(results, job, folder)
    if failure is None and not stop.is_set() and not job.duration_s:
        _warn_of_missing_frames(job.source, counts.published)
    if failure is None and (counts.unaccounted or counts.lost_in_transport < 0):
        return UserError('these counts do not add up: some frames are not accounted for')
    return failure


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='demo', description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--source', default=SIMULATED, help=f'{SOURCE_HELP} (default: %(default)s)')
    parser.add_argument(
        '--output',
        type=Path,
        default=Path('demo_output'),
        metavar='FOLDER',
        help='where the results go (default: %(default)s)',
    )
    parser.add_argument(
        '--duration',
        type=positive_number,
        metavar='SECONDS',
        help='stop after this time (default: at the end of the source, or at Ctrl-C)',
    )
    parser.add_argument(
        '--rate',
        type=positive_number,
        metavar='HZ',
        help='frames per second (default: those of the source)',
    )
    return parser.parse_args(argv)


def _describe_job(job: Job) -> str:
    source = job.source
    length = counted(source.num_frames, 'frame') if source.num_frames else 'until Ctrl-C'
    rate_hz = job.rate_hz or source.rate_hz
    return f'{source.name}: {length}, {source.width}x{source.height}, {rate_hz:g} Hz'


def _write_results(results: Results, job: Job, folder: Path) -> None:
    results.write_hands(folder / HANDS_NAME)
    counts, rates, latency = results.counts, _describe_rates(results), _describe_latency(results)
    # A camera's rate depends on the light; files are published with their own.
    measured_hz = results.rate_hz if job.source.is_live else None
    codec = results.write_pictures(
        folder,
        rate_hz=measured_hz or job.rate_hz or job.source.rate_hz,
        subtitle=f'{counts.processed} of {counts.published} frames processed, '
        f'{results.num_with_hands} with hands - {rates} - {latency}',
    )
    rows = {
        'frames': f'{counts.published} published = {counts.processed} processed + '
        f'{counts.dropped} dropped + {counts.with_errors} with errors + '
        f'{counts.lost_in_transport} lost in transport',
        'hands': f'in {results.num_with_hands} of {results.num_results} processed frames; '
        f'{_describe_tracks(results.tracks)}',
        'rate': rates,
        'latency': latency,
        'recorded': f'{counted(results.num_images, "image")}, '
        f'{counted(results.num_results, "result")}',
        'video': codec if codec == H264 else f'{codec} ({CODEC_ADVICE})',
    }
    print('\n'.join(f'{name:10}{text}' for name, text in rows.items()), flush=True)


def _warn_of_missing_frames(source: MediaSource, num_published: int) -> None:
    if num_published < source.num_frames:
        print(
            f'{"warning":10}only {num_published} of {source.num_frames} frames came: is '
            f'{source.name} damaged?'
        )


def _list_files(output: Path) -> str:
    names = (VIDEO_NAME, SHEET_NAME, HANDS_NAME, f'{RECORDING_NAME}/')
    return f'\n{"":10}'.join(f'{output}/{name}' for name in names)


def _describe_rates(results: Results) -> str:
    if results.rate_hz is None or results.processed_rate_hz is None:
        return 'not measured'
    return f'{results.rate_hz:.1f} Hz published, {results.processed_rate_hz:.1f} Hz processed'


def _describe_latency(results: Results) -> str:
    if results.latencies_ms is None:
        return 'not measured'
    median_ms, p95_ms = results.latencies_ms
    return f'{median_ms:.1f} ms from image stamp to result ({p95_ms:.1f} ms at 95 %)'


def _describe_tracks(tracks: dict[int, str]) -> str:
    if len(tracks) > MAX_TRACKS_NAMED:
        return f'{len(tracks)} tracks'
    named = [f'{side} #{track_id}' for track_id, side in sorted(tracks.items())]
    return 'tracks: ' + (', '.join(named) or 'none')
