"""Where the real pictures are that some tests need; they are not part of the repository."""

import os
from pathlib import Path

import pytest

FOLDER = Path(
    os.environ.get('HAND_TRACKING_TEST_DATA', Path(__file__).parents[3] / 'shared/data')
).resolve()


def need(relative_path: str) -> Path:
    """The path of a file or folder of the test data; skips the test where it is absent."""
    path = FOLDER / relative_path
    if not path.exists():
        pytest.skip(f'needs {relative_path} in {FOLDER} (set HAND_TRACKING_TEST_DATA)')
    return path
