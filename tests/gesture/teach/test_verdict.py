"""What may be taught, what may not, and the reason."""

import numpy as np
import pytest

from triptych.gesture.teach.verdict import clearness, judge


def verdict(world, examples, others=(), **more):
    """The judgement on examples beside other taught signs."""
    return judge(world.background, examples, others, enter=0.8, **more)


def test_a_clear_sign_is_taken(world):
    """Nothing against it, no false activation expected, and the interval says how sure that is."""
    found = verdict(world, world.examples("heart"))
    assert found.problems == ()
    assert found.examples == 5
    assert found.agree == 1
    assert found.margin > 0.6
    assert found.false_per_hour == 0
    # Wilson's interval for 0 of 30: z^2 / (30 + z^2).
    assert found.false_range == pytest.approx((0, 1800 * 1.96**2 / (30 + 1.96**2)))
    assert "0.0 an hour" in found.sentence()


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ("palm", "collides with the open palm"),
        ("fist", "collides with the fist"),
        ("idle", "cannot be told from a relaxed hand"),
    ],
)
def test_what_is_there_already_is_refused(world, shown, words):
    """With the reason, in words that people use."""
    (problem,) = verdict(world, world.examples(shown)).problems
    assert words in problem


def test_a_sign_that_is_switched_off_may_be_replaced(world):
    """Who does not use the fist may teach another meaning for it."""
    examples = world.examples("fist")
    assert verdict(world, examples).problems
    assert not verdict(world, examples, switched_off=("fist",)).problems


def test_what_was_taught_before_is_protected(world):
    """A second sign with the same hand is refused by the first one's name."""
    (problem,) = verdict(world, world.examples("heart"), [world.taught("love", "heart")]).problems
    assert "collides with your sign love" in problem
    assert not verdict(world, world.examples("horns"), [world.taught("love", "heart")]).problems


@pytest.mark.parametrize("number", [0, 1, 2])
def test_too_few_examples(world, number):
    """The sentence says how many there are and how many are needed."""
    examples = world.examples("heart", number) if number else np.zeros((0, 170), np.float32)
    (problem,) = verdict(world, examples).problems
    assert f"Only {number}" in problem
    assert "3 are needed" in problem


def test_examples_that_disagree(world):
    """Two signs, or a hand that is never the same, are not one sign."""
    mixed = np.concatenate([world.examples("heart", 3), world.examples("horns", 3)])
    assert any("disagree" in problem for problem in verdict(world, mixed).problems)


def test_the_meter_falls_towards_what_is_near(world):
    """One hand's margin: clear where nothing is, low on a built-in sign, which is named."""
    clear, _ = clearness(world.background, world.rows("heart")[0], {})
    taken, near = clearness(world.background, world.rows("ok")[0], {})
    assert clear > 0.6
    assert taken < 0.4
    assert near == "ok"
