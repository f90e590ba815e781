"""Hands drawn into images (no ROS)."""

import itertools

import numpy as np
import pytest

from hand_tracking_ros.drawing.skeleton import (
    FINGER_COLORS,
    HANDEDNESS_COLORS,
    HELD_COLOR,
    draw_hands,
    hand_label,
)
from hand_tracking_ros.tracking.hand import FINGERS, Hand, Handedness, TrackingState
from hand_tracking_ros.tracking.region import Region

IMAGE_SHAPE = (240, 320, 3)
BACKGROUND = 120


def flat_landmarks(size=0.6) -> np.ndarray:
    """An open hand, fingers up, centred in the image; no two joints at the same place."""
    landmarks = np.zeros((21, 3), np.float32)
    landmarks[0] = (0.5, 0.5 + size / 2, 0)
    for column, finger in enumerate(FINGERS.values()):
        for row, index in enumerate(finger):
            landmarks[index, 0] = 0.5 + size * (column - 2) / 6
            landmarks[index, 1] = 0.5 + size * (0.2 - row / 6)
    return landmarks


def make_hand(landmarks=None, handedness=Handedness.RIGHT, state=TrackingState.TRACKED) -> Hand:
    return Hand(
        track_id=3,
        handedness=handedness,
        handedness_score=0.98,
        state=state,
        presence=0.9,
        age_s=0.0,
        landmarks=flat_landmarks() if landmarks is None else landmarks,
        world_landmarks=np.zeros((21, 3), np.float32),
        region=Region(160.0, 120.0, 200.0, 0.0),
    )


def blank(shape=IMAGE_SHAPE) -> np.ndarray:
    return np.full(shape, BACKGROUND, np.uint8)


def drawn(*hands: Hand, shape=IMAGE_SHAPE) -> np.ndarray:
    image = blank(shape)
    draw_hands(image, hands)
    return image


def has_color(image: np.ndarray, color) -> bool:
    return bool((image == color).all(axis=-1).any())


def color_at(image: np.ndarray, point) -> np.ndarray:
    height, width = image.shape[:2]
    return image[round(float(point[1]) * height), round(float(point[0]) * width)].astype(int)


def test_no_hands_leave_the_image_as_it_was():
    assert (drawn() == BACKGROUND).all()


def test_every_joint_and_every_bone_is_drawn_where_the_landmarks_say():
    hand = make_hand()
    image = drawn(hand)
    for point in hand.landmarks:
        assert np.abs(color_at(image, point) - BACKGROUND).max() > 20
    for name, finger in FINGERS.items():
        for first, second in itertools.pairwise(finger):
            middle = (hand.landmarks[first] + hand.landmarks[second]) / 2
            np.testing.assert_allclose(color_at(image, middle), FINGER_COLORS[name], atol=12)


def test_pixels_far_from_the_hand_and_its_label_are_untouched():
    image = drawn(make_hand(flat_landmarks(size=0.3)))
    assert (image[-20:] == BACKGROUND).all() and (image[:, :40] == BACKGROUND).all()


def test_nearer_joints_are_brighter():
    landmarks = flat_landmarks()
    near, far = 12, 16
    landmarks[near, 2], landmarks[far, 2] = -0.1, 0.1
    image = drawn(make_hand(landmarks))
    assert color_at(image, landmarks[near]).mean() > color_at(image, landmarks[far]).mean() + 80


def test_the_nearer_of_two_joints_at_one_place_covers_the_other():
    landmarks = flat_landmarks()
    landmarks[8, :2] = landmarks[12, :2]
    landmarks[8, 2], landmarks[12, 2] = -0.1, 0.1
    at_front = color_at(drawn(make_hand(landmarks)), landmarks[8])
    landmarks[8, 2], landmarks[12, 2] = 0.1, -0.1
    behind = color_at(drawn(make_hand(landmarks)), landmarks[8])
    # The index finger's tip, then the middle finger's: both near, so both light, in their colours.
    assert at_front.min() > 150 and behind.min() > 150
    assert np.abs(at_front - behind).max() > 10


def test_a_held_hand_is_grey_with_broken_lines():
    hand = make_hand(state=TrackingState.HELD)
    image = drawn(hand, shape=(480, 640, 3))
    for color in FINGER_COLORS.values():
        assert not has_color(image, color)
    # Between the first and the second dash.
    gap = hand.landmarks[9] + 0.3 * (hand.landmarks[10] - hand.landmarks[9])
    assert has_color(image, HELD_COLOR)
    assert (color_at(image, gap) == BACKGROUND).all()


def test_the_label_names_side_score_and_track():
    assert hand_label(make_hand()) == 'right 0.98 #3'
    assert hand_label(make_hand(state=TrackingState.HELD)) == 'right 0.98 #3 held'


@pytest.mark.parametrize('handedness', list(Handedness))
def test_the_label_shows_the_colour_of_the_side(handedness):
    image = drawn(make_hand(handedness=handedness))
    assert has_color(image, HANDEDNESS_COLORS[handedness])


@pytest.mark.parametrize('shift', [(-0.5, 0.0), (0.5, 0.0), (0.0, -0.5), (0.0, 0.5)])
def test_a_hand_at_the_edge_keeps_its_label_inside_the_image(shift):
    landmarks = flat_landmarks()
    landmarks[:, :2] += shift
    image = drawn(make_hand(landmarks))
    stripe = (image == HANDEDNESS_COLORS[Handedness.RIGHT]).all(axis=-1)
    inside = (drawn(make_hand()) == HANDEDNESS_COLORS[Handedness.RIGHT]).all(axis=-1)
    assert stripe.sum() == inside.sum() > 0


@pytest.mark.parametrize('shape', [(1, 1, 3), (8, 400, 3), (400, 8, 3), (2160, 3840, 3)])
def test_images_of_every_size_can_be_drawn_into(shape):
    assert (drawn(make_hand(), shape=shape) != BACKGROUND).any()


@pytest.mark.parametrize('value', [np.nan, np.inf, -1e12, 1e12])
def test_impossible_landmarks_do_no_harm(value):
    landmarks = flat_landmarks()
    landmarks[5] = value
    assert drawn(make_hand(landmarks)).shape == IMAGE_SHAPE


@pytest.mark.parametrize(
    'image',
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
    ],
)
def test_an_image_of_another_kind_is_refused(image):
    with pytest.raises(ValueError, match='uint8'):
        draw_hands(image, [make_hand()])
