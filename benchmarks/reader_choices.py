"""Hand readers compared on validation people: by looks, by shape, by both, as crops are and shaken.

    python benchmarks/reader_choices.py NAME=FILE.onnx ... --out choices.json

Shaken: each hand three times with training's changes of light, place, turn and blur, hands before a
plain wall put before other pictures; at most 25 hands of a person and sign, so that no one person
decides. This is what shipped readers are chosen by. Needs TRIPTYCH_DATA.
"""

import argparse
import hashlib
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from triptych.data.hands import read_hands
from triptych.gesture.config import Config
from triptych.gesture.evaluate.pictures import FIVE, FIVE_SIGNS
from triptych.gesture.learn.augment import Jitter
from triptych.gesture.learn.crops import crop_example, read
from triptych.gesture.learn.examples import UNKNOWN, HandExample, hand_examples, scene_examples
from triptych.gesture.learn.train_classifier import PLAIN_WALL
from triptych.gesture.perceive.reader import ANSWERS, REACH
from triptych.gesture.types import GESTURES
from triptych.results import to_json, write_result

EACH, TIMES, SEED = 25, 3, 5
STILL = Jitter(colour=False, rotation=False, crop=False, webcam=False)


def crops(folder: Path, shaken: bool) -> list[dict[str, Any]]:
    """The hands of `val` as the reader sees them."""
    pictures = read_hands(folder, "val")
    rng = np.random.default_rng(SEED)
    hands = [e for e in hand_examples(pictures) if e.label != UNKNOWN and e.person != "basem"]
    if not shaken:
        return [crop_example(folder, e, STILL, rng, None) for e in hands]
    count: Counter[tuple[str, int]] = Counter()
    kept: list[HandExample] = []
    for i in rng.permutation(len(hands)):
        key = hands[i].person, hands[i].label
        if count[key] < EACH:
            count[key] += 1
            kept.append(hands[i])
    rooms = [s for s in scene_examples(pictures) if s.hands_known and len(s.hands) == 0]
    made: list[dict[str, Any]] = []
    for example in kept * TIMES:
        behind = None
        if example.file.split("/")[1] in PLAIN_WALL and rng.random() < 0.8:
            behind = read(folder / rooms[int(rng.integers(len(rooms)))].file)
        made.append(crop_example(folder, example, Jitter(), rng, behind))
    return made


def measure(session: onnxruntime.InferenceSession, hands: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each answer: macro-F1 and the share of signs seen where none is, at `decide.enter`."""
    scores: list[NDArray[np.float32]] = []
    gaps: list[NDArray[np.float32]] = []
    for start in range(0, len(hands), 32):
        some = hands[start : start + 32]
        found = session.run(None, {"crops": np.stack([hand["picture"] for hand in some])})
        scores.append(np.asarray(found[0]))
        wanted = np.stack([hand["landmarks"] for hand in some])
        gap = np.linalg.norm(np.asarray(found[1]) - wanted, axis=2).mean(axis=1) * REACH
        gaps.append(gap[[bool(hand["known"]) for hand in some]])
    table = np.array([FIVE_SIGNS.index(FIVE[g]) if g in FIVE else 5 for g in GESTURES])
    truth = table[[int(hand["label"]) for hand in hands]]
    result: dict[str, Any] = {"landmarks": float(np.concatenate(gaps).mean())}
    for place, answer in enumerate(ANSWERS):
        each = np.concatenate(scores)[:, place]
        sums = np.zeros((len(each), 6))
        np.add.at(sums.T, table, each.T)
        guess = np.where(sums.max(axis=1) >= Config().decide.enter, sums.argmax(axis=1), 5)
        f1 = [
            2 * ((truth == k) & (guess == k)).sum() / ((truth == k).sum() + (guess == k).sum())
            for k in range(5)
        ]
        result[answer] = {
            "macro_f1": float(np.mean(f1)),
            "sign_seen_where_none": float((guess[truth == 5] < 5).mean()),
        }
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readers", nargs="+", metavar="NAME=FILE")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    folder = Path(os.environ["TRIPTYCH_DATA"]) / "hands"
    sets = {"plain": crops(folder, False), "shaken": crops(folder, True)}
    numbers: dict[str, Any] = {"hands": {name: len(hands) for name, hands in sets.items()}}
    for reader in arguments.readers:
        name, _, file = reader.partition("=")
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        numbers[name] = {kind: measure(session, hands) for kind, hands in sets.items()}
        digest = hashlib.sha256(Path(file).read_bytes()).hexdigest()
        numbers[name]["sha256"] = digest[:12]
    if arguments.out:
        write_result(arguments.out, numbers, SEED)
    print(to_json(numbers))


if __name__ == "__main__":
    main()
