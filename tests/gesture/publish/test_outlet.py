"""An outlet guards the lease by itself, and never holds up the publisher."""

import threading
import time

import numpy as np

from triptych.gesture.publish.lease import Pick
from triptych.gesture.publish.outlet import GOODBYE_CARDS, Outlet
from triptych.gesture.types import Frame

CARD = np.zeros((2, 2, 3), np.uint8)
SEEN = np.ones((2, 2, 3), np.uint8)


class _Sink:
    """Keeps what it gets; may fail, or wait for `gate`."""

    name = "sink"

    def __init__(self, live: bool = True, error: Exception | None = None) -> None:
        self.live = live
        self.got: list[bool] = []
        self.error = error
        self.gate = threading.Event()
        self.gate.set()
        self.closed = 0

    def send(self, frame: Frame, t: float) -> None:
        self.gate.wait(30)
        if self.error is not None:
            raise self.error
        self.got.append(frame is not CARD)

    def close(self) -> None:
        self.closed += 1


def wait_until(count: int, sink: _Sink) -> None:
    deadline = time.monotonic() + 20
    while len(sink.got) < count:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def finish(outlet: Outlet) -> None:
    outlet.start_closing()
    assert outlet.wait_closed(20)


def test_a_picture_runs_out_even_if_nobody_says_so() -> None:
    """The publisher's own loop may stand still: the card comes all the same."""
    sink = _Sink()
    outlet = Outlet(sink, CARD, time.monotonic, 0.001)
    outlet.offer(Pick(SEEN, None, time.monotonic() + 0.3))
    wait_until(2, sink)
    finish(outlet)
    assert sink.got[:2] == [True, False]


def test_a_picture_that_ran_out_in_the_box_is_never_sent() -> None:
    """The clock is looked at right before sending."""
    sink, clock = _Sink(), [100.0]
    outlet = Outlet(sink, CARD, lambda: clock[0], 0.001)
    outlet.offer(Pick(SEEN, None, 100.5))
    wait_until(1, sink)
    sink.gate.clear()
    outlet.offer(Pick(SEEN, None, 101.0))
    clock[0] = 3700.0  # the machine slept while the sink was busy
    sink.gate.set()
    wait_until(2, sink)
    finish(outlet)
    assert not any(sink.got[2:])


def test_a_stuck_output_holds_nobody_up_and_only_the_newest_waits() -> None:
    """Offering is instant, and what was in the box is replaced."""
    sink = _Sink(live=False)
    sink.gate.clear()
    outlet = Outlet(sink, CARD, time.monotonic)
    later = time.monotonic() + 3600
    for _ in range(1000):
        outlet.offer(Pick(SEEN, None, later))
    outlet.offer(Pick(None, "away"))
    sink.gate.set()
    finish(outlet)
    assert len(sink.got) <= 2


def test_a_watched_output_ends_with_ten_cards() -> None:
    """So that the far side is left with the card, whatever it buffers."""
    sink = _Sink()
    outlet = Outlet(sink, CARD, time.monotonic, 0.001)
    outlet.offer(Pick(SEEN, None, time.monotonic() + 3600))
    wait_until(1, sink)
    finish(outlet)
    assert sink.got == [True] + [False] * GOODBYE_CARDS
    assert sink.closed == 1


def test_a_file_gets_no_goodbye() -> None:
    """Nobody watches it as it happens."""
    sink = _Sink(live=False)
    outlet = Outlet(sink, CARD, time.monotonic, 0.001)
    finish(outlet)
    assert sink.got == []
    assert sink.closed == 1


def test_an_output_that_fails_is_closed_with_one_sentence() -> None:
    """What failed, and why."""
    sink = _Sink(error=OSError(28, "No space left on device"))
    outlet = Outlet(sink, CARD, time.monotonic)
    outlet.offer(Pick(SEEN, None, time.monotonic() + 3600))
    assert outlet.wait_closed(20)
    assert outlet.failed == (
        "sink was closed because it could not be written: No space left on device."
    )
    assert sink.closed == 1
