"""Break the analyser in every way at every point, and count what should not have been seen."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from triptych.errors import BrokenModel, TriptychError
from triptych.gesture.publish import clock
from triptych.gesture.publish.supervisor import Patience
from triptych.gesture.run import Order, run
from triptych.gesture.types import Frame
from triptych.testing.faulty import Fault, How, Where, age_of, faulty_parts

LEASE, TICK = 0.5, 1 / 30
SLACK = 0.1
"""A loaded machine may pause us between the last look at the clock and the stamp of receipt."""
DEADLINE = 40.0


@dataclass
class Recorder:
    """A watched output that keeps the moment, and the age of what it saw; None is the card."""

    name: str = "recorder"
    live: bool = True
    card: Frame | None = None
    ages: list[float | None] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    torn: int = 0
    closed: bool = False

    def send(self, frame: Frame, t: float) -> None:
        """Look at one picture."""
        moment = clock.now()
        if self.card is None:
            self.card = frame.copy()
        age = None
        if not np.array_equal(frame, self.card):
            age = age_of(frame, moment)
            self.torn += age is None
            age = age if age is not None else 99.0
        self.ages.append(age)
        self.moments.append(moment)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    @property
    def too_old(self) -> int:
        """How many pictures came after their lease: uncovered frames after a fault."""
        return sum(age is not None and age > LEASE + TICK + SLACK for age in self.ages)

    def uncovered_since(self, moment: float) -> int:
        """How many pictures came after `moment`."""
        pairs = zip(self.moments, self.ages, strict=True)
        return sum(age is not None and when > moment for when, age in pairs)

    def seen_before(self, moment: float) -> int:
        """How many pictures came before `moment`."""
        pairs = zip(self.moments, self.ages, strict=True)
        return sum(age is not None and when < moment for when, age in pairs)

    def first_after(self, moment: float) -> float | None:
        """The age of the first picture after `moment`; None if it was the card."""
        return next(age for when, age in zip(self.moments, self.ages, strict=True) if when > moment)

    def ends_covered(self) -> bool:
        """True if the last ten pictures are cards, and the output was closed."""
        return self.closed and len(self.ages) >= 10 and all(age is None for age in self.ages[-10:])


@dataclass
class Session:
    """One run of the real publisher on a thread, with an analyser that breaks."""

    fault: Fault
    events: Path
    recorder: Recorder = field(default_factory=Recorder)
    stop: threading.Event = field(default_factory=threading.Event)
    errors: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self) -> None:
        order = Order(
            source="flat",
            events=self.events,
            make_parts=partial(faulty_parts, self.fault),
            patience=Patience(hang=1.5, backoff=0.1, lost=0.7, quit=0.5),
            more_sinks=lambda size_wh: (self.recorder,),
        )
        try:
            run(order, self.stop)
        except BaseException as error:
            self.errors.append(error)

    def wait_for(self, happened: Callable[[], bool], what: str) -> None:
        """Wait until something has happened; fail in words if it does not."""
        deadline = time.monotonic() + DEADLINE
        while not happened():
            assert time.monotonic() < deadline, f"waited {DEADLINE} s for {what} ({self.fault})"
            time.sleep(0.02)

    def wait_struck(self) -> float:
        """Wait for the fault; the moment of it on the shared clock."""
        self.wait_for(lambda: self.fault.struck and bool(self.fault.mark.read_text()), "the fault")
        return float(self.fault.mark.read_text())

    def finish(self) -> None:
        """Stop and wait for the end."""
        self.stop.set()
        self.thread.join(DEADLINE)
        assert not self.thread.is_alive()

    @property
    def seen(self) -> int:
        """How many pictures were seen so far."""
        return sum(age is not None for age in self.recorder.ages)


Start = Callable[..., list[Session]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start one publisher for each fault; several at once, because they mostly wait."""
    sessions: list[Session] = []

    def begin(*kinds: tuple[How, Where], at: int = 0, again: bool = False) -> list[Session]:
        for how, where in kinds:
            folder = tmp_path / f"{how}-{where}"
            folder.mkdir()
            fault = Fault(how, where, at, folder / "mark", again)
            sessions.append(Session(fault, folder / "events.jsonl"))
        return sessions

    yield begin
    for session in sessions:
        session.stop.set()
    for session in sessions:
        session.finish()


WHILE_SEEN: list[list[tuple[How, Where]]] = [
    [("kill", "look"), ("stop", "look"), ("raise", "look"), ("abort", "look")],
    [("kill", "write"), ("stop", "write"), ("raise", "write"), ("kill", "paint")],
    [("kill", "read"), ("stop", "read"), ("error", "read"), ("hang", "look"), ("deaf", "look")],
]


