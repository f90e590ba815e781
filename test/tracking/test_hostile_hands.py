"""Hands of any numbers through every step after the tracker: finite out for finite in."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hand_tracking_ros.tracking.fingers.finger_values import with_finger_values
from hand_tracking_ros.tracking.fingers.hand_frame import hand_axes
from hand_tracking_ros.tracking.fingers.joint_angles import joint_angles
from hand_tracking_ros.tracking.fingers.openxr_joints import openxr_joints
from hand_tracking_ros.tracking.hand import Handedness
from hand_tracking_ros.tracking.hand_check import sound_hand
from hand_tracking_ros.tracking.hand_json import hand_to_json
from hand_tracking_ros.tracking.region import (
    Region,
    covered_share,
    overlap,
    region_from_landmarks,
    region_from_palm,
)
from hand_tracking_ros.tracking.smoothing import HandSmoother
from hand_tracking_ros.tracking.tiles import MAX_TILES, make_tiles, parse_tiles
from support.hostile import NUMBERS, STAMPS_S, examples, hands, points, vectors

SIDES = st.sampled_from(Handedness)
PX = st.floats(-1e5, 1e5)
REGIONS = st.builds(Region, PX, PX, st.floats(0.0, 1e5), st.floats(-np.pi, np.pi))


def numbers_of(region):
    return [region.center_x_px, region.center_y_px, region.size_px, region.rotation_rad]


@examples(100)
@given(points(21), SIDES)
def test_any_landmarks_have_square_axes_or_none(landmarks, side):
    with np.errstate(all='ignore'):
        axes = hand_axes(landmarks, side)
    if np.isfinite(axes).all():
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-6)
        assert np.linalg.det(axes) > 0


@examples(40)
@given(hands())
def test_any_finite_hand_has_fingers_between_straight_and_bent(hand):
    with_values = with_finger_values(hand)
    values = [*with_values.finger_curl, with_values.pinch]
    assert all(0 <= value <= 1 for value in values)


@examples(100)
@given(points(21), SIDES)
def test_joints_are_finite_where_the_landmarks_span_a_palm(landmarks, side):
    with np.errstate(all='ignore'):
        axes = hand_axes(landmarks, side)
        angles = joint_angles(landmarks, side)
        positions, rotations = openxr_joints(landmarks, side)
    if np.isfinite(axes).all():
        assert np.isfinite(angles).all()
        assert np.abs(angles).max() <= np.pi + 1e-9
        assert np.isfinite(positions).all()
        assert np.isfinite(rotations).all()


@examples(40)
@given(st.lists(st.tuples(hands(), STAMPS_S), min_size=1, max_size=4), st.booleans())
def test_finite_hands_stay_finite_when_smoothed(seen, same_track):
    smoother = HandSmoother()
    for hand, stamp_s in seen:
        track_id = 1 if same_track else hand.track_id
        (smooth,) = smoother.smooth([replace(hand, track_id=track_id)], stamp_s, 640, 480)
        assert np.isfinite(smooth.landmarks).all()
        assert np.isfinite(smooth.world_landmarks).all()
        if smooth.pose is not None:
            assert np.isfinite(smooth.pose.position_m).all()
            assert np.isfinite(smooth.pose.camera_landmarks_m).all()
            rotation = smooth.pose.rotation
            np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-6)


@examples(40)
@given(hands(NUMBERS))
def test_any_hand_that_passes_the_check_is_json(hand):
    with np.errstate(all='ignore'):
        kept, problem = sound_hand(hand)
    if kept is not None:
        read = json.loads(json.dumps(hand_to_json(kept), allow_nan=False))
        assert read['track_id'] == hand.track_id
        assert (read['pose'] is None) == (kept.pose is None)
        assert kept.pose is None or not problem


@examples(100)
@given(points(21))
def test_the_next_region_of_any_landmarks_is_finite(landmarks_px):
    region = region_from_landmarks(landmarks_px)
    assert np.isfinite(numbers_of(region)).all()
    assert region.size_px >= 0
    assert -np.pi <= region.rotation_rad < np.pi + 1e-9


@examples(100)
@given(vectors(4), vectors(2), vectors(2))
def test_the_region_of_any_palm_is_finite(box, wrist, middle):
    box = np.concatenate([np.minimum(box[:2], box[2:]), np.maximum(box[:2], box[2:])])
    assert np.isfinite(numbers_of(region_from_palm(box, wrist, middle))).all()


@examples(100)
@given(REGIONS, REGIONS)
def test_regions_overlap_by_a_share(first, second):
    for share in (overlap(first, second), covered_share(first, second)):
        assert 0 <= share <= 1 + 1e-9
    assert overlap(first, second) == pytest.approx(overlap(second, first))


@examples(100)
@given(REGIONS, vectors(2, st.floats(0.0, 1.0)))
def test_points_of_a_region_lie_within_half_its_diagonal_of_its_centre(region, fraction):
    x, y = region.to_image(fraction[None])[0] - [region.center_x_px, region.center_y_px]
    assert np.hypot(x, y) <= region.size_px * np.sqrt(0.5) * (1 + 1e-9) + 1e-6


@examples(100)
@given(st.text(max_size=8) | st.from_regex(r'-?\d{1,4}x-?\d{1,4}', fullmatch=True))
def test_any_text_for_tiles_is_a_grid_or_refused(text):
    try:
        grid = parse_tiles(text)
    except ValueError as error:
        assert 'detection_tiles' in str(error)
        return
    assert grid is None or 1 <= grid[0] * grid[1] <= MAX_TILES


@examples(100)
@given(
    st.integers(1, 2**20),
    st.integers(1, 2**20),
    st.sampled_from(['auto', '1x1', '2x1', '4x2', '8x8', '1x64', '64x1']),
)
def test_tiles_of_any_picture_lie_in_it_and_cover_it(width, height, grid):
    # A panorama has many squares along its longer side.
    assume(max(width, height) < 50 * min(width, height))
    tiles = make_tiles(width, height, grid)
    assert len(tiles) == len(set(tiles))
    if tiles:
        half = tiles[0].size_px / 2
        lowest = [min(getattr(tile, f'center_{axis}_px') for tile in tiles) for axis in 'xy']
        highest = [max(getattr(tile, f'center_{axis}_px') for tile in tiles) for axis in 'xy']
        for low, high, side in zip(lowest, highest, (width, height), strict=True):
            assert low - half <= 1e-6
            assert high + half >= side - 1e-6
