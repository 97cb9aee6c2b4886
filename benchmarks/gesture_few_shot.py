"""Signs taught from a few examples: N-way k-shot over signs that the reader never had as a class.

The reader learnt digits and letters only as `other`; here they are taught as a person would teach
them, and recognised on people who gave no example. What is compared (shape, embedding, both) was
chosen on `val`; `test` and `wild` are reported.

- digits: 6 signs of 43 `test` people, one picture each; examples from k, queries from others.
- wild: 10 signs of HaGRID, 10 people each, who differ in everything.
- letters: 12 letters of 2 `test` people; examples and queries of one person, or of one each.

Ways: N signs are drawn for an episode. `closed`: the share of queries given to the right one of
them. `overlay`: the share that the overlay names rightly at its usual threshold, among all signs
and idle hands. Needs TRIPTYCH_DATA; `--cache FILE` keeps what was seen for the next run.
"""

import argparse
import os
import pickle
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triptych.data.hands import HandPicture, read_hands
from triptych.gesture.config import Config
from triptych.gesture.evaluate.intervals import bootstrap, proportion_interval
from triptych.gesture.learn.negatives import SeenHand, seen_hands
from triptych.gesture.model_files import reader_now
from triptych.gesture.perceive.perceiver import Perceiver
from triptych.gesture.teach.background import (
    EMBEDDING_WEIGHT,
    Background,
    distances,
)
from triptych.gesture.teach.features import EMBEDDING
from triptych.gesture.teach.recogniser import Recogniser, prototypes_of, recogniser_of
from triptych.gesture.teach.signs import Taught
from triptych.gesture.teach.verdict import POSES_AN_HOUR, judge
from triptych.gesture.types import GESTURES, SIGNS, Box, Hand
from triptych.results import to_json, write_result

SHOTS = (1, 3, 5, 10)
WAYS = 5
SEEDS = 5
EPISODES = 8
JUDGED = 5
"""Shots for which it is asked whether the sign would be taught at all."""

QUERIES = 6
"""Queries of a sign in an episode."""

DIGITS = ("0", "3", "4", "6", "7", "8")
LETTERS = ("C", "G", "H", "I", "K", "L", "P", "Q", "R", "W", "X", "Y")
NO_NEW_SIGN = ("two_up", "palm", "fist", "ok", "one", "peace", "none", "no_gesture")
USES = ("both", "shape", "embedding")


@dataclass(frozen=True, slots=True)
class Pool:
    """Hands of new signs: sign -> its hands. own: examples and queries are of one person."""

    name: str
    signs: dict[str, list[SeenHand]]
    own: bool = False


def wanted(picture: HandPicture) -> bool:
    """Whether a picture is worth looking at here."""
    if picture.split == "wild":
        return True
    digit = picture.source == "ardamavi" and picture.label == "other"
    if picture.split == "val":
        return digit
    letter = picture.source.startswith("asl_") and picture.raw_label in LETTERS
    return picture.split == "test" and (digit or letter or picture.label in (*SIGNS, "none"))


def look(folder: Path, cache: Path | None) -> list[SeenHand]:
    """What the overlay sees in the pictures, from the cache where that is of today's reader."""
    if cache is not None and cache.exists():
        reader, seen = pickle.loads(cache.read_bytes())
        if reader == reader_now():
            return seen
    taken: dict[tuple[str, str], int] = defaultdict(int)
    pictures: list[HandPicture] = []
    for picture in read_hands(folder):
        key = (picture.person, f"{picture.label} {picture.raw_label}")
        most = 15 if picture.label == "other" else 3
        if wanted(picture) and taken[key] < most:
            taken[key] += 1
            pictures.append(picture)
    seen = list(seen_hands(folder, pictures, Perceiver(Config())))
    if cache is not None:
        cache.write_bytes(pickle.dumps((reader_now(), seen)))
    return seen


def pools(seen: Sequence[SeenHand], split: str) -> Iterator[Pool]:
    """The pools of new signs of a split."""
    digits, letters, others = (defaultdict[str, list[SeenHand]](list) for _ in range(3))
    for hand in seen:
        if hand.split != split or hand.sign != "other":
            continue
        if hand.source == "ardamavi" and hand.raw in DIGITS:
            digits[hand.raw].append(hand)
        elif hand.source.startswith("asl_") and hand.raw in LETTERS:
            letters[hand.raw].append(hand)
        elif split == "wild" and hand.raw not in NO_NEW_SIGN:
            others[hand.raw].append(hand)
    if digits:
        yield Pool("digits", digits)
    if others:
        yield Pool("wild", others)
    if letters:
        yield Pool("letters_other_person", letters)
        yield Pool("letters_same_person", letters, own=True)


def of_use(background: Background, use: str) -> Background:
    """The measure with only one of its parts; the parts are apart in it."""
    keep = np.ones(background.whiten.shape[0], np.float32)
    if use == "shape":
        keep[:EMBEDDING] = 0
    elif use == "embedding":
        keep[:EMBEDDING] = 1 / np.sqrt(EMBEDDING_WEIGHT)
        keep[EMBEDDING:] = 0
    return replace(background, whiten=background.whiten * keep, points=background.points * keep)


