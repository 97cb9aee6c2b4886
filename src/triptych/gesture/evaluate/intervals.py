"""95 % confidence intervals, each a list [low, high]; NaN where the data cannot tell."""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

NAN = float("nan")
RESAMPLES = 1000


def bootstrap(groups: Sequence[Sequence[T]], metric: Callable[[Sequence[T]], float]) -> list[float]:
    """Percentile bootstrap over groups (Efron 1979), 1,000 resamples, seed 0.

    Whole groups are drawn, because pictures of one person are not independent.
    """
    if len(groups) < 2:
        return [NAN, NAN]
    rng = np.random.default_rng(0)
    values: list[float] = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(len(groups), size=len(groups))
        values.append(metric([item for i in drawn for item in groups[i]]))
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return [NAN, NAN]
    return [float(np.percentile(known, q)) for q in (2.5, 97.5)]


def bootstrap_counts(
    counts: NDArray[np.float64], metric: Callable[[NDArray[np.float64]], float]
) -> list[float]:
    """The same for metrics of sums, much faster: counts [groups, ...] are summed over the draw."""
    if len(counts) < 2:
        return [NAN, NAN]
    rng = np.random.default_rng(0)
    flat = counts.reshape(len(counts), -1)
    values: list[float] = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(len(counts), size=len(counts))
        weights = np.bincount(drawn, minlength=len(counts))
        values.append(metric((weights @ flat).reshape(counts.shape[1:])))
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return [NAN, NAN]
    return [float(np.percentile(known, q)) for q in (2.5, 97.5)]


def proportion_interval(hits: int, total: int) -> list[float]:
    """Wilson's interval (1927) for the share hits / total."""
    if total == 0:
        return [NAN, NAN]
    z, share = NormalDist().inv_cdf(0.975), hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total**2))
    half /= 1 + z * z / total
    return [max(middle - half, 0.0), min(middle + half, 1.0)]


def rate_interval(count: int, hours: float) -> list[float]:
    """Garwood's exact interval (1936) for the rate count / hours of rare events."""
    if hours <= 0:
        return [NAN, NAN]
    return [_poisson_mean(count, 0.975) / hours, _poisson_mean(count + 1, 0.025) / hours]


def _poisson_mean(count: int, share: float) -> float:
    """The mean at which fewer than `count` events happen with probability `share`, by bisection."""
    if count == 0:
        return 0.0
    low, high = 0.0, 2.0 * count + 20.0
    for _ in range(80):
        mean = (low + high) / 2
        # In logarithms: exp(-mean) alone is zero from a mean of 750 on.
        fewer = sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count))
        low, high = (mean, high) if fewer > share else (low, mean)
    return (low + high) / 2
