"""Keep freed memory for the next batch: given back to the system, it has to be asked for again, page by page.

Batches are alike: what one has freed is what the next one needs. Left as they are, the allocators of Polars and of C
give it back in between, which costs an eighth of the time of scoring a file. A process that does little else should
keep it; a program that only calls a `Model` should decide for itself.
"""

import ctypes
import os
import sys

POLARS = ("_RJEM_MALLOC_CONF", "dirty_decay_ms:10000")  # jemalloc reads it when Polars is loaded; else half a second
# Of glibc's mallopt. Setting one of them alone would leave the other at its first, low value.
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
TRIM_BYTES, MMAP_BYTES = 200_000_000, 32 << 20  # more than a batch has; the most that glibc takes


def keep_freed_memory() -> None:
    """Do so from now on, in this process; what a user has set in the environment stays."""
    os.environ.setdefault(*POLARS)
    if sys.platform == "linux" and not {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"} & os.environ.keys():
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries than glibc lack it
        if mallopt is not None:
            mallopt(TRIM_THRESHOLD, TRIM_BYTES)
            mallopt(MMAP_THRESHOLD, MMAP_BYTES)
