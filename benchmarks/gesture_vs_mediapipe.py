"""The gesture panel's perception against MediaPipe Hands 0.10.21, on the same frames.

    python benchmarks/gesture_vs_mediapipe.py [--json] [--out FILE] [--clip FILE] [--venv DIR]
        [--hands FOLDER] [--splits test wild] [--speed-only]

Both sides see the same decoded 1280x720 frames in the same run, each in a process of its own, in
alternating blocks of a second or two, so that whatever else the machine does hits all of them.
Each side has its default threads: ours one, MediaPipe what its graph starts. Ours also finds faces
and reads signs in the time that is counted; MediaPipe finds hands and landmarks alone. With the
hand pictures at hand (`TRIPTYCH_DATA`), both are also compared by what they read, in pictures and
in clips of people they never saw: see `hand_accuracy.py`.

MediaPipe 0.10.21 is the last release that holds its models and `mp.solutions`; it needs NumPy 1,
so it gets a virtual environment of its own, made on the first run.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from triptych.errors import BadInput, TriptychError, Unavailable
from triptych.gesture.demo import demo_clip, demo_script
from triptych.gesture.demo.script import RAISE_SECONDS
from triptych.gesture.sources.pictures import letterbox
from triptych.gesture.sources.video import VideoSource
from triptych.gesture.types import Frame
from triptych.results import provenance, to_json, write_result

MEDIAPIPE = "mediapipe==0.10.21"
SIZE_WH = (1280, 720)
BLOCK = 30
"""Frames that one side sees before it is the next one's turn."""

OURS = "triptych"
SIDES = {
    OURS: ["ours"],
    "mediapipe 1 lite": ["mediapipe", "1", "0"],
    "mediapipe 1 full": ["mediapipe", "1", "1"],
    "mediapipe 2 lite": ["mediapipe", "2", "0"],
    "mediapipe 2 full": ["mediapipe", "2", "1"],
}
"""Name -> words for `hand_worker.py`; a peer's name holds its most hands and its model."""

MOST = 3
"""Pictures of one person with one label; consecutive frames are near-copies."""

REFERENCE = "mediapipe 2 full"
"""Says where a hand is in clips that come without a script."""

ACCURATE = (OURS, "mediapipe 1 lite", REFERENCE)
"""Sides whose accuracy is compared: besides ours the fastest and the most thorough one."""


