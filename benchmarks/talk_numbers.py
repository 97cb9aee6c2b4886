"""From guesses to macro-F1, its differences and what they say; used by `gesture_talk.py`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triptych.gesture.learn.metrics import five_signs

KINDS = 6
"""The five signs, and everything else."""

RESAMPLES = 2000

Counts = NDArray[np.float64]
"""[people, 6, 6]: for each person, how often a sign (axis 1) was taken for another (axis 2)."""


def counts(truth: NDArray[np.int64], guess: NDArray[np.int64], people: Sequence[str]) -> Counts:
    """Indices of `GESTURES` [N], [N] and whose hand each is -> counts, people in sorted order."""
    names = sorted(set(people))
    row = np.array([names.index(person) for person in people], np.int64)
    table = np.zeros((len(names), KINDS, KINDS))
    np.add.at(table, (row, five_signs(truth), five_signs(guess)), 1)
    return table


def macro_f1(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """[..., 6, 6] -> [...]: the mean F1 of the signs that are shown; NaN where none is."""
    hits = np.diagonal(table, axis1=-2, axis2=-1)[..., :5]
    shown, seen = table.sum(axis=-1)[..., :5], table.sum(axis=-2)[..., :5]
    with np.errstate(invalid="ignore"):
        f1 = np.where(shown > 0, 2 * hits / (shown + seen), np.nan)
        return np.nanmean(f1, axis=-1) if (shown > 0).any() else np.full(f1.shape[:-1], np.nan)


def difference(ours: Sequence[Counts], theirs: Sequence[Counts]) -> dict[str, Any]:
    """How much better `ours` is, run by run of the same seed, on the same people.

    by_seed: macro-F1 differences. ci95: of their mean, a bootstrap over people (Efron 1979).
    shown: the interval leaves zero out and all seeds agree on the sign.
    """
    by_seed = [
        float(macro_f1(a.sum(0)) - macro_f1(b.sum(0))) for a, b in zip(ours, theirs, strict=True)
    ]
    rng, people = np.random.default_rng(0), len(ours[0])
    drawn = rng.multinomial(people, np.full(people, 1 / people), size=RESAMPLES)

    def resampled(tables: Sequence[Counts]) -> NDArray[np.float64]:
        return np.mean([macro_f1(np.einsum("rp,pij->rij", drawn, t)) for t in tables], axis=0)

    gaps = resampled(ours) - resampled(theirs)
    low, high = (float(np.nanpercentile(gaps, q)) for q in (2.5, 97.5))
    agree = min(by_seed) > 0 or max(by_seed) < 0
    return {
        "mean": float(np.mean(by_seed)),
        "by_seed": by_seed,
        "ci95": [low, high],
        "shown": bool(agree and (low > 0 or high < 0)),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Mean and standard deviation over runs (n - 1; NaN for a single run)."""
    array = np.asarray(values, float)
    std = float(array.std(ddof=1)) if len(array) > 1 else float("nan")
    return {"mean": float(array.mean()), "std": std}
