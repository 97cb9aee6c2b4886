"""What the overlay costs: milliseconds of each stage, share of a core, memory, time to start.

The pictures are the demo's, 1280x720: with a hand up, and with nobody's hand in view. Stages are
timed one after the other in this process; shares, memory and start are those of the real program
(analyser and publisher) at 30 pictures a second with no output. Decoding a camera's pictures is
left out, because it depends on the camera.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Self

import numpy as np

from triptych.errors import TriptychError
from triptych.gesture.config import Config
from triptych.gesture.demo import demo_clip, demo_script
from triptych.gesture.parts import Parts, real_parts
from triptych.gesture.sources.shot import Shot
from triptych.gesture.types import Frame

FPS = 30.0
KEPT = 12
"""Pictures of each situation, shown forth and back: half a second of a hand held still."""

HANDS_UP = "palm"


def measure(seconds: float) -> dict[str, Any]:
    """All figures; takes about three times `seconds`."""
    hand, idle = (_stages(pictures(situation), seconds) for situation in ("hand", "idle"))
    live = {situation: _live(situation, seconds) for situation in ("hand", "idle")}
    return {
        "size_wh": [1280, 720],
        "fps": FPS,
        "frame_ms": {"hand": hand["frame"], "idle": idle["frame"]},
        "draw_ms": hand["draw"],
        "stages_ms": {"hand": hand, "idle": idle},
        "cpu_share": {name: numbers["cpu_share"] for name, numbers in live.items()},
        "rss_mb": max(numbers["rss_mb"] for numbers in live.values()),
        "first_frame_s": live["idle"]["first_frame_s"],
        "first_uncovered_s": live["idle"]["first_uncovered_s"],
    }


def summary(metrics: Mapping[str, Any]) -> str:
    """A few lines for people."""
    hand, idle = metrics["frame_ms"]["hand"], metrics["frame_ms"]["idle"]
    return "\n".join(
        [
            f"frame, hand up     {hand['p50']:6.2f} ms median, {hand['p95']:.2f} ms p95",
            f"frame, no hand     {idle['p50']:6.2f} ms median, {idle['p95']:.2f} ms p95",
            f"draw and colour    {metrics['draw_ms']['p50']:6.2f} ms median",
            f"share of a core    {metrics['cpu_share']['hand']:6.1%} hand up, "
            f"{metrics['cpu_share']['idle']:.1%} idle",
            f"memory             {metrics['rss_mb']:6.0f} MB",
            f"first frame        {metrics['first_frame_s']:6.2f} s after start",
        ]
    )


def pictures(situation: str) -> list[Frame]:
    """`KEPT` consecutive pictures of the demo: `hand`, a palm held up; `idle`, no hand in view."""
    from triptych.gesture.sources.video import VideoSource

    entry = next(e for e in demo_script() if e.get("name") == HANDS_UP)
    start = entry["t"] + 0.4 if situation == "hand" else entry["end"] + 1.0
    found: list[Frame] = []
    with VideoSource(demo_clip()) as source:
        while len(found) < KEPT and (shot := source.read()) is not None:
            if shot.frame is not None and shot.t >= start:
                found.append(shot.frame)
    return found


def _stages(frames: Sequence[Frame], seconds: float) -> dict[str, dict[str, float]]:
    import cv2

    from triptych.gesture.publish.clock import now

    parts = real_parts()
    config = Config()
    perceiver, decider = parts.perceiver(config), parts.decider(config)
    painter = parts.painter(config, (1280, 720))
    taken: dict[str, list[float]] = {"look": [], "decide": [], "draw": [], "frame": []}
    end = now() + seconds
    number = 0
    while now() < end or number < 3 * FPS:
        frame = frames[_forth_and_back(number, len(frames))].copy()
        t = number / FPS
        a = time.perf_counter()
        scene = perceiver.look(frame, t)
        b = time.perf_counter()
        decision = decider.step(scene)
        c = time.perf_counter()
        painter.paint(frame, decision)
        cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)  # what a virtual camera wants
        d = time.perf_counter()
        if number >= 2 * FPS:  # by now the sign has fired and is on show
            for name, value in zip(taken, (b - a, c - b, d - c, d - a), strict=True):
                taken[name].append(value * 1000)
        number += 1
    return {
        name: {"p50": float(np.median(values)), "p95": float(np.percentile(values, 95))}
        for name, values in taken.items()
    }


def _forth_and_back(number: int, count: int) -> int:
    place = number % (2 * count - 2)
    return place if place < count else 2 * count - 2 - place


class StillCamera:
    """A camera that shows the same few pictures forth and back, 30 a second."""

    live = True
    size_wh = (1280, 720)
    fps = FPS

    def __init__(self, situation: str) -> None:
        self.name = situation
        self._frames = pictures(situation)
        self._number = 0
        self._start = time.monotonic()

    def read(self) -> Shot:
        """The next picture, when its time has come."""
        t = self._number / FPS
        time.sleep(max(0.0, self._start + t - time.monotonic()))
        frame = self._frames[_forth_and_back(self._number, len(self._frames))].copy()
        self._number += 1
        return Shot(t, frame)

    def close(self) -> None:
        """Nothing to release."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _still_camera(situation: str, spec: str | None, config: Config) -> StillCamera:
    del spec, config
    return StillCamera(situation)


