"""Carlini and Wagner's L2 attack (2017): least squared distance plus c times a hinge.

The picture is written as tanh of a free variable, so the box holds by itself; Adam minimises, and
a binary search finds the smallest weight c of the hinge that still fools.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor

from triptych.adversary.attacks.inside import walls
from triptych.adversary.attacks.norms import spread
from triptych.adversary.attacks.rows import Rows, State, where_rows
from triptych.adversary.attacks.rules import Seen, positive
from triptych.adversary.attacks.threat import Threat
from triptych.errors import BadInput

_INNER: Final = 0.999999
"""Pictures are pulled this much towards the box's middle, where tanh can reach them."""

_DECAY: Final = (0.9, 0.999)
"""Adam's two decays."""


@dataclass(frozen=True, slots=True)
class TanhHinge:
    """searches: values of c that are tried; inner: Adam steps for each; rate: Adam's step.

    weight: the first c. The objective must be a margin.
    """

    uses_gradient: ClassVar[bool] = True
    searches: int = 9
    inner: int = 100
    rate: float = 0.01
    weight: float = 1.0

    def __post_init__(self) -> None:
        for name in ("searches", "inner", "rate", "weight"):
            positive(name, getattr(self, name))

    @property
    def steps(self) -> int:
        """Updates of one job."""
        return self.searches * self.inner

    def start(self, rows: Rows, threat: Threat) -> tuple[Tensor, State]:
        """The clean picture, as tanh can express it. Raises BadInput unless the norm is L2."""
        if threat.norm != "l2":
            raise BadInput(f"Carlini and Wagner's attack is for l2, not {threat.norm}; use fmn.")
        free = self._free(rows.clean, threat)
        one = torch.ones_like(rows.epsilon)
        return self._picture(free, threat), {
            "free": free,
            "mean": torch.zeros_like(free),
            "square": torch.zeros_like(free),
            "weight": self.weight * one,
            "least": 0 * one,
            "most": torch.inf * one,
            "fooled": 0 * one,
        }

    def next(self, rows: Rows, seen: Seen, state: State, threat: Threat) -> tuple[Tensor, State]:
        """One Adam step; after `inner` of them a new c and a fresh start."""
        short = seen.values <= 0
        met = state["fooled"].bool() | seen.fooled
        pull = 2 * (seen.points - rows.clean)
        push = spread(state["weight"] * short, pull) * seen.slope
        low, high = walls(threat, rows.clean.dtype)
        bend = (high - low) / 2 * (1 - torch.tanh(state["free"]).square())
        gradient = (pull - push) * bend
        count = spread(rows.step % self.inner + 1, gradient)
        mean = _DECAY[0] * state["mean"] + (1 - _DECAY[0]) * gradient
        square = _DECAY[1] * state["square"] + (1 - _DECAY[1]) * gradient.square()
        step = mean / (1 - _DECAY[0] ** count)
        step = step / ((square / (1 - _DECAY[1] ** count)).sqrt() + 1e-8)
        free = state["free"] - self.rate * step

        over = (rows.step + 1) % self.inner == 0
        most = torch.where(over & met, torch.minimum(state["most"], state["weight"]), state["most"])
        least = torch.where(over & ~met, state["weight"], state["least"])
        halfway = torch.where(most.isinf(), 10 * state["weight"], (least + most) / 2)
        weight = torch.where(over, halfway, state["weight"])
        free = where_rows(over, self._free(rows.clean, threat), free)
        return self._picture(free, threat), {
            "free": free,
            "mean": where_rows(over, torch.zeros_like(mean), mean),
            "square": where_rows(over, torch.zeros_like(square), square),
            "weight": weight,
            "least": least,
            "most": most,
            "fooled": (met & ~over).double(),
        }

    def _free(self, clean: Tensor, threat: Threat) -> Tensor:
        low, high = walls(threat, clean.dtype)
        return torch.atanh(((clean - low) / (high - low) * 2 - 1) * _INNER)

    def _picture(self, free: Tensor, threat: Threat) -> Tensor:
        low, high = walls(threat, free.dtype)
        return ((torch.tanh(free) + 1) / 2 * (high - low) + low).clamp(low, high)
