"""The real program, measured from outside: publisher and analyser at 30 pictures a second.

It runs in a process of its own, as a person starts it, with a camera that shows a few pictures of
the demo, and with one output that only notes what comes and when.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from triptych.errors import TriptychError, Unavailable
from triptych.gesture.config import Config
from triptych.gesture.demo import demo_clip, demo_script
from triptych.gesture.parts import Parts, real_parts
from triptych.gesture.sources.shot import Shot
from triptych.gesture.types import Frame

FPS = 30.0
KEPT = 4
"""Different pictures of a situation, shown forth and back; more would count as memory of ours."""

HAND_UP = "palm"
ARRIVAL_SECONDS = 1.5
"""At first somebody arrives with a hand up, which uncovers the picture beyond doubt."""

SETTLE_SECONDS = 4.0
"""From the first uncovered picture until measuring begins: the arrival's sign is gone by then."""

PATIENCE_SECONDS = 40.0
"""For a start on a slow or busy machine, and for the picture to be uncovered."""


class Situation:
    """Some pictures, without end: at first those of the arrival, then those of what is measured.

    pictures: uint8 [2, KEPT, 720, 1280, 3], see `pictures_of`.
    """

    def __init__(self, pictures: NDArray[np.uint8]) -> None:
        self._pictures = pictures

    def frame(self, number: int) -> Frame:
        """Picture `number`, 0, 1, 2, ... at 30 a second; a copy to be drawn on."""
        frames = self._pictures[0 if number < ARRIVAL_SECONDS * FPS else 1]
        place = number % (2 * len(frames) - 2)
        return frames[min(place, 2 * len(frames) - 2 - place)].copy()


def pictures_of(name: str) -> NDArray[np.uint8]:
    """The demo's pictures for a `Situation`: `hand`, a palm held up; `idle`, no hand in view."""
    from triptych.gesture.sources.video import VideoSource

    entry = next(e for e in demo_script() if e.get("name") == HAND_UP)
    starts = {"hand": entry["t"] + 0.4, "idle": entry["end"] + 1.0}
    found: list[list[Frame]] = [[], []]
    with VideoSource(demo_clip()) as source:
        while len(found[-1]) < KEPT and (shot := source.read()) is not None:
            for kept, start in zip(found, (starts["hand"], starts[name]), strict=True):
                if shot.frame is not None and shot.t >= start and len(kept) < KEPT:
                    kept.append(shot.frame)
    return np.array(found)