@dataclass(frozen=True, slots=True)
class Episode:
    """Examples of each of the signs, and queries with the number of their sign."""

    names: list[str]
    examples: list[NDArray[np.float32]]
    queries: list[tuple[SeenHand, int]]


def draw(pool: Pool, shots: int, rng: Generator) -> Episode | None:
    """An episode of the pool, or None if it has not enough people for so many shots."""
    names: list[str] = []
    examples: list[NDArray[np.float32]] = []
    queries: list[tuple[SeenHand, int]] = []
    signs = list(pool.signs)
    few_people = pool.name.startswith("letters")
    everyone = sorted({hand.person for hands in pool.signs.values() for hand in hands})
    teacher = str(rng.choice(everyone))
    for i in rng.permutation(len(signs))[:WAYS].tolist():
        hands = pool.signs[signs[i]]
        people = rng.permutation(sorted({hand.person for hand in hands})).tolist()
        if few_people:
            mine = [hand for hand in hands if hand.person == teacher]
            shown = [mine[j] for j in rng.permutation(len(mine))]
            theirs = [hand for hand in hands if hand.person != teacher]
            given, rest = shown[:shots], shown[shots:] if pool.own else theirs
        else:
            first = {person: [h for h in hands if h.person == person] for person in people}
            given = [first[person][0] for person in people[:shots]]
            rest = [hand for person in people[shots:] for hand in first[person]]
        if len(given) < shots or not rest:
            return None
        names.append(signs[i])
        examples.append(np.concatenate([hand.rows for hand in given]))
        for j in rng.permutation(len(rest))[:QUERIES].tolist():
            queries.append((rest[j], len(names) - 1))
    return Episode(names, examples, queries)


Outcome = tuple[str, bool]
"""Whose hand it was, and whether it was named rightly."""


def closed(background: Background, episode: Episode) -> list[Outcome]:
    """Each query given to the nearest of the signs."""
    prototypes = [prototypes_of(background, rows) for rows in episode.examples]
    points = background.place(np.stack([hand.rows[0] for hand, _ in episode.queries]))
    gaps = np.stack([distances(points, p).min(axis=1) for p in prototypes], axis=1)
    chosen = gaps.argmin(axis=1)
    return [
        (hand.person, bool(chosen[i] == sign)) for i, (hand, sign) in enumerate(episode.queries)
    ]


def taught(background: Background, episode: Episode) -> list[Taught]:
    """The signs of an episode as they would be kept."""
    return [
        Taught(f"new_{i}", name, "", f"new_{i}", background.reader, rows)
        for i, (name, rows) in enumerate(zip(episode.names, episode.examples, strict=True))
    ]


def named(recogniser: Recogniser, hand: SeenHand, enter: float) -> str:
    """What the overlay would call a hand."""
    given: dict[str, float] = dict(zip(GESTURES, hand.scores.tolist(), strict=True))
    scores = recogniser.scores(given, hand.rows[0])
    return Hand(Box(0, 0, 1, 1), scores).judged(enter)


def measure_pool(background: Background, pool: Pool, enter: float) -> dict[str, Any]:
    """Closed accuracy of each use, and what the overlay names, for each number of shots."""
    uses = {use: of_use(background, use) for use in USES}
    table: dict[str, Any] = {}
    for shots in SHOTS:
        hits: dict[str, list[Outcome]] = {use: [] for use in USES}
        overlay: list[Outcome] = []
        per_seed: list[float] = []
        refused = signs = 0
        for seed in range(SEEDS):
            mine: list[Outcome] = []
            rng = np.random.default_rng(seed)
            for _ in range(EPISODES):
                episode = draw(pool, shots, rng)
                if episode is None:
                    break
                for use, measure in uses.items():
                    found = closed(measure, episode)
                    hits[use] += found
                    mine += found if use == "both" else []
                kept = taught(background, episode)
                recogniser = recogniser_of(background, kept)
                overlay += [
                    (hand.person, named(recogniser, hand, enter) == f"new_{sign}")
                    for hand, sign in episode.queries
                ]
                if shots == JUDGED:
                    signs += len(kept)
                    refused += sum(
                        bool(judge(background, sign.examples, (), enter=enter).problems)
                        for sign in kept
                    )
            if mine:
                per_seed.append(float(np.mean([hit for _, hit in mine])))
        if not per_seed:
            continue
        table[f"{shots}_shot"] = {
            **{f"closed_{use}": _mean(hits[use]) for use in USES},
            "closed_both_ci95": _interval(hits["both"]),
            "closed_both_seeds_std": float(np.std(per_seed)),
            "overlay": _mean(overlay),
            "overlay_ci95": _interval(overlay),
            "refused": refused / signs if signs else None,
            "queries": len(overlay),
            "people": len({person for person, _ in overlay}),
        }
    return table


