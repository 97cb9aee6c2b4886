"""Whether the analyser's newest verdict may still be shown: covered unless sure.

The publisher shows a picture only while it holds a lease: a whole, uncovered picture that was
taken less than `seconds` ago. Whatever goes wrong upstream (a crash, a hang, slow pictures, a
machine that slept), the lease runs out by itself, and nobody has to notice the fault.
"""

import math
from dataclasses import dataclass

from triptych.gesture.publish.slot import Offer, SlotReader
from triptych.gesture.types import Box, CoverReason, Frame


@dataclass(frozen=True, slots=True)
class Pick:
    """What may be shown now.

    frame: the picture, or None for the away card. covered: why there is none.
    until: seconds on the shared clock after which `frame` must not be shown any more.
    words: where on `frame` words are drawn.
    """

    frame: Frame | None
    covered: CoverReason | None
    until: float = math.inf
    words: Box | None = None


class Lease:
    """Picks the picture or the card.

    seconds: the oldest a picture may be. settle_seconds: after a lease was lost, verdicts must be
    fresh for this long without a gap before a picture is shown again, so that an analyser that
    falls behind over and over shows the card and not a flicker.
    """

    def __init__(self, seconds: float, settle_seconds: float = 0.5) -> None:
        self._seconds = seconds
        self._settle_seconds = settle_seconds
        self._reader: SlotReader | None = None
        self._offer: Offer | None = None
        self._missing: CoverReason = "starting"
        self._read_at = -math.inf
        self._fresh_since: float | None = None

    @property
    def number(self) -> int:
        """The number of the newest verdict seen; 0 if there is none."""
        return self._offer.number if self._offer else 0

    def forget(self) -> None:
        """Drop whatever is held: the analyser it came from is gone."""
        self._offer = None
        self._fresh_since = None

    def pick(self, reader: SlotReader | None, clock: float) -> Pick:
        """The picture or the card at `clock` (seconds on the shared clock); `reader` None: card."""
        if reader is None:
            self.forget()
            self._missing = "analyser_lost"
            return Pick(None, "analyser_lost")
        if reader is not self._reader:
            self.forget()
            self._reader = reader
        if self._offer is None or reader.newest_number() != self._offer.number:
            offer = reader.read()
            if offer is not None:
                self._offer, self._read_at = offer, clock
        offer = self._offer
        if offer is None:
            return Pick(None, self._missing)
        # The second condition holds even if the stamp lies or the analyser's clock runs ahead.
        fresh = 0.0 <= clock - offer.taken_at < self._seconds
        fresh = fresh and 0.0 <= clock - self._read_at < self._seconds
        if not fresh:
            self._fresh_since = None
            self._missing = "analyser_lost"
            return Pick(None, "analyser_lost")
        if self._fresh_since is None:
            self._fresh_since = clock
        if offer.covered is not None or offer.frame is None:
            return Pick(None, offer.covered or "analyser_lost")
        if clock - self._fresh_since < self._settle_seconds:
            return Pick(None, self._missing)
        return Pick(offer.frame, None, offer.taken_at + self._seconds, offer.words)
