"""Calibration against closed forms and a plain loop."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from triptych.adversary.calibration import (
    LIMITS,
    Tempered,
    calibration,
    fit_temperature,
    plot_reliability,
)
from triptych.errors import BadInput


def draw(count=4000, scale=1.0, seed=0):
    """Logits and labels drawn from the probabilities that the logits / scale stand for."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(count, 5, generator=generator, dtype=torch.float64) * 2 * scale
    share = (logits / scale).softmax(1)
    return logits, torch.multinomial(share, 1, generator=generator).squeeze(1)


def test_four_examples_by_hand():
    """Confidences 0.9, 0.9, 0.6 and 0.6 with right, wrong, right, right: all numbers by hand."""
    share = torch.tensor([[0.9, 0.1], [0.1, 0.9], [0.6, 0.4], [0.4, 0.6]], dtype=torch.float64)
    found = calibration(share.log(), torch.tensor([0, 0, 0, 1]), bins=10)
    assert found.accuracy == 0.75
    assert found.confidence == pytest.approx(0.75)
    assert found.ece == pytest.approx(0.5 * abs(0.5 - 0.9) + 0.5 * abs(1 - 0.6))
    assert found.nll == pytest.approx(-(math.log(0.9) + math.log(0.1) + 2 * math.log(0.6)) / 4)
    assert found.brier == pytest.approx((2 * 0.1**2 + 2 * 0.9**2 + 4 * 0.4**2) / 4)
    assert found.overconfidence == pytest.approx(0.9)
    assert [b.count for b in found.bins if b.count] == [2, 2]


@given(bins=st.integers(1, 30), count=st.integers(1, 60), equal=st.booleans())
@settings(max_examples=40)
def test_expected_calibration_error_is_that_of_a_plain_loop(bins, count, equal):
    """Every example is in one bin, and the error is the weighted gap of the bins."""
    logits, labels = draw(count)
    found = calibration(logits, labels, bins, equal)
    share, answer = logits.softmax(1).max(1)
    total = 0.0
    for b in found.bins:
        inside = [
            i for i, c in enumerate(share.tolist())
            if (b.low < c <= b.high) or (b is found.bins[0] and c <= b.high)
        ]  # fmt: skip
        if equal and len(set(share.tolist())) < count:
            return
        assert len(inside) == b.count
        if inside:
            right = sum(int(answer[i] == labels[i]) for i in inside) / len(inside)
            mean = sum(float(share[i]) for i in inside) / len(inside)
            total += len(inside) / count * abs(right - mean)
    assert sum(b.count for b in found.bins) == count
    assert found.ece == pytest.approx(total)


def test_bins_of_equal_mass_hold_equally_many():
    """One hundred examples in ten bins: ten each."""
    logits, labels = draw(100)
    assert [b.count for b in calibration(logits, labels, 10, equal_mass=True).bins] == [10] * 10


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_the_temperature_that_logits_were_scaled_by_is_found(scale):
    """Labels drawn from softmax(z / T): the fitted temperature is T, and calibrates."""
    logits, labels = draw(20_000, scale)
    found = fit_temperature(logits, labels)
    assert found == pytest.approx(scale, rel=0.05)
    assert calibration(logits / found, labels).ece < 0.02


def test_no_other_temperature_has_a_lower_loss():
    """Neighbouring temperatures are worse: it is a minimum."""
    logits, labels = draw(500, 2.0, seed=3)
    best = fit_temperature(logits, labels)
    least = calibration(logits / best, labels).nll
    for factor in (0.5, 0.9, 0.99, 1.01, 1.1, 2):
        assert calibration(logits / (best * factor), labels).nll > least


def test_where_all_is_right_or_wrong_the_temperature_stays_within_its_limits():
    """The loss then falls until it is nothing, or for ever."""
    logits = torch.eye(3).repeat(4, 1)
    right = torch.arange(3).repeat(4)
    assert LIMITS[0] <= fit_temperature(logits, right) < 0.05
    assert fit_temperature(logits, (right + 1) % 3) == pytest.approx(LIMITS[1])


def test_a_temperature_changes_confidence_and_no_answer():
    """Logits are divided, so the largest stays the largest."""
    model, inputs = nn.Linear(4, 3), torch.randn(10, 4)
    cool = Tempered(model, 2.0)
    assert torch.allclose(cool(inputs), model(inputs) / 2)
    assert torch.equal(cool(inputs).argmax(1), model(inputs).argmax(1))


def test_a_diagram_is_drawn(tmp_path):
    """Two names, one picture file."""
    logits, labels = draw(200)
    path = tmp_path / "deep" / "plot.png"
    plot_reliability({"a": calibration(logits, labels), "b": calibration(logits / 2, labels)}, path)
    assert path.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"logits": torch.zeros(3)}, r"shape \[3\]"),
        ({"labels": torch.zeros(2, dtype=torch.int64)}, "do not fit"),
        ({"logits": torch.zeros(0, 4), "labels": torch.zeros(0).long()}, "at least one example"),
        ({"logits": torch.full((3, 4), torch.nan)}, "not finite"),
        ({"labels": torch.tensor([0, 4, 0])}, "labels hold 4, but the classes are 0 to 3"),
        ({"bins": 0}, "bins is 0"),
    ],
)
def test_bad_input_gets_its_sentence(change, words):
    """What cannot be measured is named."""
    given_ = {"logits": torch.zeros(3, 4), "labels": torch.zeros(3).long(), **change}
    with pytest.raises(BadInput, match=words):
        calibration(**given_)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("inf"), float("nan")])
def test_temperatures_that_make_no_sense(temperature):
    """Only positive finite ones."""
    with pytest.raises(BadInput, match="temperature is"):
        Tempered(nn.Identity(), temperature)
