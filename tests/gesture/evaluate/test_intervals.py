"""Intervals against SciPy and against what is known on paper."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.gesture.evaluate.intervals import bootstrap, proportion_interval, rate_interval

stats = pytest.importorskip("scipy.stats", reason="exact intervals are checked against SciPy")


@given(st.integers(1, 3000), st.data())
def test_shares_agree_with_scipy(total: int, data: st.DataObject) -> None:
    """Wilson's interval is SciPy's, from no hit to all hits."""
    hits = data.draw(st.integers(0, total))
    wanted = stats.binomtest(hits, total).proportion_ci(0.95, method="wilson")
    assert proportion_interval(hits, total) == pytest.approx([wanted.low, wanted.high], abs=1e-9)


@settings(max_examples=40)
@given(st.integers(0, 2000), st.floats(0.01, 100))
def test_rates_agree_with_scipy(count: int, hours: float) -> None:
    """Garwood's interval is half a chi-squared quantile, also for hundreds of events."""
    low = stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    high = stats.chi2.ppf(0.975, 2 * count + 2) / 2
    assert rate_interval(count, hours) == pytest.approx([low / hours, high / hours], rel=1e-6)


def test_the_rule_of_three() -> None:
    """No event in an hour still allows 3.7 an hour (two-sided), no hit in 100 allows 3.7 %."""
    assert rate_interval(0, 1.0) == [0.0, pytest.approx(3.6889, abs=1e-3)]
    assert proportion_interval(0, 100) == [0.0, pytest.approx(0.0370, abs=1e-4)]


def test_nothing_measured_is_nothing_known() -> None:
    """Without pictures, hours or a second person there is no interval."""
    for interval in (
        proportion_interval(0, 0),
        rate_interval(0, 0.0),
        rate_interval(3, -1.0),
        bootstrap([], len),
        bootstrap([[1, 2, 3]], len),
        bootstrap([[1.0], [2.0]], lambda some: math.nan),
    ):
        assert len(interval) == 2 and all(math.isnan(bound) for bound in interval)


def test_the_bootstrap_of_a_mean_is_its_standard_error() -> None:
    """For many independent groups of one it agrees with the normal interval."""
    values = np.random.default_rng(0).normal(5, 2, 400)
    low, high = bootstrap([[float(value)] for value in values], lambda some: float(np.mean(some)))
    error = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - error, abs=0.05)
    assert high == pytest.approx(values.mean() + error, abs=0.05)


def test_people_are_drawn_not_pictures() -> None:
    """A hundred copies of each person's picture do not narrow the interval."""
    people = [float(value) for value in np.random.default_rng(1).normal(0, 1, 20)]
    mean = lambda some: float(np.mean(some))  # noqa: E731
    once = bootstrap([[value] for value in people], mean)
    copied = bootstrap([[value] * 100 for value in people], mean)
    assert copied == pytest.approx(once)


def test_resamples_without_an_answer_are_left_out() -> None:
    """A metric that is unknown for some draws is judged by the others."""
    low, high = bootstrap(
        [[1.0], [1.0], [math.nan]], lambda some: math.nan if math.isnan(sum(some)) else 1.0
    )
    assert (low, high) == (1.0, 1.0)
