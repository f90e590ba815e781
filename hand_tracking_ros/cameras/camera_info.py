"""CameraInfo for pictures that come without one: from a calibration file, or assumed."""

from __future__ import annotations

import math
import os
from pathlib import Path

import yaml
from sensor_msgs.msg import CameraInfo

from hand_tracking_ros.tracking.errors import UserError


def assumed_camera_info(width: int, height: int, horizontal_fov_deg: float) -> CameraInfo:
    """CameraInfo of an ideal pinhole camera with the optical axis in the middle of the image."""
    focal_px = 0.5 * width / math.tan(math.radians(horizontal_fov_deg) / 2)
    center_x_px, center_y_px = (width - 1) / 2, (height - 1) / 2
    return CameraInfo(
        width=width,
        height=height,
        distortion_model='plumb_bob',
        d=[0.0] * 5,
        k=[focal_px, 0.0, center_x_px, 0.0, focal_px, center_y_px, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[focal_px, 0.0, center_x_px, 0.0, 0.0, focal_px, center_y_px, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def load_camera_info(path: str | Path) -> CameraInfo:
    """CameraInfo from a YAML file as camera_calibration and camera_info_manager write it.

    Raises:
        UserError: the file cannot be read or is not such a file.
    """
    try:
        content = yaml.safe_load(Path(os.path.expanduser(path)).read_text())  # ~nobody stays
    except OSError as error:
        raise UserError(f'camera_info_file {path}: cannot be read ({error.strerror})') from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f'camera_info_file {path}: not a YAML file ({error})') from error
    try:
        return CameraInfo(
            width=int(content['image_width']),
            height=int(content['image_height']),
            distortion_model=str(content['distortion_model']),
            d=_numbers(content['distortion_coefficients']),
            k=_numbers(content['camera_matrix'], 9),
            r=_numbers(content['rectification_matrix'], 9),
            p=_numbers(content['projection_matrix'], 12),
        )
    except (KeyError, TypeError, ValueError) as error:
        problem = f'{error} is missing' if isinstance(error, KeyError) else error
        raise UserError(
            f'camera_info_file {path}: {problem}; expected a file as camera_calibration writes it'
        ) from error


def _numbers(matrix: dict, expected: int | None = None) -> list[float]:
    numbers = [float(value) for value in matrix['data']]
    if expected not in (None, len(numbers)):
        raise ValueError(f'a matrix has {len(numbers)} numbers instead of {expected}')
    return numbers
