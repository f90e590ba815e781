"""Second stage: what is read in a region, as it is and mirrored, once or several times."""

import math
from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.tracking import Handedness, HandModels
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.networks.landmark_model import (
    INPUT_SIZE_PX,
    WIDER,
    HandLandmarks,
    closer_views,
    mean_landmarks,
)
from hand_tracking_ros.tracking.region import Region, View, region_from_landmarks


@pytest.fixture(scope='module')
def model():
    try:
        return HandModels.load().landmark_model
    except UserError as error:
        pytest.skip(str(error))


@pytest.fixture(scope='module')
def picture():
    """A simulated right hand: the image, and a region around the hand, turned a little."""
    options = SimulatorOptions(scene='still', seed=6, handedness=Handedness.RIGHT)
    frame = CameraSimulator(options).render(0.0)
    height, width = frame.image.shape[:2]
    region = region_from_landmarks(frame.hands[0].landmarks[:, :2] * [width, height])
    return frame.image, replace(region, rotation_rad=region.rotation_rad + 0.2)


def mirrored(image, region):
    """The image as in a mirror, and the region there, such that both crops mirror each other."""
    middle = np.array([[(INPUT_SIZE_PX - 1) / INPUT_SIZE_PX / 2, 0.5]])
    ((x, y),) = region.to_image(middle)
    there = replace(region, rotation_rad=-region.rotation_rad)
    ((x_there, y_there),) = there.to_image(middle)
    width = image.shape[1]
    there = replace(
        there,
        center_x_px=there.center_x_px + (width - 1 - x) - x_there,
        center_y_px=there.center_y_px + y - y_there,
    )
    return np.ascontiguousarray(image[:, ::-1]), there


def test_a_right_hand_is_read_as_one(model, picture):
    image, region = picture
    (found,) = model.estimate([View(image, region)])
    assert found.presence > 0.9
    assert found.is_right
    assert found.region == region
    assert (found.landmarks_px.shape, found.world_landmarks.shape) == ((21, 3), (21, 3))


def test_a_mirrored_view_of_a_mirrored_picture_is_the_mirrored_reading(model, picture):
    image, region = picture
    (plain,) = model.estimate([View(image, region)])
    image_there, region_there = mirrored(image, region)
    (there,) = model.estimate([View(image_there, region_there, is_mirrored=True)])
    landmarks = there.landmarks_px * [-1, 1, 1] + [image.shape[1] - 1, 0, 0]
    # Crops are rounded to 8 bits; one pixel of the network's input is 1.3 px here.
    np.testing.assert_allclose(landmarks[:, :2], plain.landmarks_px[:, :2], atol=0.1)
    np.testing.assert_allclose(landmarks[:, 2], plain.landmarks_px[:, 2], atol=0.5)
    np.testing.assert_allclose(there.world_landmarks * [-1, 1, 1], plain.world_landmarks, atol=2e-4)
    assert there.right_probability == pytest.approx(1 - plain.right_probability, abs=3e-3)
    assert there.presence == pytest.approx(plain.presence, abs=1e-3)


def test_a_mirrored_view_shows_the_same_hand(model, picture):
    image, region = picture
    plain, mirror = model.estimate([View(image, region), View(image, region, is_mirrored=True)])
    distances = np.linalg.norm(plain.landmarks_px - mirror.landmarks_px, axis=1)[:, None]
    assert distances.max() < 0.1 * region.size_px
    assert mirror.is_right


def test_views_of_several_images_are_read_in_one_batch_as_each_alone(model, picture):
    image, region = picture
    views = [View(image, region), View(image[:, ::-1].copy(), region), View(image, region, True)]
    for view, found in zip(views, model.estimate(views), strict=True):
        (alone,) = model.estimate([view])
        np.testing.assert_allclose(found.landmarks_px, alone.landmarks_px, atol=1e-2)
        assert found.right_probability == pytest.approx(alone.right_probability, abs=1e-3)


def test_nothing_to_read_gives_nothing(model):
    assert model.estimate([]) == []


def reading(seed, presence=0.9, right_probability=0.5):
    points = np.random.default_rng(seed).uniform(0, 100, (2, 21, 3)).astype(np.float32)
    region = Region(float(seed), 2.0, 3.0, 0.1)
    return HandLandmarks(points[0], points[1], presence, right_probability, region)


def test_the_mean_of_readings_is_as_present_as_the_first_and_of_its_region():
    first, second = reading(1, 0.9, 0.2), reading(2, 0.4, 0.6)
    mean = mean_landmarks([first, second])
    np.testing.assert_allclose(mean.landmarks_px, (first.landmarks_px + second.landmarks_px) / 2)
    np.testing.assert_allclose(
        mean.world_landmarks, (first.world_landmarks + second.world_landmarks) / 2
    )
    assert mean.landmarks_px.dtype == mean.world_landmarks.dtype == np.float32
    assert mean.right_probability == pytest.approx(0.4)
    assert (mean.presence, mean.region) == (0.9, first.region)


def test_a_hand_is_looked_at_once_more_around_its_landmarks_plain_and_mirrored(picture):
    image, _ = picture
    found = reading(1)
    plain, mirror = closer_views(image, found)
    expected = region_from_landmarks(found.landmarks_px)
    assert plain.region == mirror.region
    assert math.isclose(plain.region.size_px, WIDER * expected.size_px)
    assert replace(plain.region, size_px=expected.size_px) == expected
    assert (plain.is_mirrored, mirror.is_mirrored) == (False, True)
