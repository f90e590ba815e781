"""What one image suggests of a hand before it is fitted."""

import numpy as np
import pytest

from hand_tracking_ros.tracking.placing.hand_prior import facing_view

RAYS = np.random.default_rng(0).normal([0.3, -0.2, 1.0], 0.05, (21, 3))
RAYS /= np.linalg.norm(RAYS, axis=1, keepdims=True)


def known(number, otherwise):
    """Rays of which only so many are the hand's."""
    return np.where(np.arange(21)[:, None] < number, RAYS, otherwise)


@pytest.mark.parametrize(
    'otherwise', [(np.nan, np.nan, np.nan), (1.0, 0.0, 0.0)], ids=['not seen', 'elsewhere']
)
def test_six_landmarks_are_needed(otherwise):
    if np.isfinite(otherwise).all():
        # As many on one side as on the other: the middle stays where the hand is.
        rays = known(6, -np.array(otherwise))
        rays[6:13] = otherwise
        fewer = rays.copy()
        fewer[5] = otherwise
    else:
        rays, fewer = known(6, otherwise), known(5, otherwise)
    image, _ = facing_view(rays)
    np.testing.assert_array_equal(np.isfinite(image).all(axis=1), np.arange(21) < 6)
    assert facing_view(fewer) is None


def test_the_view_looks_straight_at_the_hand():
    image, to_facing = facing_view(RAYS)
    turned = RAYS @ to_facing.T
    np.testing.assert_allclose(turned[:, :2] / turned[:, 2:], image)
    np.testing.assert_allclose(turned.mean(axis=0)[:2], 0.0, atol=1e-12)
    np.testing.assert_allclose(to_facing @ to_facing.T, np.eye(3), atol=1e-12)
