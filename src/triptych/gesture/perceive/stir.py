"""Whether something stirs in a picture, at a price that can be paid for every picture.

A hand on its way up changes several coarse blocks of a picture at once, a person who sits there and
listens hardly any. The thresholds were set on clips composed from `val` people; `stirs` too often
costs a look, too seldom makes a sign wait for the next one.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.gesture.types import Frame

BLOCKS_WH = (16, 9)

CHANGED = 10
"""Levels, 0 to 255, by which a block's mean colour must change to count."""

STIRRED = 5
"""Blocks of the 144 that must have changed."""


def blocks(frame: Frame) -> NDArray[np.int16]:
    """The mean colour of each block, [9, 16, 3], from about every eighth pixel each way."""
    height, width = frame.shape[:2]
    down, across = max(1, height // 90), max(1, width // 160)
    sparse = np.ascontiguousarray(frame[::down, ::across])
    return np.asarray(cv2.resize(sparse, BLOCKS_WH, interpolation=cv2.INTER_AREA), np.int16)


def stirs(before: NDArray[np.int16], now: NDArray[np.int16]) -> bool:
    """Whether enough blocks have changed between two pictures of one video."""
    return int((np.abs(now - before).mean(axis=2) > CHANGED).sum()) >= STIRRED
