"""Remedies against functions whose true gradients are known."""

import pytest
import torch

from triptych.adversary import Options, Threat, attack
from triptych.adversary.attacks.gradients import Direct
from triptych.adversary.attacks.method import pgd
from triptych.adversary.attacks.objectives import capped, cross_entropy, margin
from triptych.adversary.attacks.pipeline import MajorityVote, Pipeline, mean_probability
from triptych.adversary.attacks.remedies import (
    Averaged,
    Blend,
    Estimated,
    Expectation,
    Weakest,
    bpda,
)
from triptych.adversary.attacks.rows import Rows
from triptych.errors import BadInput


def rows(pictures, labels):
    none = torch.full_like(labels, -1)
    zero = torch.zeros_like(labels)
    epsilon = torch.ones(len(labels), dtype=torch.float64)
    keys = torch.arange(len(labels))
    return Rows(pictures, labels, none, none, epsilon, keys, zero, zero, zero)


def slope(source, pictures, labels):
    return source.look(pictures, rows(pictures, labels)).slope()


def quantise(x):
    return (x * 4).round() / 4


def test_bpda_keeps_values_and_lends_a_gradient():
    """Values are the function's own to the last bit; the gradient is the stand-in's."""
    x = torch.rand(3, 5, dtype=torch.float64).requires_grad_(True)
    through = bpda(quantise)(x)
    assert torch.equal(through, quantise(x))
    (gradient,) = torch.autograd.grad((through * 7).sum(), x)
    assert torch.equal(gradient, torch.full_like(x, 7))
    custom = bpda(quantise, lambda x: x.square())(x)
    (gradient,) = torch.autograd.grad(custom.sum(), x)
    assert torch.allclose(gradient, 2 * x)


def test_bpda_shapes_must_agree():
    """A stand-in of another shape is named."""
    x = torch.rand(3, 5).requires_grad_(True)
    with pytest.raises(BadInput, match="stand-in gives shape"):
        torch.autograd.grad(bpda(quantise, lambda x: x.sum(1))(x).sum(), x)


def test_bpda_breaks_a_quantised_defence(make):
    """PGD gets nowhere through a quantiser, and as far as without it through its stand-in."""
    model, pictures = make.network(), make.pictures(40)
    defended = Pipeline([model], quantise)
    labels, threat = make.answers(defended, pictures), Threat("linf", 0.15)
    blind = attack(defended, pictures, labels, threat, pgd(20, random=False))
    lent = pgd(20, random=False, gradient=Direct(defended.with_prepare(bpda(quantise))))
    broken = attack(defended, pictures, labels, threat, lent)
    assert blind.success_rate == 0
    assert broken.success_rate > 0.5


def test_averaged_smooths_a_staircase(make):
    """Over a neighbourhood as wide as the stairs, the mean slope of the model's kinks is found.

    Here the objective is a triangle wave, whose mean gradient over a whole period is zero.
    """

    def wave(x):
        height = ((x.flatten(1)[:, :1] * 10) % 1 - 0.5).abs()
        return torch.cat([height, -height], 1)

    pictures, labels = make.pictures(4), torch.zeros(4, dtype=torch.int64)
    rough = slope(Direct(wave, margin), pictures, labels).gradient
    smooth = slope(Averaged(Direct(wave, margin), 400, 0.05), pictures, labels)
    assert float(rough.abs().amax()) == pytest.approx(20)
    assert float(smooth.gradient.abs().amax()) < 4
    assert smooth.backwards == smooth.forwards + 4 == 401 * 4


def test_expectation_is_the_mean_over_draws(make):
    """With noise added to the weights, the mean slope comes near that of the mean model."""
    torch.manual_seed(0)
    weight = torch.randn(3, 16, dtype=torch.float64)

    def noisy(x):
        return x.flatten(1) @ (weight + torch.randn(3, 16, dtype=torch.float64)).T

    def still(x):
        return x.flatten(1) @ weight.T

    def first(logits, labels, aims):
        return logits[:, 0]

    pictures, labels = make.pictures(2), torch.zeros(2, dtype=torch.int64)
    truth = slope(Direct(still, first), pictures, labels).gradient
    one = slope(Expectation(Direct(noisy, first), 1), pictures, labels).gradient
    many = slope(Expectation(Direct(noisy, first), 900), pictures, labels).gradient
    assert float((one - truth).abs().amax()) > 1
    assert float((many - truth).abs().amax()) < 0.2


