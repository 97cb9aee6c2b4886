"""Temperatures that are known are found; calibration errors that are known on paper come out."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.gesture.learn.calibrate import (
    best_temperature,
    expected_calibration_error,
    negative_log_likelihood,
    softmax,
)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_a_known_temperature_is_recovered(temperature: float) -> None:
    """Labels drawn from softmax(logits / T) are best explained by T, and then well calibrated."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 8)).astype(np.float32)
    chances = softmax(logits, temperature).cumsum(axis=1)
    labels = (rng.random((len(logits), 1)) > chances).sum(axis=1).astype(np.int64)
    found = best_temperature(logits, labels)
    assert found == pytest.approx(temperature, rel=0.05)
    assert expected_calibration_error(logits, labels, found) < 0.02


@given(st.floats(0.25, 4))
def test_no_temperature_on_the_grid_is_better(temperature: float) -> None:
    """The one that is found has the least loss in its range."""
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (50, 3)).astype(np.float32)
    labels = rng.integers(0, 3, 50)
    best = negative_log_likelihood(logits, labels, best_temperature(logits, labels))
    assert best <= negative_log_likelihood(logits, labels, temperature) + 1e-4


def test_softmax_survives_large_logits() -> None:
    """Sums to one and stays finite."""
    scores = softmax(np.array([[1e4, 0, -1e4]], np.float32), 0.1)
    assert scores.tolist() == [[1, 0, 0]]


def test_likelihood_by_hand() -> None:
    """Even chances cost log 2, certainty nothing, a sure mistake a lot but not infinity."""
    even = np.zeros((3, 2), np.float32)
    assert negative_log_likelihood(even, np.array([0, 1, 0]), 1.0) == pytest.approx(math.log(2))
    sure = np.array([[500.0, 0.0]], np.float32)
    assert negative_log_likelihood(sure, np.array([0]), 1.0) == 0
    assert 20 < negative_log_likelihood(sure, np.array([1]), 1.0) < 100


def logits_of(*scores: float) -> np.ndarray:
    """Two-class logits whose first class has these probabilities."""
    p = np.array(scores)
    return np.stack([np.log(p), np.log(1 - p)], axis=1).astype(np.float32)


def test_calibration_error_by_hand() -> None:
    """The mean gap between confidence and accuracy, each bin weighted by its share."""
    right, wrong = np.array([0, 0, 0, 0]), np.array([1, 1, 1, 1])
    assert expected_calibration_error(logits_of(*[0.9] * 4), right, 1.0) == pytest.approx(0.1)
    assert expected_calibration_error(logits_of(*[0.9] * 4), wrong, 1.0) == pytest.approx(0.9)
    half = np.array([0, 0, 0, 1])
    assert expected_calibration_error(logits_of(*[0.75] * 4), half, 1.0) == pytest.approx(
        0.0, abs=1e-6
    )
    mixed = expected_calibration_error(logits_of(0.6, 0.99, 0.99, 0.99), right, 1.0)
    assert mixed == pytest.approx(0.25 * 0.4 + 0.75 * 0.01, abs=1e-6)
    assert expected_calibration_error(logits_of(0.999999), np.array([0]), 1.0) < 1e-4
