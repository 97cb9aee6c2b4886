"""The paper's objective, each term by its name (Kosiorek et al. 2019, equations (4) to (9)).

Likelihoods are in nats for a whole picture, and count with a minus; `weigh` puts all together.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from triptych.capsules.model import Reading, StackedCapsules
from triptych.capsules.objects import Objects
from triptych.capsules.parts import Parts
from triptych.capsules.sections import Loss
from triptych.fit import several

_FAINT = 1e-3
"""A share counts as at least this where its logarithm is taken: views differ by 7 nats at most."""


def presence_within(presence: Tensor, classes: int) -> Tensor:
    """Of K objects K / classes should be present in a picture; presence: [B, K]."""
    return (presence.sum(1) - presence.shape[1] / classes).square().mean()


def presence_between(presence: Tensor, classes: int) -> Tensor:
    """An object should be present in B / classes of the B pictures; presence: [B, K]."""
    return (presence.sum(0) - presence.shape[0] / classes).square().mean()


def posterior_within(posterior: Tensor) -> Tensor:
    """Entropy over objects of what explains a picture, nats; small if few do. [B, K]."""
    return _entropy(posterior).mean()


def posterior_between(posterior: Tensor) -> Tensor:
    """Entropy over objects of what explains the batch, nats; large if all are used. [B, K]."""
    return _entropy(posterior.sum(0))


def agreement(presence: Tensor, power: float = 1.0) -> Tensor:
    """How little a view of a picture tells of the objects in another view, nats; [B, K].

    Pictures i and B / 2 + i are views of the same one: where a thing stands must not change what
    it is. Half the entropy of the objects in a view and half the cross-entropy between both views,
    less the entropy of all objects in the batch: smallest, -ln K, if each view shows one object,
    both the same, and all are used alike (information maximisation with agreement, Krause et al.
    2010 and Hu et al. 2017). With the cross-entropy alone, views that agree by less than half at
    first keep all objects in doubt; with the entropy alone, views need not agree at all.

    power: of the presences before they are shared out. Over 1, an object that is less present than
    the foremost one counts for little here, and may stay: objects of one class then appear
    together, as `presence_within` wants them, which is what clustering goes by.
    """
    share = _share(presence**power)
    one, other = (part.clamp_min(_FAINT) for part in share.chunk(2))
    doubt = -0.5 * (one * one.log() + other * other.log()).sum(1).mean()
    apart = -0.5 * (one * other.log() + other * one.log()).sum(1).mean()
    return 0.5 * (doubt + apart) - _entropy(share.mean(0))


def deformation(objects: Objects) -> Tensor:
    """Half the squared dynamic part of the object-part poses, summed over a picture."""
    return 0.5 * objects.deformation.square().sum() / objects.deformation.shape[0]


def part_log_likelihood(below: Parts, objects: Objects) -> Tensor:
    """Log-likelihood of the parts that are present, per picture."""
    return (below.presence.detach() * objects.log_likelihood).sum(1).mean()


def terms(
    network: StackedCapsules, reading: Reading, target: Tensor, labels: Tensor | None
) -> dict[str, Tensor]:
    """Each term, a scalar without its weight; those of several object layers are added up.

    target: what is to be reconstructed, [B, C, S, S], 0..1. labels: [B], for the probes; None:
    no probes. `mean_squared_error` is there to be read, not to be minimised.
    """
    settings = network.settings
    drawn = reading.drawing.log_likelihood(target, settings.parts.joint_colour)
    found = {"picture": drawn.sum() * reading.drawing.lattice.step**2 / len(target)}
    zero = target.new_zeros(())
    for name in ("parts", "deformation", "presence_within", "presence_between", "agreement"):
        found[name] = zero
    found["posterior_within"] = found["posterior_between"] = zero
    below, classes = reading.parts, settings.loss.classes
    for objects in reading.objects:
        found["parts"] = found["parts"] + part_log_likelihood(below, objects)
        found["deformation"] = found["deformation"] + deformation(objects)
        # Between pictures means between all of the batch, whichever process reads them.
        for name, value in (
            ("presence_within", presence_within(objects.presence, classes)),
            ("presence_between", presence_between(several.whole(objects.presence), classes)),
            ("posterior_within", posterior_within(objects.posterior)),
            ("posterior_between", posterior_between(several.whole(objects.posterior))),
            *(
                [("agreement", agreement(objects.presence, settings.loss.agreement_power))]
                if settings.data.views == 2
                else []
            ),
        ):
            found[name] = found[name] + value
        below = objects.as_parts()
    found["part_presence"] = reading.parts.presence.square().sum(1).mean()
    found["template_l1"] = network.templates.pixels().mean()
    if labels is not None:
        found["probe"] = probe_loss(network, reading, labels)
    return found


def weigh(found: dict[str, Tensor], weights: Loss) -> Tensor:
    """The loss: all terms, weighted, with the signs that make small good."""
    loss = -found["picture"]
    loss = loss - weights.parts * found["parts"]
    loss = loss - weights.posterior_between * found["posterior_between"]
    for name in (
        "deformation",
        "presence_within",
        "presence_between",
        "posterior_within",
        "agreement",
        "part_presence",
        "template_l1",
    ):
        weight = getattr(weights, name)
        if weight:
            loss = loss + weight * found[name]
    return loss + weights.probe * found["probe"] if "probe" in found else loss


def probe_loss(network: StackedCapsules, reading: Reading, labels: Tensor) -> Tensor:
    """Cross-entropy of both linear probes on features that pass no gradient on (Q11)."""
    on_presence = network.presence_probe(reading.presence.detach())
    on_posterior = network.posterior_probe(reading.posterior.detach())
    return F.cross_entropy(on_presence, labels) + F.cross_entropy(on_posterior, labels)


def _share(mass: Tensor) -> Tensor:
    return mass / mass.sum(-1, keepdim=True).clamp_min(1e-12)


def _entropy(mass: Tensor) -> Tensor:
    return torch.special.entr(_share(mass).clamp_min(1e-12)).sum(-1)
