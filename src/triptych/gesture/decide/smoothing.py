"""Scores of single pictures -> steady scores: an exponential moving average in seconds.

A picture counts for the time since the one before it, so the average follows the same curve at any
rate of pictures. No hand is evidence too: it pulls every score towards 0.
"""

import math
from collections.abc import Mapping
from typing import Final

from triptych.gesture.types import MEANINGS, SIGNS, Hand

MAX_STEP: Final = 0.25
"""Seconds that one picture can vouch for at most: after a gap it weighs no more than this."""

SignScores = Mapping[str, float]
"""Sign -> score, 0..1; a sign that is missing has score 0."""

NOTHING: SignScores = {}
"""The vote of a picture without a readable hand."""


def evidence(hand: Hand) -> SignScores:
    """The scores of a hand's signs.

    NOTHING if any score is NaN, infinite or outside 0..1: what is broken says nothing.
    """
    # Probabilities may pass 1 by rounding.
    if not all(-1e-6 <= score <= 1.0 + 1e-6 for score in hand.scores.values()):
        return NOTHING
    return {name: hand.scores.get(name, 0.0) for name in SIGNS}


def by_meaning(scores: SignScores, meanings: Mapping[str, str]) -> dict[str, float]:
    """Meaning -> the sum of the scores of the signs that say it, at most 1; all are there.

    meanings: sign -> what it says; signs that are not in it are ignored.
    """
    sums: dict[str, float] = dict.fromkeys(map(str, MEANINGS), 0.0)
    for name, meaning in meanings.items():
        sums[meaning] = min(sums[meaning] + scores.get(name, 0.0), 1.0)
    return sums


class Smoother:
    """The moving average of each sign's score.

    values: sign -> smoothed score, 0..1; all signs are there.
    """

    def __init__(self) -> None:
        self.values: dict[str, float] = dict.fromkeys(SIGNS, 0.0)

    def step(self, scores: SignScores, seconds: float, time_constant: float) -> SignScores:
        """Take in one picture that counts for `seconds`; the new values.

        time_constant: seconds after which a sudden change is followed to 63 %; 0: at once.
        """
        if seconds <= 0.0:
            return self.values
        keep = math.exp(-seconds / time_constant) if time_constant > 0.0 else 0.0
        self.values = {
            name: keep * old + (1.0 - keep) * scores.get(name, 0.0)
            for name, old in self.values.items()
        }
        return self.values


def share_above(before: float, after: float, level: float) -> float:
    """Share of the last step, 0..1, in which a value was at or above `level`, if it still is.

    Between two pictures the value is taken to run straight; this is what makes a hold last as long
    at 5 pictures a second as at 60.
    """
    if after < level:
        return 0.0
    if before >= level:
        return 1.0
    return (after - level) / (after - before)
