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
        smoother.step({"ok": 0.9}, seconds, 0.12)
    expected = 0.9 * (1.0 - math.exp(-sum(steps) / 0.12))
    assert smoother.values["ok"] == pytest.approx(expected, abs=1e-9)
    assert smoother.values["fist"] == 0.0


def test_no_hand_decays_every_score():
    """Nothing seen for one time constant takes a score down to 37 %."""
    smoother = Smoother()
    smoother.step({"palm": 1.0}, 100.0, 0.12)
    smoother.step(NOTHING, 0.12, 0.12)
    assert smoother.values["palm"] == pytest.approx(math.exp(-1))


def test_time_constant_zero_follows_at_once():
    """Without smoothing the values are the last picture's scores."""
    smoother = Smoother()
    assert smoother.step({"palm": 0.7}, 0.01, 0.0)["palm"] == 0.7


def test_a_repeated_time_changes_nothing():
    """A picture with the time of the one before has no weight."""
    smoother = Smoother()
    smoother.step({"palm": 1.0}, 0.1, 0.12)
    before = dict(smoother.values)
    assert smoother.step(NOTHING, 0.0, 0.12) == before


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


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.1, 0.9))
def test_share_above_counts_the_end_of_the_step(before, after, level):
    """The share matches a fine sampling of the straight line, if the step ends above the level."""
    share = share_above(before, after, level)
    if after < level:
        assert share == 0.0
        return
    line = [before + (after - before) * i / 1000 for i in range(1001)]
    assert share == pytest.approx(sum(value >= level for value in line) / 1001, abs=2e-3)