@pytest.mark.parametrize("kinds", WHILE_SEEN)
def test_a_fault_while_the_picture_is_seen_covers_it_and_is_overcome(
    start: Start, kinds: list[tuple[How, Where]]
) -> None:
    """After the lease nothing old is seen, and a new analyser brings the picture back."""
    for session in start(*kinds, at=40):
        recorder, fault = session.recorder, session.fault
        struck_at = session.wait_struck()
        session.wait_for(lambda s=session: "analyser_back" in s.events.read_text(), "the next one")
        session.wait_for(lambda s=session, n=session.seen: s.seen > n, "pictures to come back")
        session.finish()
        assert recorder.seen_before(struck_at) > 0, fault
        assert not session.errors, fault
        assert recorder.too_old == 0, fault
        assert recorder.torn == 0, fault
        assert recorder.first_after(struck_at + LEASE + TICK + SLACK) is None, fault
        assert "analyser_lost" in session.events.read_text(), fault
        assert recorder.ends_covered(), fault


def test_an_analyser_that_dies_before_its_first_verdict_ends_the_run_covered(start: Start) -> None:
    """Nothing is seen at all, and one sentence says what happened."""
    for session in start(("kill", "open"), ("kill", "build"), ("kill", "look"), again=True):
        session.thread.join(DEADLINE)
        assert isinstance(session.errors[0], TriptychError), session.fault
        assert session.seen == session.recorder.torn == 0, session.fault


def test_an_analyser_that_dies_while_it_writes_every_first_picture_shows_nothing(
    start: Start,
) -> None:
    """It is started again and again, and half a picture is no picture."""
    (session,) = start(("kill", "write"), again=True)
    session.wait_for(lambda: len(session.recorder.ages) > 60, "cards")
    session.finish()
    assert session.seen == session.recorder.torn == 0


def test_a_broken_model_is_named(start: Start) -> None:
    """An error that a person can mend comes out of the analyser as what it is."""
    (session,) = start(("error", "build"))
    session.thread.join(DEADLINE)
    assert isinstance(session.errors[0], BrokenModel)
    assert "as a test asked" in str(session.errors[0])
    assert session.seen == 0
    assert session.recorder.ends_covered()


def test_an_analyser_that_cannot_keep_up_or_tell_the_time_is_not_believed(start: Start) -> None:
    """Slow pictures, a clock that stands, a clock that is an hour on: the card, and it stays."""
    sessions = start(("slow", "look"), ("frozen", "look"), ("jump", "look"), at=40)
    for session in sessions:
        struck_at = session.wait_struck()
        session.wait_for(lambda at=struck_at: clock.now() > at + 2.5, "time to pass")
        session.finish()
        recorder = session.recorder
        assert recorder.seen_before(struck_at) > 0, session.fault
        assert recorder.uncovered_since(struck_at + LEASE + TICK + SLACK) == 0, session.fault
        assert recorder.too_old == recorder.torn == 0, session.fault


def test_a_blind_camera_covers_at_once_and_sees_again(start: Start) -> None:
    """While the camera yields nothing the card is shown; then the picture comes back."""
    (session,) = start(("blind", "read"), at=40)
    struck_at = session.wait_struck()
    recorder = session.recorder
    session.wait_for(lambda: recorder.uncovered_since(struck_at + 1.0) > 0, "the picture")
    session.finish()
    pairs = list(zip(recorder.moments, recorder.ages, strict=True))
    blind = [age for when, age in pairs if struck_at + LEASE + SLACK < when < struck_at + 1.0]
    assert blind
    assert all(age is None for age in blind)
    assert recorder.too_old == recorder.torn == 0


def test_a_clean_exit_leaves_the_card_behind_whatever_the_analyser_does(start: Start) -> None:
    """Also when the analyser breaks while it is closing."""
    for session in start(("kill", "close"), ("hang", "close"), ("raise", "close")):
        session.wait_for(lambda s=session: s.seen > 0, "a picture")
        session.finish()
        assert not session.errors, session.fault
        assert session.recorder.ends_covered(), session.fault
        assert session.recorder.too_old == session.recorder.torn == 0, session.fault


def test_pictures_are_whole_and_fresh_without_a_fault(start: Start) -> None:
    """What was taken is seen: nothing torn, nothing old, no error."""
    (session,) = start(("kill", "nowhere"))
    session.wait_for(lambda: session.seen >= 40, "40 pictures")
    session.finish()
    assert not session.errors
    assert session.recorder.torn == session.recorder.too_old == 0
    assert session.recorder.ends_covered()
