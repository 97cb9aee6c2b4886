"""The whole program as a process: its signals, its death, its exit status, its sentences."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import psutil
import pytest

from triptych.errors import BadInput, TriptychError
from triptych.gesture.run import Order, run

PROGRAM = """
import sys
from functools import partial
from pathlib import Path
import numpy as np
from triptych.gesture.publish import clock
from triptych.gesture.run import Order, run
from triptych.testing.faulty import age_of, faulty_parts

class Recorder:
    name, live, card = "recorder", True, None

    def send(self, frame, t):
        if self.card is None:
            self.card = frame.copy()
        covered = np.array_equal(frame, self.card)
        print("card" if covered else age_of(frame, clock.now()), flush=True)

    def close(self):
        print("closed", flush=True)

recorders = [Recorder()] if "watch" in sys.argv else []
live = "file" not in sys.argv
films = [word for word in sys.argv if word.endswith(".mp4")]
parts = partial(faulty_parts, live=live, events_every=0.5, length=None if live else 3000)
order = Order("flat", films, Path("events.jsonl"), make_parts=parts,
              more_sinks=lambda size_wh: recorders)
status = run(order)
assert "onnxruntime" not in sys.modules
sys.exit(status)
"""


class _Program:
    """The publisher as a process of its own; `lines` are what its output got."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.out = folder / "out.txt"
        with self.out.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *words], cwd=folder, stdout=out, stderr=out
            )
        self.seen_analysers: set[int] = set()

    @property
    def lines(self) -> list[str]:
        return self.out.read_text().splitlines()

    @property
    def ages(self) -> list[float]:
        """Ages of the pictures that were seen."""
        return [float(line) for line in self.lines if line[:1].isdigit()]

    @property
    def analysers(self) -> list[psutil.Process]:
        found = psutil.Process(self.process.pid).children()
        return [child for child in found if "spawn_main" in " ".join(child.cmdline())]

    def wait_for(self, happened: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 60
        while not happened():
            assert time.monotonic() < deadline, f"waited for {what}: {self.lines[-20:]}"
            time.sleep(0.05)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., _Program]]:
    """Start programs in a folder of their own, and end them after the test."""
    programs: list[_Program] = []

    def begin(*words: str) -> _Program:
        programs.append(_Program(tmp_path, *words))
        return programs[-1]

    yield begin
    for program in programs:
        if program.process.poll() is None:
            for child in psutil.Process(program.process.pid).children():
                child.kill()
            program.process.kill()
        program.process.wait(30)


Start = Callable[..., _Program]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_live_run_with_the_card(start: Start, number: int) -> None:
    """Ten cards, everything closed, status 0, and no analyser left."""
    program = start("watch")
    program.wait_for(lambda: len(program.ages) > 10, "pictures")
    (analyser,) = program.analysers
    if number == signal.SIGINT:  # a terminal sends it to all
        analyser.send_signal(number)
    program.process.send_signal(number)
    assert program.process.wait(30) == 0
    assert program.lines[-11:] == ["card"] * 10 + ["closed"]
    assert not analyser.is_running()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /dev/shm and stops processes")
@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
def test_a_killed_publisher_takes_the_analyser_and_the_pictures_with_it(
    start: Start, stopped: bool
) -> None:
    """Nobody goes on watching, not even one that hangs, and no frame stays in memory."""
    before = set(Path("/dev/shm").iterdir())
    program = start("watch")
    program.wait_for(lambda: len(program.ages) > 10, "pictures")
    (analyser,) = program.analysers
    slots = set(Path("/dev/shm").iterdir()) - before
    assert slots
    if stopped:
        analyser.send_signal(signal.SIGSTOP)
    program.process.kill()
    program.wait_for(lambda: not _alive(analyser), "the analyser's end")
    program.wait_for(lambda: not any(slot.exists() for slot in slots), "the memory's end")


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.skipif(sys.platform == "win32", reason="stops processes")
def test_a_machine_that_sleeps_wakes_up_covered(start: Start) -> None:
    """Publisher and analyser stand still for two seconds, then go on: nothing old is seen."""
    program = start("watch")
    program.wait_for(lambda: len(program.ages) > 20, "pictures")
    (analyser,) = program.analysers
    program.process.send_signal(signal.SIGSTOP)
    analyser.send_signal(signal.SIGSTOP)
    time.sleep(0.2)
    at = len(program.lines)
    time.sleep(2.0)
    analyser.send_signal(signal.SIGCONT)
    program.process.send_signal(signal.SIGCONT)
    program.wait_for(lambda: len(program.lines) > at + 60, "more")
    program.process.send_signal(signal.SIGTERM)
    assert program.process.wait(30) == 0
    later = program.lines[at:]
    # One picture may have been on its way out at the very moment of the stop.
    assert sum(line[:1].isdigit() and float(line) > 0.65 for line in later) <= 1
    assert "card" in later[:3]


