"""Where the model files are.

The models are not part of the package: `prepare_models` makes them (models/README.md). Whether a
file is whole and the right one is for `model_checksum` to say.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from hand_tracking_ros.tracking.errors import ModelError

MODEL_NAMES = (
    'palm_detection_lite',
    'palm_detection_full',
    'hand_landmark_lite',
    'hand_landmark_full',
)
DIRECTORY_VARIABLE = 'HAND_TRACKING_ROS_MODELS'
PREPARE_COMMANDS = (
    '`ros2 run hand_tracking_ros prepare_models` (or `python3 -m hand_tracking_ros prepare_models`)'
)

_PACKAGE_DIRECTORY = Path(__file__).resolve().parents[2]


def find_model(name: str, directory: str | Path | None = None) -> Path:
    """Find the file of a model.

    Args:
        name: one of MODEL_NAMES.
        directory: the only folder to search; None: the first of these that has the file: the
            folder that the environment variable HAND_TRACKING_ROS_MODELS names, the models folder
            of the source checkout or of the installed package, the per-user cache.

    Raises:
        ModelError: the file is missing, or a folder is in the home of an unknown user.
        ValueError: the name is unknown.
    """
    if name not in MODEL_NAMES:
        raise ValueError(f'unknown model {name!r}, expected one of {", ".join(MODEL_NAMES)}')
    searched = [expand_user(directory)] if directory else search_directories()
    for folder in searched:
        path = folder / f'{name}.onnx'
        if os.path.exists(path):  # Path.exists raises in a folder that may not be entered
            return path
    raise ModelError(
        f'model {name}.onnx not found in {", ".join(map(str, searched))}. '
        f'Run {PREPARE_COMMANDS} once to make it'
    )


def search_directories() -> list[Path]:
    """The folders that `find_model` searches unless it is given one, in its order."""
    folders = (os.environ.get(DIRECTORY_VARIABLE), _models_directory(), user_models_directory())
    return list(dict.fromkeys(expand_user(folder) for folder in folders if folder))


def user_models_directory() -> Path:
    """The per-user cache, where models of an installed package are kept."""
    return expand_user(os.environ.get('XDG_CACHE_HOME') or '~/.cache') / 'hand_tracking_ros'


def expand_user(folder: str | Path) -> Path:
    """A folder with the home folder in place of `~` or `~user`.

    Raises:
        ModelError: there is no such user, or this user has no home folder.
    """
    try:
        return Path(folder).expanduser()
    except RuntimeError:
        home = Path(folder).parts[0]
        raise ModelError(
            f'the folder of models {folder} cannot be found: nobody knows the home folder {home}. '
            'Give a folder that begins with `/`'
        ) from None


def load_manifest() -> dict[str, Any]:
    """Read models/manifest.yaml: where each model comes from and what it must compute.

    Raises:
        ModelError: the file is missing, which means an incomplete installation.
    """
    path = _models_directory() / 'manifest.yaml'
    try:
        return yaml.safe_load(path.read_text(encoding='utf-8'))
    except FileNotFoundError:
        raise ModelError(f'{path} is missing: install hand_tracking_ros again') from None


def _models_directory() -> Path:
    """The models folder that came with this code: installed in the package, else the checkout's."""
    installed = _PACKAGE_DIRECTORY / 'models'
    return installed if installed.is_dir() else _PACKAGE_DIRECTORY.parent / 'models'
