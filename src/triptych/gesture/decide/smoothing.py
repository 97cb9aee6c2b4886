"""Scores of single pictures -> steady scores: an exponential moving average in seconds.

A picture counts for the time since the one before it, so the average follows the same curve at any
rate of pictures. No hand is evidence too: it pulls every score towards 0.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from triptych.gesture.types import MEANINGS, NO_SIGN, SIGNS, Hand

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
    signs = {name: score for name, score in hand.scores.items() if name not in NO_SIGN}
    return dict.fromkeys(SIGNS, 0.0) | signs


def by_meaning(scores: SignScores, meanings: Mapping[str, str]) -> dict[str, float]:
    """Meaning -> the sum of the scores of the signs that say it, at most 1; all are there.

    meanings: sign -> what it says; signs that are not in it are ignored.
    """
    sums: dict[str, float] = dict.fromkeys(map(str, MEANINGS), 0.0)
    for name, meaning in meanings.items():
        sums[meaning] = min(sums.get(meaning, 0.0) + scores.get(name, 0.0), 1.0)
    return sums


@dataclass(frozen=True, slots=True)
class Smoothed:
    """Steady scores after one picture.

    scores: sign -> score, 0..1; all signs seen so far are there. seconds: what the picture counts
    for. decay: the share, 0..1, of the scores before it that is left in them.
    """

    scores: SignScores
    seconds: float
    decay: float


class Smoother:
    """The moving average of each sign's score."""

    def __init__(self) -> None:
        self._scores: dict[str, float] = dict.fromkeys(SIGNS, 0.0)

    def step(self, scores: SignScores, seconds: float, time_constant: float) -> Smoothed:
        """Take in one picture that counts for `seconds`.

        time_constant: seconds after which a sudden change is followed to 63 %; 0: at once.
        """
        if seconds <= 0.0:
            return Smoothed(self._scores, 0.0, 1.0)
        decay = math.exp(-seconds / time_constant) if time_constant > 0.0 else 0.0
        self._scores = {
            name: decay * self._scores.get(name, 0.0) + (1.0 - decay) * scores.get(name, 0.0)
            for name in {**self._scores, **scores}
        }
        return Smoothed(self._scores, seconds, decay)


def share_above(before: float, after: float, level: float, decay: float) -> float:
    """Share of the last step, 0..1, in which a value was at or above `level`, if it still is.

    Between two pictures the value follows the average's own curve. Knowing when it passed the
    level is what makes a hold last as long at 5 pictures a second as at 60.
    """
    if after < level:
        return 0.0
    if before >= level or decay <= 0.0:
        return 1.0
    target = (after - decay * before) / (1.0 - decay)
    if target <= level:
        return 0.0
    passed = math.log((target - before) / (target - level)) / -math.log(decay)
    return max(1.0 - passed, 0.0)
