"""Three ways to explain parts by votes: exact, greedy and sampled, against brute force."""

import math

import pytest
import torch
from torch.distributions import Normal

from triptych.capsules.routing import DUMMY, Candidates, route


def candidates(batch=2, count=5, parts=3, spread=0.4):
    """Votes near the parts, in double precision."""
    double = torch.float64
    return Candidates(
        log_presence=torch.rand(batch, count, parts, dtype=double).log(),
        poses=(spread * torch.randn(batch, count, parts, 6, dtype=double)).requires_grad_(),
        log_scale=(0.3 * torch.randn(batch, count, parts, dtype=double) - 0.5),
        targets=spread * torch.randn(batch, parts, 6, dtype=double),
    )


def brute(given):
    """Scores [B, N + 1, M] by six separate normal densities, the dummy last."""
    scores = given.log_presence.expand(given.poses.shape[:2] + given.targets.shape[1:2]).clone()
    for d in range(given.targets.shape[-1]):
        normal = Normal(given.poses[..., d], given.log_scale.exp())
        scores = scores + normal.log_prob(given.targets[:, None, :, d])
    return torch.cat([scores, torch.full_like(scores[:, :1], math.log(1e-4))], 1)


def test_the_scalar_formula_is_six_normal_densities():
    """All scores, and those of single candidates, the dummy included."""
    given = candidates()
    scores = brute(given)
    assert torch.allclose(given.score_all(), scores[:, :-1])
    for which in range(6):
        index = torch.full((2, 3), which)
        assert torch.allclose(given.score(index), scores[:, which])


def test_the_closed_form_sums_over_candidates():
    """Likelihood, responsibilities and winner are those of the enumerated mixture."""
    given = candidates()
    scores = brute(given)
    routed = route(given)
    assert torch.allclose(routed.log_likelihood, scores.exp().sum(1).log())
    assert torch.allclose(routed.responsibility, scores.exp() / scores.exp().sum(1, keepdim=True))
    assert torch.equal(routed.winner, scores.argmax(1))


def test_argmax_takes_the_best_and_only_it_learns():
    """The likelihood is the best score; gradients reach the winners' votes and no others."""
    given = candidates()
    routed = route(given, "argmax")
    assert torch.allclose(routed.log_likelihood, brute(given).amax(1))
    assert torch.allclose(
        routed.responsibility.argmax(1), routed.winner
    ) and routed.responsibility.sum() == pytest.approx(6)
    routed.log_likelihood.sum().backward()
    moved = given.poses.grad.abs().sum(-1) > 0
    expected = torch.zeros(2, 6, 3, dtype=torch.bool).scatter_(1, routed.winner[:, None], True)
    assert torch.equal(moved, expected[:, :-1])


def test_metropolis_visits_candidates_as_often_as_they_are_probable():
    """A long chain's visits approach the closed form's responsibilities, and its best the mode."""
    given = candidates()
    generator = torch.Generator().manual_seed(3)
    routed = route(given, "metropolis", steps=20_000, generator=generator)
    exact = route(given)
    assert (routed.responsibility - exact.responsibility).abs().max() < 0.04
    assert torch.equal(routed.winner, exact.winner)
    assert torch.allclose(routed.log_likelihood, route(given, "argmax").log_likelihood)


def test_a_metropolis_chain_repeats_with_its_generator():
    """The same seed gives the same chain, and never more likelihood than the best."""
    given = candidates()
    first, second = (
        route(given, "metropolis", steps=5, generator=torch.Generator().manual_seed(1))
        for _ in range(2)
    )
    assert torch.equal(first.winner, second.winner)
    assert (first.log_likelihood <= route(given, "argmax").log_likelihood + 1e-12).all()


def test_no_vote_near_leaves_a_part_to_the_dummy():
    """Votes a thousand units off explain nothing: the dummy has it all."""
    given = candidates()
    far = Candidates(given.log_presence, given.poses + 1000, given.log_scale, given.targets)
    for routing in ("closed_form", "argmax", "metropolis"):
        routed = route(far, routing, steps=200, generator=torch.Generator().manual_seed(0))
        assert torch.allclose(routed.responsibility[:, -1], torch.ones(2, 3, dtype=torch.float64))
        assert routed.log_likelihood[0, 0].item() == pytest.approx(DUMMY)


def test_votes_for_any_part_are_shared_without_copies():
    """Votes [B, N, 1, D] mean the same as those votes repeated for every part."""
    given = candidates()
    shared = Candidates(
        given.log_presence[:, :, :1],
        given.poses[:, :, :1],
        given.log_scale[:, :, :1],
        given.targets,
    )
    repeated = Candidates(
        shared.log_presence.expand(2, 5, 3),
        shared.poses.expand(2, 5, 3, 6),
        shared.log_scale.expand(2, 5, 3),
        given.targets,
    )
    for routing in ("closed_form", "argmax"):
        assert torch.allclose(
            route(shared, routing).log_likelihood, route(repeated, routing).log_likelihood
        )
    assert torch.allclose(shared.log_mass(), repeated.log_mass())


def test_the_mass_normalises():
    """With equal densities the normalised mixture is the density itself (Q7)."""
    log_presence = torch.tensor([0.3, 0.9]).log().view(1, 2, 1)
    targets = torch.zeros(1, 1, 6)
    # A density of 1e-2 everywhere, as the dummy's, makes log p - log mass its log.
    log_scale = torch.full((1, 2, 1), (2 * math.log(10) - 3 * math.log(2 * math.pi)) / 6)
    given = Candidates(log_presence, torch.zeros(1, 2, 1, 6), log_scale, targets)
    value = route(given).log_likelihood - given.log_mass()
    assert value.item() == pytest.approx(-2 * math.log(10), abs=1e-5)
