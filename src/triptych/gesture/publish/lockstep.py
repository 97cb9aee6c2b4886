"""The publisher out of real time: every picture of a file, analysed and written exactly once.

Time is the medium's own, so two runs give the same pictures and the same events, however fast or
loaded the machine is.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence

from triptych.errors import TriptychError, Unavailable
from triptych.gesture.publish.events import Listener
from triptych.gesture.publish.keeper import Keeper
from triptych.gesture.publish.messages import Ended, Failed, Happened, Offered, Problem
from triptych.gesture.publish.outlet import sentence_about
from triptych.gesture.publish.sinks.sink import Sink
from triptych.gesture.publish.supervisor import Patience, error_of
from triptych.gesture.types import Frame


class LockstepPublisher:
    """Publishes one source, already open, from its first picture to its last.

    card [H, W, 3]: written for each covered picture, and once more if the analyser fails.
    """

    def __init__(
        self,
        keeper: Keeper,
        sinks: Sequence[Sink],
        card: Frame,
        *,
        fps: float,
        news: threading.Event,
        stop: threading.Event,
        log: Listener,
        say: Callable[[str], None],
        patience: Patience,
        stall: float = 10.0,
    ) -> None:
        self._keeper = keeper
        self._sinks = list(sinks)
        self._card = card
        self._fps = fps
        self._news = news
        self._stop = stop
        self._log = log
        self._say = say
        self._patience = patience
        self._stall = stall
        self._t = 0.0
        self._written = 0
        self._last_failure = ""

    def run(self) -> None:
        """Publish until the source ends or `stop` is set.

        Raises a TriptychError if the analyser fails or stalls for `stall` seconds, or if every
        output failed.
        """
        height, width = self._card.shape[:2]
        try:
            self._keeper.begin((width, height), lockstep=True, loop=False, epoch=None, tuned={})
            self._loop()
        except TriptychError:
            if self._sinks:
                self._send(self._card, self._t + 1 / self._fps)
            raise
        finally:
            self._keeper.close(self._patience.quit)
            for sink in list(self._sinks):
                self._attempt(sink, sink.close)
        self._complain_if_none_left()

    def _loop(self) -> None:
        while not self._stop.is_set():
            messages = self._keeper.messages()
            if not messages:
                self._check_alive()
                self._news.wait(0.2)
                self._news.clear()
            for message in messages:
                match message:
                    case Happened(event):
                        self._log(event)
                    case Problem(sentence):
                        self._say(sentence)
                    case Offered():
                        self._take(message)
                    case Failed():
                        raise error_of(message)
                    case Ended():
                        return
                    case _:
                        pass

    def _check_alive(self) -> None:
        if self._keeper.gone:
            raise Unavailable(
                f"The analyser ended at {self._t:.2f} s of the source; the output is complete up "
                "to there and ends with the away card."
            )
        silent = time.monotonic() - self._keeper.heard_at
        limit = self._stall if self._written else self._patience.start
        if silent > limit:
            raise Unavailable(
                f"The analyser said nothing for {limit:.0f} s at {self._t:.2f} s of the source; "
                "the output is complete up to there and ends with the away card."
            )

    def _take(self, offered: Offered) -> None:
        frame = self._card
        if offered.covered is None and self._keeper.reader is not None:
            offer = self._keeper.reader.read(offered.number)
            if offer is not None and offer.frame is not None:
                frame = offer.frame
        self._keeper.go()
        self._t = offered.t
        self._send(frame, offered.t)
        self._complain_if_none_left()

    def _send(self, frame: Frame, t: float) -> None:
        self._written += 1
        for sink in list(self._sinks):
            self._attempt(sink, lambda sink=sink: sink.send(frame, t))

    def _attempt(self, sink: Sink, work: Callable[[], None]) -> None:
        """Do `work`; a sink that fails is closed with one sentence, and the others go on."""
        try:
            work()
        except Exception as error:
            sentence = sentence_about(sink, error)
            self._sinks.remove(sink)
            if self._sinks:
                self._say(sentence)
            else:
                self._last_failure = sentence
            with contextlib.suppress(Exception):  # it has failed already, and that is said
                sink.close()

    def _complain_if_none_left(self) -> None:
        if self._last_failure and not self._sinks:
            raise Unavailable(self._last_failure)
