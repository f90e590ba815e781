"""Which pictures are dark, flat or grey, and what is changed in them."""

import numpy as np
import pytest

from hand_tracking_ros.tracking.rendition import Rendition, render, suitable_rendition

DARK, GREY = Rendition.STRETCHED, Rendition.TINTED


def picture(low, high, is_grey=False):
    """A ramp of brightness from left to right, reddish or grey."""
    ramp = np.tile(np.linspace(low, high, 640), (480, 1))
    tint = [1.0, 1.0, 1.0] if is_grey else [1.0, 0.8, 0.6]
    return (ramp[..., None] * tint).astype(np.uint8)


@pytest.mark.parametrize(
    ('image', 'expected'),
    [
        (picture(0, 255), Rendition.PLAIN),
        (picture(0, 40), DARK),
        (picture(0, 90), DARK),
        (picture(200, 240), DARK),
        (picture(60, 150), Rendition.PLAIN),
        (picture(0, 255, is_grey=True), GREY),
        (picture(0, 40, is_grey=True), DARK | GREY),
    ],
    ids=['ordinary', 'very dark', 'dark', 'flat', 'plain wall', 'grey', 'dark and grey'],
)
def test_what_a_picture_needs(image, expected):
    assert suitable_rendition(image) == expected


def test_an_image_of_one_pixel_is_no_error():
    assert suitable_rendition(np.zeros((1, 1, 3), np.uint8)) == DARK | GREY


def test_an_ordinary_picture_is_not_touched():
    image = picture(0, 255)
    assert render(image, Rendition.PLAIN) is image


@pytest.mark.parametrize(('low', 'high'), [(0, 40), (100, 160)])
def test_a_stretched_picture_is_black_to_white_in_its_order(low, high):
    stretched = render(picture(low, high), DARK).mean(axis=(0, 2))
    assert stretched[5] < 40
    assert stretched[-5] > 190
    assert (np.diff(stretched) >= -1).all()


def test_a_covered_lens_does_not_become_a_picture():
    noise = np.random.default_rng(3).integers(0, 3, (192, 192, 3)).astype(np.uint8)
    assert render(noise, DARK).max() < 60


def test_a_tinted_picture_has_the_colour_of_skin_and_its_own_brightness():
    image = picture(0, 250, is_grey=True)
    red, green, blue = np.moveaxis(render(image, GREY).astype(float), -1, 0)
    np.testing.assert_allclose(red, image[..., 0], atol=1)
    assert (red[:, -1] > green[:, -1]).all()
    assert (green[:, -1] > blue[:, -1]).all()
