"""Decoupled direction and norm (Rony et al. 2019): the smallest L2 change that is enough.

Each step turns the displacement by the gradient, and then sets its length: a little shorter than
before where the picture fools the model, a little longer where it does not (Algorithm 1).
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from triptych.adversary.attacks.inside import walls
from triptych.adversary.attacks.norms import NORMS, spread
from triptych.adversary.attacks.rows import Rows, State
from triptych.adversary.attacks.rules import Seen, cosine, positive
from triptych.adversary.attacks.threat import Threat
from triptych.errors import BadInput

NUDGE = 1e-3
"""Length (L-infinity) of the random shift with which restarts after the first begin."""


@dataclass(frozen=True, slots=True)
class Decoupled:
    """The objective may be any that rises towards success.

    steps: updates. first: the first length tried, in pixel units. change: share by which it shrinks
    or grows in a step. step_size: length of the first turn; it falls to a hundredth of it.
    """

    uses_gradient: ClassVar[bool] = True
    steps: int
    first: float = 1.0
    change: float = 0.05
    step_size: float = 1.0

    def __post_init__(self) -> None:
        for name in ("steps", "first", "change", "step_size"):
            positive(name, getattr(self, name))

    def start(self, rows: Rows, threat: Threat) -> tuple[Tensor, State]:
        """The clean picture. Raises BadInput unless the norm is L2."""
        if threat.norm != "l2":
            raise BadInput(f"DDN is for l2, not {threat.norm}; use fmn.")
        low, high = walls(threat, rows.clean.dtype)
        small = torch.full_like(rows.epsilon, NUDGE) * (rows.restart > 0)
        shift = NORMS["linf"].start(rows.clean, small, rows.keys)
        return (rows.clean + shift).clamp(low, high), {
            "length": torch.full_like(rows.epsilon, self.first)
        }

    def next(self, rows: Rows, seen: Seen, state: State, threat: Threat) -> tuple[Tensor, State]:
        """Turn, set the length, and clip to the box."""
        low, high = walls(threat, rows.clean.dtype)
        size = cosine(self.step_size, self.step_size / 100, rows.step, self.steps)
        turned = seen.points - rows.clean
        turned = turned + threat.geometry.steepest(seen.slope) * spread(size, seen.slope)
        shrink = torch.where(seen.fooled, 1 - self.change, 1 + self.change)
        length = state["length"] * shrink
        way = threat.geometry.steepest(turned)  # at length 1
        points = (rows.clean + way * spread(length, way)).clamp(low, high)
        return points, {"length": length}
