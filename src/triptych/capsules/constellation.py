"""The constellation autoencoder (CCAE): points -> objects, each of which votes for its points.

Kosiorek et al. 2019, section 2.1: a Set Transformer reads the points; each capsule says whether it
is there, where, and where its points then are. Any vote may explain any point, so the likelihood is
a mixture over all votes, normalised by their presences, and the order of points does not matter.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from triptych.capsules.attention import SetTransformer
from triptych.capsules.losses import (
    posterior_between,
    posterior_within,
    presence_between,
    presence_within,
)
from triptych.capsules.objects import CapsuleLayer
from triptych.capsules.parts import initialise
from triptych.capsules.routing import Candidates, Routed, route
from triptych.capsules.settings import Settings
from triptych.fit import several


@dataclass(frozen=True)
class Found:
    """What the capsules say of B constellations.

    presence: [B, K], 0..1. votes: [B, K, V, 2], where they expect points. log_likelihood: [B, N],
    of each point. owner: [B, N], the capsule that explains a point best, K if none does.
    responsibility: [B, K + 1, N], each capsule's share of a point's likelihood, nobody's last.
    deformation: [B, K, V, 6].
    """

    presence: Tensor
    votes: Tensor
    log_likelihood: Tensor
    owner: Tensor
    responsibility: Tensor
    deformation: Tensor


class Constellation(nn.Module):
    """Reads points [B, N, 2] in [-1, 1] with presences [B, N]."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        objects = settings.objects
        self.encoder = SetTransformer(
            2,
            objects.layers[0],
            blocks=objects.blocks,
            width=objects.width,
            heads=objects.heads,
            output=objects.output,
            mask=objects.presence_mask,
        )
        initialise(self.encoder)
        self.capsules = CapsuleLayer(objects.layers[0], objects.votes, objects.output, objects)

    def forward(self, points: Tensor, presence: Tensor, noise: bool | None = None) -> Found:
        """noise: on presences; None: while training."""
        objects = self.settings.objects
        width = objects.noise if (self.training if noise is None else noise) else 0.0
        vectors = self.encoder(points, presence)
        _, _, pose, log_presence, log_scale, _, deformation = self.capsules(vectors, width)
        votes = pose[..., [2, 5]]  # [B, K, V, 2]
        candidates = Candidates(
            log_presence.flatten(1).unsqueeze(-1),
            votes.flatten(1, 2).unsqueeze(2),  # [B, K V, 1, 2]
            log_scale.flatten(1).unsqueeze(-1),
            points,
        )
        routed = route(candidates, objects.routing, steps=objects.chain)
        likelihood = routed.log_likelihood
        if objects.normalised:
            likelihood = likelihood - candidates.log_mass()
        responsibility = self._by_capsule(routed)
        return Found(
            presence=log_presence.amax(-1).exp(),
            votes=votes,
            log_likelihood=likelihood,
            owner=responsibility.argmax(1),
            responsibility=responsibility,
            deformation=deformation,
        )

    def _by_capsule(self, routed: Routed) -> Tensor:
        votes, nobody = routed.responsibility[:, :-1], routed.responsibility[:, -1:]
        shares = votes.unflatten(1, (-1, self.settings.objects.votes)).sum(2)
        return torch.cat([shares, nobody], 1)


def terms(found: Found, presence: Tensor) -> dict[str, Tensor]:
    """Each term of the loss, unweighted, by the names of `losses.terms`."""
    posterior = (found.responsibility[:, :-1] * presence.unsqueeze(1)).sum(-1)
    # Half of the objects are there, as K / classes of K capsules would be for pictures.
    return {
        "parts": (found.log_likelihood * presence).sum(1).mean(),
        "deformation": 0.5 * found.deformation.square().sum() / len(presence),
        "presence_within": presence_within(found.presence, 2),
        "presence_between": presence_between(several.whole(found.presence), 2),
        "posterior_within": posterior_within(posterior),
        "posterior_between": posterior_between(several.whole(posterior)),
    }


def weigh(found: dict[str, Tensor], settings: Settings) -> Tensor:
    """The loss: all terms, weighted, with the signs that make small good."""
    weights = settings.loss
    return (
        -weights.parts * found["parts"]
        + weights.deformation * found["deformation"]
        + weights.presence_within * found["presence_within"]
        + weights.presence_between * found["presence_between"]
        + weights.posterior_within * found["posterior_within"]
        - weights.posterior_between * found["posterior_between"]
    )
