"""Pixels and rays of calibrated cameras, and what a CameraInfo may not say."""

import cv2
import numpy as np
import pytest

from hand_tracking_ros.tracking.placing.camera_matrix import CameraInfoError
from hand_tracking_ros.tracking.placing.camera_model import CameraModel

K = (600.0, 0.0, 318.0, 0.0, 605.0, 242.0, 0.0, 0.0, 1.0)
# Coefficients of the kinds of camera that robots carry.
BARREL = (-0.42, 0.21, 0.001, -0.0008, -0.05)
DEPTH_CAMERA = (0.6376, -2.7858, 0.0007, -0.0003, 1.6026, 0.5130, -2.5935, 1.5220)
TILTED = (0.1, -0.2, 0.001, 0.002, 0.05, 0.1, 0.02, 0.01, 0.001, 0.002, -0.001, 0.0005, 0.02, -0.01)
HEADSET = (0.25, -0.1, 0.03, -0.004)
CAMERAS = {
    'no distortion': (640, 480, K, (), 'plumb_bob'),
    'plumb_bob, 4 coefficients': (640, 480, K, BARREL[:4], 'plumb_bob'),
    'plumb_bob': (640, 480, K, BARREL, 'plumb_bob'),
    'plumb_bob with rational coefficients': (640, 480, K, DEPTH_CAMERA, 'plumb_bob'),
    'rational_polynomial': (640, 480, K, DEPTH_CAMERA, 'rational_polynomial'),
    'thin prism': (640, 480, K, TILTED[:12], 'rational_polynomial'),
    'tilted sensor': (640, 480, K, TILTED, 'rational_polynomial'),
    'equidistant': (640, 480, (250.0, 0, 318, 0, 252, 242, 0, 0, 1), HEADSET, 'equidistant'),
}


def camera(name: str) -> CameraModel:
    return CameraModel.from_camera_info_fields(*CAMERAS[name])


def pixel_grid(low: float, high: float) -> np.ndarray:
    """Pixels (400, 2) from `low` to `high` image sizes."""
    x, y = np.meshgrid(np.linspace(low, high, 20) * 640, np.linspace(low, high, 20) * 480)
    return np.column_stack([x.ravel(), y.ravel()])


