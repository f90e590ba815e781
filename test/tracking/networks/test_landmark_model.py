"""Second stage: landmarks of a region of interest, as it is and mirrored, in one or more passes."""

from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.tracking import Handedness, HandModels
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.networks.landmark_model import (
    INPUT_SIZE_PX,
    REFINE_SCALE,
    HandLandmarks,
    LandmarkModel,
    mean_landmarks,
)
from hand_tracking_ros.tracking.region import Region, region_from_landmarks
from hand_tracking_ros.tracking.rendition import Rendition


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


def test_a_right_hand_is_a_right_hand(model, picture):
    image, region = picture
    (found,) = model.estimate(image, [region])
    assert found.presence > 0.9
    assert found.is_right
    assert found.region == region
    assert (found.landmarks_px.shape, found.world_landmarks.shape) == ((21, 3), (21, 3))


def test_a_mirrored_region_of_a_mirrored_picture_gives_the_mirrored_landmarks(model, picture):
    image, region = picture
    (plain,) = model.estimate(image, [region])
    image_there, region_there = mirrored(image, region)
    (there,) = model.estimate(image_there, [region_there], [True])
    landmarks = there.landmarks_px * [-1, 1, 1] + [image.shape[1] - 1, 0, 0]
    # Crops are rounded to 8 bits; one pixel of the network's input is 1.3 px here.
    np.testing.assert_allclose(landmarks[:, :2], plain.landmarks_px[:, :2], atol=0.1)
    np.testing.assert_allclose(landmarks[:, 2], plain.landmarks_px[:, 2], atol=0.5)
    np.testing.assert_allclose(there.world_landmarks * [-1, 1, 1], plain.world_landmarks, atol=2e-4)
    assert there.right_probability == pytest.approx(1 - plain.right_probability, abs=3e-3)
    assert there.presence == pytest.approx(plain.presence, abs=1e-3)


def test_a_mirrored_region_shows_the_same_hand(model, picture):
    image, region = picture
    plain, mirror = model.estimate(image, [region, region], [False, True])
    distances = np.linalg.norm(plain.landmarks_px - mirror.landmarks_px, axis=1)[:, None]
    assert distances.max() < 0.1 * region.size_px
    assert mirror.is_right


def test_regions_in_one_batch_give_what_each_gives_alone(model, picture):
    image, region = picture
    regions = [region, replace(region, size_px=1.2 * region.size_px), region]
    mirrors = [False, False, True]
    batch = model.estimate(image, regions, mirrors)
    for region, is_mirrored, found in zip(regions, mirrors, batch, strict=True):
        (alone,) = model.estimate(image, [region], [is_mirrored])
        np.testing.assert_allclose(found.landmarks_px, alone.landmarks_px, atol=1e-2)
        assert found.right_probability == pytest.approx(alone.right_probability, abs=1e-3)


def test_depth_has_the_scale_of_the_image_relative_to_the_wrist():
    """MediaPipe's landmark graphs say 0.4 for the model's depth (normalize_z)."""
    points = np.zeros((1, 21, 3), np.float32)
    points[0, :, 2] = np.linspace(-INPUT_SIZE_PX, INPUT_SIZE_PX, 21)
    model = LandmarkModel(
        lambda batch: (points.reshape(1, 63), np.ones((1, 1)), np.ones((1, 1)), np.zeros((1, 63)))
    )
    image = np.zeros((48, 64, 3), np.uint8)
    (hand,) = model.estimate(image, [Region(32.0, 24.0, 40.0, 0.7)])
    np.testing.assert_allclose(hand.landmarks_px[:, 2], np.linspace(-100, 100, 21), rtol=1e-6)


def test_no_regions_give_no_results(model):
    image = np.zeros((48, 64, 3), np.uint8)
    assert model.estimate(image, []) == []
    assert model.refine(image, [], 2) == []


def estimate(seed, presence=0.9, right_probability=0.5):
    points = np.random.default_rng(seed).uniform(0, 100, (2, 21, 3)).astype(np.float32)
    region = Region(float(seed), 2.0, 3.0, 0.1)
    return HandLandmarks(points[0], points[1], presence, right_probability, region)


def test_the_mean_of_estimates_is_as_present_as_the_first_and_of_its_region():
    first, second = estimate(1, 0.9, 0.2), estimate(2, 0.4, 0.6)
    mean = mean_landmarks([first, second])
    np.testing.assert_allclose(mean.landmarks_px, (first.landmarks_px + second.landmarks_px) / 2)
    np.testing.assert_allclose(
        mean.world_landmarks, (first.world_landmarks + second.world_landmarks) / 2
    )
    assert mean.landmarks_px.dtype == mean.world_landmarks.dtype == np.float32
    assert mean.right_probability == pytest.approx(0.4)
    assert (mean.presence, mean.region) == (0.9, first.region)


class ScriptedModel(LandmarkModel):
    """A landmark model without a network, which notes what it is asked for."""

    def __init__(self):
        self.calls = []
        self.renditions = []

    def estimate(self, image, regions, mirrored=None, rendition=Rendition.PLAIN):
        self.renditions.append(rendition)
        seeds = range(len(self.calls) + 10, len(self.calls) + 10 + len(regions))
        estimates = [estimate(seed) for seed in seeds]
        self.calls.append((list(regions), list(mirrored), estimates))
        return estimates


def around(hand):
    region = hand.next_region
    return replace(region, size_px=REFINE_SCALE * region.size_px)


def test_each_further_pass_takes_the_region_of_the_mean_so_far_plain_and_mirrored():
    model, hands = ScriptedModel(), [estimate(1), estimate(2)]
    found = model.refine(None, hands, 2)
    (first, is_mirrored, of_first), (second, _, of_second) = model.calls
    assert is_mirrored == [False, True, False, True]
    assert first == [around(hands[0])] * 2 + [around(hands[1])] * 2
    means = [mean_landmarks([hands[i], *of_first[2 * i : 2 * i + 2]]) for i in range(2)]
    assert second == [around(means[0])] * 2 + [around(means[1])] * 2
    for i in range(2):
        all_of_one = [hands[i], *of_first[2 * i : 2 * i + 2], *of_second[2 * i : 2 * i + 2]]
        expected = mean_landmarks(all_of_one)
        np.testing.assert_array_equal(found[i].landmarks_px, expected.landmarks_px)
        assert found[i].region == hands[i].region


def test_further_passes_see_the_same_light():
    model = ScriptedModel()
    model.refine(None, [estimate(1)], 2, Rendition.STRETCHED)
    assert model.renditions == [Rendition.STRETCHED] * 2


@pytest.mark.parametrize(
    ('rendition', 'is_stretched'),
    [
        (Rendition.PLAIN, False),
        (Rendition.TINTED, False),
        (Rendition.STRETCHED | Rendition.TINTED, True),
    ],
)
def test_regions_of_dark_images_are_stretched_and_none_is_tinted(rendition, is_stretched):
    shown = []

    def infer(batch):
        shown.append(batch)
        return np.zeros((1, 63)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 63))

    dark = np.zeros((200, 200, 3), np.uint8)
    dark[:, 100:] = 40
    LandmarkModel(infer).estimate(dark, [Region(100, 100, 150, 0.0)], rendition=rendition)
    (red, _, blue) = shown[0][0]
    assert (red.max() > 0.9) == is_stretched
    np.testing.assert_allclose(red, blue, atol=0.01)


def test_without_further_passes_hands_stay_as_they_are():
    model, hands = ScriptedModel(), [estimate(1)]
    assert model.refine(None, hands, 0) == hands
    assert model.calls == []
