"""The talk's experiments (S5, C1 to C5): what each choice in the training of the classifier brings.

    python benchmarks/gesture_talk.py --out docs/gesture/experiments/talk.json

Trains the hand reader by the code of `triptych gesture train classifier`, each arm with one choice
changed, and reads hands of people who were never trained on. The file is written after each run
and read at the start: an interrupted benchmark goes on where it was. The small setting (64-pixel
crops, 128 steps of 32) is for a machine without a GPU; `--size 128 --batch 64 --steps 2800` is what
ships. Needs TRIPTYCH_DATA and `pip install 'triptych[train]'`.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn

from talk_cost import costs
from talk_faces import faces
from talk_numbers import Counts, counts, difference, macro_f1, spread
from triptych.data.hands import COLLECTIVES, HandPicture, read_hands
from triptych.fit.loop import Plan, fit
from triptych.fit.tracker import JsonLines
from triptych.gesture.learn.augment import Jitter
from triptych.gesture.learn.crops import collate, crop_example, to_tensor
from triptych.gesture.learn.examples import UNKNOWN, HandExample, hand_examples, scene_examples
from triptych.gesture.learn.recipe import Recipe, by_frames, every_nth
from triptych.gesture.learn.train import PERMISSIVE, WEIGHTS
from triptych.gesture.learn.train_classifier import ClassifierTask
from triptych.results import to_json, write_result

STILL = Jitter(colour=False, rotation=False, crop=False, webcam=False)
ANSWERS = ("appearance", "both")
"""The plain classifier, which is what the talk had, and the answer that ships."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One training: its recipe, every how many-th person it learns from, how many times as long.

    A frozen backbone costs a third of a step, so three times the steps are about the same time.
    """

    recipe: Recipe = field(default_factory=Recipe)
    people: int = 1
    longer: int = 1


ARMS = {
    "base": Arm(),
    "every_10th_frame": Arm(Recipe(every=10)),
    "frozen": Arm(Recipe(frozen=True)),
    "frozen_for_longer": Arm(Recipe(frozen=True), longer=3),
    "random": Arm(Recipe(weights="random")),
    "split_by_frames": Arm(Recipe(split="frames")),
    "random_standard": Arm(Recipe(weights="random", convolution="standard")),
    "no_augmentation": Arm(Recipe(jitter=STILL)),
    "every_10th_person": Arm(people=10),
    "no_colour": Arm(Recipe(jitter=Jitter(colour=False))),
    "no_rotation": Arm(Recipe(jitter=Jitter(rotation=False))),
    "no_crop": Arm(Recipe(jitter=Jitter(crop=False))),
}
"""In the order in which they are run, each with all its seeds: so each claim is answered as soon as
may be."""

PAIRS = {
    "every frame over every 10th": ("base", "every_10th_frame"),
    "every person over every 10th": ("base", "every_10th_person"),
    "all layers over frozen ones": ("base", "frozen"),
    "all layers over frozen ones trained three times as long": ("base", "frozen_for_longer"),
    "ImageNet's weights over random ones": ("base", "random"),
    "colour jitter": ("base", "no_colour"),
    "rotations": ("base", "no_rotation"),
    "random resized crops": ("base", "no_crop"),
    "all augmentation": ("base", "no_augmentation"),
    "separable convolutions over standard ones": ("random", "random_standard"),
}
"""What is compared: the first arm's macro-F1 less the second's."""


class Crops:
    """The hands of some pictures as the network reads them, cut out once."""

    def __init__(self, folder: Path, examples: Sequence[HandExample], size: int) -> None:
        known = [e for e in examples if e.label != UNKNOWN]
        rng = np.random.default_rng(0)
        self.batch = collate([crop_example(folder, e, STILL, rng, None, size=size) for e in known])
        self.labels = np.array([e.label for e in known], np.int64)
        self.people = [e.person for e in known]

    @torch.no_grad()
    def guesses(self, network: nn.Module) -> dict[str, Counts]:
        """Of each answer, what was taken for what, person by person."""
        network.eval()
        found: dict[str, list[np.ndarray]] = defaultdict(list)
        for pictures in self.batch["picture"].split(128):
            logits = network(to_tensor(pictures)).logits
            for name in ANSWERS:
                found[name].append(logits[name].argmax(dim=1).numpy())
        return {n: counts(self.labels, np.concatenate(v), self.people) for n, v in found.items()}


class Watched(ClassifierTask):
    """The training task, looking on the way at crops that were cut out beforehand."""

    watched: Crops

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Macro-F1 of each answer on validation people."""
        guesses = self.watched.guesses(network)
        return {name: float(macro_f1(table.sum(0))) for name, table in guesses.items()}


