"""Watches over the analyser while something is live: notices its end, and starts another.

The card does not depend on any of this: it comes by the lease. This is what brings the picture
back, and what tells people why it went.
"""

import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from triptych import errors
from triptych.gesture.publish.events import Listener
from triptych.gesture.publish.keeper import AnalyserMain, Keeper
from triptych.gesture.publish.messages import (
    Command,
    Ended,
    Failed,
    Happened,
    Lesson,
    Noted,
    Offered,
    Opened,
    Problem,
    Teach,
    Tuned,
    Vocabulary,
)
from triptych.gesture.publish.slot import SlotReader
from triptych.gesture.types import Event


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds of an analyser's silence.

    start: until its first verdict, before it is killed. lost: until that is an event.
    hang: until it is killed. backoff: pause before it is started again, doubled each time up to
    `longest`. quit: until it is killed at the end.
    """

    start: float = 60.0
    lost: float = 1.0
    hang: float = 4.0
    backoff: float = 0.5
    longest: float = 8.0
    quit: float = 1.0


def error_of(failed: Failed) -> errors.TriptychError:
    """The error that an analyser gave up with, to be raised on our side."""
    kind = getattr(errors, failed.kind, errors.Unavailable)
    if failed.kind:
        return kind(failed.sentence)
    return errors.Unavailable(f"The analyser failed: {failed.sentence}. This is a bug of ours.")


def wait_opened(
    keeper: Keeper, news: threading.Event, stop: threading.Event, seconds: float
) -> Opened | None:
    """Wait until the source is open; None if `stop` was set meanwhile.

    Raises the analyser's own error, or Unavailable if it dies or says nothing for `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not stop.is_set():
        for message in keeper.messages():
            if isinstance(message, Opened):
                return message
            if isinstance(message, Failed):
                raise error_of(message)
        if keeper.gone:
            raise errors.Unavailable("The analyser ended before it had opened the source.")
        if time.monotonic() > deadline:
            raise errors.Unavailable(f"The source could not be opened within {seconds:.0f} s.")
        news.wait(0.2)
        news.clear()
    return None


