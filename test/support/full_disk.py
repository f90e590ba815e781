"""A disk that is full for one block: no file of this process grows beyond a size."""

import contextlib
import resource


@contextlib.contextmanager
def full_disk(free_bytes=0):
    """Let every write beyond `free_bytes` of a file fail with an OSError, as on a full disk.

    The kernel's limit of file sizes: a real write that really fails, without the privileges that a
    small file system of one's own would need. Processes that are started meanwhile inherit it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
