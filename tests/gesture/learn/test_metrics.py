"""Scores of signs and boxes, by hand and against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from triptych.gesture.evaluate.counts import FIVE as FIVE_OF_PEOPLE
from triptych.gesture.learn.metrics import (
    FIVE,
    average_precision,
    five_sign_f1,
    five_signs,
    per_sign_f1,
    recall_at,
)
from triptych.gesture.types import GESTURES


def indices(*names: str) -> np.ndarray:
    """Names of gestures as the network numbers them."""
    return np.array([GESTURES.index(name) for name in names])


def test_one_and_two_fingers_are_the_same_sign() -> None:
    """So a mistake between them is none; `other` and `none` are no sign."""
    assert five_signs(indices("one", "two_up")).tolist() == [3, 3]
    assert five_signs(indices("other", "none")).tolist() == [5, 5]
    assert five_sign_f1(indices("one", "two_up"), indices("two_up", "one")) == 1


def test_training_and_evaluation_count_the_same_signs() -> None:
    """Both rooms fold the same gestures into five."""
    assert set(FIVE) == set(FIVE_OF_PEOPLE)
    assert all(
        (FIVE[a] == FIVE[b]) == (FIVE_OF_PEOPLE[a] == FIVE_OF_PEOPLE[b]) for a in FIVE for b in FIVE
    )


def test_f1_by_hand() -> None:
    """Two of three palms found, one fist taken for a palm, another hand taken for a fist."""
    truth = indices("palm", "palm", "palm", "fist", "fist", "other")
    guess = indices("palm", "palm", "none", "palm", "fist", "fist")
    assert per_sign_f1(truth, guess) == pytest.approx({"fist": 2 / 4, "palm": 4 / 6})
    assert five_sign_f1(truth, guess) == pytest.approx((2 / 4 + 4 / 6) / 2)


@given(st.integers(0, 1000))
def test_f1_agrees_with_scikit_learn(seed: int) -> None:
    """Macro-F1 over the signs that occur in the truth."""
    truth, guess = np.random.default_rng(seed).integers(0, 8, (2, 40))
    present = [sign for sign in range(5) if sign in five_signs(truth)]
    wanted = f1_score(
        five_signs(truth), five_signs(guess), labels=present, average="macro", zero_division=0
    )
    assert five_sign_f1(truth, guess) == pytest.approx(wanted)


def test_average_precision_by_hand() -> None:
    """Precision at each hit, over all objects: those never found count as zero."""
    assert average_precision(np.array([True, True]), 2) == 1
    assert average_precision(np.array([True, False, True]), 2) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(np.array([True, False, True]), 4) == pytest.approx((1 + 2 / 3) / 4)
    assert average_precision(np.array([False, False]), 3) == 0


def test_recall_at_a_number_of_false_boxes_by_hand() -> None:
    """What is found before one false box too many."""
    hits = np.array([True, False, True, True, False, True])
    assert recall_at(hits, 5, 0) == pytest.approx(1 / 5)
    assert recall_at(hits, 5, 1) == pytest.approx(3 / 5)
    assert recall_at(hits, 5, 2) == pytest.approx(4 / 5)
    assert recall_at(np.array([False]), 5, 0.5) == 0
