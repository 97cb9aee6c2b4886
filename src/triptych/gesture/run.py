"""Runs the overlay: opens everything, chooses live or lockstep, and closes everything.

This process is the publisher. It imports neither networks nor cameras: what watches people runs in
a process of its own, and can fail without anything being seen that should not be.
"""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from triptych.gesture import analyser
from triptych.gesture.config import Config
from triptych.gesture.memory import give_back
from triptych.gesture.parts import MakeParts, real_parts
from triptych.gesture.publish import clock
from triptych.gesture.publish.events import (
    EventFile,
    Listener,
    say,
    to_stdout_json,
    to_terminal,
)
from triptych.gesture.publish.keeper import Keeper
from triptych.gesture.publish.lease import Lease
from triptych.gesture.publish.live import LivePublisher
from triptych.gesture.publish.lockstep import LockstepPublisher
from triptych.gesture.publish.messages import Opened
from triptych.gesture.publish.outputs import (
    Output,
    check_events,
    open_sink,
    parse_outputs,
    screen_is_there,
)
from triptych.gesture.publish.sinks.contact import ContactSheet
from triptych.gesture.publish.sinks.sink import Sink
from triptych.gesture.publish.supervisor import Patience, Supervisor, wait_opened
from triptych.gesture.teach.vocabulary import load
from triptych.gesture.types import Event, Frame

DEMO_FILM, DEMO_SHEET = Path("triptych-demo.mp4"), Path("triptych-demo.png")
"""What a run without screen, camera and outputs leaves in the current folder."""


@dataclass(frozen=True)
class Order:
    """What a person asked for.

    source: as on the command line; None: the first camera, else the demo. to: values of `--to`;
    none: chosen by what is there. as_json: events as JSON lines on standard output.
    make_parts, patience, more_sinks: for tests; `more_sinks` are fed besides `to`.
    """

    source: str | None = None
    to: Sequence[str] = ()
    events: Path | None = None
    config: Path | None = None
    as_json: bool = False
    make_parts: MakeParts = real_parts
    patience: Patience = field(default_factory=Patience)
    more_sinks: Callable[[tuple[int, int]], Sequence[Sink]] = lambda size_wh: ()


def run(order: Order, stop: threading.Event | None = None) -> int:
    """Run until the source ends, somebody stops us (`stop`, Ctrl-C, SIGTERM), or all outputs fail.

    Returns the exit status: 0, or 128 + the signal that cut a file short. Raises a TriptychError
    with one sentence for whatever a person can mend.
    """
    kept = load()
    config = Config.load(order.config, kept.vocabulary)
    for sentence in kept.problems:
        say(sentence)
    outputs = parse_outputs(order.to, order.source)
    if order.events is not None:
        films = [output.path for output in outputs if output.kind == "film"]
        named = [Path(order.source)] if order.source is not None else []
        check_events(order.events, [*films, *named, *([order.config] if order.config else [])])
    news, stop = threading.Event(), stop or threading.Event()
    with contextlib.ExitStack() as stack:
        log = _Log(order, stack)
        caught = stack.enter_context(_signals(stop, news))
        main = partial(analyser.main, order.make_parts, order.source, config)
        keeper = Keeper(main, news)
        stack.callback(keeper.close, order.patience.quit)
        card = _card((config.camera.width, config.camera.height), config)
        opened = wait_opened(keeper, news, stop, order.patience.start)
        if opened is None:
            return 0
        if order.source is None and not opened.live:
            say("No camera was found: this is the demo.")
        if (card.shape[1], card.shape[0]) != opened.size_wh:
            card = _card(opened.size_wh, config)
        run = _Run(order, config, outputs, log, keeper, main, opened, card, news, stop, stack)
        if run.in_real_time:
            run.live()
            return 0
        run.lockstep()
        return 128 + caught[0] if caught else 0


def _card(size_wh: tuple[int, int], config: Config) -> Frame:
    """The away card; its first drawing, imports and all, is done while the analyser starts."""
    from triptych.gesture.show.card import away_card

    return away_card(size_wh, config)


