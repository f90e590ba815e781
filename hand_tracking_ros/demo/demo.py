"""Track the hands of a simulated camera, or of your own, with the real node, and show them.

Starts hand_tracker and video_publisher as processes of their own, which talk over DDS; records
their messages, and makes pictures of the recording.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hand_tracking_ros.command_line import positive_number, run_program
from hand_tracking_ros.demo.bag import Bag
from hand_tracking_ros.demo.results import HANDS_FORMAT, HANDS_NAME, SHEET_NAME, VIDEO_NAME, Results
from hand_tracking_ros.demo.session import Job, Session, counted
from hand_tracking_ros.media.simulated_media import SIMULATED
from hand_tracking_ros.media.sources import SOURCE_HELP, open_media
from hand_tracking_ros.ros.process import stop_on_signal
from hand_tracking_ros.tracking.errors import UserError

RECORDING_NAME = 'recording'
LOG_FOLDER_NAME = 'logs'
MAX_TRACKS_NAMED = 6

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
    return run_program(lambda: run(_parse(argv)))


def run(arguments: argparse.Namespace) -> None:
    """Record, write the results, and print a summary.

    Raises:
        UserError: the source or the output folder is not usable, one of the programs failed, or
            frames are not accounted for.
    """
    with open_media(arguments.source) as source:
        # It can be read, and knows its size; the publisher opens it again.
        job = Job(source, arguments.source, arguments.rate, arguments.duration)
    recording, logs = arguments.output / RECORDING_NAME, arguments.output / LOG_FOLDER_NAME
    _prepare_folder(arguments.output, logs)
    print(_describe_job(job), flush=True)
    with stop_on_signal() as stop, Bag(recording) as bag:
        session = Session(bag, logs)
        failure = session.run(job, stop)
    counts = session.counts
    results = Results(recording, job.source, counts)
    if results.num_images:
        _write_results(results, job, arguments.output)
    elif not failure:
        raise UserError('ended before the first frame: there is nothing to show')
    if failure:
        raise failure
    if counts.unaccounted or counts.lost_in_transport < 0:
        raise UserError('these counts do not add up: some frames are not accounted for')


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


def _prepare_folder(output: Path, logs: Path) -> None:
    """Make the folders, and remove results of an earlier run: this one may end without any."""
    try:
        logs.mkdir(parents=True, exist_ok=True)
        for name in (VIDEO_NAME, SHEET_NAME, HANDS_NAME):
            (output / name).unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f'--output {output}: cannot be used ({error})') from error


def _describe_job(job: Job) -> str:
    source = job.source
    length = counted(source.num_frames, 'frame') if source.num_frames else 'until Ctrl-C'
    rate_hz = job.rate_hz or source.rate_hz
    return f'{source.name}: {length}, {source.width}x{source.height}, {rate_hz:g} Hz'


def _write_results(results: Results, job: Job, output: Path) -> None:
    results.write_hands(output / HANDS_NAME)
    counts, speed = results.counts, _describe_speed(results)
    # A camera's rate depends on the light; files are published with their own.
    measured_hz = results.rate_hz if job.source.is_live else None
    codec = results.write_pictures(
        output,
        rate_hz=measured_hz or job.rate_hz or job.source.rate_hz,
        subtitle=f'{counts.processed} of {counts.published} frames processed, '
        f'{results.num_with_hands} with hands - {speed}',
    )
    advice = '' if codec == 'H.264' else ' (browsers play only H.264, written where PyAV is)'
    rows = {
        'frames': f'{counts.published} published = {counts.processed} processed + '
        f'{counts.dropped} dropped + {counts.with_errors} with errors + '
        f'{counts.lost_in_transport} lost in transport',
        'hands': f'in {results.num_with_hands} of {results.num_results} processed frames; '
        f'{_describe_tracks(results.tracks)}',
        'speed': speed,
        'recorded': f'{counted(results.num_images, "image")}, '
        f'{counted(results.num_results, "result")}',
        'written': f'{output / VIDEO_NAME} {codec}{advice}',
    }
    print('\n'.join(f'{name:10}{text}' for name, text in rows.items()))
    for name in (SHEET_NAME, HANDS_NAME, f'{RECORDING_NAME}/'):
        print(f'{"":10}{output}/{name}')
    sys.stdout.flush()


def _describe_speed(results: Results) -> str:
    parts = []
    if results.rate_hz is not None:
        parts.append(f'{results.rate_hz:.1f} Hz')
    if results.latencies_ms is not None:
        median_ms, p95_ms = results.latencies_ms
        parts.append(f'{median_ms:.1f} ms from image stamp to result ({p95_ms:.1f} ms at 95 %)')
    return ', '.join(parts) or 'nothing measured'


def _describe_tracks(tracks: dict[int, str]) -> str:
    if len(tracks) > MAX_TRACKS_NAMED:
        return f'{len(tracks)} tracks'
    named = [f'{side} #{track_id}' for track_id, side in sorted(tracks.items())]
    return 'tracks: ' + (', '.join(named) or 'none')