def test_estimated_comes_near_the_true_gradient(make):
    """Finite differences alone point where the gradient points."""
    model, pictures = make.linear(), make.pictures(5)
    labels = make.answers(model, pictures)
    truth = slope(Direct(model, cross_entropy), pictures, labels).gradient.flatten(1)
    guess = slope(Estimated(model, cross_entropy, 400, 1e-3), pictures, labels)
    cosine = torch.cosine_similarity(truth, guess.gradient.flatten(1))
    assert float(cosine.min()) > 0.9
    ratio = guess.gradient.flatten(1).norm(dim=1) / truth.norm(dim=1)
    assert float((ratio - 1).abs().max()) < 0.3
    assert guess.forwards == 800 * 5


def test_blend_is_the_weighted_sum(make):
    """Values and gradients add up with their weights, and so does the work."""
    one, two, pictures = make.network(seed=1), make.network(seed=9), make.pictures(3)
    labels = make.answers(one, pictures)
    a, b = (slope(Direct(m, margin), pictures, labels) for m in (one, two))
    both = slope(Blend([(Direct(one, margin), 0.3), (Direct(two, margin), 2)]), pictures, labels)
    assert torch.allclose(both.values, 0.3 * a.values + 2 * b.values)
    assert torch.allclose(both.gradient, 0.3 * a.gradient + 2 * b.gradient)
    assert both.backwards == 6


def test_weakest_pushes_where_least_is_reached(make):
    """Each example gets the slope of whichever source has the lower value for it."""
    one, two, pictures = make.network(seed=1), make.network(seed=9), make.pictures(30)
    labels = torch.arange(30) % 5
    a, b = (slope(Direct(m, margin), pictures, labels) for m in (one, two))
    least = slope(Weakest([Direct(one, margin), Direct(two, margin)]), pictures, labels)
    first = a.values <= b.values
    assert 0 < int(first.sum()) < 30
    assert torch.equal(least.gradient[first], a.gradient[first])
    assert torch.equal(least.gradient[~first], b.gradient[~first])


def test_original_and_blurred_are_fooled_by_one_picture(make):
    """Pushing whichever is fooled least fools a model and its blurred self, both at once."""
    original = make.network()
    blurred = Pipeline([original], lambda x: (x + x.roll(1, 2) + x.roll(1, 3)) / 3)
    pictures = make.pictures(200)
    labels = make.answers(original, pictures)
    agree = labels == make.answers(blurred, pictures)
    pictures, labels = pictures[agree], labels[agree]
    options = Options(early_exit=False, keep="last")

    def both_fooled(source):
        method = pgd(40, objective=margin, gradient=source)
        found = attack(original, pictures, labels, Threat("linf", 0.15), method, options=options)
        answers = [make.answers(m, found.adversarial) != labels for m in (original, blurred)]
        return int((answers[0] & answers[1]).sum())

    parts = [Direct(m, capped(margin, 0.01)) for m in (original, blurred)]
    alone = both_fooled(Direct(original, margin))
    assert both_fooled(Weakest(parts)) > alone
    assert both_fooled(Blend([(part, 1.0) for part in parts])) > alone


def test_members_break_a_vote(make):
    """A vote gives no gradient; its members' mean probability does, and breaks it."""
    vote = Pipeline([make.network(seed=s) for s in (1, 1, 9)], head=MajorityVote())
    pictures = make.pictures(40)
    labels, threat = make.answers(vote, pictures), Threat("linf", 0.1)
    with pytest.raises(BadInput, match="passes no gradient back"):
        attack(vote, pictures, labels, threat, pgd(5))
    smooth = Direct(vote.with_head(mean_probability))
    found = attack(vote, pictures, labels, threat, pgd(20, gradient=smooth))
    member = attack(vote, pictures, labels, threat, pgd(20, gradient=Direct(vote.member(0))))
    assert found.success_rate > 0.5
    assert member.success_rate > 0.5
    assert torch.equal(make.answers(vote, found.adversarial) != labels, found.success)
