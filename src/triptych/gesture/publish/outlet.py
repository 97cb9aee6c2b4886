"""One output on a thread of its own, so that a slow or stuck one never holds up the others.

A one-picture box, never a queue: the newest picture wins. The outlet is also the last guard of the
lease: it looks at the clock right before it sends, and shows the card by itself when a picture has
run out, even if the publisher's own loop stands still.
"""

import math
import threading
import time
from collections.abc import Callable

from triptych.errors import TriptychError
from triptych.gesture.publish.lease import Pick
from triptych.gesture.publish.sinks.sink import Sink
from triptych.gesture.types import Frame

GOODBYE_CARDS = 10
"""How many cards a watched output gets at the end, so that the far side is left with the card."""

_CARD = Pick(None, "starting")


class Outlet:
    """Feeds one sink.

    card: the away card. now: the shared clock. interval: seconds between goodbye cards.
    failed: one sentence once the sink has failed and been closed, else empty.
    """

    def __init__(
        self, sink: Sink, card: Frame, now: Callable[[], float], interval: float = 1 / 30
    ) -> None:
        self.sink = sink
        self.failed = ""
        self.sent = 0
        self._card = card
        self._now = now
        self._interval = interval
        self._pick: Pick | None = None
        self._closing = False
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._work, name=f"to {sink.name}", daemon=True)
        self._thread.start()

    def offer(self, pick: Pick) -> None:
        """Put the newest picture in the box; returns at once and replaces one not yet sent."""
        with self._change:
            self._pick = pick
            self._change.notify()

    def start_closing(self) -> None:
        """Take no more pictures: show the card and finish."""
        with self._change:
            self._closing = True
            self._change.notify()

    def wait_closed(self, seconds: float) -> bool:
        """Wait until the sink is closed; False if it is stuck."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            self._feed()
        except Exception as error:
            self.failed = sentence_about(self.sink, error)
        try:
            self.sink.close()
        except Exception as error:
            self.failed = self.failed or sentence_about(self.sink, error)

    def _feed(self) -> None:
        runs_out = math.inf
        while True:
            with self._change:
                if self._pick is None and not self._closing:
                    wait = runs_out - self._now()
                    if wait > 0:
                        self._change.wait(None if wait == math.inf else wait)
                pick, self._pick = self._pick, None
                closing = self._closing
            if closing:
                break
            if pick is None:
                if self._now() < runs_out:
                    continue
                pick = _CARD
            runs_out = self._send(pick)
        if self.sink.live:
            for _ in range(GOODBYE_CARDS):
                self._send(_CARD)
                time.sleep(self._interval)

    def _send(self, pick: Pick) -> float:
        """Send the picture, or the card if its time is over; returns when that runs out."""
        clock = self._now()
        shown = pick.frame is not None and clock < pick.until
        self.sink.send(pick.frame if shown and pick.frame is not None else self._card, clock)
        self.sent += 1
        return pick.until if shown else math.inf


def sentence_about(sink: Sink, error: Exception) -> str:
    """One sentence for a sink that failed: what, and why."""
    if isinstance(error, TriptychError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        reason = error.strerror
    else:
        reason = " ".join(str(error).split()) or type(error).__name__
    return f"{sink.name} was closed because it could not be written: {reason}."
