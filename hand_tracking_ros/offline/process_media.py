"""Find the hands in pictures and videos, without ROS; write them as JSON or draw them."""

from __future__ import annotations

import argparse
import functools
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from hand_tracking_ros.command_line import (
    counted,
    positive_integer,
    positive_number,
    run_program,
    write_json,
)
from hand_tracking_ros.media.media_source import MediaSource
from hand_tracking_ros.media.sources import SOURCE_HELP, open_media
from hand_tracking_ros.media.video_writer import CODEC_ADVICE, H264
from hand_tracking_ros.offline.annotated_output import AnnotatedOutput, check_output, output_files
from hand_tracking_ros.output_files import check_apart, check_writable
from hand_tracking_ros.signals import exit_on_signal, until_signal
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
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.tiles import parse_tiles

DESCRIPTION = f"""{__doc__}

An INPUT is a {SOURCE_HELP}.
The JSON holds "images" {{file name: {{"width", "height", "hands"}}}}, "videos" {{file name: [hands
of frame 0, hands of frame 1, ...]}} and "video_sizes" {{file name: [width, height]}}. A hand has
{HAND_FORMAT}.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    arguments = _parse(argv)
    with exit_on_signal():
        return run_program(lambda: process(arguments))


def process(arguments: argparse.Namespace) -> None:
    """Process all inputs and write the results.

    Raises:
        UserError: an input, an output or a model file is not usable; or a part of an input could
            not be read, and the results of the rest are written.
    """
    sources = [open_media(source) for source in arguments.inputs]
    _check_names(sources)
    _check_outputs(arguments, sources)
    pipeline = HandPipeline(models=HandModels.load(arguments.model_complexity))
    results: dict[str, dict] = {'images': {}, 'videos': {}, 'video_sizes': {}}
    for source in sources:
        pipeline.reset()
        pipeline.configure(_options(arguments, source.is_video))
        fov_deg = arguments.horizontal_fov_deg or source.horizontal_fov_deg
        with source, AnnotatedOutput(arguments.output, source) as output:
            _process_source(source, pipeline, fov_deg, results, output)
        if output.video and output.video.codec != H264:
            print(f'{source.name} was written as {output.video.codec}: {CODEC_ADVICE}')
    if arguments.json:
        write_json('--json', arguments.json, results)
    print(_summary(results))
    if any(source.problems for source in sources):
        raise UserError('not all of the input could be read, see above; the rest was processed')


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
        '--horizontal-fov-deg',
        type=_field_of_view,
        metavar='DEG',
        help='horizontal field of view of the camera that took the images: gives hands a pose in '
        'metres; a common webcam has about 60 degrees (default: no pose)',
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
        '--detection-rotated',
        action='store_true',
        help='search pictures turned by 90, 180 and 270 degrees too, for hands seen upside down',
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


def _field_of_view(text: str) -> float:
    angle_deg = positive_number(text)
    if angle_deg >= 180:
        raise argparse.ArgumentTypeError(f'{text!r} is no angle below 180 degrees')
    return angle_deg


def _options(arguments: argparse.Namespace, is_video: bool) -> PipelineOptions:
    tracker = TrackerOptions(
        static_image_mode=arguments.static or not is_video,
        max_num_hands=arguments.max_num_hands,
        image_mirrored=arguments.image_mirrored,
        detection_tiles=arguments.detection_tiles,
        detection_rotated=arguments.detection_rotated,
        landmark_passes=arguments.landmark_passes or 0,
    )
    # The file holds what each image shows; a reader filters as he needs.
    return PipelineOptions(tracker, smoothing=SmoothingOptions('none'))


def _check_names(sources: Sequence[MediaSource]) -> None:
    names = [source.name for source in sources]
    for source in sources:
        # A folder of pictures has an entry for each of them; a single picture has its own name.
        names += [path.name for path in source.paths if path.name != source.name]
    for name, count in Counter(names).items():
        if count > 1:
            raise UserError(
                f'two inputs are named {name!r}, so one would hide the other in the results; '
                'process them one at a time'
            )


def _check_outputs(arguments: argparse.Namespace, sources: Sequence[MediaSource]) -> None:
    check_output(arguments.output, sources)
    outputs = [('--json', arguments.json)] if arguments.json else []
    for source in sources:
        outputs += [('--output', path) for path in output_files(arguments.output, source)]
    check_apart(outputs, [path for source in sources for path in source.paths])
    for option, path in outputs:
        check_writable(option, path)


def _process_source(
    source: MediaSource,
    pipeline: HandPipeline,
    horizontal_fov_deg: float | None,
    results: dict,
    output: AnnotatedOutput,
) -> None:
    video: list[list[dict]] = []
    frames = until_signal(source) if source.is_live else source
    for frame in tqdm(frames, source.name, total=source.num_frames or None, unit='image'):
        height, width = frame.image.shape[:2]
        camera = _pinhole(width, height, horizontal_fov_deg) if horizontal_fov_deg else None
        hands = pipeline.process(frame.image, frame.stamp_s, camera)
        described = [hand_to_json(hand) for hand in hands]
        if source.is_video:
            video.append(described)
        else:
            results['images'][frame.name] = {'width': width, 'height': height, 'hands': described}
        output.write(frame, hands)
    if source.is_video:
        results['videos'][source.name] = video
        results['video_sizes'][source.name] = [source.width, source.height]


@functools.lru_cache
def _pinhole(width: int, height: int, horizontal_fov_deg: float) -> CameraModel:
    """An ideal camera with the optical axis in the middle of the image."""
    focal_px = 0.5 * width / math.tan(math.radians(horizontal_fov_deg) / 2)
    center_x_px, center_y_px = (width - 1) / 2, (height - 1) / 2
    matrix = [focal_px, 0.0, center_x_px, 0.0, focal_px, center_y_px, 0.0, 0.0, 1.0]
    return CameraModel.from_camera_info_fields(width, height, matrix, (), '')


def _summary(results: dict[str, dict]) -> str:
    frames = [entry['hands'] for entry in results['images'].values()]
    frames += [hands for video in results['videos'].values() for hands in video]
    num_hands = sum(map(len, frames))
    return (
        f'{counted(len(frames), "image")}, {sum(map(bool, frames))} with hands, '
        f'{counted(num_hands, "hand")}'
    )
