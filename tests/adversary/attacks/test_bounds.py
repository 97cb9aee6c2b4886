"""The grey-picture bound, curves that cannot be, and curves that are."""

import pytest
import torch

from triptych.adversary import Threat, attack
from triptych.adversary.attacks.bounds import grey_bound, impossible_claims, rising_claims
from triptych.adversary.attacks.curve import robust_curve
from triptych.adversary.attacks.method import pgd
from triptych.errors import BadInput

LABELS = torch.tensor([0, 0, 0, 1, 1, 2, 3, 4, 5, 6])


@pytest.mark.parametrize(
    ("epsilon", "answer", "most"),
    [(0.49, None, 1.0), (0.5, None, 0.3), (0.7, 1, 0.2), (0.5, 9, 0.0), (0.5, 0, 0.3)],
)
def test_at_half_the_box_only_one_class_is_left(epsilon, answer, most):
    """From 0.5 on, the share of the one class that grey is taken for is all that can be right."""
    assert grey_bound(LABELS, Threat("linf", epsilon), answer=answer) == pytest.approx(most)


def test_each_picture_has_its_own_distance_to_grey():
    """Pictures nearer to grey than epsilon are already lost to all classes but one."""
    pictures = torch.full((10, 4), 0.5)
    pictures[:5] = 0.9
    assert grey_bound(LABELS, Threat("linf", 0.2), pictures) == pytest.approx(0.6)
    assert grey_bound(LABELS, Threat("l2", 0.2), pictures) == pytest.approx(0.6)
    assert grey_bound(LABELS, Threat("l2", 0.81), pictures) == pytest.approx(0.3)
    assert grey_bound(LABELS, Threat("l2", 0.81)) == 1


def test_no_model_beats_the_bound(make):
    """The attack that paints everything grey gets any model down to the bound."""
    model, pictures = make.network(), make.pictures(20)
    labels = make.answers(model, pictures)
    grey = int(make.answers(model, torch.full((1, 1, 4, 4), 0.5).double()))
    most = grey_bound(labels, Threat("linf", 0.5), pictures, grey)
    found = attack(model, pictures, labels, Threat("linf", 0.5), pgd(10))
    assert found.robust_accuracy <= most < 1


def test_impossible_claims_are_named():
    """Of a claimed curve only the points above the bound are returned, with what is possible."""
    curve = {0.1: 0.93, 0.49: 0.8, 0.5: 0.5, 0.6: 0.1}
    assert impossible_claims(curve, LABELS, Threat("linf", 0.0)) == {0.5: 0.3}


def test_rising_claims_are_named():
    """Accuracy that rises with epsilon by over two standard errors is no true curve."""
    curve = {0.1: 0.5, 0.2: 0.3, 0.3: 0.4, 0.4: 0.41}
    assert rising_claims(curve, 1000) == [(0.2, 0.3)]
    assert rising_claims(curve, 10) == []
    with pytest.raises(BadInput, match="examples is 0"):
        rising_claims(curve, 0)


def test_no_examples():
    """Without examples there is nothing to bound."""
    with pytest.raises(BadInput, match="at least one example"):
        grey_bound(LABELS[:0], Threat("linf", 0.5))


def test_a_curve_equals_separate_attacks(make):
    """Bisection gives each epsilon the accuracy of its own attack, for much less work."""
    model, pictures = make.linear(), make.pictures(40)
    labels = make.answers(model, pictures)
    labels[:4] = (labels[:4] + 1) % 3
    sizes = [0.01 * k for k in range(1, 11)]
    curve, work = robust_curve(model, pictures, labels, Threat("linf", 0), sizes, pgd(20))
    alone = {s: attack(model, pictures, labels, Threat("linf", s), pgd(20)) for s in sizes}
    assert curve == {s: pytest.approx(found.robust_accuracy) for s, found in alone.items()}
    assert work.backwards < 0.6 * sum(found.work.backwards for found in alone.values())
    assert curve[sizes[0]] > curve[sizes[-1]]


def test_a_curve_needs_epsilons(make):
    """An empty list is refused."""
    with pytest.raises(BadInput, match="at least one epsilon"):
        robust_curve(make.linear(), make.pictures(), LABELS, Threat("linf", 0), [])
