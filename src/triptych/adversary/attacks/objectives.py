"""What an attack climbs: one number for each example, higher is closer to a wrong answer.

All take logits [B, K], labels [B] and aims [B] (the class to reach, or -1 for any wrong one) and
return [B]. None divides by the batch, so the number for an example never depends on the others.
"""

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from triptych.errors import BadInput

_TINY = 1e-12


class Objective(Protocol):
    """One number for each example, to be maximised."""

    def __call__(self, logits: Tensor, labels: Tensor, aims: Tensor) -> Tensor:
        """Logits [B, K], labels [B], aims [B] or -1 -> values [B]."""
        ...


def cross_entropy(logits: Tensor, labels: Tensor, aims: Tensor) -> Tensor:
    """Loss of the true class, or minus the loss of the aimed class (Goodfellow et al. 2015)."""
    aimed = aims >= 0
    loss = F.cross_entropy(logits, torch.where(aimed, aims, labels), reduction="none")
    return loss * torch.where(aimed, -1, 1)


def margin(logits: Tensor, labels: Tensor, aims: Tensor) -> Tensor:
    """By how much the best wrong class beats the true one; aimed: the aim beats the best other.

    Positive exactly where the answer is wrong, or is the aim (Carlini and Wagner 2017, f6).
    """
    aimed = aims >= 0
    lead = margin_without_aim(logits, torch.where(aimed, aims, labels))
    return torch.where(aimed, -lead, lead)


def margin_without_aim(logits: Tensor, labels: Tensor) -> Tensor:
    """By how much the best class but `labels` beats it, [B]."""
    own = logits.gather(1, labels[:, None]).squeeze(1)
    return logits.scatter(1, labels[:, None], -torch.inf).amax(1) - own


def difference(logits: Tensor, labels: Tensor, aims: Tensor) -> Tensor:
    """The aim's logit minus the true one's; without an aim, the margin (Gowal et al. 2019)."""
    own = logits.gather(1, labels[:, None]).squeeze(1)
    aimed = logits.gather(1, aims.clamp_min(0)[:, None]).squeeze(1)
    return torch.where(aims >= 0, aimed - own, margin(logits, labels, torch.full_like(aims, -1)))


def dlr(logits: Tensor, labels: Tensor, aims: Tensor) -> Tensor:
    """Difference of logits ratio (Croce and Hein 2020, equations 6 and 7).

    (max_{i != y} z_i - z_y) / (z_1 - z_3), and (z_t - z_y) / (z_1 - (z_3 + z_4) / 2) where a class
    t is aimed at; z_1 >= z_2 >= ... Neither changes when all logits are scaled or shifted.
    Raises BadInput for fewer than 3 classes, or 4 if aimed.
    """
    needed = 4 if bool((aims >= 0).any()) else 3
    if logits.shape[1] < needed:
        raise BadInput(
            f"The DLR objective needs {needed} classes, but the model has {logits.shape[1]}; "
            "use the margin."
        )
    ranked = logits.sort(dim=1, descending=True).values
    third = ranked[:, 2]
    fourth = ranked[:, min(3, logits.shape[1] - 1)]
    bottom = torch.where(aims >= 0, (third + fourth) / 2, third)
    return difference(logits, labels, aims) / (ranked[:, 0] - bottom + _TINY)


def capped(objective: Objective, most: float) -> Objective:
    """The objective, flat once it reaches `most`: what is fooled by a margin stops pulling.

    With `margin` and `most` = kappa this is Carlini and Wagner's hinge, with its sign turned.
    """

    def value(logits: Tensor, labels: Tensor, aims: Tensor) -> Tensor:
        return objective(logits, labels, aims).clamp_max(most)

    return value


OBJECTIVES: dict[str, Objective] = {
    "cross_entropy": cross_entropy,
    "margin": margin,
    "difference": difference,
    "dlr": dlr,
}
"""The objectives by name."""
