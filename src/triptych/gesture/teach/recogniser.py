"""The scores of taught signs, and what was said to be wrong, beside the reader's own scores.

A taught sign is two prototypes: the means of its examples and of their mirror images (Snell et al.
2017, arXiv 1703.05175, under the background's measure). It ends where hands begin that are none of
it: at the nearest built-in sign or idle hand. A hand that is nearer to a known example of a
built-in sign is that sign; where two taught signs reach, the nearer one wins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from triptych.gesture.teach.background import Background, Points, distances
from triptych.gesture.teach.features import LENGTH, Features
from triptych.gesture.teach.signs import Taught, Wrong
from triptych.gesture.types import GESTURES, SIGNS

WIDEST: Final = 2.4
"""Distance at which a hand is a taught sign with even odds, where nothing else is near."""

WITHIN: Final = 1.0
"""The same as a share of the distance to the nearest hand that is none of it."""

SOFT: Final = 0.11
"""How softly a sign ends, as a share of its reach: at 85 % of it the score is 0.8."""

TIE: Final = 0.08
"""How softly the nearer of a taught and a built-in sign wins, in distances."""

IDLE_SHARE: Final = 0.005
SIGN_SHARE: Final = 0.05
"""Shares of the idle hands, and of the hands of a built-in sign, that may lie nearer than that:
such as were labelled wrongly."""

NOT_AGAIN: Final = 1.2
"""Distance up to which a hand counts as one that was said to be wrong, unless it is nearer yet to
the sign's own examples."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How far a sign can reach, and what it would meet there: a sign, `other`, `none` or ""."""

    reach: float
    near: str


@dataclass(frozen=True)
class Recogniser:
    """Everything that is taught, ready to be used. Make it with `recogniser_of`.

    prototypes: sign -> [2, 170]. reaches: sign -> where its score is 0.5. built_in: [N, 170],
    examples of the signs that are there anyway. wrong: sign -> [N, 170]. own: built-in sign with
    corrections -> its examples, [N, 170].
    """

    background: Background | None
    prototypes: Mapping[str, Points]
    reaches: Mapping[str, float]
    built_in: Points
    wrong: Mapping[str, Points]
    own: Mapping[str, Points]

    @property
    def knows_anything(self) -> bool:
        """False if scores stay as the reader gives them."""
        return bool(self.prototypes or self.wrong)

    def scores(self, given: Mapping[str, float], row: NDArray[np.float32]) -> dict[str, float]:
        """The reader's scores of a hand, with those of the taught signs; they still sum to 1.

        row: [170], the hand's features.
        """
        if self.background is None:
            return dict(given)
        point = self.background.place(row[None])
        beside = nearest_sign(point, self.built_in)
        far = {name: distances(point, p).min(axis=1) for name, p in self.prototypes.items()}
        sure = {name: float(score_at(far[name], self.reaches[name], beside)[0]) for name in far}
        # What may be no hand at all is never surely a taught sign: it could lift the cover.
        taught = max(sure.values(), default=0.0) * (1 - given.get("none", 0.0))
        # Where two taught signs are likely, the nearer one takes most of it.
        nearest = min((float(gap[0]) for gap in far.values()), default=0.0)
        parts = {name: sure[name] * float(np.exp((nearest - far[name][0]) / 0.1)) for name in far}
        whole = sum(parts.values()) or 1.0
        scores = {name: score * (1 - taught) for name, score in given.items()}
        scores.update({name: taught * part / whole for name, part in parts.items()})
        for name, wrong in self.wrong.items():
            if name in scores:
                own = self.prototypes.get(name, self.own.get(name))
                kept = scores[name] * _kept(point, wrong, own)
                scores["other"] = scores.get("other", 0.0) + scores[name] - kept
                scores[name] = kept
        return scores


def recogniser_of(
    background: Background | None,
    signs: Sequence[Taught] = (),
    wrong: Sequence[Wrong] = (),
    switched_off: Sequence[str] = (),
) -> Recogniser:
    """What was taught with the background's own reader; what belongs to another is left out.

    switched_off: built-in signs that are not used, and may be taken by taught ones.
    """
    if background is None:
        return Recogniser(None, {}, {}, np.zeros((0, LENGTH), np.float32), {}, {})
    full, background = background, background.without(switched_off)
    usable = [sign for sign in signs if sign.reader == background.reader]
    prototypes = {sign.name: prototypes_of(background, sign.examples) for sign in usable}
    reaches = {name: limit(background, points, {}).reach for name, points in prototypes.items()}
    corrected = {
        entry.sign: background.place(entry.examples)
        for entry in wrong
        if entry.reader == background.reader and (entry.sign in prototypes or entry.sign in SIGNS)
    }
    own = {name: full.of(name) for name in corrected if name in SIGNS}
    built_in = background.points[background.kinds < len(SIGNS)]
    return Recogniser(background, prototypes, reaches, built_in, corrected, own)


def prototypes_of(background: Background, examples: Features) -> Points:
    """Examples [2 N, 170], each followed by its mirror image -> [2, 170]."""
    points = background.place(examples)
    return np.stack([points[0::2].mean(axis=0), points[1::2].mean(axis=0)])


def limit(background: Background, prototypes: Points, others: Mapping[str, Points]) -> Limit:
    """How far a sign with these prototypes can reach.

    others: the prototypes of taught signs that it must not be.
    """
    found = Limit(WIDEST, "")
    gaps = distances(background.points, prototypes).min(axis=1)
    for kind in SIGNS:
        near = gaps[background.kinds == GESTURES.index(kind)]
        if len(near):
            end = Limit(WITHIN * float(np.quantile(near, SIGN_SHARE)), kind)
            found = min(found, end, key=lambda one: one.reach)
    idle = np.flatnonzero(background.kinds >= len(SIGNS))
    if len(idle):
        nearest = GESTURES[int(background.kinds[idle[gaps[idle].argmin()]])]
        end = Limit(WITHIN * float(np.quantile(gaps[idle], IDLE_SHARE)), nearest)
        found = min(found, end, key=lambda one: one.reach)
    for name, points in others.items():
        end = Limit(float(distances(points, prototypes).min()), name)
        found = min(found, end, key=lambda one: one.reach)
    return found


def nearest_sign(points: Points, built_in: Points) -> NDArray[np.float32]:
    """[N]: how far the second nearest example of a built-in sign is; the nearest may be wrong."""
    if len(built_in) < 2:
        return np.full(len(points), np.inf, np.float32)
    return np.partition(distances(points, built_in), 1, axis=1)[:, 1]


def score_at(
    gaps: NDArray[np.float32], reach: float, beside: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Distances [N] -> scores, 0..1, of a sign with this reach.

    beside: [N] distances to the nearest built-in sign.
    """
    outside = np.clip((gaps - reach) / (SOFT * max(reach, 1e-6)), -50.0, 50.0)
    beaten = np.clip((gaps - beside) / TIE, -50.0, 50.0)
    return np.asarray(1 / (1 + np.exp(outside)) / (1 + np.exp(beaten)), np.float32)


def _kept(point: Points, wrong: Points, own: Points | None) -> float:
    """The share of a score that is left: near 0 for a hand like one that was said to be wrong."""
    to_wrong = float(distances(point, wrong).min())
    to_own = NOT_AGAIN if own is None else min(float(distances(point, own).min()), NOT_AGAIN)
    return float(1 / (1 + np.exp(min((to_own - to_wrong) / 0.08, 50.0))))
