"""A program that ends with the process that started it, however that ends.

    python3 -m hand_tracking_ros.demo.child PARENT_PID NAME [ARGUMENT...]

Linux sends the signal itself when the parent is gone, so it also comes after a SIGKILL, and needs
no thread that waits for it and no open pipe that passes from process to process. `demo` asks for it
too when `make` starts it: `make` ends with its terminal, and would leave it behind.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from hand_tracking_ros.programs import run

_PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>


def end_with_parent(parent_pid: int) -> None:
    """Let this process get SIGTERM when its parent ends; end it now if that has happened already.

    `parent_pid` is known from before this process began: by now it may have another parent.
    """
    if sys.platform != 'linux':
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent_pid:
        sys.exit(128 + signal.SIGTERM)


if __name__ == '__main__':
    end_with_parent(int(sys.argv[1]))
    sys.exit(run(sys.argv[2], sys.argv[3:]))
