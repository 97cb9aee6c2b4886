"""Expected calibration error: how far confidence and accuracy are apart (Guo et al. 2017)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 15


def reliability(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> NDArray[np.float64]:
    """[N] in 0..1 and [N] whether each was right -> [bins, 3]: number, sum of both, by confidence.

    Such tables of several groups add up.
    """
    sure, hits = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    index = np.minimum((sure * bins).astype(int), bins - 1)
    weights = (np.ones_like(sure), sure, hits)
    sums = [np.bincount(index, w, minlength=bins).astype(np.float64) for w in weights]
    return np.stack(sums, axis=1)


def calibration_error(table: NDArray[np.float64]) -> float:
    """[bins, 3] -> mean gap between confidence and accuracy, weighted by the bins' numbers."""
    total = table[:, 0].sum()
    return float(np.abs(table[:, 1] - table[:, 2]).sum() / total) if total else float("nan")
