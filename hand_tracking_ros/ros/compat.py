"""cv_bridge, tf2_ros and tf_transformations, which PyPI lacks: the real ones where they work.

Import their names from here. A fallback does what the real one documents, for the part of it that
this package uses.
"""

import importlib.util

import cv2
import numpy as np
from rclpy.logging import get_logger

from hand_tracking_ros.ros import cv_bridge_fallback

try:
    from tf2_ros import Buffer, TransformBroadcaster, TransformException, TransformListener
except ImportError:
    from hand_tracking_ros.ros.tf_fallback import (
        Buffer,
        TransformBroadcaster,
        TransformException,
        TransformListener,
    )

try:
    from tf_transformations import quaternion_from_matrix
except ImportError:
    from hand_tracking_ros.ros.tf_fallback import quaternion_from_matrix

__all__ = [
    'Buffer',
    'CvBridge',
    'TransformBroadcaster',
    'TransformException',
    'TransformListener',
    'quaternion_from_matrix',
]


def _usable_cv_bridge():
    """Return cv_bridge's CvBridge, or the fallback where it is missing or does not work."""
    if importlib.util.find_spec('cv_bridge') is None:
        return cv_bridge_fallback.CvBridge
    # A cv_bridge that was built for another numpy or OpenCV than the ones imported here fails on
    # import or, more often, at the first image, and not always with an ImportError.
    try:
        from cv_bridge import CvBridge as RealCvBridge

        RealCvBridge().cv2_to_imgmsg(np.zeros((1, 1, 3), np.uint8), 'rgb8')
    except Exception as error:
        get_logger('hand_tracking_ros').warning(
            f'cv_bridge is installed but does not work with numpy {np.__version__} and OpenCV '
            f'{cv2.__version__} ({type(error).__name__}: {error}); images are converted without it'
        )
        return cv_bridge_fallback.CvBridge
    return RealCvBridge


CvBridge = _usable_cv_bridge()
