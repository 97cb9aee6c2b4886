"""Hands memory back that was needed only to start: a card's drawing, a model file's contents.

glibc keeps what is freed below the top of its heap; asked once, it returns some 40 MB of the
publisher's and 20 MB of the analyser's to the system.
"""

import contextlib
import ctypes
import sys


def give_back() -> None:
    """Return freed memory to the system, where that takes asking (glibc); else do nothing."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library has no such call
            ctypes.CDLL(None).malloc_trim(0)