class _Log:
    """Hands each event to everybody who listens."""

    def __init__(self, order: Order, stack: contextlib.ExitStack) -> None:
        self.listeners: list[Listener] = []
        if order.events is not None:
            file = EventFile(order.events)
            stack.callback(file.close)
            self.listeners.append(file)
        self.listeners.append(to_stdout_json(sys.stdout) if order.as_json else to_terminal())

    def __call__(self, event: Event) -> None:
        for listener in self.listeners:
            try:
                listener(event)
            except OSError:  # a closed terminal or pipe must not end a call
                self.listeners = [other for other in self.listeners if other is not listener]


@dataclass
class _Run:
    """An open source on its way to its outputs."""

    order: Order
    config: Config
    outputs: list[Output]
    log: _Log
    keeper: Keeper
    main: Any
    opened: Opened
    card: Frame
    news: threading.Event
    stop: threading.Event
    stack: contextlib.ExitStack

    def __post_init__(self) -> None:
        self.size_wh = self.opened.size_wh
        self.is_demo = self.order.source == "demo" or (
            self.order.source is None and not self.opened.live
        )
        self.sheet: ContactSheet | None = None
        more = list(self.order.more_sinks(self.size_wh))
        if not self.outputs and not more:
            self._choose_outputs()
        self.in_real_time = (
            self.opened.live
            or any(output.in_real_time for output in self.outputs)
            or any(sink.live for sink in more)
        )
        fps = self.config.publish.fps if self.in_real_time else self.opened.fps
        self.sinks: list[Sink] = more
        try:
            for output in self.outputs:
                sink = open_sink(output, self.size_wh, fps, self.card, self.config)
                if sink is not None:
                    self.sinks.append(sink)
        except Exception:
            for sink in self.sinks:
                sink.close()
            raise
        if self.sheet is not None:
            self.sinks.append(self.sheet)
        for note in [note for sink in self.sinks for note in getattr(sink, "notes", ())]:
            say(note)

    def _choose_outputs(self) -> None:
        if self.is_demo and not screen_is_there():
            self.outputs = parse_outputs([str(DEMO_FILM)], None)
            self.sheet = ContactSheet(DEMO_SHEET)
            self.log.listeners.append(self.sheet.note)
            say(f"No screen was found: writing {DEMO_FILM} and {DEMO_SHEET}.")
        else:
            self.outputs = [Output("page")]

    def live(self) -> None:
        """Publish in real time."""
        publish = self.config.publish
        page = self._start_page() if Output("page") in self.outputs else None
        give_back()
        keeps_film = any(output.kind == "film" for output in self.outputs)
        supervisor = Supervisor(
            self.main,
            self.keeper,
            self.news,
            self.size_wh,
            loop=self.is_demo and not keeps_film,
            log=self.log,
            say=say,
            now=clock.now,
            patience=self.order.patience,
            tell=page.tell if page is not None else lambda news: None,
        )
        LivePublisher(
            supervisor,
            self.sinks,
            self.card,
            lease=Lease(publish.lease_seconds),
            fps=publish.fps,
            news=self.news,
            stop=self.stop,
            log=self.log,
            say=say,
            now=clock.now,
            page=page,
        ).run()

    def _start_page(self) -> Any:
        from triptych.gesture.publish.page import Page

        page = Page(self.config)
        url = page.start()
        self.stack.callback(page.close)
        self.log.listeners.append(page.log)
        say(f"The preview page is at {url}")
        if screen_is_there():
            import webbrowser

            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        return page

    def lockstep(self) -> None:
        """Publish every picture of a file."""
        LockstepPublisher(
            self.keeper,
            self.sinks,
            self.card,
            fps=self.opened.fps,
            news=self.news,
            stop=self.stop,
            log=self.log,
            say=say,
            patience=self.order.patience,
        ).run()


@contextlib.contextmanager
def _signals(stop: threading.Event, news: threading.Event) -> Iterator[list[int]]:
    """Turn Ctrl-C, SIGTERM and a closed terminal into `stop`; yields a list of those that came."""
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return

    def handle(number: int, _frame: object) -> None:
        caught.append(number)
        stop.set()
        news.set()

    # A terminal that is closed hangs up on us: the card must come all the same.
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
