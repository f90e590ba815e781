"""The simulated camera's flaws."""

import numpy as np
import pytest

from hand_tracking_ros.simulation.sensor import Sensor, SensorOptions

WIDTH, HEIGHT = 320, 240
PERFECT = SensorOptions(noise=0.0, blur_px=0.0, depth_noise=0.0, depth_holes=0.0)
GREY = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
ONE_METRE = np.ones((HEIGHT, WIDTH), np.float32)


def sensor(seed=0, **flaws):
    options = SensorOptions(**{**vars(PERFECT), **flaws})
    return Sensor(options, WIDTH, HEIGHT, seed)


def test_a_perfect_sensor_changes_nothing():
    image = np.random.default_rng(0).integers(0, 256, GREY.shape, np.uint8)
    assert (sensor().expose(image, 0) == image).all()
    assert (sensor().measure(ONE_METRE, 0) == ONE_METRE).all()


def test_image_noise_has_the_strength_asked_for():
    noisy = sensor(noise=6.0).expose(GREY, 0).astype(float)
    assert noisy.std() == pytest.approx(6.0, rel=0.05)
    assert noisy.mean() == pytest.approx(128, abs=0.2)


def test_noise_saturates_instead_of_wrapping_around():
    white = np.full_like(GREY, 254)
    assert sensor(noise=6.0).expose(white, 0).min() > 200


def test_depth_noise_grows_with_the_square_of_the_distance():
    for distance_m in (1.0, 3.0):
        noisy = sensor(depth_noise=0.002).measure(ONE_METRE * distance_m, 0)
        assert noisy.std() == pytest.approx(0.002 * distance_m**2, rel=0.05)


def test_holes_cover_the_share_asked_for():
    measured = sensor(depth_holes=0.3).measure(ONE_METRE, 0)
    assert (measured == 0).mean() == pytest.approx(0.3, abs=0.04)
    assert set(np.unique(measured)) == {0.0, 1.0}


def test_blur_softens_edges():
    edge = GREY.copy()
    edge[:, WIDTH // 2 :] = 228
    steps = np.abs(np.diff(sensor(blur_px=2.0).expose(edge, 0)[..., 0].astype(int), axis=1))
    assert 0 < steps.max() < 30


def test_frames_differ_and_can_be_repeated():
    first, again = (sensor(noise=2.0).expose(GREY, 7) for _ in range(2))
    assert (first == again).all()
    assert (first != sensor(noise=2.0).expose(GREY, 8)).any()
    assert (first != sensor(seed=1, noise=2.0).expose(GREY, 7)).any()


def test_noise_of_one_frame_says_nothing_about_the_next():
    first, second = (
        sensor(noise=6.0).expose(GREY, frame).astype(float).ravel() for frame in (1, 2)
    )
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02
