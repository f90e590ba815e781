"""The profile with which Fast DDS carries whole camera images."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ament_index_python.packages import get_package_share_directory

DISTRIBUTIONS_WITH_FAST_DDS_2 = ('humble', 'iron', 'jazzy')
# The user sets one of these to choose otherwise; a profile would override the last one.
USER_CHOICES = (
    'FASTRTPS_DEFAULT_PROFILES_FILE',
    'FASTDDS_DEFAULT_PROFILES_FILE',
    'FASTDDS_BUILTIN_TRANSPORTS',
)


def image_profile(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment variable that selects the profile; none if the user chose otherwise.

    Without it Fast DDS loses most images on the way: its shared memory is smaller than one.
    """
    if any(environment.get(name) for name in USER_CHOICES):
        return {}
    profile = Path(get_package_share_directory('hand_tracking_ros')) / 'config' / 'fastdds_shm.xml'
    # Fast DDS 2 knows the first variable only, and Fast DDS 3 warns of it.
    is_fast_dds_2 = environment.get('ROS_DISTRO') in DISTRIBUTIONS_WITH_FAST_DDS_2
    return {USER_CHOICES[0 if is_fast_dds_2 else 1]: str(profile)}


def use_image_profile() -> None:
    """Select the profile for this process and its children; call it before rclpy.init."""
    os.environ.update(image_profile())
