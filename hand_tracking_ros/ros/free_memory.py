"""Gives memory that was freed back to the system."""

from __future__ import annotations

import contextlib
import ctypes


def return_free_memory() -> None:
    """Return what the C library keeps of freed memory: after a cleanup, 50 MB of two networks.

    glibc keeps it for later; networks loaded anew do not fit into its pieces, so that each cleanup
    would make the process larger. Does nothing where the C library is another one.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