def _parts(situation: str) -> Parts:
    real = real_parts()
    return Parts(partial(_still_camera, situation), real.perceiver, real.decider, real.painter)


def _live(situation: str, seconds: float) -> dict[str, float]:
    """The real program for `seconds`, in a process of its own."""
    command = [sys.executable, "-m", "triptych.gesture.bench", situation, str(seconds)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise TriptychError(f"The program could not be measured: {run.stderr.strip()[-400:]}")
    return json.loads(run.stdout.splitlines()[-1])


class _Probe:
    """A sink that notes when pictures come, and measures once the first has been seen."""

    name = "probe"
    live = True

    def __init__(self, seconds: float, stop: threading.Event) -> None:
        import psutil

        self._process = psutil.Process()
        self._seconds, self._stop = seconds, stop
        self._first = self._uncovered = self._begin = 0.0
        self._used = 0.0
        self._card: bytes = b""
        self.numbers: dict[str, float] = {}

    def send(self, frame: Frame, t: float) -> None:
        """Take the time, and after a second of live pictures the processor's time."""
        del t
        clock = time.time()
        if not self._first:
            self._first, self._card = clock, frame[::80, ::80].tobytes()
        if not self._uncovered and frame[::80, ::80].tobytes() != self._card:
            self._uncovered = clock
        if not self._begin and self._uncovered and clock > self._uncovered + 1.5:
            self._begin, self._used = clock, self._processor()
        if self._begin and not self.numbers and clock > self._begin + self._seconds:
            born = self._process.create_time()
            family = [self._process, *self._process.children(recursive=True)]
            self.numbers = {
                "cpu_share": (self._processor() - self._used) / (clock - self._begin),
                "rss_mb": sum(p.memory_info().rss for p in family) / 1e6,
                "first_frame_s": self._first - born,
                "first_uncovered_s": self._uncovered - born,
            }
            self._stop.set()

    def _processor(self) -> float:
        family = [self._process, *self._process.children(recursive=True)]
        return sum(sum(p.cpu_times()[:2]) for p in family)

    def close(self) -> None:
        """Nothing to release."""


def _main(situation: str, seconds: float) -> None:
    from triptych.gesture.run import Order, run

    stop = threading.Event()
    probe = _Probe(seconds, stop)
    order = Order(
        to=("null",),
        as_json=True,
        make_parts=partial(_parts, situation),
        more_sinks=lambda size_wh: [probe],
    )
    run(order, stop)
    print(json.dumps(probe.numbers))


if __name__ == "__main__":
    _main(sys.argv[1], float(sys.argv[2]))
