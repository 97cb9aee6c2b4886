"""A finger over the lips is no sign; the same finger anywhere else is one."""

import numpy as np
import pytest

from triptych.gesture.perceive.hush import without_hush
from triptych.gesture.types import GESTURES, Box, Face, Hand

FACE = Face(Box(0.4, 0.2, 0.6, 0.5), 0.9)


def hand(gesture: str, tip: tuple[float, float]) -> Hand:
    """A hand whose index finger ends at `tip`."""
    points = np.full((21, 2), 0.7, np.float32)
    points[8] = tip
    scores = dict.fromkeys(GESTURES, 0.01) | {gesture: 0.93}
    return Hand(Box(0.4, 0.4, 0.6, 0.8), scores, points)


@pytest.mark.parametrize("gesture", ["one", "two_up"])
def test_a_finger_over_the_lips_is_no_sign(gesture: str) -> None:
    """Its probability goes to `other`, and the sum stays."""
    before = hand(gesture, (0.5, 0.4))
    (seen,) = without_hush([before], [FACE])
    assert seen.gesture == "other"
    assert sum(seen.scores.values()) == pytest.approx(sum(before.scores.values()))
    assert seen.scores["one"] == seen.scores["two_up"] == 0.0


@pytest.mark.parametrize("tip", [(0.3, 0.4), (0.5, 0.1), (0.5, 0.6), (0.58, 0.4), (0.5, 0.22)])
def test_beside_above_and_below_the_mouth_it_is_one(tip: tuple[float, float]) -> None:
    """Beside the face, over the brow, before the chest, at the cheek."""
    before = hand("one", tip)
    assert without_hush([before], [FACE]) == [before]


def test_other_signs_and_doubtful_faces_change_nothing() -> None:
    """Only fingers hush, and only before what is a face."""
    fist, one = hand("fist", (0.5, 0.4)), hand("one", (0.5, 0.4))
    assert without_hush([fist], [FACE]) == [fist]
    assert without_hush([one], [Face(FACE.box, 0.3)]) == [one]
    assert without_hush([one], []) == [one]
