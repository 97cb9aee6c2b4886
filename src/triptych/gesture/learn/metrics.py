"""Numbers that say how well signs and boxes are found; pure NumPy, tested by hand-made cases."""

import numpy as np
from numpy.typing import NDArray

from triptych.gesture.types import GESTURES

FIVE = {"fist": 0, "palm": 1, "ok": 2, "one": 3, "two_up": 3, "peace": 4}
"""The five signs that people see: one and two fingers mean the same."""


def five_signs(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices of `GESTURES` -> indices of the five signs, or 5 for anything else."""
    table = np.array([FIVE.get(name, 5) for name in GESTURES])
    return table[labels]


def five_sign_f1(truth: NDArray[np.int64], guess: NDArray[np.int64]) -> float:
    """Macro-F1 over the five signs; other hands and no hand count only as what is mistaken."""
    scores = per_sign_f1(truth, guess)
    return float(np.mean(list(scores.values())))


def per_sign_f1(truth: NDArray[np.int64], guess: NDArray[np.int64]) -> dict[str, float]:
    """F1 of each of the five signs that occurs in the truth, 0..1."""
    t, g = five_signs(truth), five_signs(guess)
    found: dict[str, float] = {}
    for index, name in enumerate(("fist", "palm", "ok", "one", "peace")):
        hits = float(((t == index) & (g == index)).sum())
        total = float((t == index).sum() + (g == index).sum())
        if (t == index).any():
            found[name] = 2 * hits / total
    return found


def average_precision(hits: NDArray[np.bool_], total: int) -> float:
    """Mean precision at the rank of each hit, 0..1; objects never found count as zero.

    hits: whether each detection is one of the `total` objects, best score first.
    """
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].sum() / total)


def recall_at(hits: NDArray[np.bool_], total: int, false_allowed: float) -> float:
    """Share of the objects found before more than `false_allowed` detections are wrong."""
    allowed = np.cumsum(~hits) <= false_allowed
    return float(np.cumsum(hits)[allowed].max(initial=0) / total)
