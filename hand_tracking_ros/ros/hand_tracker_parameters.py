"""The parameters of the hand tracker node, and the options that they become.

After a change run `make docs`: it writes config/hands.yaml and docs/reference.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hand_tracking_ros.ros.image_conversion import MAX_IMAGE_PIXELS
from hand_tracking_ros.ros.landmark_poses import LANDMARK_ORDERS
from hand_tracking_ros.ros.managed_node import autostart
from hand_tracking_ros.ros.parameters import fixed, parameter
from hand_tracking_ros.tracking.fingers.hand_frame import POSE_CONVENTIONS
from hand_tracking_ros.tracking.hand import Handedness
from hand_tracking_ros.tracking.networks.runtime import EXECUTION_PROVIDERS, PRECISIONS
from hand_tracking_ros.tracking.one_euro import OneEuroOptions
from hand_tracking_ros.tracking.pipeline import PipelineOptions
from hand_tracking_ros.tracking.smoothing import SMOOTHING_METHODS, SmoothingOptions
from hand_tracking_ros.tracking.tiles import parse_tiles
from hand_tracking_ros.tracking.tracker_options import TrackerOptions

_OPTIONS = TrackerOptions()
_SMOOTHING = SmoothingOptions()

_CAMERA_NAME = re.compile('[A-Za-z][A-Za-z0-9_]*')


def _check_camera_names(names: Sequence[str]) -> None:
    """Raise a ValueError that names what cannot be a camera."""
    for name in names:
        if name and not _CAMERA_NAME.fullmatch(name):
            raise ValueError(
                f'cameras: {name!r} is not the name of a camera; expected letters, digits and '
                'underscores, a letter first, such as front. Remap its topics if they have another '
                f'name: -r front/image:=/TOPIC'
            )
        if names.count(name) > 1:
            raise ValueError(f'cameras: {name!r} is given more than once')
    if not names:
        raise ValueError("cameras is empty; expected at least one name, or [''] for one without")


@dataclass(frozen=True)
class HandTrackerSettings:
    """The values of all parameters of the hand tracker."""

    cameras: list[str] = fixed(
        [''],
        'Names of the cameras. The default is one camera without a name (topics image, '
        'camera_info, ~/hands); a camera NAME uses NAME/image, NAME/camera_info, ~/NAME/hands.',
        check=_check_camera_names,
    )
    image_transport: str = fixed(
        'raw',
        'Subscribe to image (raw) or to image/compressed (compressed).',
        choices=('raw', 'compressed'),
    )
    image_mirrored: bool = parameter(
        _OPTIONS.image_mirrored,
        'The images are mirrored, as selfies are. Robot cameras do not mirror.',
    )
    max_num_hands: int = parameter(
        _OPTIONS.max_num_hands,
        'Never more hands than this in one image. A large hand takes the place of a small one.',
        within=(1, 16),
    )
    model_complexity: int = fixed(
        1, '0: lite networks, faster. 1: full networks, more accurate.', within=(0, 1)
    )
    static_image_mode: bool = parameter(
        _OPTIONS.static_image_mode, 'Treat every image by itself, without tracking.'
    )
    min_detection_confidence: float = parameter(
        _OPTIONS.min_detection_confidence, 'Smallest score of a detected palm.', within=(0.0, 1.0)
    )
    min_presence_confidence: float = parameter(
        _OPTIONS.min_presence_confidence,
        'Smallest presence of a hand in its region; below it the hand is lost.',
        within=(0.0, 1.0),
    )
    min_tracking_confidence: float = parameter(
        _OPTIONS.min_tracking_confidence,
        'Overlap from which a detected hand is taken for one that is already tracked.',
        within=(0.0, 1.0),
    )
    detection_interval: float = parameter(
        _OPTIONS.detection_interval_s,
        'Seconds between two searches for further hands once a hand is tracked.',
        within=(0.0, 60.0),
    )
    detection_tiles: str = parameter(
        _OPTIONS.detection_tiles,
        'Tiles of the image that the palm detector searches one by one for hands too small to be '
        'found in the whole: auto, 1x1 (the whole only), or columns x rows such as 4x2. Tiles of '
        'less than 192 px would show no more, and are left out. With 1x1 the image is shown to the '
        'networks only as MediaPipe shows it; else also padded, for hands that fill it, and in '
        'another light where it is dark, flat or grey.',
        check=parse_tiles,
    )
    detection_rotated: bool = parameter(
        _OPTIONS.detection_rotated,
        'Search the image turned by 90, 180 and 270 degrees too, for hands seen upside down.',
    )
    detection_budget_ms: float = parameter(
        _OPTIONS.detection_budget_s * 1000,
        'While no hand is tracked, the palm detector takes as many looks at an image as fit in '
        'this time, but at least one.',
        within=(0.0, 1000.0),
    )
    landmark_passes: int = parameter(
        _OPTIONS.landmark_passes,
        'Passes of the landmark model over each hand: more is more accurate and slower. The first '
        'pass is one inference, each further one two. 0: 2 in static_image_mode, else 1.',
        within=(0, 3),
    )
    confirmation_images: int = parameter(
        _OPTIONS.confirmation_images,
        'Images that have to show a small or doubtful hand well before it is reported; one with a '
        'presence of 0.9 counts for two. A large clear hand is reported at once. 0: every hand.',
        within=(0, 10),
    )
    hold_time: float = parameter(
        _OPTIONS.hold_time_s,
        'Seconds for which a lost hand is reported as HELD, with its last values, at most; and at '
        'most for a tenth of the time for which it was seen.',
        within=(0.0, 10.0),
    )
    image_timeout: float = parameter(
        _OPTIONS.image_timeout_s,
        'Seconds without an image after which a camera is reported as STALE. After such a gap '
        'between two stamps all hands get new track ids.',
        within=(0.1, 3600.0),
    )
    max_latency: float = parameter(
        0.5,
        'Seconds from the stamp of an image to its hands above which the diagnostics warn.',
        within=(0.001, 3600.0),
    )
    hand_length: float = parameter(
        0.0,
        'Length of the hands, m: from the wrist along the stretched middle finger to its tip. '
        '0: unknown, an average adult (0.185). Distances without depth scale with it.',
        within=(0.0, 0.3),
    )
    max_image_pixels: int = parameter(
        MAX_IMAGE_PIXELS,
        'Pixels that an image may have, width times height, also of depth images. A compressed one '
        'that claims more is refused before it is decoded.',
        within=(1, 2**30),
    )
    depth_tolerance: float = parameter(
        0.05,
        'Largest difference between the stamps of an image and its depth image, seconds.',
        within=(0.0, 10.0),
    )
    smoothing: str = parameter(
        _SMOOTHING.method,
        'Filter of the published landmarks and poses. The tracking itself is not filtered.',
        choices=SMOOTHING_METHODS,
    )
    smoothing_min_cutoff: float = parameter(
        _SMOOTHING.one_euro.min_cutoff_hz,
        'one_euro: cutoff for a hand at rest, Hz. Lower: less jitter, slower to settle.',
        within=(0.01, 100.0),
    )
    smoothing_cutoff_per_speed: float = parameter(
        _SMOOTHING.one_euro.cutoff_per_speed,
        'one_euro: what the cutoff gains with speed, Hz per palm size (about 8 cm) or radian per '
        'second. Higher: less lag in motion.',
        within=(0.0, 100.0),
    )
    smoothing_noise_speed: float = parameter(
        _SMOOTHING.one_euro.noise_speed,
        'one_euro: speed, palm sizes or radians per second, below which motion passes for noise. '
        'Higher: less jitter of noisy hands, more lag in slow motion.',
        within=(0.0, 100.0),
    )
    pose_convention: str = parameter(
        'rep103', 'Axes of the hand frame.', choices=tuple(POSE_CONVENTIONS)
    )
    landmark_order: str = parameter(
        LANDMARK_ORDERS[0],
        "Points of ~/left/landmarks and ~/right/landmarks: MediaPipe's 21, or OpenXR's 26 joints, "
        'of which palm and metacarpals of the long fingers are estimates.',
        choices=LANDMARK_ORDERS,
    )
    publish_tf: bool = parameter(True, 'Send a TF frame for every hand.')
    landmark_frames: bool = parameter(False, 'Send a TF frame for every landmark too.')
    tf_prefix: str = parameter('', 'Put before the name of every hand frame.')
    execution_provider: str = fixed(
        'auto',
        'What the networks run on. auto: CUDA where the installed ONNX Runtime has it, else the '
        'CPU. A provider that does not start or fails is replaced, by the CPU in the end, with a '
        'warning. The first start of tensorrt takes minutes.',
        choices=('auto', *EXECUTION_PROVIDERS),
    )
    device_id: int = fixed(0, 'Which GPU, for cuda and tensorrt.', within=(0, 63))
    num_threads: int = fixed(
        0,
        'CPU threads of a network; 0: one for each core, at most four. 1 takes the least '
        'processor time.',
        within=(0, 64),
    )
    precision: str = fixed(
        'fp32',
        'Number format of the networks. bf16 is faster and less accurate; it needs '
        'OpenVINO, which auto then chooses where it is installed, and a processor that has it.',
        choices=PRECISIONS,
    )
    model_directory: str = fixed(
        '', 'Folder of the .onnx files; empty: where prepare_models puts them.'
    )
    autostart: bool = autostart()

    def pipeline_options(self) -> PipelineOptions:
        """What the pipeline of a camera needs."""
        sides = (Handedness.LEFT, Handedness.RIGHT)
        lengths_m = dict.fromkeys(sides, self.hand_length) if self.hand_length > 0 else {}
        return PipelineOptions(
            TrackerOptions(
                static_image_mode=self.static_image_mode,
                max_num_hands=self.max_num_hands,
                min_detection_confidence=self.min_detection_confidence,
                min_presence_confidence=self.min_presence_confidence,
                min_tracking_confidence=self.min_tracking_confidence,
                image_mirrored=self.image_mirrored,
                detection_interval_s=self.detection_interval,
                detection_tiles=self.detection_tiles,
                detection_rotated=self.detection_rotated,
                detection_budget_s=self.detection_budget_ms / 1000,
                landmark_passes=self.landmark_passes,
                confirmation_images=self.confirmation_images,
                hold_time_s=self.hold_time,
                image_timeout_s=self.image_timeout,
            ),
            lengths_m,
            SmoothingOptions(
                method=self.smoothing,
                one_euro=OneEuroOptions(
                    min_cutoff_hz=self.smoothing_min_cutoff,
                    cutoff_per_speed=self.smoothing_cutoff_per_speed,
                    noise_speed=self.smoothing_noise_speed,
                ),
            ),
        )
