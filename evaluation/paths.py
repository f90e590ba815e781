"""Where the checkout is, and beside it the real pictures and videos, which are no part of it."""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
TEST_DATA_VARIABLE = 'HAND_TRACKING_TEST_DATA'


def data_folder() -> Path:
    """The folder that the environment variable names, else the one beside the checkout."""
    return Path(os.environ.get(TEST_DATA_VARIABLE) or CHECKOUT.parent / 'shared' / 'data')