def old_signs(
    background: Background, pool: Pool, seen: Sequence[SeenHand], split: str, enter: float
) -> dict[str, Any]:
    """What five taught signs cost the built-in ones, and how often they are seen in idle hands."""
    old = [hand for hand in seen if hand.split == split and hand.sign in SIGNS]
    idle = [hand for hand in seen if hand.split == split and hand.sign in ("idle", "none")]
    plain = recogniser_of(background)
    before = [named(plain, hand, enter) == hand.sign for hand in old]
    after: list[float] = []
    false = looks = 0
    for seed in range(SEEDS):
        episode = draw(pool, 5, np.random.default_rng(seed))
        assert episode is not None
        kept = [
            sign
            for sign in taught(background, episode)
            if not judge(background, sign.examples, (), enter=enter).problems
        ]
        recogniser = recogniser_of(background, kept)
        after.append(float(np.mean([named(recogniser, h, enter) == h.sign for h in old])))
        false += sum(named(recogniser, hand, enter).startswith("new_") for hand in idle)
        looks += len(idle)
    share = false / looks
    low, high = proportion_interval(round(share * len(idle)), len(idle))
    return {
        "hands": len(old),
        "accuracy_before": float(np.mean(before)),
        "accuracy_after": float(np.mean(after)),
        "points_lost": 100 * (float(np.mean(before)) - float(np.mean(after))) + 0.0,  # no -0
        "idle_hands": len(idle),
        "idle_taken_for_taught": share,
        "expected_false_activations_per_hour": share * POSES_AN_HOUR,
        "expected_false_activations_per_hour_ci95": [low * POSES_AN_HOUR, high * POSES_AN_HOUR],
    }


def learning_ms(background: Background, pool: Pool) -> float:
    """Median processor milliseconds to learn a sign from five examples, verdict included."""
    times: list[float] = []
    for seed in range(20):
        episode = draw(pool, 5, np.random.default_rng(seed))
        assert episode is not None
        start = time.process_time()
        judge(background, episode.examples[0], (), enter=0.8)
        recogniser_of(background, taught(background, episode)[:1])
        times.append(1000 * (time.process_time() - start))
    return float(np.median(times))


def _mean(outcomes: Sequence[Outcome]) -> float:
    return float(np.mean([hit for _, hit in outcomes]))


def _interval(outcomes: Sequence[Outcome]) -> list[float]:
    """Bootstrap over people."""
    people: dict[str, list[bool]] = defaultdict(list)
    for person, hit in outcomes:
        people[person].append(hit)
    sums = [[(sum(hits), len(hits))] for hits in people.values()]
    return bootstrap(sums, lambda some: sum(h for h, _ in some) / sum(n for _, n in some))


def measure(data: Path, cache: Path | None, processes: int) -> dict[str, Any]:
    """Everything."""
    enter = Config().decide.enter
    background = Background.load(reader_now())
    seen = look(data / "hands", cache)
    result: dict[str, Any] = {
        "reader": reader_now(),
        "ways": WAYS,
        "episodes": SEEDS * EPISODES,
        "seeds": SEEDS,
    }
    shown: dict[str, dict[str, float]] = {}
    jobs = [(split, pool) for split in ("val", "test", "wild") for pool in pools(seen, split)]
    with ProcessPoolExecutor(processes) as executor:
        tables = executor.map(
            measure_pool, *zip(*((background, pool, enter) for _, pool in jobs), strict=True)
        )
        costs = {
            split: executor.submit(old_signs, background, pool, seen, split, enter)
            for split, pool in jobs
            if split != "val" and pool.name in ("digits", "wild")
        }
        for (split, pool), rows in zip(jobs, tables, strict=True):
            result.setdefault(split, {})[pool.name] = rows
            for shots, row in rows.items():
                names = f"{split}, {pool.name}, {shots}".replace("_", " ")
                shown[names] = {use: row[f"closed_{use}"] for use in USES}
                shown[names]["in the overlay"] = row["overlay"]
                if row["refused"] is not None:
                    shown[names]["refused"] = row["refused"]
        result["old_signs"] = {split: cost.result() for split, cost in costs.items()}
    (digits,) = (pool for split, pool in jobs if (split, pool.name) == ("test", "digits"))
    return {**result, "learning_cpu_ms": learning_ms(background, digits), "accuracy": shown}


def table(result: dict[str, Any]) -> str:
    """A line for each pool and number of shots."""
    lines = ["pool                          shots  both  shape  embedding  overlay"]
    for split in ("val", "test", "wild"):
        for pool, shots in result.get(split, {}).items():
            for name, row in shots.items():
                numbers = "  ".join(f"{row[f'closed_{use}']:.3f}" for use in USES)
                lines.append(f"{split:5}{pool:25}{name:>8}  {numbers}  {row['overlay']:.3f}")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    data = Path(os.environ["TRIPTYCH_DATA"])
    result = measure(data, arguments.cache, arguments.processes)
    if arguments.out is not None:
        write_result(arguments.out, result, seed=0)
    print(to_json(result) if arguments.json else table(result))


if __name__ == "__main__":
    main()
