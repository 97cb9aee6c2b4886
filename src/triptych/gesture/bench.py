"""What the overlay costs: milliseconds of each stage, share of a core, memory, time to start.

The pictures are the demo's, 1280x720: with a hand up, and with nobody's hand in view. Stages are
timed one after the other in this process; shares, memory and start are those of the real program
(see `bench_live.py`). Decoding a camera's pictures is left out, because it depends on the camera.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from triptych.gesture.bench_live import FPS, Situation, live, pictures_of
from triptych.gesture.config import Config
from triptych.gesture.parts import real_parts

WARM_UP_SECONDS = 3.0
"""Of the pictures' time: by now the sign has fired and is on show, or is gone."""


def measure(seconds: float) -> dict[str, Any]:
    """All figures, each situation measured for `seconds`; takes about four times as long.

    Raises Unavailable if the program cannot be measured, with the reason.
    """
    hand, idle = stages("hand", seconds), stages("idle", seconds)
    running = {"hand": live("hand", seconds), "idle": live("idle", seconds)}
    return {
        "size_wh": [1280, 720],
        "fps": FPS,
        "frame_ms": {"hand": hand["frame"], "idle": idle["frame"]},
        "draw_ms": hand["draw"],
        "stages_ms": {"hand": hand, "idle": idle},
        "cpu_share": {name: numbers["cpu_share"] for name, numbers in running.items()},
        "rss_mb": max(numbers["rss_mb"] for numbers in running.values()),
        "first_frame_s": max(numbers["first_frame_s"] for numbers in running.values()),
        "live": running,
    }


def summary(metrics: Mapping[str, Any]) -> str:
    """A few lines for people."""
    hand, idle = metrics["frame_ms"]["hand"], metrics["frame_ms"]["idle"]
    share = metrics["cpu_share"]
    return "\n".join(
        [
            f"frame, hand up     {hand['p50']:6.2f} ms median, {hand['p95']:.2f} ms p95, "
            f"{hand['mean']:.2f} ms mean",
            f"frame, no hand     {idle['p50']:6.2f} ms median, {idle['p95']:.2f} ms p95, "
            f"{idle['mean']:.2f} ms mean",
            f"draw and colour    {metrics['draw_ms']['p50']:6.2f} ms median",
            f"share of a core    {share['hand']:6.1%} hand up, {share['idle']:.1%} idle",
            f"memory             {metrics['rss_mb']:6.0f} MB",
            f"first frame        {metrics['first_frame_s']:6.2f} s after start",
        ]
    )


def stages(name: str, seconds: float) -> dict[str, dict[str, float]]:
    """Milliseconds of look, decide and draw, and of all three (`frame`): median, p95 and mean.

    name: `hand` or `idle`.
    """
    import cv2

    situation, parts, config = Situation(pictures_of(name)), real_parts(), Config()
    perceiver, decider = parts.perceiver(config), parts.decider(config)
    painter = parts.painter(config, (1280, 720))
    taken: dict[str, list[float]] = {"look": [], "decide": [], "draw": [], "frame": []}
    end, number = 0.0, 0
    while number <= WARM_UP_SECONDS * FPS or time.monotonic() < end:
        frame = situation.frame(number)
        t = number / FPS
        a = time.perf_counter()
        scene = perceiver.look(frame, t)
        b = time.perf_counter()
        decision = decider.step(scene)
        c = time.perf_counter()
        painter.paint(frame, decision)
        cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)  # what a virtual camera wants
        d = time.perf_counter()
        if t >= WARM_UP_SECONDS:
            end = end or time.monotonic() + seconds
            for stage, value in zip(taken, (b - a, c - b, d - c, d - a), strict=True):
                taken[stage].append(value * 1000)
        number += 1
    return {
        stage: {
            "p50": float(np.median(values)),
            "p95": float(np.percentile(values, 95)),
            "mean": float(np.mean(values)),
        }
        for stage, values in taken.items()
    }
