"""Inputs that nobody means to send, made by hypothesis: the same ones in every run."""

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hand_tracking_ros.tracking.hand import (
    Hand,
    Handedness,
    HandPose,
    PoseSource,
    TrackingState,
)
from hand_tracking_ros.tracking.region import Region
from hand_tracking_ros.tracking.rotations import matrix_from_rotation_vector


def examples(count: int) -> settings:
    """So many inputs for a test, the same ones on every machine; a busy one may take its time."""
    return settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


# Whatever fits into a field.
NUMBERS = st.floats(width=64)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
# What a robot's numbers are, in any unit of this package; 0, equal and tiny ones are among them.
ORDINARY = st.floats(-1e4, 1e4)
STAMPS_S = st.floats(0.0, 2.0**31)


def vectors(length: int, numbers=ORDINARY):
    """Arrays (length,)."""
    return arrays(np.float64, length, elements=numbers)


def points(count: int, numbers=ORDINARY, dtype=np.float64):
    """Arrays (count, 3): any, all the same, or on one line."""
    width = np.dtype(dtype).itemsize * 8
    elements = numbers if width == 64 else st.floats(-(2.0**13), 2.0**13, width=width)
    return st.one_of(
        arrays(dtype, (count, 3), elements=elements),
        arrays(dtype, 3, elements=elements).map(lambda point: np.tile(point, (count, 1))),
        arrays(dtype, 3, elements=elements)
        .map(lambda end: np.outer(np.arange(count), end))
        .map(lambda line: line.astype(dtype)),
    )


ROTATIONS = vectors(3, st.floats(-3.0, 3.0)).map(matrix_from_rotation_vector)


@st.composite
def poses(draw, numbers=ORDINARY):
    """Poses of hands whose numbers are anything, but for a rotation that is one."""
    landmarks_m = draw(points(21, numbers))
    return HandPose(
        position_m=landmarks_m[0],
        rotation=draw(ROTATIONS),
        camera_landmarks_m=landmarks_m,
        covariance=draw(arrays(np.float64, (6, 6), elements=numbers)),
        reprojection_error_px=draw(numbers),
        source=draw(st.sampled_from([PoseSource.HAND_SIZE, PoseSource.DEPTH])),
    )


@st.composite
def hands(draw, numbers=ORDINARY, with_pose=True):
    """Hands whose numbers are anything of a kind."""
    return Hand(
        track_id=draw(st.integers(0, 2**32 - 1)),
        handedness=draw(st.sampled_from(Handedness)),
        handedness_score=draw(st.floats(0.0, 1.0, width=32)),
        state=draw(st.sampled_from(TrackingState)),
        presence=draw(st.floats(0.0, 1.0, width=32)),
        age_s=draw(st.floats(0.0, 1e6)),
        landmarks=draw(points(21, dtype=np.float32)),
        world_landmarks=draw(points(21, dtype=np.float32)),
        region=Region(*(draw(st.floats(-(2.0**13), 2.0**13, width=32)) for _ in range(4))),
        pose=draw(st.none() | poses(numbers)) if with_pose else None,
    )


CAMERA_NAMES = st.sampled_from(
    ['plumb_bob', 'rational_polynomial', 'equidistant', 'fisheye', '', 'none', 'omnidirectional']
)


@st.composite
def camera_info_fields(draw, numbers=NUMBERS):
    """Width, height, k, d and model: some as a driver sends them, most as none should."""
    focal_px = draw(st.floats(1.0, 1e5) | numbers)
    k = [focal_px, draw(st.just(0.0) | numbers), draw(st.floats(-1e4, 1e4) | numbers)]
    k += [0.0, draw(st.just(focal_px) | numbers), draw(st.floats(-1e4, 1e4) | numbers)]
    k += draw(st.just([0.0, 0.0, 1.0]) | st.lists(numbers, min_size=3, max_size=3))
    d = draw(
        st.sampled_from([0, 4, 5, 8, 12, 14]).flatmap(
            lambda count: st.lists(st.floats(-1.0, 1.0) | numbers, min_size=count, max_size=count)
        )
    )
    size = st.integers(1, 4096) | st.integers(0, 2**32 - 1)
    return draw(size), draw(size), k, d, draw(CAMERA_NAMES)
