"""Expected calibration error: how far confidence and accuracy are apart (Guo et al. 2017)."""

import numpy as np
from numpy.typing import ArrayLike

BINS = 15


def calibration_error(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, weighted by their size.

    confidence: [N] in 0..1. right: [N] whether each was. NaN for no examples.
    """
    sure, hits = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    if len(sure) == 0:
        return float("nan")
    index = np.minimum((sure * bins).astype(int), bins - 1)
    error = 0.0
    for b in np.unique(index):
        inside = index == b
        error += inside.mean() * abs(sure[inside].mean() - hits[inside].mean())
    return float(error)