class Worker:
    """One side at work in its own process and environment."""

    def __init__(self, python: Path | str, words: Sequence[str]) -> None:
        script = Path(__file__).with_name("hand_worker.py")
        self._process = subprocess.Popen(
            [str(python), str(script), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._name = " ".join(words)
        self._hear()

    def ask(self, **order: Any) -> dict[str, Any]:
        """Give an order and wait for its answer. Raises Unavailable if the process has died."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # said below
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        return self._hear()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.close()
            raise Unavailable(f"The side `{self._name}` ended: run its hand_worker.py by itself.")
        return json.loads(line)

    def close(self) -> None:
        """End the process; safe to call twice."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):  # an order that it never took
                    pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


@dataclass
class Seen:
    """What one side saw and spent, frame by frame."""

    ms: list[float] = field(default_factory=list[float])
    cpu_ms: list[float] = field(default_factory=list[float])
    boxes: list[list[list[float]]] = field(default_factory=list[list[list[float]]])

    def add(self, answer: dict[str, Any]) -> None:
        """Append a block's answer."""
        self.ms += answer["ms"]
        self.cpu_ms += answer["cpu_ms"]
        self.boxes += [[hand["box"] for hand in hands] for hands in answer["hands"]]


def python_of(venv: Path) -> Path:
    """The interpreter of MediaPipe's environment, made and filled if it is not there.

    Raises Unavailable with one sentence if that fails.
    """
    python = venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    test = [str(python), "-c", "import mediapipe; assert mediapipe.__version__ == '0.10.21'"]
    if python.exists() and subprocess.run(test, capture_output=True, check=False).returncode == 0:
        return python
    print(f"Installing {MEDIAPIPE} in {venv} (1 GB, once).", file=sys.stderr)
    for command in (
        [sys.executable, "-m", "venv", str(venv)],
        [str(python), "-m", "pip", "install", "--quiet", MEDIAPIPE],
        test,
    ):
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            words = (run.stderr.strip() or run.stdout.strip() or "no reason given").splitlines()
            raise Unavailable(
                f"{MEDIAPIPE} could not be installed in {venv} ({words[-1].strip()}): it needs "
                "Python 3.9 to 3.12 and a connection; or name an environment that has it (--venv)."
            )
    return python


def blocks_of(clip: Path) -> Iterator[tuple[list[float], list[Frame]]]:
    """The clip's frames at `SIZE_WH` with their times in seconds, `BLOCK` at a time."""
    times: list[float] = []
    frames: list[Frame] = []
    with VideoSource(clip) as source:
        while (shot := source.read()) is not None:
            if shot.frame is None:
                continue
            times.append(shot.t)
            frames.append(letterbox(shot.frame, SIZE_WH))
            if len(frames) == BLOCK:
                yield times, frames
                times, frames = [], []
    if frames:
        yield times, frames


def run_clip(clip: Path, workers: dict[str, Worker]) -> tuple[list[float], dict[str, Seen]]:
    """Show the clip to all sides in turns; times of the frames, and what each side saw."""
    all_times: list[float] = []
    seen = {name: Seen() for name in workers}
    order = list(workers)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "block.raw")
        for times, frames in blocks_of(clip):
            file.write_bytes(b"".join(frame.tobytes() for frame in frames))
            shape = [SIZE_WH[1], SIZE_WH[0]]
            for name in order:
                answer = workers[name].ask(do="video", file=str(file), shape=shape, times=times)
                seen[name].add(answer)
            order = order[1:] + order[:1]  # nobody always comes first
            all_times += times
    if not all_times:
        raise BadInput(f"{clip} holds no pictures.")
    return all_times, seen


def hand_is_up(times: Sequence[float], seen: dict[str, Seen], is_demo: bool) -> list[bool | None]:
    """For each frame whether a hand is in it; None where one is just coming or going."""
    if not is_demo:
        return [bool(boxes) for boxes in seen[REFERENCE].boxes]
    signs = [(e["t"], e["end"]) for e in demo_script() if e["event"] == "gesture"]
    up: list[bool | None] = []
    for t in times:
        if any(start <= t <= end for start, end in signs):
            up.append(True)
        elif any(start - RAISE_SECONDS <= t <= end + RAISE_SECONDS for start, end in signs):
            up.append(None)
        else:
            up.append(False)
    return up


def numbers_of(seen: Seen, up: Sequence[bool | None]) -> dict[str, Any]:
    """Milliseconds and CPU of a side over all frames, those with a hand and those without."""
    groups = {
        "all": [True] * len(up),
        "hand": [value is True for value in up],
        "no_hand": [value is False for value in up],
    }
    ms, cpu = np.array(seen.ms), np.array(seen.cpu_ms)
    found = np.array([bool(boxes) for boxes in seen.boxes])
    numbers: dict[str, Any] = {}
    for name, chosen in groups.items():
        if any(chosen):
            numbers[name] = {
                "frames": int(sum(chosen)),
                "p50_ms": float(np.median(ms[chosen])),
                "p95_ms": float(np.percentile(ms[chosen], 95)),
                "mean_ms": float(ms[chosen].mean()),
                "cpu_ms": float(cpu[chosen].mean()),
                "cpu_share_at_30": float(cpu[chosen].mean()) * 30 / 1000,
                "hand_found": float(found[chosen].mean()),
            }
    return numbers


def ratios(sides: dict[str, Any]) -> dict[str, Any]:
    """The best peer over ours, by median, mean and CPU time; over 1 is better for us."""
    peers = [name for name in sides if name != OURS]

    def over(group: str, key: str) -> tuple[float, str]:
        best = min(peers, key=lambda name: sides[name][group][key])
        return sides[best][group][key] / sides[OURS][group][key], best

    # The mean, for the median hides our dear frames, in which the detector looks.
    ratio, best = over("all", "mean_ms")
    found: dict[str, Any] = {
        "ratio": ratio,
        "ratio_of": "mean milliseconds a frame, best peer over ours",
        "best_peer": best,
    }
    for group in ("all", "hand", "no_hand"):
        if all(group in numbers for numbers in sides.values()):
            for key in ("p50_ms", "p95_ms", "mean_ms", "cpu_ms"):
                if (group, key) == ("no_hand", "p50_ms"):
                    continue  # most such frames cost us nothing, so their median says nothing
                found.setdefault("ratios", {}).setdefault(group, {})[key] = over(group, key)[0]
    return found


def accuracy(hands: Path, splits: Sequence[str], workers: dict[str, Worker]) -> dict[str, Any]:
    """Signs in pictures and events in clips, for some sides; hands: the folder of labels.jsonl."""
    import hand_accuracy

    workers = {name: worker for name, worker in workers.items() if name in ACCURATE}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "head.npz")
        told = hand_accuracy.train_head(hands, file)
        for worker in workers.values():
            worker.ask(do="head", file=str(file))
    return {
        "head": told,
        "pictures": {
            split: hand_accuracy.on_pictures(hands, split, MOST, workers) for split in splits
        },
        "clips": hand_accuracy.on_clips(hands / "clips" / "manifest.json", OURS, workers),
    }