class Notes:
    """A tracker that keeps what was looked at on the way, and logs everything."""

    def __init__(self) -> None:
        self._log = JsonLines(Path(tempfile.gettempdir()) / "gesture_talk.jsonl", sys.stderr)
        self.curve: dict[str, float] = {}

    def log(self, step: int, numbers: Any) -> None:
        """Keep the macro-F1 of the plain classifier."""
        if "loss" not in numbers:
            self.curve[str(step)] = numbers[ANSWERS[0]]
        self._log.log(step, numbers)


def few(pictures: Sequence[HandPicture], most: int) -> list[HandPicture]:
    """At most so many pictures of each person and label, evenly spaced, so that people count."""
    groups: dict[tuple[str, str], list[HandPicture]] = defaultdict(list)
    for picture in pictures:
        groups[picture.person, picture.label].append(picture)
    kept: list[HandPicture] = []
    for group in groups.values():
        places = np.linspace(0, len(group) - 1, min(most, len(group))).round().astype(int)
        kept += [group[place] for place in places]
    return kept


def some_people(pictures: Sequence[HandPicture], step: int, seed: int) -> list[HandPicture]:
    """Every `step`-th person, another choice for each seed; crowds stay."""
    names = sorted({p.person for p in pictures} - COLLECTIVES)
    chosen = set(names[seed % step :: step]) | COLLECTIVES
    return [p for p in pictures if p.person in chosen]


