"""Palms in looks that MediaPipe does not have: rotated and padded windows, in another light."""

from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.tracking import HandModels
from hand_tracking_ros.tracking.look import padded_looks, rotated_looks, whole_look
from hand_tracking_ros.tracking.networks.palm_detector import PalmDetector
from hand_tracking_ros.tracking.region import overlap
from hand_tracking_ros.tracking.rendition import Rendition


@pytest.fixture(scope='module')
def detector():
    return HandModels.load(num_threads=1).palm_detector


@pytest.fixture(scope='module')
def image():
    """480x480, a hand."""
    return CameraSimulator(SimulatorOptions(seed=3, width=480, height=480)).render(0.0).image


def best(detector, image, look):
    """The surest palm of a look."""
    (palms,) = detector.detect(image, [look], [0.5])
    assert palms, look
    return palms[0]


def test_a_padded_look_shows_the_palm_at_its_place(detector, image):
    expected = best(detector, image, whole_look(image)).hand_region
    for look in padded_looks(image):
        assert overlap(best(detector, image, look).hand_region, expected) > 0.6


@pytest.mark.parametrize('look_index', range(3))
def test_a_rotated_look_shows_a_hand_upright_that_points_its_way(detector, image, look_index):
    look = rotated_looks(image)[look_index]
    quarters = round(look.window.rotation_rad / (np.pi / 2)) % 4
    found = best(detector, np.ascontiguousarray(np.rot90(image, -quarters)), look)
    points = found.keypoints_px
    for _ in range(quarters):
        points = np.stack([points[:, 1], 480 - 1 - points[:, 0]], axis=-1)
    expected = best(detector, image, whole_look(image)).keypoints_px
    np.testing.assert_allclose(points, expected, atol=15)
    assert (found.box_px[:2] < found.box_px[2:]).all()


def test_beyond_the_image_a_padded_look_goes_on_and_others_are_black():
    shown = []

    def infer(batch):
        shown.append(batch)
        return np.zeros((len(batch), 2016, 18)), np.full((len(batch), 2016, 1), -50.0)

    white = np.full((480, 640, 3), 255, np.uint8)
    looks = [whole_look(white), *padded_looks(white)]
    PalmDetector(infer).detect(white, looks, [0.5] * len(looks))
    whole, *padded = shown[0]
    assert whole[:, 0].max() == 0
    assert min(each.min() for each in padded) == 1


def test_a_dark_palm_is_found_in_another_light(detector, image):
    noise = np.random.default_rng(0).normal(0, 3, image.shape)
    dark = np.clip(image * 0.1 + noise, 0, 255).astype(np.uint8)
    look = whole_look(image)
    plain = detector.detect(dark, [look], [0.5])[0]
    stretched = best(detector, dark, replace(look, rendition=Rendition.STRETCHED))
    expected = best(detector, image, look)
    assert overlap(stretched.hand_region, expected.hand_region) > 0.6
    assert not plain or plain[0].score < stretched.score
