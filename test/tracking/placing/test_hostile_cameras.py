"""Any calibration and any points: an error that says why, or rays and pixels that agree."""

import numpy as np
from hypothesis import given, reject
from hypothesis import strategies as st

from hand_tracking_ros.tracking.placing.camera_model import CameraInfoError, CameraModel
from support.hostile import FINITE, NUMBERS, ORDINARY, camera_info_fields, examples, points, vectors

# Lenses as they are sold: focal length over width 0.2 to 3, distortion that a fit may give.
FOCALS_PX = st.floats(150.0, 2000.0)
FEW = st.floats(-0.05, 0.05)


@st.composite
def cameras(draw):
    """Cameras that somebody could have."""
    fx_px, aspect = draw(FOCALS_PX), draw(st.floats(0.5, 2.0))
    k = [fx_px, 0.0, draw(st.floats(200, 440)), 0.0, aspect * fx_px]
    k += [draw(st.floats(150, 330)), 0.0, 0.0, 1.0]
    name, count = draw(
        st.sampled_from([('plumb_bob', 5), ('rational_polynomial', 8), ('equidistant', 4)])
    )
    d = draw(st.lists(FEW, min_size=count, max_size=count))
    try:
        return CameraModel.from_camera_info_fields(640, 480, k, d, name)
    except CameraInfoError:  # all of it together may leave the middle of the image without rays
        reject()


def made(fields):
    """The camera of some fields; None if they are refused, as they should be or not."""
    try:
        return CameraModel.from_camera_info_fields(*fields)
    except CameraInfoError as error:
        assert 'expected' in str(error)
        return None


@examples(120)
@given(camera_info_fields(), points(4, NUMBERS), vectors(2))
def test_any_calibration_is_refused_or_gives_unit_rays_and_no_surprise(fields, anywhere, pixel):
    camera = made(fields)
    if camera is None:
        return
    with np.errstate(all='ignore'):
        assert camera.project(anywhere).shape == (4, 2)
        rays = camera.rays(pixel[None])
    known = np.isfinite(rays).all(axis=1)
    np.testing.assert_allclose(np.linalg.norm(rays[known], axis=1), 1.0, atol=1e-9)


@examples(100)
@given(cameras(), vectors(2, st.floats(0.0, 480.0)))
def test_a_pixels_ray_lands_on_that_pixel(camera, pixel):
    rays = camera.rays(pixel[None])
    if np.isfinite(rays).all():
        np.testing.assert_allclose(camera.project(rays)[0], pixel, atol=0.05)


@examples(100)
@given(cameras(), vectors(3, st.floats(-2.0, 2.0)))
def test_a_point_that_is_seen_lies_on_the_ray_of_its_pixel(camera, point):
    distance = np.linalg.norm(point)
    pixels = camera.project(point[None])
    if not np.isfinite(pixels).all() or distance < 1e-3:
        return
    rays = camera.rays(pixels)
    if np.isfinite(rays).all():
        assert np.linalg.norm(rays[0] - point / distance) < 1e-3


@examples(100)
@given(cameras(), st.integers(1, 4096), st.integers(1, 4096))
def test_another_size_of_image_is_the_same_camera_or_refused(camera, width, height):
    try:
        scaled = camera.scaled_to(width, height)
    except CameraInfoError as error:
        assert f'{width}x{height}' in str(error)
        return
    assert (scaled.width, scaled.height) == (width, height)
    middle = np.array([[0.0, 0.0, 1.0]])
    ratio = scaled.project(middle) / camera.project(middle)
    np.testing.assert_allclose(ratio[0], [width / 640, height / 480], rtol=1e-9)


@examples(50)
@given(cameras(), points(5, FINITE | ORDINARY))
def test_a_camera_sees_points_or_says_nan(camera, anywhere):
    with np.errstate(all='ignore'):
        pixels = camera.project(anywhere)
    assert not np.isinf(pixels[np.abs(anywhere).max(axis=1) < 1e100]).any()
