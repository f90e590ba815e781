"""From an image to a network's input: what a region shows, and in what layout."""

import cv2
import numpy as np

from hand_tracking_ros.tracking.networks.network_input import crop, network_input, rendered
from hand_tracking_ros.tracking.region import Region, whole_image
from hand_tracking_ros.tracking.rendition import Rendition


def test_a_crop_shows_what_to_image_says_lies_there():
    noise = np.random.default_rng(1).integers(0, 255, (300, 400, 3), np.uint8)
    image = cv2.GaussianBlur(noise, (0, 0), 6)
    region = Region(190.0, 140.0, 120.0, 0.7)
    view = crop(image, region, 224, cv2.BORDER_REPLICATE)
    for i, j in [(10, 20), (112, 112), (200, 50), (30, 210)]:
        x, y = region.to_image(np.array([[i / 224, j / 224]]))[0]
        expected = cv2.getRectSubPix(image, (1, 1), (x, y))[0, 0]
        np.testing.assert_allclose(view[j, i].astype(int), expected.astype(int), atol=2)


def test_the_whole_image_is_seen_with_black_bars():
    image = np.full((100, 200, 3), 255, np.uint8)
    view = crop(image, whole_image(image), 192, cv2.BORDER_CONSTANT)
    assert view[:40].max() == 0
    assert view[152:].max() == 0
    assert view[60:130].min() == 255


def test_a_network_sees_channels_first_from_0_to_1():
    image = np.zeros((4, 4, 3), np.uint8)
    image[1, 2] = [255, 51, 0]
    batch = network_input([image] * 2, 4)
    assert (batch.shape, batch.dtype) == ((2, 3, 4, 4), np.float32)
    np.testing.assert_allclose(batch[1, :, 1, 2], [1, 0.2, 0], atol=1e-6)


def test_noise_is_averaged_before_a_dark_picture_is_stretched():
    """Half of a dark picture is a little brighter: with all its noise that is still seen."""
    noise = np.random.default_rng(2).normal(0, 6, (768, 768, 3))
    dark = np.full((768, 768, 3), 20.0)
    dark[:, 384:] += 15
    image = np.clip(dark + noise, 0, 255).astype(np.uint8)
    plain = crop(image, whole_image(image), 192, cv2.BORDER_CONSTANT).astype(float)
    view = rendered(image, whole_image(image), 192, cv2.BORDER_CONSTANT, Rendition.STRETCHED)
    left, right = view[:, :90].astype(float), view[:, 102:].astype(float)
    assert right.mean() - left.mean() > 150
    assert (right.mean() - left.mean()) / left.std() > 10
    assert (plain[:, 102:].mean() - plain[:, :90].mean()) / plain[:, :90].std() < 3
