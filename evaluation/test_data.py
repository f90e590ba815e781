"""Where the real pictures and videos of evaluation and benchmark are; not in the repository."""

from __future__ import annotations

import os
from pathlib import Path

from evaluation import CHECKOUT

TEST_DATA_VARIABLE = 'HAND_TRACKING_TEST_DATA'


def data_folder() -> Path:
    """The folder that the environment variable names, else the one beside the checkout."""
    return Path(os.environ.get(TEST_DATA_VARIABLE) or CHECKOUT.parent / 'shared' / 'data')
