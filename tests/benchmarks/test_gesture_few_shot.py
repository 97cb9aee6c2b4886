"""The few-shot benchmark draws fair episodes, and can tell good from bad."""

import sys
from pathlib import Path

import numpy as np
import pytest

from triptych.gesture.learn.negatives import SeenHand
from triptych.gesture.teach.background import Background
from triptych.gesture.types import GESTURES, SIGNS

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import gesture_few_shot as bench

RNG = np.random.default_rng(0)
PLACES = {name: 4 * RNG.normal(size=42) / np.sqrt(42) for name in (*SIGNS, *bench.DIGITS, "idle")}


def seen(sign, raw, person, spread=0.3, split="test", source="ardamavi"):
    """A hand of somebody that shows `raw`."""
    rows = np.zeros((2, 170), np.float32)
    rows[:, 0] = 1
    rows[:, 128:] = PLACES[raw] + spread * RNG.normal(size=42) / np.sqrt(42)
    scores = np.full(8, 0.02, np.float32)
    scores[GESTURES.index(sign if sign in SIGNS else "other")] = 0.86
    return SeenHand("f", person, source, split, sign, raw, rows, scores)


def pool(spread):
    """Twenty people who show every digit."""
    hands = [seen("other", raw, f"p{i}", spread) for raw in bench.DIGITS for i in range(20)]
    (made,) = bench.pools(hands, "test")
    return made


@pytest.fixture
def background():
    """Examples of every sign and of idle hands."""
    whiten = np.zeros((170, 170), np.float32)
    whiten[128:, 128:] = np.eye(42)
    names = [*SIGNS, "idle"]
    rows = np.concatenate([seen("other", name, "q").rows[:1] for name in names for _ in range(20)])
    kinds = np.repeat([GESTURES.index("other" if n == "idle" else n) for n in names], 20)
    return Background("r", whiten, rows @ whiten, kinds)


@pytest.mark.parametrize("shots", [1, 5, 10])
def test_nobody_is_in_examples_and_queries(shots):
    """The people who give the examples of a sign are not asked about it."""
    for seed in range(10):
        episode = bench.draw(pool(0.3), shots, np.random.default_rng(seed))
        assert len(episode.names) == len(set(episode.names)) == bench.WAYS
        for number, rows in enumerate(episode.examples):
            assert rows.shape == (2 * shots, 170)
            queries = [hand.rows for hand, sign in episode.queries if sign == number]
            assert len(queries) == bench.QUERIES
            for query in queries:
                assert not (rows[0::2] == query[0]).all(axis=1).any()
            assert {hand.raw for hand, sign in episode.queries if sign == number} == {
                episode.names[number]
            }


def test_too_few_people_give_no_episode():
    """Rather than asking who gave an example."""
    assert bench.draw(pool(0.3), 20, np.random.default_rng(0)) is None


def test_clear_signs_are_told_apart_and_noise_is_not(background):
    """Perfect on the one, about one in five on the other."""
    clear = bench.measure_pool(background, pool(0.3), 0.8)["5_shot"]
    noise = bench.measure_pool(background, pool(60.0), 0.8)["5_shot"]
    assert clear["closed_both"] == clear["overlay"] == 1
    assert clear["refused"] == 0
    assert clear["closed_embedding"] < 0.5
    assert 0.1 < noise["closed_both"] < 0.35
    low, high = noise["closed_both_ci95"]
    assert low < noise["closed_both"] < high
    assert noise["overlay"] < 0.1


def test_old_signs_and_idle_hands(background):
    """Nothing is lost where the new signs are elsewhere; idle hands count where they are alike."""
    old = [seen(sign, sign, f"q{i}") for sign in SIGNS for i in range(5)]
    idle = [seen("idle", "idle", f"q{i}") for i in range(10)]
    found = bench.old_signs(background, pool(0.3), [*old, *idle], "test", 0.8)
    assert found["accuracy_before"] == 1
    assert found["points_lost"] == 0
    assert found["idle_taken_for_taught"] == 0
    new = [seen("idle", bench.DIGITS[i % 6], f"q{i}") for i in range(12)]
    found = bench.old_signs(background, pool(0.3), [*old, *new], "test", 0.8)
    assert found["idle_taken_for_taught"] > 0.5
    assert found["expected_false_activations_per_hour"] > 900