class StillCamera:
    """A camera that sees one situation, read from a file before it opens, so that it opens fast."""

    live = True
    size_wh: tuple[int, int] = (1280, 720)
    fps = FPS

    def __init__(self, pictures: Path) -> None:
        self.name = "still camera"
        self._situation = Situation(np.load(pictures))
        self._number = 0
        self._start = time.monotonic()

    def read(self) -> Shot:
        """The next picture, when its time has come; as a camera, it drops what nobody took."""
        since = time.monotonic() - self._start
        self._number = max(self._number, int(since * FPS))
        t = self._number / FPS
        time.sleep(max(0.0, t - since))
        frame = self._situation.frame(self._number)
        self._number += 1
        return Shot(t, frame)

    def close(self) -> None:
        """Nothing to release."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Probe:
    """A sink that notes when pictures come, and measures once they have been seen for a while.

    seconds: how long. stop: set when it is done, or when there is a `problem`, one sentence.
    usage: CPU seconds so far and bytes of memory, of all processes. born: when the first of them
    was started, as its starter knows. clock: the time, like `born` in seconds since 1970.
    """

    name = "probe"
    live = False

    def __init__(
        self,
        seconds: float,
        stop: threading.Event,
        usage: Callable[[], tuple[float, float]],
        born: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._seconds, self._stop, self._clock = seconds, stop, clock
        self._usage, self._born = usage, born
        self._card: bytes | None = None
        self._came: dict[str, float] = {}
        self._used = 0.0
        self._sent = self._shown = 0
        self.numbers: dict[str, float] = {}
        self.problem = "The program ended before it could be measured."

    def send(self, frame: Frame, t: float) -> None:
        """Take in one picture; the first is the card."""
        del t
        clock, look = self._clock(), frame[::80, ::80].tobytes()
        if self._card is None:
            self._card, self._came["first"] = look, clock
        covered = look == self._card
        if not covered:
            self._came.setdefault("uncovered", clock)
        if self.numbers or self._stop.is_set():
            return
        if "begin" in self._came:
            self._sent, self._shown = self._sent + 1, self._shown + (not covered)
            if clock >= self._came["begin"] + self._seconds:
                self._finish(clock)
        elif "uncovered" not in self._came:
            if clock > self._came["first"] + PATIENCE_SECONDS:
                self.problem = (
                    "The demo's picture was never uncovered: the models see nobody in it."
                )
                self._stop.set()
        elif clock > self._came["uncovered"] + SETTLE_SECONDS:
            self._used, _ = self._usage()
            self._came["begin"] = self._clock()  # asking takes a moment

    def _finish(self, clock: float) -> None:
        lasted = clock - self._came["begin"]
        used, memory = self._usage()
        self.numbers = {
            "cpu_share": (used - self._used) / lasted,
            "rss_mb": memory / 1e6,
            "first_frame_s": self._came["first"] - self._born,
            "first_uncovered_s": self._came["uncovered"] - self._born,
            "fps": self._sent / lasted,
            "uncovered_share": self._shown / self._sent,
        }
        self.problem = ""
        self._stop.set()

    def close(self) -> None:
        """Nothing to release."""


def live(name: str, seconds: float) -> dict[str, float]:
    """Measure the real program in the situation `name` for `seconds`.

    Returns cpu_share (1.0: one core), rss_mb (all our processes), first_frame_s and
    first_uncovered_s (after the start of the process), fps, uncovered_share.
    Raises Unavailable with the reason if that fails.
    """
    words = "import sys; from triptych.gesture.bench_live import main; main(*sys.argv[1:])"
    limit = 2 * PATIENCE_SECONDS + SETTLE_SECONDS + 2 * seconds
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder, "pictures.npy")
        np.save(pictures, pictures_of(name))
        # A system tells when a process was started to the second only; we know it better.
        command = [sys.executable, "-c", words, str(pictures), str(seconds), str(time.time())]
        try:
            run = subprocess.run(
                command, capture_output=True, text=True, timeout=limit, check=False
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(f"The program could not be measured within {limit:.0f} s.") from None
    try:
        answer: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        reason = run.stderr.strip().splitlines()[-1:] or ["it ended without a word"]
        raise Unavailable(f"The program could not be measured: {reason[0]}") from None
    if "problem" in answer:
        raise Unavailable(f"The program could not be measured: {answer['problem']}")
    return answer


def main(pictures: str, seconds: str, born: str) -> None:
    """The measured process: runs the program, prints one JSON object as its last line.

    pictures: a file made of `pictures_of`. seconds: how long to measure. born: when the process
    was started, in seconds since 1970.
    """
    import psutil

    from triptych.gesture.run import Order, run

    process = psutil.Process()

    def usage() -> tuple[float, float]:
        family = [process, *process.children(recursive=True)]
        spent = sum(sum(member.cpu_times()[:2]) for member in family)
        return spent, float(sum(member.memory_info().rss for member in family))

    stop = threading.Event()
    probe = Probe(float(seconds), stop, usage, float(born))
    order = Order(
        to=("null",),
        as_json=True,
        make_parts=partial(_parts, Path(pictures)),
        more_sinks=lambda size_wh: [probe],
    )
    try:
        run(order, stop)
    except TriptychError as error:
        probe.problem = str(error)
    print(json.dumps({"problem": probe.problem} if probe.problem else probe.numbers))


def _still_camera(pictures: Path, spec: str | None, config: Config) -> StillCamera:
    del spec, config
    return StillCamera(pictures)


def _parts(pictures: Path) -> Parts:
    real = real_parts()
    return Parts(partial(_still_camera, pictures), real.perceiver, real.decider, real.painter)
