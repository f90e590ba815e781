"""Imports that fail are explained in one sentence: what is installed, and what to run.

The usual cause is pip, which puts a newer numpy over the system's; the system's OpenCV was built
for the older one and cannot be imported any more.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from collections.abc import Iterator

# What all programs import, as pip knows it. numpy fills pages where one of them does not suit it.
COMPILED = {
    'numpy': ('numpy',),
    'cv2': ('opencv-python-headless', 'opencv-python', 'opencv-contrib-python'),
}
PIP_INSTALL = "pip install onnxruntime rosbags tflite onnx av 'numpy<2'"


@contextlib.contextmanager
def explained_imports() -> Iterator[None]:
    """End the program with a sentence if something cannot be imported; numpy and OpenCV first."""
    for name in COMPILED:
        said = io.StringIO()
        try:
            with contextlib.redirect_stderr(said):
                importlib.import_module(name)
        except ModuleNotFoundError as error:
            sys.exit(f'error: {_missing(error)}')
        except (ImportError, AttributeError, RuntimeError) as error:
            sys.exit(f'error: {_broken(name, error)}')
        sys.stderr.write(said.getvalue())
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or '').startswith('hand_tracking_ros.') and error.name.count('.') > 1:
            raise  # a fault of this package, not of its surroundings
        sys.exit(f'error: {_missing(error)}')
    except ImportError as error:
        if (error.name or '').startswith('hand_tracking_ros'):
            raise
        sys.exit(f'error: Python module {error.name} cannot be imported: {_reason(error)}')


def _missing(error: ModuleNotFoundError) -> str:
    return (
        f'{sys.executable} has no Python module {error.name}. With ROS 2, source it and the '
        f'workspace, then `{PIP_INSTALL}` and `rosdep install --from-paths src --ignore-src -y`; '
        "without, in the folder of the checkout: `pip install '.[prepare]'`"
    )


def _broken(name: str, error: Exception) -> str:
    sentence = f'Python module {name} ({_installed(*COMPILED[name])}) cannot be imported'
    reason = _reason(error)
    if name == 'numpy':
        return f'{sentence}: {reason}. Install it again: `{sys.executable} -m pip install numpy`'
    version = sys.modules['numpy'].__version__
    is_about_numpy = 'numpy' in reason or '_ARRAY_API' in reason
    if not is_about_numpy or int(version.split('.')[0]) < 2:
        return f'{sentence}: {reason}'
    found = _places('numpy') or [f'numpy {version}']
    remedy = (
        f'`{sys.executable} -m pip uninstall numpy` brings {found[1]} back, which it hides'
        if len(found) > 1
        else f"`{sys.executable} -m pip install 'numpy<2'` gives one that suits"
    )
    return f'{sentence} beside {found[0]}: it was built for another numpy. {remedy}'


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _installed(*packages: str) -> str:
    return ', '.join(place for package in packages for place in _places(package)) or 'not from pip'


def _places(package: str) -> list[str]:
    """Versions and folders of a package, in the order in which Python finds them."""
    from importlib import metadata  # takes 20 ms, which nobody needs who has the right packages

    found = metadata.distributions(name=package)
    return list(
        dict.fromkeys(f'{package} {each.version} in {each.locate_file("")}' for each in found)
    )
