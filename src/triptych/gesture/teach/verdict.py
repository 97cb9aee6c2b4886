"""May a sign be taught? What collides, what cannot be told apart, and what is to be expected.

Everything that is refused is refused with its reason, and what could be done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from triptych.gesture.teach.background import Background, Points, distances
from triptych.gesture.teach.features import Features
from triptych.gesture.teach.recogniser import (
    WIDEST,
    limit,
    nearest_sign,
    prototypes_of,
    recogniser_of,
    score_at,
)
from triptych.gesture.teach.signs import Taught
from triptych.gesture.types import NO_SIGN, SIGNS

FEWEST: Final = 3
"""Examples; five are better."""

ENOUGH: Final = 5

NEEDED: Final = 1.0
"""Reach that a sign needs: one's own hand, a little differently held, is so far from its mean."""

AGREE: Final = 0.75
"""Share of the examples that the others must recognise."""

POSES_AN_HOUR: Final = 1800
"""Expected false activations count a new pose of an idle hand every two seconds."""

MOST_FALSE: Final = 18.0
"""False activations an hour, expected, from which a sign is refused: one pose in a hundred."""

WORDS: Final[Mapping[str, str]] = {
    "fist": "the fist",
    "palm": "the open palm",
    "ok": "the OK sign",
    "one": "one finger",
    "two_up": "two fingers",
    "peace": "the peace sign",
    "other": "a relaxed hand",
    "none": "what is no hand",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a sign before it is kept.

    problems: sentences; none means that it may be kept. margin: 0..1, how far the nearest other
    hands are, 0.5 being just enough. near: what they are. agree: share of the examples that the
    others recognise. false_per_hour: expected, with its 95 % interval `false_range`, from
    `idle_hands` idle hands.
    """

    problems: tuple[str, ...]
    margin: float
    near: str
    examples: int
    agree: float
    false_per_hour: float
    false_range: tuple[float, float]
    idle_hands: int

    def sentence(self) -> str:
        """What is to be expected of a sign that may be kept."""
        nearest = f"; nearest is {words(self.near)}" if self.near else ""
        return (
            f"It can be told apart: margin {self.margin:.2f}, where 0.50 is just enough{nearest}. "
            f"Expected false activations: {self.false_per_hour:.1f} an hour, at most "
            f"{self.false_range[1]:.1f}, counted as if an idle hand in view took a new pose every "
            "two seconds."
        )


def words(near: str) -> str:
    """What a sign or idle hand is called in a sentence."""
    return WORDS.get(near, f"your sign {near}") if near else "nothing"


def judge(
    background: Background,
    examples: Features,
    others: Sequence[Taught],
    *,
    enter: float,
    switched_off: Sequence[str] = (),
) -> Verdict:
    """Judge the examples [2 N, 170] (each followed by its mirror image) of one sign.

    others: the taught signs that stay. enter: the score from which a sign counts. switched_off:
    built-in signs that are not used, and may therefore be like it.
    """
    number = len(examples) // 2
    if number < FEWEST:
        problem = f"Only {number} of the examples can be used, {FEWEST} are needed, 5 are better."
        return Verdict((problem,), 0.0, "", number, 0.0, 0.0, (0.0, 0.0), 0)
    used = background.without(switched_off)
    known = {
        sign.name: prototypes_of(used, sign.examples)
        for sign in others
        if sign.reader == used.reader
    }
    end = limit(used, prototypes_of(used, examples), known)
    agree = _agreement(used, examples, end.reach)
    among = _agreement(used, examples, WIDEST)
    false, idle_hands = _false_share(used, examples, others, enter)
    rate = false * POSES_AN_HOUR
    low, high = (share * POSES_AN_HOUR for share in _wilson(false, idle_hands))
    problems: list[str] = []
    if end.reach < NEEDED and end.near in SIGNS:
        problems.append(
            f"It collides with {words(end.near)}: choose another sign, or switch that one off."
        )
    elif end.reach < NEEDED and end.near in NO_SIGN:
        problems.append(
            f"It cannot be told from {words(end.near)}: choose a sign that no hand makes by chance."
        )
    elif end.reach < NEEDED:
        problems.append(f"It collides with {words(end.near)}: choose another, or forget that one.")
    if among < AGREE:
        problems.append(
            f"The examples disagree: only {among:.0%} of them are like the others. Show one sign, "
            "held the same way."
        )
    elif agree < AGREE and not problems:
        problems.append(
            f"The examples differ too much to be told from {words(end.near)}: show the sign "
            "more clearly, held the same way."
        )
    if rate > MOST_FALSE and not problems:
        problems.append(
            f"It would fire by accident about {rate:.0f} times an hour: choose another sign."
        )
    return Verdict(
        tuple(problems),
        margin_of(end.reach),
        end.near,
        number,
        agree,
        rate,
        (low, high),
        idle_hands,
    )


def margin_of(reach: float) -> float:
    """A reach as 0..1, where 0.5 is just enough and 1 twice that."""
    return float(np.clip(reach / (2 * NEEDED), 0.0, 1.0))


def clearness(
    background: Background, row: NDArray[np.float32], others: Mapping[str, Points]
) -> tuple[float, str]:
    """The margin, 0..1, that one hand [170] would have as a sign, and what it is nearest to."""
    point = background.place(row[None])
    end = limit(background, point, others)
    return margin_of(end.reach), end.near


def _agreement(background: Background, examples: Features, reach: float) -> float:
    """The share of the examples that are recognised by the means of the others."""
    points = background.place(examples)
    number = len(points) // 2
    hits = 0
    for i in range(number):
        rest = np.delete(points, [2 * i, 2 * i + 1], axis=0)
        means = np.stack([rest[0::2].mean(axis=0), rest[1::2].mean(axis=0)])
        hits += float(distances(points[2 * i][None], means).min()) <= reach
    return hits / number


def _false_share(
    background: Background, examples: Features, others: Sequence[Taught], enter: float
) -> tuple[float, int]:
    """The share of the idle hands that would be taken for it, and how many idle hands there are."""
    sign = Taught("new", "", "", "new", background.reader, examples)
    recogniser = recogniser_of(background, [*others, sign])
    idle = np.concatenate([background.of(kind) for kind in NO_SIGN])
    gaps = distances(idle, recogniser.prototypes["new"]).min(axis=1)
    beside = nearest_sign(idle, recogniser.built_in)
    scores = score_at(gaps, recogniser.reaches["new"], beside)
    return float((scores >= enter).mean()), len(idle)


def _wilson(share: float, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z = 1.96
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total**2)) / (1 + z * z / total)
    return max(middle - half, 0.0), min(middle + half, 1.0)