def directions_within(angle_rad: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    angle, azimuth = rng.uniform(0, angle_rad, 300), rng.uniform(0, 2 * np.pi, 300)
    return np.column_stack(
        [np.sin(angle) * np.cos(azimuth), np.sin(angle) * np.sin(azimuth), np.cos(angle)]
    )


@pytest.mark.parametrize('name', CAMERAS)
def test_projects_as_opencv_does(name):
    model = camera(name)
    points = directions_within(0.9 * min(model.lens.max_angle_rad, np.radians(80))) * 0.7
    d, still = np.array(CAMERAS[name][3]), np.zeros(3)
    if name == 'equidistant':
        expected, _ = cv2.fisheye.projectPoints(points[:, None], still, still, model.matrix, d)
    else:
        expected, _ = cv2.projectPoints(points, still, still, model.matrix, d if len(d) else None)
    np.testing.assert_allclose(model.project(points), expected.reshape(-1, 2), atol=1e-6)


@pytest.mark.parametrize('name', CAMERAS)
def test_every_pixel_of_the_image_has_the_ray_that_lands_on_it(name):
    pixels = pixel_grid(0.0, 1.0)
    rays = camera(name).rays(pixels)
    np.testing.assert_allclose(np.linalg.norm(rays, axis=1), 1.0)
    np.testing.assert_allclose(camera(name).project(rays), pixels, atol=0.01)


@pytest.mark.parametrize('name', CAMERAS)
def test_rays_are_the_directions_that_were_projected(name):
    model = camera(name)
    directions = directions_within(0.99 * min(model.lens.max_angle_rad, np.radians(60)))
    np.testing.assert_allclose(model.rays(model.project(directions)), directions, atol=1e-5)


@pytest.mark.parametrize('name', CAMERAS)
def test_a_pixel_far_outside_the_image_has_an_honest_ray_or_none(name):
    model = camera(name)
    pixels = pixel_grid(-8.0, 9.0)
    rays = model.rays(pixels)
    found = np.isfinite(rays).all(axis=1)
    assert np.isnan(rays[~found]).all()
    np.testing.assert_allclose(model.project(rays[found]), pixels[found], atol=0.01)


def test_pixels_beyond_the_fold_of_a_barrel_distortion_have_no_ray():
    model = camera('plumb_bob')
    assert np.degrees(model.lens.max_angle_rad) < 60
    assert np.isnan(model.rays(pixel_grid(2.0, 3.0))).all()


@pytest.mark.parametrize('name', CAMERAS)
def test_a_pixel_that_is_no_number_has_no_ray(name):
    pixels = np.array([[np.nan, 10.0], [np.inf, 10.0], [318.0, 242.0]])
    found = np.isfinite(camera(name).rays(pixels)).all(axis=1)
    assert found.tolist() == [False, False, True]


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('value', [1e30, -1e30, 1e300, -1e300])
@pytest.mark.parametrize(
    ('name', 'index', 'count'),
    [('plumb_bob', 0, 5), ('plumb_bob', 3, 5), ('equidistant', 0, 4), ('equidistant', 3, 4)],
)
def test_distortion_that_leaves_no_rays_is_refused(name, index, count, value):
    d = [0.0] * count
    d[index] = value
    with pytest.raises(CameraInfoError, match=r'd is \[.*, expected coefficients that'):
        CameraModel.from_camera_info_fields(640, 480, K, d, name)


def test_points_behind_a_perspective_camera_have_no_pixel():
    assert np.isnan(camera('plumb_bob').project(np.array([[0.0, 0.0, -1.0]]))).all()


def test_a_fisheye_camera_sees_sideways():
    model = camera('equidistant')
    sideways = np.array([[np.sin(1.7), 0.0, np.cos(1.7)]])
    pixel = model.project(sideways)
    np.testing.assert_allclose(model.rays(pixel), sideways, atol=1e-6)


def test_the_skew_of_the_matrix_counts():
    skewed = CameraModel.from_camera_info_fields(
        640, 480, (600, 30, 318, 0, 605, 242, 0, 0, 1), BARREL, 'plumb_bob'
    )
    point = np.array([[0.0, 0.2, 1.0]])
    shift = skewed.project(point) - camera('plumb_bob').project(point)
    assert shift[0, 0] == pytest.approx(30 * 0.2, rel=0.05)
    ray = point / np.linalg.norm(point)
    np.testing.assert_allclose(skewed.rays(skewed.project(point)), ray, atol=1e-6)


def test_a_resized_image_keeps_its_rays():
    for name in CAMERAS:
        half = camera(name).scaled_to(320, 240)
        assert (half.width, half.height) == (320, 240)
        pixels = pixel_grid(0.0, 1.0)
        np.testing.assert_allclose(half.rays(pixels / 2), camera(name).rays(pixels), atol=1e-9)


def test_an_image_of_the_calibrated_size_uses_the_same_model():
    model = camera('plumb_bob')
    assert model.scaled_to(640, 480) is model


def test_resizing_may_round_a_side():
    assert camera('plumb_bob').scaled_to(213, 160).height == 160


@pytest.mark.parametrize('size', [(640, 360), (480, 480), (480, 640)])
def test_a_cropped_image_is_refused_with_both_sizes(size):
    with pytest.raises(CameraInfoError, match=f'640x480.*{size[0]}x{size[1]}'):
        camera('plumb_bob').scaled_to(*size)


def with_k(index: int, value: float) -> dict:
    k = list(K)
    k[index] = value
    return {'k': k}


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'width': 0}, 'width is 0, expected above 0'),
        ({'height': 0}, 'height is 0, expected above 0'),
        ({'k': [0.0] * 9}, r'k\[0\] \(fx\) is 0, expected above 0'),
        (with_k(0, -600.0), r'k\[0\] \(fx\) is -600, expected above 0'),
        (with_k(4, float('nan')), r'k\[4\] \(fy\) is nan, expected above 0'),
        (with_k(4, float('inf')), r'k\[4\] \(fy\) is inf'),
        (with_k(2, float('nan')), r'k\[2\] is nan, expected a finite number'),
        (with_k(0, 1e6), r'k\[0\] \(fx\) is 1e\+06 px, expected 32 to 64000'),
        (with_k(4, 1.0), r'k\[4\] \(fy\) is 1 px, expected 32 to 64000'),
        (with_k(4, 60.0), r'k\[4\] \(fy\) is 60, expected 150 to 2400'),
        (with_k(1, 400.0), r'k\[1\] \(skew\) is 400, expected 0, at most 60'),
        (with_k(2, 1e5), r'k\[2\] \(cx\) is 100000, expected -6400 to 6400'),
        (with_k(5, -4801.0), r'k\[5\] \(cy\) is -4801, expected -4800 to 4800'),
        (with_k(8, 0.0), r'k\[8\] is 0, expected 1'),
        (with_k(3, 5.0), r'k\[3\] is 5, expected 0'),
        ({'k': [1.0, 2.0]}, 'k has 2 numbers, expected 9'),
        ({'d': [0.1, float('nan'), 0, 0, 0]}, r'd\[1\] is nan, expected a finite number'),
        ({'d': [0.1, 0.2, 0.3]}, "d has 3 coefficients, expected one of 0, 4, 5, .*'plumb_bob'"),
        (
            {'d': [0.1] * 5, 'distortion_model': 'equidistant'},
            "d has 5 coefficients, expected 4 for distortion_model 'equidistant'",
        ),
        ({'d': [], 'distortion_model': 'equidistant'}, 'd has 0 coefficients, expected 4'),
        (
            {'distortion_model': 'double_sphere'},
            "distortion_model is 'double_sphere' .* expected plumb_bob, rational_polynomial, equi",
        ),
        ({'distortion_model': ''}, "distortion_model is '' and d has 5 coefficients"),
    ],
)
def test_an_unusable_camera_info_is_refused_with_field_value_and_expectation(change, message):
    fields = {'width': 640, 'height': 480, 'k': K, 'd': BARREL, 'distortion_model': 'plumb_bob'}
    with pytest.raises(CameraInfoError, match=message):
        CameraModel.from_camera_info_fields(**{**fields, **change})


@pytest.mark.parametrize(
    ('name', 'd', 'same_as'),
    [
        ('', (), 'no distortion'),
        ('none', (0.0,) * 5, 'no distortion'),
        ('plumb_bob', (0.0,) * 5, 'no distortion'),
        ('rational_polynomial', (), 'no distortion'),
        ('Brown Conrady', BARREL, 'plumb_bob'),
        ('radtan', BARREL[:4], 'plumb_bob, 4 coefficients'),
        ('fisheye', HEADSET, 'equidistant'),
        ('Kannala Brandt4', HEADSET, 'equidistant'),
    ],
)
def test_other_names_for_the_same_models_are_known(name, d, same_as):
    width, height, k, _, _ = CAMERAS[same_as]
    model = CameraModel.from_camera_info_fields(width, height, k, d, name)
    pixels = pixel_grid(0.0, 1.0)
    np.testing.assert_array_equal(model.rays(pixels), camera(same_as).rays(pixels))


def test_cameras_are_compared_as_the_objects_they_are_not_number_by_number():
    one, other = camera('plumb_bob'), camera('plumb_bob')
    assert one == one
    assert one != other
    assert len({one, other}) == 2
