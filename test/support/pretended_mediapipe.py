"""A Python with a module that pretends to be mediapipe, for tests of the benchmark."""

from __future__ import annotations

import sys
from pathlib import Path

# Stands for mediapipe: finds as many hands as the picture is bright, and talks too much.
LOUD_MEDIAPIPE = """
import os, sys, types

__version__ = 'pretended'

class Hands:
    def __init__(self, static_image_mode, max_num_hands, model_complexity):
        print('loading')
        os.write(1, b'native noise on standard output')

    def process(self, rgb):
        print('working', file=sys.stderr)
        assert rgb.dtype == 'uint8' and rgb.shape == (48, 64, 3)

        class Result:
            multi_hand_landmarks = [object()] * round(rgb.mean() / 100) or None

        return Result

class solutions:
    class hands:
        Hands = Hands

class ImageFormat:
    SRGB = 1

def Image(image_format, data):
    return data

class Landmarker:
    def detect_for_video(self, image, timestamp_ms):
        assert timestamp_ms > getattr(self, 'last_ms', -1)
        self.last_ms = timestamp_ms
        return self.detect(image)

    def detect(self, image):
        return types.SimpleNamespace(hand_landmarks=[object()] * round(image.mean() / 100))

    @classmethod
    def create_from_options(cls, options):
        assert options.base_options.model_asset_path
        return cls()

tasks_python = types.ModuleType('mediapipe.tasks.python')
tasks_python.BaseOptions = types.SimpleNamespace
tasks_python.vision = types.SimpleNamespace(
    RunningMode=types.SimpleNamespace(IMAGE=1, VIDEO=2),
    HandLandmarkerOptions=types.SimpleNamespace,
    HandLandmarker=Landmarker,
)
sys.modules['mediapipe.tasks'] = types.ModuleType('mediapipe.tasks')
sys.modules['mediapipe.tasks.python'] = tasks_python
"""


def python_with_mediapipe(folder: Path, source: str) -> Path:
    """A Python that finds a mediapipe of this source, even when started with -I."""
    (folder / 'mediapipe.py').write_text(source)
    code = (
        f"import runpy, sys; sys.path.insert(0, '{folder}'); sys.argv = sys.argv[2:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    python = folder / 'python'
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{code}" "$@"\n')
    python.chmod(0o755)
    return python
