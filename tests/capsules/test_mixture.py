"""The picture's mixture against torch.distributions, brute force and autograd."""

import pytest
import torch
from torch.distributions import Categorical, MixtureSameFamily, Normal

from triptych.capsules.mixture import (
    mean_picture,
    mixing_probabilities,
    mode_picture,
    picture_log_likelihood,
)


def example(colours=1, parts=4):
    """Arguments in double precision, all with gradients."""
    batch, side = 2, 3
    double = torch.float64
    values = [
        torch.rand(batch, colours, side, side, dtype=double),
        torch.rand(parts, colours, batch, side, side, dtype=double),
        torch.randn(parts, batch, side, side, dtype=double),
        torch.rand(colours, batch, 1, 1, dtype=double),
        torch.tensor(0.7, dtype=double),
        torch.tensor(-0.6, dtype=double),
    ]
    return [value.requires_grad_() for value in values]


def by_distributions(pictures, means, logits, ground, ground_logit, log_scale, joint):
    """The same, by torch.distributions: [B, H, W]."""
    target = pictures.transpose(0, 1)  # [C, B, H, W]
    all_logits = torch.cat([logits, ground_logit.expand_as(logits[:1])]).movedim(0, -1)
    all_means = torch.cat([means, ground.expand_as(target)[None]]).movedim(0, -1)
    if joint:
        each = Normal(all_means, log_scale.exp()).log_prob(target[..., None]).sum(0)
        return (all_logits.log_softmax(-1) + each).logsumexp(-1)
    mixture = MixtureSameFamily(
        Categorical(logits=all_logits.expand_as(all_means)), Normal(all_means, log_scale.exp())
    )
    return mixture.log_prob(target).sum(0)


@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("joint", [False, True])
def test_the_likelihood_and_all_gradients_are_those_of_torch_distributions(colours, joint):
    """Value and gradients agree to 1e-10, grey or colour, channels apart or joint."""
    values = example(colours)
    weights = torch.randn(2, 3, 3, dtype=torch.float64)
    ours = picture_log_likelihood(*values, joint)
    theirs = by_distributions(*values, joint)
    assert torch.allclose(ours, theirs, atol=1e-10)
    our_grads = torch.autograd.grad((ours * weights).sum(), values)
    their_grads = torch.autograd.grad((theirs * weights).sum(), values)
    for mine, other in zip(our_grads, their_grads, strict=True):
        assert torch.allclose(mine, other, atol=1e-10)


def test_gradcheck():
    """Finite differences agree with the gradient written by hand."""
    values = example(2, parts=2)
    assert torch.autograd.gradcheck(lambda *x: picture_log_likelihood(*x, True), values)


def test_extreme_logits_stay_finite():
    """Presences of e⁻¹⁰⁰⁰ and far-off means leave no NaN in value or gradient."""
    values = example()
    with torch.no_grad():
        values[2][0] = -1000.0
        values[2][1] = 1000.0
        values[1][2] = 50.0
    likelihood = picture_log_likelihood(*values)
    likelihood.sum().backward()
    assert likelihood.isfinite().all()
    assert all(value.grad.isfinite().all() for value in values)


def test_the_density_is_normalised():
    """Over all values of one grey pixel the density integrates to one."""
    means = torch.tensor([0.2, 0.9]).view(2, 1, 1, 1, 1)
    logits = torch.tensor([0.3, -1.0]).view(2, 1, 1, 1)
    line = torch.linspace(-8, 9, 20_001)
    count = len(line)
    likelihood = picture_log_likelihood(
        line.view(count, 1, 1, 1),
        means.expand(2, 1, count, 1, 1),
        logits.expand(2, count, 1, 1),
        torch.tensor(0.5),
        torch.tensor(0.1),
        torch.tensor(0.0),
    )
    assert torch.trapezoid(likelihood.exp().flatten(), line).item() == pytest.approx(1, abs=1e-4)


def test_mean_and_mode_by_brute_force():
    """The mean weighs by mixing probability; the mode takes the likeliest component's value."""
    _, means, logits, ground, ground_logit, _ = example(2)
    means, logits, ground, ground_logit = (
        value.detach() for value in (means, logits, ground, ground_logit)
    )
    mixing = mixing_probabilities(logits, ground_logit)
    assert torch.allclose(mixing.sum(0), torch.ones_like(mixing[0]))
    mean = mean_picture(means, logits, ground, ground_logit)
    mode = mode_picture(means, logits, ground, ground_logit)
    backgrounds = 0
    for b in range(2):
        for c in range(2):
            for y in range(3):
                for x in range(3):
                    values = [*means[:, c, b, y, x], ground[c, b, 0, 0]]
                    weights = torch.stack([*logits[:, b, y, x], ground_logit]).softmax(0)
                    expected = sum(w * v for w, v in zip(weights, values, strict=True))
                    assert mean[b, c, y, x].item() == pytest.approx(float(expected))
                    best = int(weights.argmax())
                    backgrounds += best == 4
                    assert mode[b, c, y, x].item() == pytest.approx(float(values[best]))
    assert 0 < backgrounds < 36
