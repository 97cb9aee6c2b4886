"""Objectives against their formulas, and what they must not depend on."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from triptych.adversary.attacks.objectives import (
    OBJECTIVES,
    capped,
    cross_entropy,
    difference,
    dlr,
    margin,
)
from triptych.errors import BadInput

LOGITS = torch.tensor([[4.0, 1.0, 3.0, -1.0], [0.0, 2.0, 1.5, 5.0]], dtype=torch.float64)
LABELS = torch.tensor([0, 2])
NONE = torch.tensor([-1, -1])
AIMS = torch.tensor([1, 3])
rows = st.lists(st.floats(-20, 20), min_size=5, max_size=5, unique=True)


def test_cross_entropy():
    """The loss of the label, or minus the loss of the aim."""
    assert torch.allclose(
        cross_entropy(LOGITS, LABELS, NONE), F.cross_entropy(LOGITS, LABELS, reduction="none")
    )
    assert torch.allclose(
        cross_entropy(LOGITS, LABELS, AIMS), -F.cross_entropy(LOGITS, AIMS, reduction="none")
    )


def test_margin():
    """Best wrong minus true; aimed, the aim minus the best other."""
    assert margin(LOGITS, LABELS, NONE).tolist() == [-1.0, 3.5]
    assert margin(LOGITS, LABELS, AIMS).tolist() == [-3.0, 3.0]


def test_difference():
    """The aim minus the true one; without an aim, the margin."""
    assert difference(LOGITS, LABELS, AIMS).tolist() == [-3.0, 3.5]
    assert difference(LOGITS, LABELS, NONE).tolist() == [-1.0, 3.5]


def test_dlr():
    """The differences over first minus third, and aimed over first minus half of third, fourth."""
    assert dlr(LOGITS, LABELS, NONE).tolist() == pytest.approx([-1 / 3, 3.5 / 3.5])
    assert dlr(LOGITS, LABELS, AIMS).tolist() == pytest.approx([-3 / 4, 3.5 / 4.25])


@given(rows, st.floats(0.01, 100), st.floats(-50, 50), st.integers(0, 4), st.integers(-1, 4))
def test_dlr_ignores_scale_and_shift(row, scale, shift, label, aim):
    """Scaling or shifting all logits changes nothing, which cross-entropy cannot say."""
    logits = torch.tensor([row], dtype=torch.float64)
    top = logits.sort(descending=True).values[0]
    if float(top[0] - top[2]) < 1e-2:
        return
    labels, aims = torch.tensor([label]), torch.tensor([aim])
    once = dlr(logits, labels, aims)
    assert torch.allclose(once, dlr(scale * logits + shift, labels, aims), rtol=1e-6, atol=1e-6)


@given(rows, st.integers(0, 4))
def test_a_margin_is_positive_exactly_when_wrong(row, label):
    """The sign of the margin says whether the answer is wrong."""
    logits = torch.tensor([row], dtype=torch.float64)
    value = margin(logits, torch.tensor([label]), torch.tensor([-1]))
    assert bool(value > 0) == (int(logits.argmax()) != label)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_examples_do_not_mix(name):
    """An example's value and gradient are the same alone and in a batch."""
    together = LOGITS.clone().requires_grad_(True)
    values = OBJECTIVES[name](together, LABELS, AIMS)
    (gradient,) = torch.autograd.grad(values.sum(), together)
    for i in range(2):
        one = slice(i, i + 1)
        alone = LOGITS[one].clone().requires_grad_(True)
        value = OBJECTIVES[name](alone, LABELS[one], AIMS[one])
        assert torch.allclose(value, values[one])
        assert torch.allclose(torch.autograd.grad(value.sum(), alone)[0], gradient[one])


@pytest.mark.parametrize(("classes", "aim"), [(2, -1), (3, 1)])
def test_dlr_needs_enough_classes(classes, aim):
    """With too few classes the sentence says how many it needs."""
    with pytest.raises(BadInput, match=f"needs {classes + 1} classes"):
        dlr(torch.zeros(1, classes), torch.tensor([0]), torch.tensor([aim]))


def test_a_capped_objective_stops_pulling():
    """Beyond the cap there is no gradient; below it all of it."""
    logits = LOGITS.clone().requires_grad_(True)
    values = capped(margin, 0.5)(logits, LABELS, NONE)
    assert values.tolist() == [-1.0, 0.5]
    (gradient,) = torch.autograd.grad(values.sum(), logits)
    assert gradient[0].abs().sum() == 2
    assert gradient[1].abs().sum() == 0
