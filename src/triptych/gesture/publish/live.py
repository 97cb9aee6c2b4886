"""The publisher in real time: the newest picture while there is a lease, else the card.

Wakes when the analyser has something new, so a picture waits for nothing, and at least every one
and a half frame intervals, so the card waits for nobody.
"""

import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from triptych.errors import Unavailable
from triptych.gesture.publish.events import Listener
from triptych.gesture.publish.lease import Lease, Pick
from triptych.gesture.publish.messages import Command, Status, Teach
from triptych.gesture.publish.outlet import GOODBYE_CARDS, Outlet
from triptych.gesture.publish.sinks.sink import Sink
from triptych.gesture.publish.supervisor import Supervisor
from triptych.gesture.types import Box, CoverReason, Event, Frame


class Watched(Protocol):
    """The page, as far as the publisher needs it."""

    def show(self, frame: Frame, status: Status) -> None:
        """Take in what is being published."""
        ...

    def commands(self) -> list[Command | Teach]:
        """What people have asked for since the last call."""
        ...


class CpuShare:
    """CPU time of this process and its children over wall time; 1.0 is one core."""

    def __init__(self) -> None:
        self._before = (time.monotonic(), self._spent())
        self.share = 0.0

    @staticmethod
    def _spent() -> float:
        import psutil

        me = psutil.Process(os.getpid())
        spent = 0.0
        for process in (me, *me.children(recursive=True)):
            try:
                times = process.cpu_times()
            except psutil.Error:
                continue
            spent += times.user + times.system
        return spent

    def update(self, every: float = 1.0) -> float:
        """The share over the last `every` seconds or more."""
        clock = time.monotonic()
        if clock - self._before[0] >= every:
            spent = self._spent()
            gone = clock - self._before[0]
            # Less than before when a child has ended.
            self.share = max(0.0, spent - self._before[1]) / gone
            self._before = (clock, spent)
        return self.share


class LivePublisher:
    """Publishes until `stop` is set, the source ends, or every output has failed.

    fps: the most pictures a second that are sent on. card [H, W, 3]: the away card. page: told of
    everything that is published; None if there is none.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        sinks: Sequence[Sink],
        card: Frame,
        *,
        lease: Lease,
        fps: float,
        news: threading.Event,
        stop: threading.Event,
        log: Listener,
        say: Callable[[str], None],
        now: Callable[[], float],
        page: Watched | None = None,
    ) -> None:
        self._supervisor = supervisor
        self._outlets = [Outlet(sink, card, now, 1 / fps) for sink in sinks]
        self._card = card
        self._lease = lease
        self._beat = 1.5 / fps
        self._shortest = 0.6 / fps
        self._news = news
        self._stop = stop
        self._log = log
        self._say = say
        self._now = now
        self._page = page
        self._by_user = False
        self._cpu = CpuShare()
        self._last_failure = ""

    def run(self) -> None:
        """Publish to the end; the last thing a watched output shows is the card.

        Raises Unavailable if every output failed, and what `Supervisor.tend` raises.
        """
        try:
            self._loop()
        finally:
            for outlet in self._outlets:
                outlet.start_closing()
            if self._page is not None:
                self._page.show(self._card, self._status("analyser_lost"))
            self._supervisor.close()
            for outlet in self._outlets:
                if not outlet.wait_closed(GOODBYE_CARDS * self._beat + 2.0):
                    self._say(f"{outlet.sink.name} does not answer and was left as it is.")
                elif outlet.failed:
                    self._report(outlet)
        if self._last_failure:
            raise Unavailable(self._last_failure)

    def _loop(self) -> None:
        wait, published_at, published = self._beat, -math.inf, None
        while not self._stop.is_set() and not self._supervisor.ended:
            self._news.wait(wait)
            self._news.clear()
            self._supervisor.tend()
            self._obey()
            self._drop_failed()
            if not self._outlets and self._page is None:
                return
            clock = self._now()
            pick = self._lease.pick(self._supervisor.reader, clock)
            if self._by_user:
                pick = Pick(None, "by_user")
            shows = (self._lease.number, pick.covered)
            since = clock - published_at
            covers = pick.covered is not None and (published is None or published[1] is None)
            if covers or since >= self._beat or (shows != published and since >= self._shortest):
                self._publish(pick)
                published_at, published, wait = clock, shows, self._beat
            else:
                left = (self._shortest if shows != published else self._beat) - since
                wait = min(max(left, 0.001), self._beat)

    def _publish(self, pick: Pick) -> None:
        for outlet in self._outlets:
            outlet.offer(pick)
        if self._page is not None:
            frame = self._card if pick.frame is None else pick.frame
            self._page.show(frame, self._status(pick.covered, pick.words))

    def _status(self, covered: CoverReason | None, words: Box | None = None) -> Status:
        supervisor = self._supervisor
        newest = supervisor.newest
        shows_sign = newest is not None and covered is None
        return Status(
            t=supervisor.t,
            covered=covered,
            fps=supervisor.fps,
            analyse_ms=supervisor.analyse_ms,
            sign=newest.sign if newest and shows_sign else None,
            progress=newest.progress if newest and shows_sign else 0.0,
            cpu_share=self._cpu.update(),
            words=words,
        )

    def _obey(self) -> None:
        for command in self._page.commands() if self._page is not None else ():
            match command:
                case Teach():
                    self._supervisor.teach(command)
                case Command(name="cover" | "uncover"):
                    wanted = command.name == "cover"
                    if wanted != self._by_user:
                        self._by_user = wanted
                        self._log(Event(self._supervisor.t, command.name))
                case Command(name="tune"):
                    self._supervisor.tune(command)
                case Command():
                    self._stop.set()

    def _drop_failed(self) -> None:
        for outlet in [outlet for outlet in self._outlets if outlet.failed]:
            self._report(outlet)

    def _report(self, outlet: Outlet) -> None:
        self._outlets = [other for other in self._outlets if other is not outlet]
        if self._outlets or self._page is not None:
            self._say(outlet.failed)
        else:
            self._last_failure = outlet.failed
