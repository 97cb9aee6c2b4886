"""Whether the pictures of a camera can be trusted to show what is there now. Pure: time comes in.

A driver that has lost its sensor often goes on delivering: black pictures, or the last one for
ever. Real sensors have noise, so bit-identical pictures do not come from a working one.
"""

import zlib

import numpy as np

from triptych.gesture.types import Frame

PATIENCE_SECONDS = 0.5
"""How long black, identical or missing pictures are put up with."""

BLACK_BELOW = 8
"""A picture is black if no pixel of it, in any colour, reaches this value (0..255)."""

_STEP = 8  # pixels between those that are looked at first, which settles almost all pictures


class CameraHealth:
    """Judges the pictures of one camera, one after the other."""

    def __init__(self) -> None:
        self._sample: np.ndarray | None = None
        self._checksum: int | None = None
        self._changed_at = 0.0
        self._bright_at: float | None = None

    def judge(self, t: float, frame: Frame) -> str:
        """What is wrong with the pictures up to `frame`, taken at `t` seconds; "" if nothing is."""
        if self._differs(frame):
            self._changed_at = t
        if self._bright_at is None or not _is_black(frame):
            self._bright_at = t
        if t - self._bright_at > PATIENCE_SECONDS:
            return "the camera gives only black pictures"
        if t - self._changed_at > PATIENCE_SECONDS:
            return "the camera gives the same picture over and over"
        return ""

    def _differs(self, frame: Frame) -> bool:
        """Whether `frame` is another one than the last; keeps no reference to it."""
        sample = frame[::_STEP, ::_STEP].copy()
        if self._sample is None or not np.array_equal(sample, self._sample):
            self._sample, self._checksum = sample, None
            return True
        checksum = zlib.crc32(np.ascontiguousarray(frame).data)
        differs = self._checksum is not None and checksum != self._checksum
        self._checksum = checksum
        return differs


def _is_black(frame: Frame) -> bool:
    return int(frame[::_STEP, ::_STEP].max()) < BLACK_BELOW and int(frame.max()) < BLACK_BELOW