class Supervisor:
    """Tends one analyser after the other; `keeper` is the first, its source just opened.

    log: gets events. say: gets sentences for the person. tell: gets what the page should show of
    teaching. now: the shared clock.
    """

    def __init__(
        self,
        main: AnalyserMain,
        keeper: Keeper,
        news: threading.Event,
        size_wh: tuple[int, int],
        *,
        loop: bool,
        log: Listener,
        say: Callable[[str], None],
        now: Callable[[], float],
        patience: Patience,
        tell: Callable[[Lesson | Vocabulary | Noted], None] = lambda news: None,
    ) -> None:
        self._main = main
        self._keeper: Keeper | None = keeper
        self._news = news
        self._size_wh = size_wh
        self._loop = loop
        self._log = log
        self._say = say
        self._tell = tell
        self._now = now
        self._patience = patience
        self._epoch: float | None = None
        self._tuned: dict[str, float] = {}
        self._tunes: dict[str, Command] = {}
        self._tuning: Command | None = None
        self._lessons: deque[Teach] = deque(maxlen=16)
        self._teaching = False
        self._failed: Failed | None = None
        self._ever_offered = False
        self._offered = False
        self._lost = False
        self._again_at = 0.0
        self._backoff = patience.backoff
        self._last_sentence = ""
        self._seconds: deque[float] = deque(maxlen=30)
        self._times: deque[float] = deque(maxlen=120)
        self.newest: Offered | None = None
        """The analyser's newest verdict."""
        self.ended = False
        """True once the source has ended for good."""
        keeper.begin(size_wh, lockstep=False, loop=loop, epoch=None, tuned={})

    @property
    def reader(self) -> SlotReader | None:
        """The current analyser's slot; None while there is none."""
        return self._keeper.reader if self._keeper else None

    @property
    def t(self) -> float:
        """Now, in seconds as events have them."""
        return self._now() - self._epoch if self._epoch is not None else 0.0

    @property
    def fps(self) -> float:
        """Pictures analysed in the last second."""
        limit = time.monotonic() - 1.0
        return float(sum(moment >= limit for moment in self._times))

    @property
    def analyse_ms(self) -> float:
        """Mean milliseconds of the last 30 pictures (most cost next to nothing); 0 before them."""
        return 1000 * statistics.fmean(self._seconds) if self._seconds else 0.0

    def tune(self, command: Command) -> None:
        """Change a setting of the analyser, now or when it is there again."""
        self._tunes[command.setting] = command
        self._send_tune()

    def teach(self, asked: Teach) -> None:
        """Pass a wish about teaching on, one after the other."""
        self._lessons.append(asked)
        self._send_lesson()

    def tend(self) -> None:
        """Take in messages, notice ends and hangs, start again. Never blocks for long.

        Raises a TriptychError if the first analyser gives up before its first verdict.
        """
        keeper = self._keeper
        if keeper is None:
            if time.monotonic() >= self._again_at:
                self._keeper = Keeper(self._main, self._news)
            return
        for message in keeper.messages():
            self._take(keeper, message)
        if self.ended:
            return
        silent = time.monotonic() - keeper.heard_at
        if keeper.gone:
            self._end(keeper, "ended")
        elif silent > (self._patience.hang if self._offered else self._patience.start):
            self._end(keeper, "hangs")
        elif self._offered and silent > self._patience.lost:
            self._set_lost()

    def _take(self, keeper: Keeper, message: object) -> None:
        match message:
            case Offered():
                self._take_offered(message)
            case Happened(event):
                self._log(event)
            case Opened():
                keeper.begin(
                    self._size_wh,
                    lockstep=False,
                    loop=self._loop,
                    epoch=self._epoch,
                    tuned=self._tuned,
                )
            case Problem(sentence):
                self._say_once(sentence)
            case Tuned(problem):
                tuning, self._tuning = self._tuning, None
                if problem:
                    self._say(problem)
                elif tuning is not None:
                    self._tuned[tuning.setting] = tuning.value
                self._send_tune()
            case Noted():
                self._teaching = False
                self._tell(message)
                self._send_lesson()
            case Lesson() | Vocabulary():
                self._tell(message)
            case Failed():
                self._failed = message
            case Ended():
                self.ended = True
            case _:
                pass

    def _take_offered(self, offered: Offered) -> None:
        self.newest = offered
        self._epoch = offered.epoch
        self._seconds.append(offered.seconds)
        self._times.append(time.monotonic())
        self._offered = self._ever_offered = True
        if offered.number > 300:
            self._backoff = self._patience.backoff
        if self._lost:
            self._lost = False
            self._log(Event(self.t, "analyser_back"))

    def _set_lost(self) -> None:
        if not self._lost:
            self._lost = True
            self._log(Event(self.t, "analyser_lost"))

    def _end(self, keeper: Keeper, how: str) -> None:
        """Bury an analyser, and say when the next one starts."""
        self._keeper = None
        keeper.close()
        failed, self._failed = self._failed, None
        if not self._ever_offered:
            raise error_of(failed or Failed("", f"it {how} before its first picture"))
        self._offered = False
        if self._tuning is not None:
            self._tunes.setdefault(self._tuning.setting, self._tuning)
            self._tuning = None
        self._teaching = False
        self._lessons.clear()
        self._tell(Lesson("closed"))
        self._set_lost()
        why = failed.sentence if failed else f"The analyser {how}"
        self._say_once(f"{why.rstrip('.')}. The picture is covered; starting the analyser again.")
        self._again_at = time.monotonic() + self._backoff
        self._backoff = min(2 * self._backoff, self._patience.longest)

    def _say_once(self, sentence: str) -> None:
        if sentence != self._last_sentence:
            self._last_sentence = sentence
            self._say(sentence)

    def _send_tune(self) -> None:
        if self._tunes and self._tuning is None and self._keeper and self._offered:
            setting, command = next(iter(self._tunes.items()))
            del self._tunes[setting]
            self._tuning = command
            self._keeper.tune(command)

    def _send_lesson(self) -> None:
        if self._lessons and not self._teaching and self._keeper and self._offered:
            self._teaching = True
            self._keeper.teach(self._lessons.popleft())

    def close(self) -> None:
        """End the analyser."""
        if self._keeper is not None:
            self._keeper.close(self._patience.quit)
            self._keeper = None
