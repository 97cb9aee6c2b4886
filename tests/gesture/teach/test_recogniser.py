"""Scores of taught signs beside the reader's own, and what was said to be wrong."""

from dataclasses import replace

import numpy as np
import pytest

from triptych.gesture.teach.recogniser import limit, prototypes_of, recogniser_of
from triptych.gesture.teach.signs import Wrong
from triptych.gesture.types import GESTURES, SIGNS

EVEN = dict.fromkeys(GESTURES, 1 / 7) | {"none": 0.0}
FIST = dict.fromkeys(GESTURES, 0.01) | {"fist": 0.93}


def test_nothing_taught_changes_nothing(world):
    """Also without a background."""
    for background in (None, world.background):
        recogniser = recogniser_of(background)
        assert not recogniser.knows_anything
        assert recogniser.scores(FIST, world.rows("heart")[0]) == FIST


def test_a_taught_sign_is_known_again(world):
    """By hands it has not seen, surely enough for the overlay; and it takes that from the rest."""
    recogniser = recogniser_of(world.background, [world.taught("heart")])
    for row in world.rows("heart", 20):
        scores = recogniser.scores(EVEN, row)
        assert scores["heart"] > 0.9
        assert sum(scores.values()) == pytest.approx(1)
        assert min(scores.values()) >= 0


@pytest.mark.parametrize("shown", [*SIGNS, "idle", "horns"])
def test_other_hands_keep_their_scores(world, shown):
    """Built-in signs, idle hands and signs that nobody taught lose nothing worth speaking of."""
    recogniser = recogniser_of(world.background, [world.taught("heart")])
    for row in world.rows(shown, 20):
        scores = recogniser.scores(FIST, row)
        assert scores["fist"] == pytest.approx(FIST["fist"], abs=0.005)


def test_two_taught_signs_do_not_disturb_each_other(world):
    """Each knows its own."""
    recogniser = recogniser_of(world.background, [world.taught("heart"), world.taught("horns")])
    for name in ("heart", "horns"):
        for row in world.rows(name, 10):
            scores = recogniser.scores(EVEN, row)
            assert max(scores, key=lambda one: scores[one]) == name
            assert scores[name] > 0.9


def test_a_sign_ends_before_what_is_near(world):
    """Its reach is a share of the distance to the nearest sign, which is named."""
    world.places["heart"] = world.places["palm"] + 0.3 * world.places["heart"]
    found = limit(world.background, prototypes_of(world.background, world.examples("heart")), {})
    assert found.near == "palm"
    assert found.reach < 1.3
    other = {"horns": prototypes_of(world.background, world.examples("heart"))}
    found = limit(world.background, prototypes_of(world.background, world.examples("heart")), other)
    assert found.near == "horns"


def test_signs_of_another_reader_are_left_out(world):
    """Their numbers mean something else: never a wrong answer."""
    stale = replace(world.taught("heart"), reader="b" * 64)
    wrong = Wrong("fist", "b" * 64, world.rows("fist"))
    assert not recogniser_of(world.background, [stale], [wrong]).knows_anything


@pytest.mark.parametrize("sign", ["fist", "heart"])
def test_what_was_wrong_does_not_fire_again(world, sign):
    """The same hand loses the sign to `other`; hands that really show it keep it."""
    row = world.rows(sign)[0]
    row[128:] += 0.9 * np.eye(42)[0]
    signs = [world.taught("heart")]
    before = recogniser_of(world.background, signs)
    after = recogniser_of(
        world.background, signs, [Wrong(sign, world.background.reader, row[None])]
    )
    given = FIST if sign == "fist" else EVEN
    assert before.scores(given, row)[sign] > 0.5
    scores = after.scores(given, row)
    assert scores[sign] < 0.2
    assert sum(scores.values()) == pytest.approx(1)
    for genuine in world.rows(sign, 10):
        assert after.scores(given, genuine)[sign] == pytest.approx(
            before.scores(given, genuine)[sign], abs=0.02
        )


def test_what_may_be_no_hand_is_never_surely_a_sign(world):
    """However alike it looks: a plain sign can lift the cover."""
    recogniser = recogniser_of(world.background, [world.taught("heart")])
    doubtful = dict.fromkeys(GESTURES, 0.0) | {"none": 0.4, "other": 0.6}
    scores = recogniser.scores(doubtful, world.rows("heart")[0])
    assert scores["heart"] <= 0.6
    assert scores["none"] >= 0.15
    assert sum(scores.values()) == pytest.approx(1)