def test_a_film_that_is_interrupted_is_whole_up_to_there(start: Start, tmp_path: Path) -> None:
    """The status says that it was cut short."""
    program = start("file", "film.mp4")
    film = tmp_path / "film.mp4"
    program.wait_for(lambda: film.exists() and film.stat().st_size > 3000, "the film")
    program.process.send_signal(signal.SIGTERM)
    assert program.process.wait(30) == 128 + signal.SIGTERM
    with av.open(str(film)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 10


def test_a_file_is_written_whole_with_its_events(start: Start, tmp_path: Path) -> None:
    """As many pictures as the source has, events as JSON lines and as lines for people."""
    program = start("file", "film.mp4")
    assert program.process.wait(100) == 0
    with av.open(str(tmp_path / "film.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 3000
    events: list[dict[str, Any]] = [
        json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()
    ]
    assert events[0] == {"t": 0.2, "event": "back"}
    assert len(events) == 200
    assert events[1].keys() == {"t", "event", "name", "meaning", "score"}
    assert "   0.50 s  gesture        yes        (ok, 0.90)" in program.lines


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        (Order("demo", ["film.avi"]), "--to film.avi is not an output: it is virtual, page, null"),
        (Order("demo", ["missing/film.mp4"]), "missing/film.mp4 cannot be written"),
        (Order("demo", ["null"], events=Path("missing/e.jsonl")), "The events file missing/e.json"),
        (Order("nothing.mp4", ["null"]), "There is no file or folder nothing.mp4"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_done_is_said_before_anything_starts(
    order: Order, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence that names what was asked for."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TriptychError, match=sentence):
        run(order)
    assert list(tmp_path.iterdir()) == []


def test_a_film_never_overwrites_its_own_source(tmp_path: Path) -> None:
    """Also under another name for the same file."""
    source = tmp_path / "talk.mp4"
    source.write_bytes(b"precious")
    (tmp_path / "other.mp4").symlink_to(source)
    for name in ("talk.mp4", "other.mp4"):
        with pytest.raises(BadInput, match="would overwrite the source"):
            run(Order(str(source), [str(tmp_path / name)]))
    assert source.read_bytes() == b"precious"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_film_is_not_written_into_a_pipe(tmp_path: Path) -> None:
    """A pipe that nobody reads would hold the program for ever."""
    os.mkfifo(tmp_path / "film.mp4")
    with pytest.raises(BadInput, match="not a plain file"):
        run(Order("demo", [str(tmp_path / "film.mp4")]))


@pytest.mark.parametrize("name", ["talk.mp4", "link", "film.mp4", "settings.toml"])
def test_events_are_never_appended_to_what_is_played_written_or_read(
    name: str, tmp_path: Path
) -> None:
    """The source, under any name, a film that is being written, and the settings stay whole."""
    source, settings = tmp_path / "talk.mp4", tmp_path / "settings.toml"
    source.write_bytes(b"precious")
    settings.write_text("")
    (tmp_path / "link").symlink_to(source)
    order = Order(str(source), [str(tmp_path / "film.mp4")], tmp_path / name, settings)
    with pytest.raises(BadInput, match="--events"):
        run(order)
    assert source.read_bytes() == b"precious" and settings.read_text() == ""
    assert not (tmp_path / "film.mp4").exists()


def test_the_command_line_turns_a_wrong_output_into_a_sentence(tmp_path: Path) -> None:
    """Exit status 2 and no traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "triptych", "gesture", "run", "demo", "--to", "nowhere"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == 2
    assert done.stderr == (
        "triptych: --to nowhere is not an output: it is virtual, page, null or a file whose name "
        "ends in .mp4.\n"
    )
    assert done.stdout == ""
