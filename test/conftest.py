"""What every test file relies on."""

import contextlib
import os
import signal
import sys
from pathlib import Path

# For `support` and `evaluation`; pytest's importlib mode adds no folder by itself. At the end: the
# tests see the installed package, as users do.
TESTS = Path(__file__).parent
sys.path += [str(TESTS), str(TESTS.parent)]

# A shell that runs the tests in the background may ignore Ctrl-C, and every program that they start
# would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# The same with nohup and closed terminals. A handler that does nothing ends with us: the programs
# begin without it.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)

# A ROS domain for this run, so that tests neither hear nor disturb other nodes of this machine.
# 1 to 101: the domains whose ports are free on Linux, but for the default 0.
os.environ.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 101))

# Images larger than Fast DDS's own shared memory; without ROS 2 there is none.
with contextlib.suppress(ImportError, LookupError):
    from hand_tracking_ros.ros.fast_dds import image_profile

    os.environ.update(image_profile())
