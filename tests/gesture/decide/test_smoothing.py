"""Smoothing follows one curve at every rate, and broken scores say nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.gesture.decide.smoothing import (
    NOTHING,
    Smoother,
    by_meaning,
    evidence,
    share_above,
)
from triptych.gesture.types import GESTURES, Box, Hand

BOX = Box(0.1, 0.1, 0.2, 0.2)


@given(st.lists(st.floats(0.001, 0.25), min_size=1, max_size=40))
def test_rate_does_not_matter(steps):
    """However the time is cut into pictures, a steady score is followed to the same value."""
    smoother = Smoother()
    for seconds in steps:
        scores = smoother.step({"ok": 0.9}, seconds, 0.12).scores
    expected = 0.9 * (1.0 - math.exp(-sum(steps) / 0.12))
    assert scores["ok"] == pytest.approx(expected, abs=1e-9)
    assert scores["fist"] == 0.0


def test_no_hand_decays_every_score():
    """Nothing seen for one time constant takes a score down to 37 %."""
    smoother = Smoother()
    smoother.step({"palm": 1.0}, 100.0, 0.12)
    assert smoother.step(NOTHING, 0.12, 0.12).scores["palm"] == pytest.approx(math.exp(-1))


def test_time_constant_zero_follows_at_once():
    """Without smoothing the values are the last picture's scores."""
    smoother = Smoother()
    assert smoother.step({"palm": 0.7}, 0.01, 0.0).scores["palm"] == 0.7


def test_a_repeated_time_changes_nothing():
    """A picture with the time of the one before has no weight."""
    smoother = Smoother()
    before = smoother.step({"palm": 1.0}, 0.1, 0.12).scores
    assert smoother.step(NOTHING, 0.0, 0.12).scores == before


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, -0.1, 1.1, 1e300])
@pytest.mark.parametrize("name", ["palm", "none"])
def test_broken_scores_say_nothing(bad, name):
    """One score that is no probability takes the word from the whole hand."""
    good = dict.fromkeys(GESTURES, 0.0) | {"palm": 1.0}
    assert evidence(Hand(BOX, good))["palm"] == 1.0
    assert evidence(Hand(BOX, good | {name: bad})) == NOTHING


def test_signs_with_one_meaning_add_up_to_at_most_one():
    """One finger and two fingers together are the evidence for a comment."""
    meanings = {"one": "comment", "two_up": "comment", "ok": "yes"}
    sums = by_meaning({"one": 0.4, "two_up": 0.5, "fist": 1.0}, meanings)
    assert sums["comment"] == pytest.approx(0.9)
    assert sums["no"] == 0.0
    assert by_meaning({"one": 0.9, "two_up": 0.9}, meanings)["comment"] == 1.0


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.1, 0.9), st.floats(0.001, 0.25))
def test_share_above_counts_the_end_of_the_step(start, score, level, seconds):
    """The share is what a fine cutting of the same step counts above the level."""
    pieces = 1000
    values, value = [], start
    for _ in range(pieces):
        value = score + (value - score) * math.exp(-seconds / pieces / 0.12)
        values.append(value)
    share = share_above(start, value, level, math.exp(-seconds / 0.12))
    expected = sum(v >= level for v in values) / pieces if value >= level else 0.0
    if abs(value - level) > 1e-3 * abs(value - start):
        assert share == pytest.approx(expected, abs=0.02)
    assert 0.0 <= share <= 1.0


def test_share_above_without_smoothing_is_all_or_nothing():
    """A value that follows at once was there for the whole step."""
    assert share_above(0.0, 0.9, 0.8, 0.0) == 1.0
    assert share_above(0.9, 0.0, 0.8, 0.0) == 0.0
