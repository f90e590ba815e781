"""Regions of interest: where the landmark model looks, and the way back to the image."""

import math

import cv2
import numpy as np
import pytest

from hand_tracking_ros.tracking.region import (
    Region,
    crop,
    overlap,
    region_from_landmarks,
    region_from_palm,
    to_network_input,
    whole_image,
)
from support.fake_world import upright_hand


def rotated(points, angle_rad):
    """Points turned clockwise in the image."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    return points @ np.array([[cos, sin], [-sin, cos]])


def test_a_crop_shows_what_to_image_says_lies_there():
    noise = np.random.default_rng(1).integers(0, 255, (300, 400, 3), np.uint8)
    image = cv2.GaussianBlur(noise, (0, 0), 6)
    region = Region(190.0, 140.0, 120.0, 0.7)
    view = crop(image, region, 224, cv2.BORDER_REPLICATE)
    for i, j in [(10, 20), (112, 112), (200, 50), (30, 210)]:
        x, y = region.to_image(np.array([[i / 224, j / 224]]))[0]
        expected = cv2.getRectSubPix(image, (1, 1), (x, y))[0, 0]
        np.testing.assert_allclose(view[j, i].astype(int), expected.astype(int), atol=2)


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


def test_the_whole_image_is_seen_with_black_bars():
    image = np.full((100, 200, 3), 255, np.uint8)
    view = crop(image, whole_image(image), 192, cv2.BORDER_CONSTANT)
    assert view[:40].max() == 0
    assert view[152:].max() == 0
    assert view[60:130].min() == 255


def test_a_network_sees_channels_first_from_0_to_1():
    view = np.zeros((4, 4, 3), np.uint8)
    view[1, 2] = [255, 51, 0]
    batch = to_network_input([view, view])
    assert (batch.shape, batch.dtype) == ((2, 3, 4, 4), np.float32)
    np.testing.assert_allclose(batch[1, :, 1, 2], [1, 0.2, 0], atol=1e-6)
