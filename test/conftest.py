"""What every test file relies on."""

import os
import sys
from pathlib import Path

# The helper modules of this folder; pytest's importlib mode adds no folder by itself.
sys.path.append(str(Path(__file__).parent))

# A ROS domain for this run, so that tests neither hear nor disturb other nodes of this machine.
# 1 to 101: the domains whose ports are free on Linux, but for the default 0.
os.environ.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 101))

# Images larger than Fast DDS's own shared memory, where no other profile is in use.
PROFILE_VARIABLES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')
if not any(os.environ.get(name) for name in PROFILE_VARIABLES):
    profile = Path(__file__).parents[1] / 'config/fastdds_shm.xml'
    os.environ.update(dict.fromkeys(PROFILE_VARIABLES, str(profile)))
