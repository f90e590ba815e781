"""Regions of interest: where the hand is expected, and which regions show the same hand."""

import math

import numpy as np
import pytest

from hand_tracking_ros.tracking.region import (
    Region,
    overlap,
    region_from_landmarks,
    region_from_palm,
)
from support.fake_world import upright_hand


def rotated(points, angle_rad):
    """Points turned clockwise in the image."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    return points @ np.array([[cos, sin], [-sin, cos]])


@pytest.mark.parametrize('angle_deg', [-170, -90, 0, 35, 120])
def test_the_region_turns_with_the_hand(angle_deg):
    points = rotated(upright_hand() * 80, math.radians(angle_deg)) + np.array([300, 200])
    upright = region_from_landmarks(upright_hand() * 80 + [300, 200])
    region = region_from_landmarks(points)
    turn = region.rotation_rad - upright.rotation_rad
    assert math.cos(turn) == pytest.approx(math.cos(math.radians(angle_deg)), abs=1e-6)
    assert math.sin(turn) == pytest.approx(math.sin(math.radians(angle_deg)), abs=1e-6)
    # Bounds are taken along the hand, so its size does not depend on how it is turned.
    assert region.size_px == pytest.approx(upright.size_px, rel=0.02)


def test_the_region_points_from_the_wrist_to_the_mean_of_three_knuckles():
    # MediaPipe: the middle of index and ring finger's, and the middle finger's own.
    index, middle, ring = upright_hand()[[5, 9, 13]]
    x, y = ((index + ring) / 2 + middle) / 2
    region = region_from_landmarks(upright_hand() * 80 + [300, 200])
    assert region.rotation_rad == pytest.approx(math.atan2(x, -y))


def test_the_whole_hand_lies_inside_its_region():
    points = upright_hand() * 80 + [300, 200]
    region = region_from_landmarks(points)
    inside = rotated(points - [region.center_x_px, region.center_y_px], -region.rotation_rad)
    assert np.abs(inside).max() < region.size_px / 2


def test_a_palms_region_reaches_towards_the_fingers():
    # MediaPipe: 2.6 times the box, shifted by half its height from the wrist to the middle finger.
    region = region_from_palm(
        np.array([100, 100, 140, 150]), np.array([120, 150]), np.array([120, 100])
    )
    assert (region.center_x_px, region.center_y_px) == pytest.approx((120, 125 - 25))
    assert (region.size_px, region.rotation_rad) == pytest.approx((130, 0))


def test_overlap_is_intersection_over_union():
    a = Region(100, 100, 40, 0.3)
    assert overlap(a, a) == pytest.approx(1)
    assert overlap(a, Region(120, 100, 40, 0)) == pytest.approx(1 / 3)
    assert overlap(a, Region(100, 100, 20, 0)) == pytest.approx(1 / 4)
    assert overlap(a, Region(141, 100, 40, 0)) == 0
