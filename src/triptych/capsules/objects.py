"""The object capsules (OCAE): parts -> objects -> votes for the parts' poses.

Kosiorek et al. 2019, section 2.2: a Set Transformer reads the parts; each of its outputs becomes an
object with a pose, a presence, and for each part a vote: object pose times object-part pose. A
layer explains the capsules below it, so layers can be stacked: the next one takes these objects
as its parts.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triptych.capsules.attention import SetTransformer
from triptych.capsules.geometry import compose, squash
from triptych.capsules.parts import Parts, initialise, noisy
from triptych.capsules.routing import Candidates, Routed, route
from triptych.capsules.sections import Objects as ObjectSettings


@dataclass(frozen=True)
class Objects:
    """What K objects say of B pictures, and how they explain M parts.

    pose: [B, K, 6]. logit: [B, K], of the object's presence alone. vote_pose: [B, K, M, 6].
    log_vote_presence: [B, K, M], object and vote. log_scale: [B, K, M]. parameters: [B, K, P].
    deformation: [B, K, M, 6], the part of the object-part poses that changes from picture to
    picture. routed: which object explains which part. log_likelihood: [B, M], of each part.
    """

    pose: Tensor
    logit: Tensor
    vote_pose: Tensor
    log_vote_presence: Tensor
    log_scale: Tensor
    parameters: Tensor
    deformation: Tensor
    routed: Routed
    log_likelihood: Tensor

    @property
    def presence(self) -> Tensor:
        """[B, K], 0..1: the largest presence of an object's votes (the paper's prior)."""
        return self.log_vote_presence.amax(-1).exp()

    @property
    def posterior(self) -> Tensor:
        """[B, K], 0..M: how many parts each object explains."""
        return self.routed.responsibility[:, :-1].sum(-1)

    def winning_pose(self) -> Tensor:
        """For each part the vote of the object that explains it best, [B, M, 6]."""
        winner = self.routed.responsibility[:, :-1].argmax(1)  # [B, M]
        index = winner[:, None, :, None].expand(-1, 1, -1, 6)
        return self.vote_pose.gather(1, index).squeeze(1)

    def as_parts(self) -> Parts:
        """These objects as the parts of the next layer."""
        return Parts(self.pose, self.logit, self.parameters)


class PerCapsule(nn.Module):
    """A linear map of its own for each of K capsules: [B, K, in] -> [B, K, out]."""

    def __init__(self, capsules: int, size: int, output: int, *, bias: bool = True) -> None:
        super().__init__()
        sigma = size**-0.5
        self.weight = nn.Parameter(torch.empty(capsules, size, output))
        nn.init.trunc_normal_(self.weight, std=sigma, a=-2 * sigma, b=2 * sigma)
        self.bias = nn.Parameter(torch.zeros(capsules, 1, output)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = x.transpose(0, 1)  # [K, B, in]
        if self.bias is None:
            return torch.bmm(x, self.weight).transpose(0, 1)
        return torch.baddbmm(self.bias, x, self.weight).transpose(0, 1)


class CapsuleLayer(nn.Module):
    """Objects' vectors -> poses, presences and votes for M parts."""

    def __init__(self, objects: int, parts: int, size: int, settings: ObjectSettings) -> None:
        super().__init__()
        self.parts, self.settings = parts, settings
        hidden, parameters = settings.hidden, settings.parameters
        self.first = PerCapsule(objects, size, hidden)
        self.second = PerCapsule(objects, hidden, parameters)
        self.third = PerCapsule(objects, parameters + 1, hidden)
        self.fourth = PerCapsule(objects, hidden, 8 * parts + 7, bias=False)
        # One pose of each part within each object, the same in all pictures.
        limit = (6 / ((parts + 6) * objects)) ** 0.5  # Glorot's
        self.static = nn.Parameter(torch.empty(objects, parts, 6).uniform_(-limit, limit))
        self.pose_bias = nn.Parameter(torch.zeros(objects, 6))
        self.logit_bias = nn.Parameter(torch.zeros(objects))
        self.vote_bias = nn.Parameter(torch.zeros(objects, parts))
        self.scale_bias = nn.Parameter(torch.zeros(objects, parts))

    def forward(
        self, vectors: Tensor, noise: float, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """vectors: [B, K, size]. noise: width on the presence logits.

        Returns pose, logit, vote poses, log vote presence, log scale, parameters and deformation,
        shaped as in `Objects`.
        """
        settings, parts = self.settings, self.parts
        parameters = self.second(F.relu(self.first(vectors)))
        # A constant one, where the paper can say that a capsule was dropped.
        hidden = F.relu(self.third(F.pad(parameters, (0, 1), value=1.0)))
        out = self.fourth(hidden).split([6 * parts, 6, 1, parts, parts], -1)
        deformation = out[0].unflatten(-1, (parts, 6))
        inner = squash(deformation + self.static, settings.pose, settings.pose_gain)  # [B, K, M, 6]
        pose = squash(out[1] + self.pose_bias, settings.pose, settings.pose_gain)
        logit = noisy(out[2].squeeze(-1) + self.logit_bias, noise, generator)
        votes = noisy(out[3] + self.vote_bias, noise, generator)
        log_presence = F.logsigmoid(logit).unsqueeze(-1) + F.logsigmoid(votes)
        scale = F.softplus(out[4] + self.scale_bias + 0.5) + settings.smallest_vote_scale
        vote_pose = compose(pose.unsqueeze(2), inner)
        return pose, logit, vote_pose, log_presence, scale.log(), parameters, deformation


class ObjectLayer(nn.Module):
    """A layer of K objects that explains M parts.

    extra: numbers that are known of each part besides pose, presence and feature (its template).
    """

    def __init__(
        self, objects: int, parts: int, features: int, extra: int, settings: ObjectSettings
    ) -> None:
        super().__init__()
        self.settings = settings
        self.encoder = SetTransformer(
            6 + 1 + features + extra,
            objects,
            blocks=settings.blocks,
            width=settings.width,
            heads=settings.heads,
            output=settings.output,
            mask=settings.presence_mask,
        )
        initialise(self.encoder)
        # What tells pictures apart is a hundredth of what the vectors have in common at first.
        self.level = (
            nn.BatchNorm1d(objects * settings.output, affine=False)
            if settings.standardise
            else None
        )
        self.capsules = CapsuleLayer(objects, parts, settings.output, settings)

    def forward(
        self,
        parts: Parts,
        extra: Tensor | None,
        noise: float,
        generator: torch.Generator | None = None,
    ) -> Objects:
        """Explain the parts; extra: [B, M, extra].

        Of the parts only the features pass a gradient down (quirk Q5, a switch): objects must
        not make their work easy by pulling the parts' poses together.
        """
        pose, presence = parts.pose.detach(), parts.presence.detach()
        feature = parts.feature if self.settings.feature_gradient else parts.feature.detach()
        known = [pose, 1 - presence.unsqueeze(-1), feature]
        if extra is not None:
            known.append(extra.detach())
        vectors = self.encoder(torch.cat(known, -1), presence)
        if self.level is not None:
            vectors = self.level(vectors.flatten(1)).view_as(vectors)
        object_pose, logit, vote_pose, log_presence, log_scale, parameters, deformation = (
            self.capsules(vectors, noise, generator)
        )
        candidates = Candidates(log_presence, vote_pose, log_scale, pose)
        routed = route(
            candidates, self.settings.routing, steps=self.settings.chain, generator=generator
        )
        likelihood = routed.log_likelihood
        if self.settings.normalised:
            likelihood = likelihood - candidates.log_mass()
        return Objects(
            pose=object_pose,
            logit=logit,
            vote_pose=vote_pose,
            log_vote_presence=log_presence,
            log_scale=log_scale,
            parameters=parameters,
            deformation=deformation,
            routed=routed,
            log_likelihood=likelihood,
        )
