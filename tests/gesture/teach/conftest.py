"""A small world of hands: clusters of features that stand for signs, and a fake perceiver."""

from dataclasses import replace

import numpy as np
import pytest

from triptych.gesture.teach.background import Background
from triptych.gesture.teach.features import EMBEDDING, LENGTH, SHAPE
from triptych.gesture.teach.signs import Taught
from triptych.gesture.types import GESTURES, SIGNS, Box, Hand, Scene

READER = "a" * 64


class World:
    """Every sign is a place in the space of shapes; hands of it lie within 0.3 of that place."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.places = {name: 4.0 * _unit(rng) for name in (*SIGNS, "idle", "heart", "horns")}
        self.rng = rng
        rows = [self.rows(name, 30) for name in (*SIGNS, "idle")]
        kinds = [GESTURES.index("other" if n == "idle" else n) for n in (*SIGNS, "idle")]
        whiten = np.zeros((LENGTH, LENGTH), np.float32)
        whiten[EMBEDDING:, EMBEDDING:] = np.eye(SHAPE)
        empty = Background(READER, whiten, np.zeros((0, LENGTH), np.float32), np.zeros(0, np.int64))
        self.background = replace(
            empty, points=empty.place(np.concatenate(rows)), kinds=np.repeat(kinds, 30)
        )

    def rows(self, name: str, number: int = 1, spread: float = 0.3) -> np.ndarray:
        """[number, 170] hands that show `name`."""
        made = np.zeros((number, LENGTH), np.float32)
        made[:, 0] = 1
        for row in made:
            row[EMBEDDING:] = self.places[name] + spread * _unit(self.rng)
        return made

    def examples(self, name: str, number: int = 5, spread: float = 0.3) -> np.ndarray:
        """[2 number, 170], the mirror image being the hand itself."""
        return np.repeat(self.rows(name, number, spread), 2, axis=0)

    def taught(self, name: str, shown: str | None = None) -> Taught:
        """A sign taught from hands that show `shown`."""
        examples = self.examples(shown or name)
        return Taught(name, name.title(), "⭐", name, READER, examples, "2026-11-24")


def _unit(rng: np.random.Generator) -> np.ndarray:
    way = rng.normal(size=SHAPE)
    return way / np.linalg.norm(way)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def hand():
    """Makes a tracked hand at (x, 0.5)."""

    def make(x=0.5, track=1, **scores):
        base = dict.fromkeys(GESTURES, 0.0) | {"other": 1.0} | scores
        return Hand(Box(x - 0.1, 0.4, x + 0.1, 0.6), base, track=track)

    return make


@pytest.fixture
def scene():
    return lambda t, *hands: Scene(t, tuple(hands))
