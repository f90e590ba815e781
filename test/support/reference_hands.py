"""Hands that MediaPipe found in the test data."""

import json

import numpy as np

from support.test_data import need


def read_reference(name):
    """One of its results: static_full, static_lite, tracking_full_max1, tracking_full_max2."""
    return json.loads(need(f'reference/{name}.json').read_text())


def to_px(hand, width, height):
    """Landmarks (21, 2) of one of its hands."""
    return np.array(hand['landmarks'])[:, :2] * [width, height]


def extent_px(points):
    """The longer side of the box around landmarks."""
    return np.ptp(points, axis=0).max()
