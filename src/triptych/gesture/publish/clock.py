"""One clock that all our processes share, and that runs on while the machine sleeps.

A lease is only worth something if its age cannot lie: a picture taken before the lid was closed
must be old when the lid opens. `time.monotonic` stands still during sleep on Linux and macOS, so
the clock that does not is taken where there is one.
"""

import sys
import time

if sys.platform == "linux":
    _CLOCK = time.CLOCK_BOOTTIME
elif sys.platform == "darwin":
    _CLOCK = time.CLOCK_MONOTONIC  # macOS: goes on during sleep, unlike `time.monotonic`


def now() -> float:
    """Seconds since some moment before this boot's first process; never set back by anyone."""
    if sys.platform in ("linux", "darwin"):
        return time.clock_gettime(_CLOCK)
    return time.monotonic()


class Stamps:
    """When a live picture was taken, on the shared clock, told from the source's own time.

    A source says when a picture was taken in seconds since it was opened. The smallest difference
    ever seen between the shared clock and that time is when the source was opened; so a picture
    that waited in the source's box is as old as it really is.
    """

    JUMP_SECONDS = 1.0
    """A difference that grew by more than this is a machine that slept, or a picture too old."""

    def __init__(self) -> None:
        self.opened_at: float | None = None
        """The moment on the shared clock at which the source's time was 0; None before the first
        picture."""

    def taken_at(self, t: float, clock: float) -> float:
        """The moment on the shared clock of a picture with source time `t`, read at `clock`."""
        opened_at = clock - t
        if self.opened_at is None or opened_at - self.opened_at > self.JUMP_SECONDS:
            self.opened_at = opened_at
        self.opened_at = min(self.opened_at, opened_at)
        return self.opened_at + t