class Bench:
    """The pictures, and how an arm is trained and measured on them."""

    def __init__(self, data: Path, size: int, batch: int, steps: int) -> None:
        self.folder, self.weights = data / "hands", data / WEIGHTS
        self.size, self.batch, self.steps = size, batch, steps
        permitted = (p for p in read_hands(self.folder, "train") if p.licence in PERMISSIVE)
        self.train = list(permitted)
        # The frames that the split by frames holds back are kept from no other arm.
        self.neighbours = self._crops(few(by_frames(self.train)[1], 4))
        self.sets = {
            "val": self._crops(few(read_hands(self.folder, "val"), 10)),
            "test": self._crops(few(read_hands(self.folder, "test"), 10)),
            "taught": self._crops(few(by_frames(self.train)[0], 1)),
        }

    def _crops(self, pictures: Sequence[HandPicture]) -> Crops:
        return Crops(self.folder, hand_examples(pictures), self.size)

    def run(self, name: str, seed: int) -> dict[str, Any]:
        """Train an arm; returns its numbers and, person by person, its confusions."""
        arm = ARMS[name]
        train = some_people(self.train, arm.people, seed) if arm.people > 1 else self.train
        if arm.recipe.split == "frames":
            train, _ = by_frames(train)
        train = every_nth(train, arm.recipe.every)
        torch.manual_seed(seed)
        examples = hand_examples(train)
        task = Watched(
            self.folder,
            examples,
            [],
            scene_examples(train),
            weights=self.weights if arm.recipe.weights == "imagenet" else None,
            batch_size=self.batch,
            recipe=arm.recipe,
            size=self.size,
        )
        task.watched = self.sets["val"]
        notes = Notes()
        steps = self.steps * arm.longer
        plan = Plan(
            steps,
            seed,
            warmup=steps // 8,
            evaluate_every=-(-steps // 4),
            save_every=steps,
            precision="32-true",  # at 64 pixels faster than bfloat16 on the processors we tried
        )
        cpu, wall = time.process_time(), time.monotonic()
        with tempfile.TemporaryDirectory() as place:
            network = fit(task, plan, Path(place), notes)
        spent = {"cpu_s": time.process_time() - cpu, "wall_s": time.monotonic() - wall}
        sets = self.sets | ({"neighbours": self.neighbours} if name == "split_by_frames" else {})
        found = {kind: crops.guesses(network) for kind, crops in sets.items()}
        return {
            "arm": name,
            "seed": seed,
            "hands": len(examples),
            "people": len({e.person for e in examples}),
            **spent,
            "macro_f1": {
                kind: {answer: float(macro_f1(t.sum(0))) for answer, t in tables.items()}
                for kind, tables in found.items()
            },
            "val_by_step": notes.curve,
            "test_counts": found["test"][ANSWERS[0]].astype(int).tolist(),
        }


def summary(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean and spread of each arm over its seeds, and the compared arms' differences on `test`."""
    arms: dict[str, Any] = {}
    for name in ARMS:
        mine = [run for run in runs if run["arm"] == name]
        if not mine:
            continue
        arms[name] = {
            "seeds": len(mine),
            "hands": mine[0]["hands"],
            "people": mine[0]["people"],
            "cpu_s": spread([run["cpu_s"] for run in mine]),
            "macro_f1": {
                kind: {a: spread([r["macro_f1"][kind][a] for r in mine]) for a in ANSWERS}
                for kind in mine[0]["macro_f1"]
            },
            "val_by_step": {
                step: spread([run["val_by_step"][step] for run in mine])
                for step in mine[0]["val_by_step"]
            },
        }
    differences = {}
    for words, (first, second) in PAIRS.items():
        tables = [
            {r["seed"]: np.array(r["test_counts"], float) for r in runs if r["arm"] == arm}
            for arm in (first, second)
        ]
        seeds = sorted(tables[0].keys() & tables[1].keys())
        if seeds:
            differences[words] = difference(*([t[s] for s in seeds] for t in tables))
    return {"arms": arms, "differences": differences}


def main() -> None:
    """Run what is missing, write the file, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("gesture_talk.json"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=128)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no run later")
    arguments = parser.parse_args()
    setting = {key: getattr(arguments, key) for key in ("size", "batch", "steps")}
    known = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    if known and known["setting"] != setting:
        parser.error(f"{arguments.out} holds runs of another setting; name another file")
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    data = Path(os.environ["TRIPTYCH_DATA"])
    runs: list[dict[str, Any]] = known.get("runs", [])
    rest = {key: known[key] for key in ("costs", "faces") if key in known}
    bench: Bench | None = None
    began = time.monotonic()

    def keep() -> dict[str, Any]:
        numbers = {"setting": setting, **summary(runs), **rest, "runs": runs}
        write_result(arguments.out, numbers)
        return numbers

    for key, measure in (("costs", costs), ("faces", faces)):
        if key not in rest:
            rest[key] = measure(data)
            keep()
    order = [(name, seed) for name in ARMS for seed in range(arguments.seeds)]
    done = {(run["arm"], run["seed"]) for run in runs}
    for name, seed in order:
        if (name, seed) in done or time.monotonic() - began > 60 * arguments.minutes:
            continue
        bench = bench or Bench(data, **setting)
        print(f"{name}, seed {seed}", file=sys.stderr, flush=True)
        runs.append(bench.run(name, seed))
        keep()
    numbers = keep()
    if arguments.json:
        print(to_json({key: value for key, value in numbers.items() if key != "runs"}))
    else:
        for name, arm in numbers["arms"].items():
            f1 = arm["macro_f1"]["test"][ANSWERS[0]]
            print(f"{name:<18} {f1['mean']:.3f} ± {f1['std']:.3f}  {arm['hands']:>6} hands")


if __name__ == "__main__":
    main()
