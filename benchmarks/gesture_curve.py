"""The operating curve: how many signs fire, against how often something fires by accident.

    python benchmarks/gesture_curve.py SCORES.jsonl.gz [--json] [--out FILE] [--plot FILE.png]

SCORES is what `triptych gesture evaluate CLIPS --scores SCORES.jsonl.gz` has kept. It is decided
again with each setting; no picture is looked at.
"""

import argparse
import itertools
import sys
import time
from pathlib import Path
from typing import Any

from triptych.errors import TriptychError
from triptych.gesture.config import Config
from triptych.gesture.evaluate.clips import metrics, outcome
from triptych.gesture.evaluate.record import load
from triptych.results import provenance, to_json, write_result

ENTER = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
HOLD = (0.3, 0.5, 0.8)


def curve(scores: Path) -> dict[str, Any]:
    """Recall, share in time and false activations an hour for each hold and threshold."""
    recordings = [recording for recording in load(scores) if not recording.clip.motion]
    started = time.process_time()
    points: list[dict[str, Any]] = []
    for hold, enter in itertools.product(HOLD, ENTER):
        leave = min(Config().decide.leave, enter - 0.1)
        config = Config().tuned("decide.leave", leave).tuned("decide.enter", enter)
        config = config.tuned("decide.hold_seconds", hold)
        found = metrics([outcome(recording, config) for recording in recordings])
        points.append(
            {
                "hold_seconds": hold,
                "enter": enter,
                "recall": found["events"]["recall"],
                "recall_ci95": found["events"]["recall_ci95"],
                "in_time": found["events"]["in_time"],
                "in_time_ci95": found["events"]["in_time_ci95"],
                "wrong_in_sign_clips": found["events"]["wrong_in_sign_clips"],
                "time_to_trigger_s": found["events"]["time_to_trigger_s"],
                "false_per_hour": found["false_activations_per_hour"],
                "false_per_hour_ci95": found["false_activations_per_hour_ci95"],
            }
        )
    default = Config().decide
    return {
        "scores": scores.name,
        "clips": len(recordings),
        "default": {"hold_seconds": default.hold_seconds, "enter": default.enter},
        "cpu_seconds": time.process_time() - started,
        "points": points,
    }


def plot(result: dict[str, Any], path: Path) -> None:
    """Shares of signs over false activations an hour, a line for each hold."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
    panels = (
        (left, "recall", "fires at all"),
        (right, "in_time", "fires within 0.8 s"),
    )
    for axes, key, title in panels:
        for hold, colour in zip(HOLD, ("#c26a00", "#1b5e9b", "#4d7c0f"), strict=True):
            points = [p for p in result["points"] if p["hold_seconds"] == hold]
            xs, ys = [p["false_per_hour"] for p in points], [p[key] for p in points]
            axes.plot(xs, ys, "o-", color=colour, ms=4, lw=1.5, label=f"held {hold:g} s")
            for p in points:
                if p["enter"] in (ENTER[0], ENTER[-1]):
                    place = (p["false_per_hour"], p[key])
                    axes.annotate(f"{p['enter']:g}", place, (5, -11), textcoords="offset points",
                                  fontsize=8, color=colour)  # fmt: skip
        d = result["default"]
        chosen = d["hold_seconds"], d["enter"]
        at = next(p for p in result["points"] if (p["hold_seconds"], p["enter"]) == chosen)
        ring = {"ms": 11, "mfc": "none", "mec": "black"}
        axes.plot(at["false_per_hour"], at[key], "o", label="default", **ring)
        axes.axvline(0.5, color="grey", lw=0.8, ls=":")
        axes.axhline(0.95, color="grey", lw=0.8, ls=":")
        axes.set_xscale("symlog", linthresh=1.0)
        axes.set_xlim(left=-0.1)
        axes.set_title(f"a sign held 1 s or longer {title}", fontsize=10)
        axes.set_xlabel("false activations an hour")
        axes.spines[["top", "right"]].set_visible(False)
    left.set_ylabel("share of signs")
    left.legend(loc="lower right", fontsize=8, frameon=False)
    figure.suptitle(
        "Operating curve: each line runs over the score a sign needs (numbers at its ends); "
        "dotted: the goal",
        fontsize=10,
    )
    figure.savefig(path, dpi=110)


def main() -> None:
    """Parse, decide again, print; exit status 2 with one sentence if that cannot be done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("scores", type=Path)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="write the result to this file, too")
    parser.add_argument("--plot", type=Path, help="draw it into this PNG")
    asked = parser.parse_args()
    try:
        result = curve(asked.scores)
    except TriptychError as error:
        print(f"gesture_curve: {error}", file=sys.stderr)
        sys.exit(2)
    if asked.out is not None:
        write_result(asked.out, result)
    if asked.plot is not None:
        plot(result, asked.plot)
    if asked.json:
        print(to_json({**provenance(), **result}))
        return
    print(f"{'hold':>5} {'enter':>6} {'fires':>7} {'in 0.8s':>8} {'false/h':>8}")
    for p in result["points"]:
        print(
            f"{p['hold_seconds']:5.2f} {p['enter']:6.2f} {p['recall']:7.3f} {p['in_time']:8.3f} "
            f"{p['false_per_hour']:8.2f}"
        )


if __name__ == "__main__":
    main()