def compare(clip: Path, python: Path, hands: Path | None, splits: Sequence[str]) -> dict[str, Any]:
    """All numbers of the comparison; hands: the folder of labels.jsonl, or None for speed alone."""
    with contextlib.ExitStack() as stack:
        workers = {
            name: stack.enter_context(Worker(sys.executable if name == OURS else python, words))
            for name, words in SIDES.items()
        }
        times, seen = run_clip(clip, workers)
        is_demo = clip == demo_clip()
        up = hand_is_up(times, seen, is_demo)
        sides = {name: numbers_of(seen[name], up) for name in SIDES}
        for name, worker in workers.items():
            sides[name] |= worker.ask(do="costs")
        result = {
            **ratios(sides),
            "clip": clip.name,
            "size_wh": SIZE_WH,
            "hand_is_up_says": "the demo's script" if is_demo else REFERENCE,
            "threads": "each side's default: triptych one, MediaPipe what its graph starts",
            "peer": MEDIAPIPE,
            "sides": sides,
        }
        if hands is not None:
            result["accuracy"] = accuracy(hands, splits, workers)
    return result


def print_table(result: dict[str, Any]) -> None:
    """The same for people."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=f"{result['clip']}, 1280x720: milliseconds a frame, median and p95")
    for column in ("", "all frames", "hand up", "no hand", "mean", "CPU", "MB"):
        table.add_column(column, justify="right" if column else "left")
    for name, side in result["sides"].items():
        cells = [
            f"{side[group]['p50_ms']:.1f} {side[group]['p95_ms']:4.1f}" if group in side else ""
            for group in ("all", "hand", "no_hand")
        ]
        cells += [f"{side['all'][key]:.1f}" for key in ("mean_ms", "cpu_ms")]
        table.add_row(name, *cells, f"{side['peak_rss_mb']:.0f}")
    console.print(table)
    for group, words in (("hand", "with a hand up"), ("no_hand", "without a hand")):
        if any(group in side for side in result["sides"].values()):
            shares = (f"{n} {s[group]['hand_found']:.1%}" for n, s in result["sides"].items())
            console.print(f"a hand was seen in frames {words}: {', '.join(shares)}")
    by = result["ratios"]["all"]
    console.print(
        f"ratio {result['ratio']:.2f}: mean of the best peer ({result['best_peer']}) over ours; "
        f"by the median {by['p50_ms']:.2f}, by CPU time {by['cpu_ms']:.2f}"
    )
    sizes = {name.split()[0]: side["install_mb"] for name, side in result["sides"].items()}
    console.print("installed: " + ", ".join(f"{name} {mb:.0f} MB" for name, mb in sizes.items()))
    for title, rows in accuracy_rows(result):
        table = Table(title=title)
        columns = [key for key, value in rows[OURS].items() if isinstance(value, float | int)]
        for column in ("", *columns):
            table.add_column(column.replace("_", " "), justify="right" if column else "left")
        for name, row in rows.items():
            table.add_row(name, *(f"{row[key]:.3g}" for key in columns))
        console.print(table)


def accuracy_rows(result: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Title and rows of each table of the accuracy."""
    if "accuracy" in result:
        for split, rows in result["accuracy"]["pictures"].items():
            yield f"pictures of split {split}", rows
        yield "clips of real people", result["accuracy"]["clips"]


def default_hands() -> Path | None:
    """The hand pictures of the environment's data folder, if there is one."""
    data = os.environ.get("TRIPTYCH_DATA")
    return Path(data, "hands") if data and Path(data, "hands", "labels.jsonl").exists() else None


def main() -> None:
    """Parse, compare, print; exit status 2 with one sentence if that cannot be done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="write the result to this file, too")
    parser.add_argument("--clip", type=Path, help="a video; default: the demo")
    parser.add_argument("--venv", type=Path, default=Path(".venv-mediapipe"))
    parser.add_argument(
        "--hands", type=Path, help="folder of labels.jsonl; default: that of TRIPTYCH_DATA, if set"
    )
    parser.add_argument("--splits", nargs="+", default=["test", "wild"], help="of the pictures")
    parser.add_argument("--speed-only", action="store_true", help="no pictures, no labelled clips")
    asked = parser.parse_args()
    try:
        clip = asked.clip or demo_clip()
        VideoSource(clip).close()  # is it one? before anything is installed
        hands = None if asked.speed_only else asked.hands or default_hands()
        result = compare(clip, python_of(asked.venv), hands, asked.splits)
    except TriptychError as error:
        print(f"gesture_vs_mediapipe: {error}", file=sys.stderr)
        sys.exit(2)
    if asked.out is not None:
        write_result(asked.out, result)
    if asked.json:
        print(to_json({**provenance(), **result}))
    else:
        print_table(result)


if __name__ == "__main__":
    main()
