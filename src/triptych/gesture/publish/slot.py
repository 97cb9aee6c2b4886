"""The newest analysed picture, handed from the analyser to the publisher through shared memory.

One writer, one reader, three buffers, no lock that a dead process could hold: each buffer carries
the number of the picture before and after its pixels (a sequence lock, Lameter 2005), so a reader
can tell a whole picture from one that is being written. A covered picture has no pixels in here.
"""

import os
import struct
import sys
import threading
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from triptych.errors import Unavailable
from triptych.gesture.types import Box, CoverReason, Frame

BUFFERS = 3
REASONS: tuple[CoverReason, ...] = get_args(CoverReason)
_PAGE = 4096
_LATEST, _BEGIN, _END, _COVERED = 0, 0, 1, 2
_STAMP, _WORDS = 3, 4
_FULL = 65535
"""A box is kept as four whole numbers of 16 bits, in shares of the picture."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One verdict of the analyser.

    number: 1, 2, 3, ... taken_at: seconds on the shared clock when the picture was taken.
    covered: why there is no `frame`; None if there is one, which the reader may keep.
    words: where on the frame words are drawn, to the nearest 1/65535; None if nowhere.
    """

    number: int
    taken_at: float
    covered: CoverReason | None
    frame: Frame | None
    words: Box | None = None


class Slot:
    """The shared memory of one analyser: `BUFFERS` pictures of one size, and their headers.

    The publisher creates it (and unlinks it when closed), the analyser attaches by `name`. Raises
    Unavailable if the system has not enough shared memory.
    """

    def __init__(self, size_wh: tuple[int, int], name: str | None = None) -> None:
        width, height = size_wh
        picture = -(-width * height * 3 // _PAGE) * _PAGE
        self._owner = name is None
        self._memory = SharedMemory(name, create=name is None, size=_PAGE + BUFFERS * picture)
        if self._owner:
            try:
                _claim(self._memory)
            except OSError as error:
                self._memory.close()
                self._memory.unlink()
                raise Unavailable(
                    f"There is not enough shared memory for pictures of {width}x{height} "
                    f"({error.strerror}): make /dev/shm larger, or the pictures smaller."
                ) from None
        buffer = self._memory.buf
        # One row of eight words for all, then one for each buffer; a word is stored in one go.
        self.words: NDArray[np.int64] = np.ndarray((1 + BUFFERS, 8), np.int64, buffer)
        self.pixels: list[Frame] = [
            np.ndarray((height, width, 3), np.uint8, buffer, _PAGE + index * picture)
            for index in range(BUFFERS)
        ]
        self._fence = threading.Lock()

    @property
    def name(self) -> str:
        """What the other process attaches by."""
        return self._memory.name

    def fence(self) -> None:
        """Keep the processor from moving stores or loads past this point (two lock round trips)."""
        for _ in range(2):
            with self._fence:
                pass

    def close(self) -> None:
        """Let go of the memory; the creator also removes it. Safe to call twice."""
        self.words = np.zeros((1 + BUFFERS, 8), np.int64)
        self.pixels = []
        self._memory.close()
        if self._owner:
            self._owner = False
            self._memory.unlink()


def _claim(memory: SharedMemory) -> None:
    """Have the pages now: a page that is missing later would end a process by a signal."""
    file = Path("/dev/shm", memory.name.lstrip("/"))
    if sys.platform == "linux" and file.exists():
        descriptor = os.open(file, os.O_RDWR)
        try:
            os.posix_fallocate(descriptor, 0, memory.size)
        finally:
            os.close(descriptor)


class SlotWriter:
    """The analyser's end of a slot."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._number = int(slot.words[0, _LATEST])

    def offer(
        self,
        taken_at: float,
        covered: CoverReason | None,
        frame: Frame | None,
        words: Box | None = None,
    ) -> int:
        """Put a verdict in; pixels are copied only if uncovered. Returns its number.

        `frame` has the slot's size, BGR; it may be None only if `covered` is not. words: where on
        it there are some, as a box within 0..1.
        """
        slot, number = self._slot, self._number + 1
        index = number % BUFFERS
        row = slot.words[1 + index]
        row[_BEGIN] = number
        slot.fence()
        if covered is None:
            if frame is None:
                raise ValueError("an uncovered offer needs a picture")
            self.copy(slot.pixels[index], frame)
        row[_STAMP] = struct.unpack("q", struct.pack("d", taken_at))[0]
        row[_COVERED] = 0 if covered is None else 1 + REASONS.index(covered)
        shares = [0] * 4 if words is None else [round(side * _FULL) for side in words.as_list()]
        row[_WORDS] = struct.unpack("q", struct.pack("4H", *shares))[0]
        slot.fence()
        row[_END] = number
        slot.fence()
        slot.words[0, _LATEST] = number
        self._number = number
        return number

    @staticmethod
    def copy(into: Frame, frame: Frame) -> None:
        """Copy the pixels; a step of its own so that tests can die in the middle of it."""
        np.copyto(into, frame)


class SlotReader:
    """The publisher's end of a slot."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot

    def newest_number(self) -> int:
        """The number of the newest finished offer; 0 before the first."""
        return int(self._slot.words[0, _LATEST])

    def read(self, number: int | None = None) -> Offer | None:
        """Offer `number` (default: the newest) with its own copy of the pixels.

        None if there is none yet, or if the writer has overtaken it: never a torn picture.
        """
        slot = self._slot
        wanted = self.newest_number() if number is None else number
        if wanted == 0:
            return None
        index = wanted % BUFFERS
        row = slot.words[1 + index]
        whole = int(row[_END]) == wanted
        slot.fence()
        stamp = struct.unpack("d", struct.pack("q", int(row[_STAMP])))[0]
        code = int(row[_COVERED])
        covered = REASONS[code - 1] if 0 < code <= len(REASONS) else None
        shares = struct.unpack("4H", struct.pack("q", int(row[_WORDS])))
        words = Box(*(share / _FULL for share in shares)) if any(shares) else None
        frame = slot.pixels[index].copy() if whole and code == 0 else None
        slot.fence()
        if not whole or int(row[_BEGIN]) != wanted:
            return None
        return Offer(wanted, stamp, covered, frame, words)
