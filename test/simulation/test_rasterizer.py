"""Which triangle each pixel sees."""

import numpy as np
import pytest

from hand_tracking_ros.simulation.implicit_surface import Capsule, mesh_surface
from hand_tracking_ros.simulation.pinhole_camera import PinholeCamera
from hand_tracking_ros.simulation.rasterizer import NEAREST_M, rasterize

CAMERA = PinholeCamera.from_field_of_view(160, 120, 60.0)
# Counter-clockwise seen from the camera, which looks along z with y down.
SQUARE = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], float)
SQUARE_TRIANGLES = np.array([[0, 2, 1], [0, 3, 2]])


def rays_of(pixels):
    """Directions (N, 3) with z = 1 of pixels (N,) given as y * width + x."""
    directions = np.column_stack([pixels % 160, pixels // 160, np.ones(len(pixels))])
    return directions @ np.linalg.inv(CAMERA.matrix).T


def see(vertices, triangles):
    vertices = np.asarray(vertices, float)
    return rasterize(CAMERA.project(vertices), vertices[:, 2], triangles, 160, 120)


def test_a_wall_fills_the_image_without_a_gap():
    surface = see(SQUARE * 5 + [0, 0, 2], SQUARE_TRIANGLES)
    assert sorted(surface.pixels) == list(range(160 * 120))
    assert surface.depth_m == pytest.approx(2.0, rel=1e-5)


def test_depth_is_that_of_the_plane_in_perspective():
    slanted = SQUARE * 3 + [0, 0, 4]
    slanted[:, 2] += 0.5 * slanted[:, 0]
    surface = see(slanted, SQUARE_TRIANGLES)
    rays = rays_of(surface.pixels)
    # z = 4 + x / 2 along the ray x = z * rx
    assert len(surface.pixels) > 10000
    assert surface.depth_m == pytest.approx(4 / (1 - 0.5 * rays[:, 0]), rel=1e-4)


def test_barycentric_weights_tell_where_on_the_triangle_a_pixel_is():
    slanted = SQUARE * 0.5 + [0.1, 0, 2]
    slanted[:, 2] += 0.8 * slanted[:, 1]
    surface = see(slanted, SQUARE_TRIANGLES)
    points = np.einsum(
        'nci,nc->ni', slanted[SQUARE_TRIANGLES[surface.triangles]], surface.barycentric
    )
    assert points == pytest.approx(rays_of(surface.pixels) * surface.depth_m[:, None], abs=1e-3)
    assert surface.barycentric.sum(axis=1) == pytest.approx(1, abs=1e-3)


def test_the_nearest_of_several_is_seen_whatever_their_order():
    near, middle, far = (SQUARE * 5 + [0, 0, z] for z in (1.0, 1.5, 3.0))
    for walls in ((near, middle, far), (far, middle, near), (middle, near, far)):
        triangles = np.concatenate([SQUARE_TRIANGLES + 4 * k for k in range(3)])
        surface = see(np.concatenate(walls), triangles)
        assert len(surface.pixels) == 160 * 120
        assert surface.depth_m == pytest.approx(1.0, rel=1e-5)


def test_the_inside_of_a_surface_is_not_seen():
    assert not len(see(SQUARE + np.array([0, 0, 2]), SQUARE_TRIANGLES[:, ::-1]).pixels)


@pytest.mark.parametrize('z', [-1.0, 0.0, NEAREST_M])
def test_what_is_behind_the_camera_or_at_its_lens_is_not_seen(z):
    with np.errstate(divide='ignore', invalid='ignore'):
        assert not len(see(SQUARE + np.array([0, 0, z]), SQUARE_TRIANGLES).pixels)


def test_what_is_beside_the_image_is_not_seen():
    assert not len(see(SQUARE * 0.1 + [3, 0, 1], SQUARE_TRIANGLES).pixels)


def test_a_ball_has_its_outline_and_its_depth():
    center, radius = np.array([0.02, -0.01, 0.5]), 0.1
    capsule = Capsule(center, center, radius, radius)
    vertices, triangles = mesh_surface(capsule.distance, center - 0.12, center + 0.12, 0.004)
    surface = see(vertices, triangles)
    rays = rays_of(np.arange(160 * 120))
    along, square = rays @ center, np.einsum('ni,ni->n', rays, rays)
    inside = along**2 - square * (center @ center - radius**2)
    hit = np.flatnonzero(inside > 0)
    # The mesh is a little smaller than the ball: only pixels at its rim may differ.
    assert set(surface.pixels) <= set(hit)
    assert len(surface.pixels) > 0.97 * len(hit)
    well_inside = np.flatnonzero(inside[surface.pixels] > 0.1 * inside.max())
    pixels = surface.pixels[well_inside]
    expected = (along[pixels] - np.sqrt(inside[pixels])) / square[pixels]
    assert surface.depth_m[well_inside] == pytest.approx(expected, abs=0.002)
