"""The gesture panel's perception against MediaPipe Hands 0.10.21, on the same frames.

    python benchmarks/gesture_vs_mediapipe.py [--json] [--out FILE] [--clip FILE] [--venv DIR]
        [--pictures labels.jsonl --split val]

Both sides see the same decoded 1280x720 frames in the same run, each in a process of its own, in
alternating blocks of a second or two, so that whatever else the machine does hits all of them.
Each side has its default threads: ours one, MediaPipe what its graph starts. Ours also finds faces
and reads signs in the time that is counted; MediaPipe finds hands and landmarks alone.

MediaPipe 0.10.21 is the last release that holds its models and `mp.solutions`; it needs NumPy 1,
so it gets a virtual environment of its own, made on the first run.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from triptych.data.hands import read_hands
from triptych.errors import BadInput, TriptychError, Unavailable
from triptych.gesture.demo import demo_clip, demo_script
from triptych.gesture.demo.script import RAISE_SECONDS
from triptych.gesture.perceive.detector import intersection_over_union
from triptych.gesture.sources.pictures import letterbox, read_picture
from triptych.gesture.sources.video import VideoSource
from triptych.gesture.types import SIGNS, Box, Frame
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

REFERENCE = "mediapipe 2 full"
"""Says where a hand is in clips that come without a script."""


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
        self.boxes += answer["boxes"]


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
                "hand_found": float(found[chosen].mean()),
            }
    return numbers


def ratios(sides: dict[str, Any]) -> dict[str, Any]:
    """The best peer over ours, by median, mean and CPU time; over 1 is better for us."""
    peers = [name for name in sides if name != OURS]

    def over(group: str, key: str) -> tuple[float, str]:
        best = min(peers, key=lambda name: sides[name][group][key])
        return sides[best][group][key] / sides[OURS][group][key], best

    ratio, best = over("all", "p50_ms")
    found: dict[str, Any] = {"ratio": ratio, "best_peer": best}
    for group in ("all", "hand", "no_hand"):
        if all(group in numbers for numbers in sides.values()):
            for key in ("p50_ms", "mean_ms", "cpu_ms"):
                if (group, key) == ("no_hand", "p50_ms"):
                    continue  # most such frames cost us nothing, so their median says nothing
                found.setdefault("ratios", {}).setdefault(group, {})[key] = over(group, key)[0]
    return found


def run_pictures(labels: Path, split: str, workers: dict[str, Worker]) -> dict[str, Any]:
    """Shares of pictures with a sign in which each side finds a hand, anywhere and at its place.

    The landmarks that say where its place is are MediaPipe's own output, which favours MediaPipe.
    """
    pictures = [
        picture
        for picture in read_hands(labels.parent, split)
        if picture.label in SIGNS and picture.context in ("frame", "roi", "crop")
    ]
    if not pictures:
        raise BadInput(f"{labels} holds no pictures with a sign in split {split!r}.")
    hits: dict[str, list[tuple[bool, bool | None]]] = {name: [] for name in workers}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "picture.raw")
        for picture in pictures:
            frame = read_picture(labels.parent / picture.file)
            file.write_bytes(frame.tobytes())
            known = [Box(*_around(hand.landmarks)) for hand in picture.hands]
            known += [Box(*b.box_xyxy) for b in picture.boxes if b.name.endswith("hand")]
            for name, worker in workers.items():
                answer = worker.ask(do="still", file=str(file), shape=frame.shape[:2], times=[0.0])
                boxes = [Box(*box) for box in answer["boxes"][0]]
                hit = any(intersection_over_union(a, b) > 0.3 for a in boxes for b in known)
                hits[name].append((bool(boxes), hit if known else None))
    return {
        "manifest": labels.name,
        "split": split,
        "pictures": len(pictures),
        "hand_found": {name: float(np.mean([a for a, _ in rows])) for name, rows in hits.items()},
        "hand_found_at_its_place": {
            name: float(np.mean([b for _, b in rows if b is not None]))
            for name, rows in hits.items()
        },
    }


def _around(points: np.ndarray) -> list[float]:
    return [*points[:, :2].min(axis=0).tolist(), *points[:, :2].max(axis=0).tolist()]


def compare(clip: Path, python: Path, pictures: Path | None, split: str) -> dict[str, Any]:
    """All numbers of the comparison."""
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
        if pictures is not None:
            result["pictures"] = run_pictures(pictures, split, workers)
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
        f"ratio {result['ratio']:.2f}: median of the best peer ({result['best_peer']}) over ours; "
        f"by the mean {by['mean_ms']:.2f}, by CPU time {by['cpu_ms']:.2f}"
    )
    sizes = {name.split()[0]: side["install_mb"] for name, side in result["sides"].items()}
    console.print("installed: " + ", ".join(f"{name} {mb:.0f} MB" for name, mb in sizes.items()))
    if "pictures" in result:
        some = result["pictures"]
        table = Table(title=f"{some['pictures']} pictures with a sign, split {some['split']}")
        for column in ("", "hand found", "at its place*"):
            table.add_column(column, justify="right" if column else "left")
        for name, share in some["hand_found"].items():
            table.add_row(name, f"{share:.1%}", f"{some['hand_found_at_its_place'][name]:.1%}")
        console.print(table)
        console.print("* as MediaPipe itself labelled it, which favours MediaPipe")


def main() -> None:
    """Parse, compare, print; exit status 2 with one sentence if that cannot be done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="write the result to this file, too")
    parser.add_argument("--clip", type=Path, help="a video; default: the demo")
    parser.add_argument("--venv", type=Path, default=Path(".venv-mediapipe"))
    parser.add_argument("--pictures", type=Path, help="labels.jsonl: also compare on pictures")
    parser.add_argument("--split", default="val", help="train, val, test or wild")
    asked = parser.parse_args()
    try:
        clip = asked.clip or demo_clip()
        VideoSource(clip).close()  # is it one? before anything is installed
        result = compare(clip, python_of(asked.venv), asked.pictures, asked.split)
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
