import json
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from triptych.cli import app
from triptych.errors import Unavailable
from triptych.gesture import bench, bench_live
from triptych.gesture.bench_live import PATIENCE_SECONDS, Probe, Situation, live, pictures_of

CARD = np.zeros((720, 1280, 3), np.uint8)
PICTURE = np.full((720, 1280, 3), 90, np.uint8)
LIVE = {"cpu_share": 0.2, "rss_mb": 200.0, "first_frame_s": 1.0, "first_uncovered_s": 2.0}


class Clockwork:
    """Feeds a probe 30 pictures a second of its own time; its processes use half a core."""

    def __init__(self, seconds: float) -> None:
        self.t = 1000.0
        self.stop = threading.Event()
        self.probe = Probe(
            seconds, self.stop, lambda: (self.t / 2, 123e6), born=999.0, clock=lambda: self.t
        )

    def send(self, frame: np.ndarray, seconds: float) -> None:
        """The same picture over and over, until it is enough for the probe."""
        for _ in range(round(30 * seconds)):
            if self.stop.is_set():
                return
            self.probe.send(frame, self.t)
            self.t += 1 / 30


def test_the_probe_measures_what_is_shown() -> None:
    """Times count from the start of the process, the share of a core over the time measured."""
    work = Clockwork(seconds=2.0)
    work.send(CARD, 1.0)
    work.send(PICTURE, 30.0)
    assert work.probe.problem == ""
    assert work.probe.numbers == pytest.approx(
        {
            "cpu_share": 0.5,
            "rss_mb": 123.0,
            "first_frame_s": 1.0,
            "first_uncovered_s": 2.0,
            "fps": 30.0,
            "uncovered_share": 1.0,
        },
        rel=0.02,
    )


def test_covers_while_measuring_are_told() -> None:
    """A share of a core that was measured under the card must not pass for the real one."""
    work = Clockwork(seconds=2.0)
    work.send(CARD, 0.1)
    work.send(PICTURE, 5.0)
    work.send(CARD, 30.0)
    assert work.probe.numbers["uncovered_share"] < 0.6


def test_a_picture_that_is_never_uncovered_ends_the_measuring() -> None:
    """With a sentence, and not before a slow machine had its chance."""
    work = Clockwork(seconds=2.0)
    work.send(CARD, PATIENCE_SECONDS - 1)
    assert not work.stop.is_set()
    work.send(CARD, 3.0)
    assert work.stop.is_set()
    assert "never uncovered" in work.probe.problem
    assert not work.probe.numbers


def test_a_program_that_ends_early_is_a_problem() -> None:
    """Whoever asks a probe that saw too little gets a sentence, not numbers."""
    work = Clockwork(seconds=2.0)
    work.send(PICTURE, 0.5)
    assert work.probe.problem
    assert not work.probe.numbers


def test_situations_begin_with_an_arrival_and_go_on_for_ever() -> None:
    """Idle pictures come after the arrival's, and each one is the caller's own."""
    hand, idle = Situation(pictures_of("hand")), Situation(pictures_of("idle"))
    assert np.array_equal(hand.frame(0), idle.frame(0))
    assert not np.array_equal(hand.frame(1000), idle.frame(1000))
    idle.frame(1000)[:] = 0
    assert idle.frame(1000).any()
    assert len({idle.frame(number).tobytes() for number in range(1000, 1020)}) == bench_live.KEPT


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Processes that are not started, and answer with what the test puts in here."""
    answer: dict[str, Any] = {"stdout": "", "stderr": ""}

    def run(command: list[str], **options: Any) -> Any:
        answer["command"] = command
        if "raises" in answer:
            raise answer["raises"]
        return subprocess.CompletedProcess(command, 1, answer["stdout"], answer["stderr"])

    monkeypatch.setattr(bench_live.subprocess, "run", run)
    yield answer


def test_the_measured_process_is_told_when_it_was_started(answering: dict[str, Any]) -> None:
    """A system that knows it to the second only would add up to one to the first picture's time."""
    answering["stdout"] = json.dumps(LIVE)
    before = time.time()
    assert live("idle", 0.1) == LIVE
    assert before <= float(answering["command"][-1]) <= time.time()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"stderr": "Traceback\nMemoryError: no room"}, "MemoryError: no room"),
        ({"stdout": "not JSON"}, "without a word"),
        ({}, "without a word"),
        ({"stdout": '{"t": 1}\n{"problem": "It broke."}'}, "It broke."),
        ({"raises": subprocess.TimeoutExpired("triptych", 1.0)}, "could not be measured within"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(
    answering: dict[str, Any], answer: dict[str, Any], words: str
) -> None:
    """A crash, a hang, silence or nonsense of the measured program: never a traceback of ours."""
    answering.update(answer)
    with pytest.raises(Unavailable, match=words) as caught:
        live("hand", 1.0)
    assert "\n" not in str(caught.value)


def test_the_real_program_is_measured() -> None:
    """Analyser and publisher run on real models; every number is there, finite and plausible."""
    numbers = live("hand", 0.5)
    assert 0.0 < numbers["cpu_share"] < 2.0
    assert 50 < numbers["rss_mb"] < 1000
    assert 0.0 < numbers["first_frame_s"] < numbers["first_uncovered_s"]
    assert np.isfinite(list(numbers.values())).all()


def test_the_command_prints_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--json` is one object that holds the keys that scripts rely on, as finite numbers."""
    monkeypatch.setattr(bench, "live", lambda name, seconds: LIVE)
    monkeypatch.setattr(bench, "WARM_UP_SECONDS", 0.2)
    result = CliRunner().invoke(app, ["gesture", "bench", "--seconds", "1", "--json"])
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    for dotted in (
        "frame_ms.hand.p50",
        "frame_ms.hand.p95",
        "frame_ms.idle.p50",
        "draw_ms.p50",
        "cpu_share.hand",
        "cpu_share.idle",
        "rss_mb",
        "first_frame_s",
    ):
        value: Any = found
        for key in dotted.split("."):
            value = value[key]
        assert np.isfinite(value), dotted
        assert value > 0, dotted
