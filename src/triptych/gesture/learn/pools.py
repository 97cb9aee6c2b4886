"""Which hand a training crop shows: drawn by sign, then by person, then any of the person's hands.

Near-copies of webcam frames would otherwise outvote strangers, and crowds who were pictured before
one wall would outvote the few people who make a sign before a webcam in their room.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triptych.gesture.learn.examples import UNKNOWN, HandExample
from triptych.gesture.types import GESTURES

SHARES = {
    "fist": 0.12,
    "palm": 0.12,
    "ok": 0.13,
    "one": 0.11,
    "two_up": 0.06,
    "peace": 0.11,
    "other": 0.19,
    "idle": 0.07,
    "none": 0.05,
    "unknown": 0.04,
}
"""How often each gesture is drawn; `idle` hands are `other`, too."""

WEBCAM = 0.5
"""Share of a gesture's draws that webcam people have at least, where there are any."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The hands of one gesture by person, and how often [N] each person is drawn."""

    people: list[list[HandExample]]
    shares: NDArray[np.float64]

    def draw(self, rng: Generator) -> HandExample:
        """A person by share, then any of their hands."""
        examples = self.people[int(rng.choice(len(self.people), p=self.shares))]
        return examples[int(rng.integers(len(examples)))]


def make_pools(examples: Sequence[HandExample]) -> dict[str, Pool]:
    """Gesture -> its hands, for each gesture of `SHARES` that has any."""
    people: dict[str, dict[tuple[str, bool], list[HandExample]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for example in examples:
        name = "unknown" if example.label == UNKNOWN else GESTURES[example.label]
        name = "idle" if example.idle else name
        people[name][example.person, example.webcam].append(example)
    return {
        name: Pool(list(each.values()), _shares([(len(e), key[1]) for key, e in each.items()]))
        for name, each in people.items()
    }


def draw_name(pools: Mapping[str, Pool], rng: Generator) -> str:
    """A gesture by its share among those that have hands."""
    names = list(pools)
    shares = np.array([SHARES[name] for name in names])
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]


def _shares(people: Sequence[tuple[int, bool]]) -> NDArray[np.float64]:
    """How many pictures somebody has, and whether a webcam's -> how often to draw them.

    Variety counts, not copies: 200 pictures weigh as much as 24 people with one.
    """
    weights = np.array([count for count, _ in people], np.float64) ** 0.6
    weights /= weights.sum()
    webcam = np.array([is_webcam for _, is_webcam in people])
    share = weights[webcam].sum()
    if 0 < share < WEBCAM:
        weights[webcam] *= WEBCAM / share
        weights[~webcam] *= (1 - WEBCAM) / (1 - share)
    return weights
