"""What all programs do alike when something goes wrong: one plain line instead of a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable

from hand_tracking_ros.tracking.errors import UserError

EXIT_USER_ERROR = 1
EXIT_INTERRUPTED = 130  # as shells report a program ended by SIGINT


def run_program(job: Callable[[], None]) -> int:
    """Do a program's job and return its exit status."""
    try:
        job()
    except UserError as error:
        print(f'error: {error}', file=sys.stderr)
        return EXIT_USER_ERROR
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0
