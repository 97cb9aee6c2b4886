"""The publisher in real time, with a page that presses buttons."""

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from triptych.errors import Unavailable
from triptych.gesture import analyser
from triptych.gesture.config import Config
from triptych.gesture.publish import clock
from triptych.gesture.publish.keeper import Keeper
from triptych.gesture.publish.lease import Lease
from triptych.gesture.publish.live import LivePublisher
from triptych.gesture.publish.messages import Command, Status
from triptych.gesture.publish.supervisor import Patience, Supervisor, wait_opened
from triptych.gesture.types import Event, Frame
from triptych.testing.faulty import Fault, faulty_parts

CARD = np.full((180, 320, 3), 255, np.uint8)


class _FakePage:
    """Presses buttons as told, and remembers what it was shown."""

    def __init__(self) -> None:
        self.pressed: list[Command] = []
        self.shown: list[tuple[bool, Status]] = []

    def show(self, frame: Frame, status: Status) -> None:
        self.shown.append((frame is not CARD, status))

    def commands(self) -> list[Command]:
        pressed, self.pressed = self.pressed, []
        return pressed


class _Broken:
    """An output that fails at its first picture."""

    name, live = "broken", True

    def send(self, frame: Frame, t: float) -> None:
        raise RuntimeError("unplugged")

    def close(self) -> None:
        """Nothing to close."""


class _Session:
    """The real publisher and a real analyser, with a page in our hands."""

    def __init__(self, fault: Fault, sinks: list[_Broken], page: _FakePage | None) -> None:
        self.events: list[str] = []
        self.said: list[str] = []
        self.errors: list[Exception] = []
        self.stop, news = threading.Event(), threading.Event()
        main = partial(analyser.main, partial(faulty_parts, fault), "flat", Config())
        keeper = Keeper(main, news)
        assert wait_opened(keeper, news, self.stop, 60.0) is not None

        def log(event: Event) -> None:
            self.events.append(event.event)

        self.supervisor = Supervisor(
            main,
            keeper,
            news,
            (320, 180),
            loop=False,
            log=log,
            say=self.said.append,
            now=clock.now,
            patience=Patience(hang=1.5, lost=0.7, backoff=0.1, quit=0.5),
        )
        publisher = LivePublisher(
            self.supervisor,
            sinks,
            CARD,
            lease=Lease(0.5),
            fps=30,
            news=news,
            stop=self.stop,
            log=log,
            say=self.said.append,
            now=clock.now,
            page=page,
        )

        def work() -> None:
            try:
                publisher.run()
            except Exception as error:
                self.errors.append(error)

        self.thread = threading.Thread(target=work)
        self.thread.start()

    def wait_for(self, happened: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 40
        while not happened():
            if time.monotonic() > deadline:
                self.finish()
                pytest.fail(f"waited 40 s for {what}")
            time.sleep(0.02)

    def finish(self) -> None:
        self.stop.set()
        self.thread.join(40)


def test_the_users_cover_holds_until_it_is_lifted() -> None:
    """Pressed on the page, obeyed by the publisher itself, and told as an event."""
    page = _FakePage()
    session = _Session(Fault(), [], page)
    session.wait_for(lambda: any(seen for seen, _ in page.shown), "a picture")
    page.pressed.append(Command("cover"))
    session.wait_for(lambda: page.shown[-1][1].covered == "by_user", "the cover")
    at = len(page.shown)
    session.wait_for(lambda: len(page.shown) > at + 30, "more pictures")
    assert not any(seen for seen, _ in page.shown[at:])
    page.pressed.append(Command("uncover"))
    session.wait_for(lambda: page.shown[-1][0], "the picture")
    page.pressed.append(Command("quit"))
    session.thread.join(40)
    assert not session.thread.is_alive()
    assert session.events == ["back", "cover", "uncover"]
    assert not page.shown[-1][0]


def test_the_users_cover_works_and_holds_while_the_analyser_is_replaced(tmp_path: Path) -> None:
    """Lifting it later does not lift what the lease says."""
    page = _FakePage()
    fault = Fault("hang", "look", 40, tmp_path / "mark")
    session = _Session(fault, [], page)
    session.wait_for(lambda: fault.struck, "the fault")
    page.pressed.append(Command("cover"))
    session.wait_for(lambda: page.shown[-1][1].covered == "by_user", "the cover")
    at = len(page.shown)
    session.wait_for(lambda: "analyser_back" in session.events, "the next analyser")
    again = len(page.shown)
    session.wait_for(lambda: len(page.shown) > again + 40, "its pictures")
    assert not any(seen for seen, _ in page.shown[at:])
    page.pressed.append(Command("uncover"))
    session.wait_for(lambda: page.shown[-1][0], "the picture")
    session.finish()


def test_settings_reach_the_analyser_and_bad_ones_are_refused_in_a_sentence() -> None:
    """One after the other, so that a stuck analyser cannot block the publisher."""
    page = _FakePage()
    session = _Session(Fault(), [], page)
    session.wait_for(lambda: any(seen for seen, _ in page.shown), "a picture")
    page.pressed += [
        Command("tune", "decide.hold_seconds", 0.7),
        Command("tune", "decide.hold_seconds", 99.0),
        Command("tune", "decide.enter", 0.75),
    ]
    tuned = session.supervisor._tuned
    session.wait_for(lambda: "decide.enter" in tuned, "the setting")
    session.finish()
    assert any("decide.hold_seconds" in sentence for sentence in session.said)
    assert tuned.get("decide.hold_seconds") != 99.0


def test_status_says_how_things_stand() -> None:
    """Numbers for the page."""
    page = _FakePage()
    session = _Session(Fault(), [], page)
    session.wait_for(lambda: any(s.cpu_share > 0 and s.fps > 3 for _, s in page.shown), "numbers")
    session.finish()
    assert page.shown[0][1].covered == "starting"
    assert all(status.analyse_ms < 1000 for _, status in page.shown)


def test_the_cost_of_a_picture_counts_the_dear_ones() -> None:
    """Most pictures cost nothing while no hand is up: a median would hide those in between."""
    session = _Session(Fault(), [], _FakePage())
    session.finish()
    session.supervisor._seconds.extend([0.0, 0.0, 0.03] * 10)
    assert session.supervisor.analyse_ms == pytest.approx(10.0)


def test_when_the_only_output_fails_the_run_ends_with_a_sentence() -> None:
    """Nothing is published, so nothing is watched."""
    session = _Session(Fault(), [_Broken()], None)
    session.thread.join(40)
    assert not session.thread.is_alive()
    assert isinstance(session.errors[0], Unavailable)
    assert str(session.errors[0]) == "broken was closed because it could not be written: unplugged."


def test_an_output_that_fails_leaves_the_others_running() -> None:
    """The page goes on without the camera."""
    page = _FakePage()
    session = _Session(Fault(), [_Broken()], page)
    session.wait_for(lambda: any(seen for seen, _ in page.shown), "a picture")
    assert session.thread.is_alive()
    session.finish()
    assert not session.errors
