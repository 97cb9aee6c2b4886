"""Which object explains which part: a mixture over votes, and three ways to deal with it.

Each part m has candidates n: the votes of objects for its pose, weighted by how present the object
and the vote are (Kosiorek et al. 2019, equation (5)), and a dummy that explains anything badly.
The three ways share one interface:

- `closed_form`: sums over all candidates. Exact, and cheap unless there are very many.
- `argmax`: takes the best candidate only (the "argmax loss"). Scores all, but only the winner is
  kept for the backward pass.
- `metropolis`: a Metropolis-Hastings chain over candidates, and the best it came by (the maximum a
  posteriori). Scores only what it proposes: steps x parts, however many candidates there are.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Routing = Literal["closed_form", "argmax", "metropolis"]

DUMMY = -4 * math.log(10)
"""Log presence (-2 ln 10) plus log density (-2 ln 10) of the dummy, as in the official code."""

_DUMMY_PRESENCE = -2 * math.log(10)


@dataclass(frozen=True)
class Candidates:
    """What could explain each part.

    log_presence, log_scale: [B, N, M], or broadcasting to it. poses: votes [B, N, M, 6], or
    [B, N, 1, D] if any vote may explain any part. targets: the parts' poses [B, M, D].
    log_scale is the log of a vote's standard deviation, the same in all D dimensions.
    """

    log_presence: Tensor
    poses: Tensor
    log_scale: Tensor
    targets: Tensor

    @property
    def count(self) -> int:
        """N, without the dummy."""
        return self.poses.shape[1]

    def score_all(self) -> Tensor:
        """log presence + log density of every candidate for every part, [B, N, M]."""
        distance = (self.targets.unsqueeze(1) - self.poses).square().sum(-1)
        return self._score(distance, self.log_presence, self.log_scale)

    def score(self, which: Tensor) -> Tensor:
        """The same of one candidate for each part, [B, M]; which: [B, M], N means the dummy."""
        batch, parts, size = self.targets.shape
        index = which.clamp(max=self.count - 1).unsqueeze(1)  # [B, 1, M]
        whole = (batch, self.count, parts)
        poses = self.poses.expand(*whole, size).gather(
            1, index.unsqueeze(-1).expand(batch, 1, parts, size)
        )
        found = self._score(
            (self.targets.unsqueeze(1) - poses).square().sum(-1),
            self.log_presence.expand(whole).gather(1, index),
            self.log_scale.expand(whole).gather(1, index),
        )
        return torch.where(which < self.count, found[:, 0], found.new_tensor(DUMMY))

    def log_mass(self) -> Tensor:
        """log of the presences' sum, the dummy's included: what normalises the mixture, [B, M]."""
        batch, parts, _ = self.targets.shape
        presence = self.log_presence.expand(batch, self.count, parts)
        dummy = presence.new_full((batch, 1, parts), _DUMMY_PRESENCE)
        return torch.cat([presence, dummy], 1).logsumexp(1)

    def _score(self, distance: Tensor, log_presence: Tensor, log_scale: Tensor) -> Tensor:
        # The scalar form of six normal densities with one scale.
        size = self.targets.shape[-1]
        density = -0.5 * distance * (-2 * log_scale).exp()
        return log_presence + density - size * (log_scale + 0.5 * math.log(2 * math.pi))


@dataclass(frozen=True)
class Routed:
    """log_likelihood: [B, M], of each part, not normalised by the presences' sum (quirk Q7).

    responsibility: [B, N + 1, M], how much of a part each candidate explains, the dummy last;
    sums to 1. winner: [B, M], the best candidate of those looked at, N if it is the dummy.
    """

    log_likelihood: Tensor
    responsibility: Tensor
    winner: Tensor


def route(
    candidates: Candidates,
    routing: Routing = "closed_form",
    *,
    steps: int = 50,
    generator: torch.Generator | None = None,
) -> Routed:
    """Explain each part by its candidates.

    steps: length of the Metropolis-Hastings chains. generator: their randomness.
    Gradients reach the likelihood in all three; they reach the responsibilities in the closed form
    only, since the other two choose.
    """
    if routing == "closed_form":
        return _closed_form(candidates)
    if routing == "argmax":
        return _argmax(candidates)
    return _metropolis(candidates, steps, generator)


def _closed_form(candidates: Candidates) -> Routed:
    scores = _with_dummy(candidates.score_all())
    return Routed(scores.logsumexp(1), scores.softmax(1), scores.argmax(1))


def _argmax(candidates: Candidates) -> Routed:
    with torch.no_grad():
        winner = _with_dummy(candidates.score_all()).argmax(1)
    return Routed(candidates.score(winner), _one_hot(winner, candidates), winner)


@torch.no_grad()
def _chain(
    candidates: Candidates, steps: int, generator: torch.Generator | None
) -> tuple[Tensor, Tensor]:
    """The best candidate each chain met, [B, M], and how often it was at each, [B, N + 1, M].

    Proposals are uniform, so a move is accepted with probability min(1, p(new) / p(old)); the first
    half of the chain is left out of the counts.
    """
    batch, parts, _ = candidates.targets.shape
    shape, device = (batch, parts), candidates.targets.device

    def draw() -> Tensor:
        return torch.randint(candidates.count + 1, shape, generator=generator, device=device)

    here = draw()
    score = candidates.score(here)
    best, best_score = here, score
    visits = score.new_zeros(batch, candidates.count + 1, parts)
    for step in range(steps):
        there = draw()
        new_score = candidates.score(there)
        luck = torch.rand(shape, generator=generator, device=device).log()
        moves = luck < new_score - score
        here, score = torch.where(moves, there, here), torch.where(moves, new_score, score)
        better = score > best_score
        best, best_score = torch.where(better, here, best), torch.where(better, score, best_score)
        if step >= steps // 2:
            visits.scatter_add_(1, here.unsqueeze(1), torch.ones_like(score).unsqueeze(1))
    return best, visits / visits.sum(1, keepdim=True)


def _metropolis(candidates: Candidates, steps: int, generator: torch.Generator | None) -> Routed:
    if steps < 1:
        raise ValueError(f"a chain needs at least one step, not {steps}")
    winner, share = _chain(candidates, steps, generator)
    return Routed(candidates.score(winner), share, winner)


def _with_dummy(scores: Tensor) -> Tensor:
    return torch.cat([scores, torch.full_like(scores[:, :1], DUMMY)], 1)


def _one_hot(winner: Tensor, candidates: Candidates) -> Tensor:
    hot = candidates.targets.new_zeros(len(winner), candidates.count + 1, winner.shape[1])
    return hot.scatter_(1, winner.unsqueeze(1), 1.0)
