"""What the trackers of the benchmark are shown: a video, pictures, and clips made of them.

Clips are .npy files of frames and .npz files of pictures, which every tracker's Python can read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from evaluation.paths import data_folder
from evaluation.speed.timed_tracker import WARM_UP_FRAMES
from hand_tracking_ros.media import open_media
from hand_tracking_ros.media.opencv import silence_opencv
from hand_tracking_ros.simulation.background import paint_background
from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.tracking.errors import UserError

TEST_VIDEO = Path('video', 'one_hand_720p.mp4')
TEST_PICTURES = ('gestures', 'annotated')

SIMULATED_SCENES = ('open_close', 'wave', 'turn')
SIMULATED_SIZE = (1280, 720)
SIMULATED_RATE_HZ = 30.0
NUM_SIMULATED_PICTURES = 10

# Simulated hands side by side: four columns and two rows.
TILE_SIZE = (320, 360)
TILE_COLUMNS, TILE_ROWS = 4, 2
MAX_HANDS = TILE_COLUMNS * TILE_ROWS
# A field of view and a hand that the palm detector finds in every tile of a whole frame.
TILE_FOV_DEG = 32.0
TILE_SEED = 6


@dataclass(frozen=True)
class Video:
    """A video of hands.

    Attributes:
        path: where it is.
        name: for people.
        size: width and height, px.
        num_frames: as its file says.
    """

    path: Path
    name: str
    size: tuple[int, int]
    num_frames: int


def find_video(chosen: Path | None, folder: Path, num_simulated: int) -> Video:
    """The chosen video, else the one of the test data, else a simulated one.

    Args:
        chosen: by the user.
        folder: where a simulated one is written.
        num_simulated: how many frames that has.

    Raises:
        UserError: the chosen one is not usable.
    """
    if chosen:
        return _check_video(chosen)
    video = data_folder() / TEST_VIDEO
    return _check_video(video) if video.is_file() else _simulate_video(folder, num_simulated)


def _check_video(path: Path) -> Video:
    """What a file says of itself.

    Raises:
        UserError: OpenCV cannot read enough frames of it.
    """
    if not path.is_file():
        raise UserError(f'--video: {path} is not a file')
    silence_opencv()
    capture = cv2.VideoCapture(str(path))
    frames, width, height = (
        int(capture.get(key))
        for key in (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
    )
    if frames <= WARM_UP_FRAMES:
        raise UserError(
            f'--video: {path} has {max(frames, 0)} frames that OpenCV can read, '
            f'expected a video of more than {WARM_UP_FRAMES}'
        )
    return Video(path.resolve(), path.name, (width, height), frames)


def write_clip(video: Video, size: tuple[int, int], num_frames: int, path: Path) -> Path:
    """The first frames of a video in another size, as .npy (N, H, W, 3) uint8 RGB."""
    frames = []
    for frame, _ in zip(open_media(video.path), range(num_frames), strict=False):
        frames.append(cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA))
    np.save(path, np.stack(frames))
    return path


def write_pictures(path: Path) -> tuple[str, int]:
    """The test data's pictures, or simulated ones, as .npz; returns what and how many they are."""
    folders = [data_folder() / name for name in TEST_PICTURES]
    if all(folder.is_dir() for folder in folders):
        pictures = [frame.image for folder in folders for frame in open_media(str(folder))]
        name = 'pictures of the test data'
    else:
        pictures = [
            CameraSimulator(SimulatorOptions(seed=seed)).render(0.0).image
            for seed in range(NUM_SIMULATED_PICTURES)
        ]
        name = 'simulated pictures'
    np.savez(path, **{f'picture_{i:03}': picture for i, picture in enumerate(pictures)})
    return name, len(pictures)


def write_hands(num_hands: int, num_frames: int, path: Path) -> Path:
    """Frames of so many simulated hands, side by side, up to `MAX_HANDS`, as .npy."""
    hand, wall = _tiles(num_frames)
    frames = []
    for tile in hand:
        cells = [tile if place < num_hands else wall for place in range(MAX_HANDS)]
        cells = [cell[:, ::-1] if place % 2 else cell for place, cell in enumerate(cells)]
        rows = [np.hstack(cells[i : i + TILE_COLUMNS]) for i in range(0, MAX_HANDS, TILE_COLUMNS)]
        frames.append(np.vstack(rows))
    np.save(path, np.stack(frames))
    return path


@lru_cache(maxsize=1)
def _tiles(num_frames: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Frames of a hand before a wall, and the wall."""
    width, height = TILE_SIZE
    simulator = CameraSimulator(
        SimulatorOptions(
            scene='still',
            seed=TILE_SEED,
            width=width,
            height=height,
            horizontal_fov_deg=TILE_FOV_DEG,
            person=False,
        )
    )
    frames = [simulator.render(index / SIMULATED_RATE_HZ).image for index in range(num_frames)]
    rng = np.random.default_rng(TILE_SEED)
    return frames, paint_background(simulator.camera, rng, clutter=False, level=1.0).image


def _simulate_video(folder: Path, num_frames: int) -> Video:
    path = folder / 'simulated.avi'
    width, height = SIMULATED_SIZE
    # Motion JPEG: every OpenCV writes and reads it by itself.
    codec = cv2.VideoWriter_fourcc(*'MJPG')
    writer = cv2.VideoWriter(str(path), codec, SIMULATED_RATE_HZ, SIMULATED_SIZE)
    frames_per_scene = -(-num_frames // len(SIMULATED_SCENES))
    for number in tqdm(range(num_frames), desc='simulated video', leave=False):
        scene, index = divmod(number, frames_per_scene)
        if index == 0:
            options = SimulatorOptions(SIMULATED_SCENES[scene], width=width, height=height)
            simulator = CameraSimulator(options)
        image = simulator.render(index / SIMULATED_RATE_HZ).image
        writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    writer.release()
    return Video(path, 'simulated hand', SIMULATED_SIZE, num_frames)
