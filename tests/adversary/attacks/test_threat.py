"""A threat model says no to what makes no sense, in one sentence."""

import pytest
import torch

from triptych.adversary import Threat
from triptych.errors import BadInput


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"norm": "l3", "epsilon": 1.0}, "norm is 'l3', but must be one of linf, l2, l1"),
        ({"norm": "linf", "epsilon": -0.1}, "epsilon is -0.1"),
        ({"norm": "linf", "epsilon": float("nan")}, "epsilon is nan"),
        ({"norm": "l2", "epsilon": torch.tensor([0.1, -1.0])}, "epsilon is -1.0"),
        ({"norm": "l2", "epsilon": torch.ones(2, 2)}, r"shape \[2, 2\]"),
        ({"norm": "l2", "epsilon": 1.0, "low": 1.0, "high": 0.0}, "low must be below"),
    ],
)
def test_bad_values_are_named(settings, words):
    """The sentence says which value, and what is allowed."""
    with pytest.raises(BadInput, match=words):
        Threat(**settings)


def test_one_epsilon_or_one_each():
    """A number serves every example; a tensor must have one for each."""
    assert Threat("linf", 0.5).epsilons(3).tolist() == [0.5, 0.5, 0.5]
    assert Threat("linf", torch.tensor([0.25, 0.5])).epsilons(2).tolist() == [0.25, 0.5]
    with pytest.raises(BadInput, match="2 epsilons for 3 examples"):
        Threat("linf", torch.tensor([0.25, 0.5])).epsilons(3)


def test_description():
    """The words name norm, epsilon or its range, and the grid."""
    assert Threat("l2", 0.5).describe() == "l2 0.5"
    assert Threat("linf", torch.tensor([0.1, 0.3]), grid=True).describe() == (
        "linf 0.1 to 0.3, 8-bit grid"
    )
