"""Find the hands in pictures and videos, without ROS; write them as JSON or draw them."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from hand_tracking_ros.command_line import check_writable, positive_integer, run_program, write_json
from hand_tracking_ros.media.media_source import MediaSource
from hand_tracking_ros.media.sources import SOURCE_HELP, open_media
from hand_tracking_ros.offline.annotated_output import AnnotatedOutput, check_output
from hand_tracking_ros.tracking import (
    HandModels,
    HandPipeline,
    PipelineOptions,
    SmoothingOptions,
    TrackerOptions,
)
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.hand_json import HAND_FORMAT, hand_to_json
from hand_tracking_ros.tracking.networks.models import COMPLEXITIES
from hand_tracking_ros.tracking.tiles import parse_tiles

DESCRIPTION = f"""{__doc__}

An INPUT is a {SOURCE_HELP}.
The JSON holds "images" {{file name: {{"width", "height", "hands"}}}}, "videos" {{file name: [hands
of frame 0, hands of frame 1, ...]}} and "video_sizes" {{file name: [width, height]}}. A hand has
{HAND_FORMAT}.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    return run_program(lambda: process(_parse(argv)))


def process(arguments: argparse.Namespace) -> None:
    """Process all inputs and write the results.

    Raises:
        UserError: an input, an output or a model file is not usable.
    """
    sources = [open_media(source) for source in arguments.inputs]
    _check_names(sources)
    check_output(arguments.output, sources)
    if arguments.json:
        check_writable('--json', arguments.json)
    pipeline = HandPipeline(models=HandModels.load(arguments.model_complexity))
    results: dict[str, dict] = {'images': {}, 'videos': {}, 'video_sizes': {}}
    for source in sources:
        pipeline.reset()
        pipeline.configure(_options(arguments, source.is_video))
        with source, AnnotatedOutput(arguments.output, source) as output:
            _process_source(source, pipeline, results, output)
    if arguments.json:
        write_json('--json', arguments.json, results)
    frames = [entry['hands'] for entry in results['images'].values()]
    frames += [hands for video in results['videos'].values() for hands in video]
    with_hands = sum(bool(hands) for hands in frames)
    print(f'{len(frames)} images, {with_hands} with hands, {sum(map(len, frames))} hands')


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    defaults = TrackerOptions()
    parser = argparse.ArgumentParser(
        prog='process_media',
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('inputs', nargs='+', metavar='INPUT', help=SOURCE_HELP)
    parser.add_argument('--json', type=Path, metavar='OUT.json', help='write the results here')
    parser.add_argument(
        '--output',
        type=Path,
        metavar='PATH',
        help='draw the hands: a .mp4 file for a video, a picture file for a picture, else a folder',
    )
    parser.add_argument(
        '--static', action='store_true', help='treat each frame of a video by itself, as a picture'
    )
    parser.add_argument(
        '--max-num-hands',
        type=positive_integer,
        default=defaults.max_num_hands,
        metavar='N',
        help='never more hands than this in one image (default %(default)s)',
    )
    parser.add_argument(
        '--model-complexity',
        type=int,
        choices=sorted(COMPLEXITIES),
        default=1,
        help='0: lite networks, 1: full networks (default)',
    )
    parser.add_argument(
        '--image-mirrored', action='store_true', help='the images are mirrored, as selfies are'
    )
    parser.add_argument(
        '--detection-tiles',
        type=_tiles,
        default=defaults.detection_tiles,
        metavar='TILES',
        help='parts of a picture that are searched for hands too small to be found in the whole: '
        'auto (default), 1x1 (the whole only), or columns x rows such as 4x2',
    )
    parser.add_argument(
        '--landmark-passes',
        type=positive_integer,
        metavar='N',
        help='passes of the landmark model for each hand (default: 2 in pictures and with '
        "--static, 1 in videos); with 1 and --detection-tiles 1x1 results are MediaPipe's",
    )
    arguments = parser.parse_args(argv)
    if not arguments.json and not arguments.output:
        parser.error('nothing to write: give --json OUT.json, --output PATH, or both')
    return arguments


def _tiles(text: str) -> str:
    try:
        parse_tiles(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _options(arguments: argparse.Namespace, is_video: bool) -> PipelineOptions:
    tracker = TrackerOptions(
        static_image_mode=arguments.static or not is_video,
        max_num_hands=arguments.max_num_hands,
        image_mirrored=arguments.image_mirrored,
        detection_tiles=arguments.detection_tiles,
        landmark_passes=arguments.landmark_passes or 0,
    )
    # The file holds what each image shows; a reader filters as he needs.
    return PipelineOptions(tracker, smoothing=SmoothingOptions('none'))


def _check_names(sources: Sequence[MediaSource]) -> None:
    for name, count in Counter(source.name for source in sources).items():
        if count > 1:
            raise UserError(
                f'two inputs are named {name!r}, so one would hide the other in the results; '
                'process them one at a time'
            )


def _process_source(
    source: MediaSource, pipeline: HandPipeline, results: dict, output: AnnotatedOutput
) -> None:
    video: list[list[dict]] = []
    for frame in tqdm(source, source.name, total=source.num_frames or None, unit='image'):
        hands = pipeline.process(frame.image, frame.stamp_s)
        described = [hand_to_json(hand) for hand in hands]
        if source.is_video:
            video.append(described)
        else:
            height, width = frame.image.shape[:2]
            results['images'][frame.name] = {'width': width, 'height': height, 'hands': described}
        output.write(frame, hands)
    if source.is_video:
        results['videos'][source.name] = video
        results['video_sizes'][source.name] = [source.width, source.height]
