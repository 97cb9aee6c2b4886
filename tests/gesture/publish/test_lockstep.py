"""Files out of real time: every picture once, the same each time, and an end to every stall."""

import json
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from triptych.errors import TriptychError, Unavailable
from triptych.gesture import analyser
from triptych.gesture.config import Config
from triptych.gesture.publish.keeper import Keeper
from triptych.gesture.publish.lockstep import LockstepPublisher
from triptych.gesture.publish.supervisor import Patience, wait_opened
from triptych.gesture.types import Event, Frame
from triptych.testing.faulty import Fault, faulty_parts

SIZE_WH = (64, 36)
CARD = np.full((SIZE_WH[1], SIZE_WH[0], 3), 255, np.uint8)


class _Keep:
    """Keeps what it gets; fails at picture `fails_at` as a full disk does."""

    live = False

    def __init__(self, name: str = "keep", fails_at: int = 10**9) -> None:
        self.name = name
        self.fails_at = fails_at
        self.got: list[tuple[float, bytes]] = []
        self.closed = 0

    def send(self, frame: Frame, t: float) -> None:
        if len(self.got) == self.fails_at:
            raise OSError(28, "No space left on device")
        self.got.append((t, frame.tobytes()))

    def close(self) -> None:
        self.closed += 1


def publish(
    sinks: list[_Keep], fault: Fault | None = None, length: int = 90, stall: float = 10.0
) -> tuple[list[str], list[str]]:
    """Run one source through; the events as JSON, and what was said."""
    events: list[str] = []
    said: list[str] = []

    def log(event: Event) -> None:
        events.append(json.dumps(event.as_json()))

    news, stop = threading.Event(), threading.Event()
    parts = partial(
        faulty_parts,
        fault or Fault(),
        live=False,
        size_wh=SIZE_WH,
        length=length,
        events_every=0.5,
    )
    keeper = Keeper(partial(analyser.main, parts, "flat", Config()), news)
    patience = Patience(quit=0.2)
    assert wait_opened(keeper, news, stop, 60.0) is not None
    LockstepPublisher(
        keeper,
        sinks,
        CARD,
        fps=30.0,
        news=news,
        stop=stop,
        log=log,
        say=said.append,
        patience=patience,
        stall=stall,
    ).run()
    return events, said


def test_every_picture_is_written_once_and_two_runs_are_the_same() -> None:
    """Pictures and events, bit for bit."""
    first, second = _Keep(), _Keep()
    assert publish([first]) == publish([second])
    assert first.got == second.got
    assert [t for t, _ in first.got] == pytest.approx([number / 30 for number in range(90)])
    assert sum(pixels == CARD.tobytes() for _, pixels in first.got) == 6  # uncovers after 0.2 s
    assert len({pixels for _, pixels in first.got}) == 85
    assert first.closed == 1


def test_events_come_in_order_and_in_the_mediums_time() -> None:
    """However long it took."""
    events, _ = publish([_Keep()])
    told = [json.loads(event) for event in events]
    assert [event["event"] for event in told] == ["back"] + ["gesture"] * 5
    assert [event["t"] for event in told] == pytest.approx([0.2, 0.5, 1.0, 1.5, 2.0, 2.5])


def test_an_output_that_fails_leaves_the_others_whole() -> None:
    """One sentence, and the run goes on."""
    broken, whole = _Keep("broken", fails_at=10), _Keep("whole")
    _, said = publish([broken, whole])
    assert said == ["broken was closed because it could not be written: No space left on device."]
    assert (len(broken.got), broken.closed) == (10, 1)
    assert (len(whole.got), whole.closed) == (90, 1)


def test_when_every_output_has_failed_the_run_ends() -> None:
    """Nobody is left to publish to; the last failure is the run's own."""
    with pytest.raises(Unavailable, match=r"^b was closed because it could not be written: No "):
        publish([_Keep("a", fails_at=5), _Keep("b", fails_at=7)])


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (("kill", "look"), r"ended at 1\.\d\d s of the source"),
        (("hang", "look"), r"said nothing for 2 s at 1\.\d\d s of the source"),
        (("stop", "write"), r"said nothing for 2 s"),
        (("error", "look"), "The model is broken, as a test asked"),
        (("raise", "look"), "RuntimeError: a fault that a test asked for"),
    ],
)
def test_an_analyser_that_fails_ends_the_output_with_the_card(
    tmp_path: Path, fault: tuple[str, str], sentence: str
) -> None:
    """What is there is complete, and the sentence says where it ends."""
    how, where = fault
    sink = _Keep()
    with pytest.raises(TriptychError, match=sentence):
        publish([sink], Fault(how, where, 40, tmp_path / "mark"), stall=2.0)  # type: ignore[arg-type]
    assert 30 <= len(sink.got) < 90
    assert sink.got[-1][1] == CARD.tobytes()
    assert CARD.tobytes() not in [pixels for _, pixels in sink.got[6:-1]]
    assert sink.closed == 1
