"""Fast minimum-norm attack (Pintor et al. 2021): the smallest change that is enough.

The radius of the ball shrinks while the picture fools the model and grows while it does not, so
the picture closes in on the decision boundary. Works for every norm; with a finite epsilon the
engine stops a job as soon as it has fooled the model within it.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from triptych.adversary.attacks.norms import NORMS, spread
from triptych.adversary.attacks.rows import Rows, State
from triptych.adversary.attacks.rules import Seen, cosine, positive, project
from triptych.adversary.attacks.threat import Threat

OVERSHOOT = 0.02
"""Share by which the first guess goes past where a linear margin ends: on the boundary itself,
rounding would decide (Moosavi-Dezfooli et al. 2016 use the same)."""

NUDGE = 1e-3
"""Length (L-infinity) of the random shift with which restarts after the first begin."""


@dataclass(frozen=True, slots=True)
class MinimumNorm:
    """Algorithm 1 of the paper; the objective must be a margin, positive when fooled.

    steps: updates. step_size: length (L2) of the first step in pixel units; it falls to a
    hundredth of it along a cosine. shrink: share by which the radius first changes in a step; it
    falls to 0.01 %.
    """

    uses_gradient: ClassVar[bool] = True
    steps: int
    step_size: float = 1.0
    shrink: float = 0.05

    def __post_init__(self) -> None:
        positive("steps", self.steps)
        positive("step_size", self.step_size)
        positive("shrink", self.shrink)

    def start(self, rows: Rows, threat: Threat) -> tuple[Tensor, State]:
        """The clean picture; with a slight shift for further restarts."""
        small = torch.full_like(rows.epsilon, NUDGE) * (rows.restart > 0)
        points = rows.clean + NORMS["linf"].start(rows.clean, small, rows.keys)
        infinite = torch.full_like(rows.epsilon, torch.inf)
        free = project(threat, points, rows, infinite)
        return free, {"radius": infinite.clone(), "nearest": infinite.clone()}

    def next(self, rows: Rows, seen: Seen, state: State, threat: Threat) -> tuple[Tensor, State]:
        """Set the radius, step along the gradient, and project onto the ball of that radius."""
        slope, fooled = seen.slope, seen.fooled
        distance = threat.geometry.length(seen.points - rows.clean).double()
        nearest = torch.where(fooled, torch.minimum(state["nearest"], distance), state["nearest"])
        change = cosine(self.shrink, 1e-4, rows.step, self.steps)
        # Where the boundary lies if the margin were linear: distance over the dual norm.
        rate = threat.geometry.dual(slope).double().clamp_min(1e-12)
        guess = distance + (1 + OVERSHOOT) * seen.values.double().abs() / rate
        outside = torch.where(nearest.isinf(), guess, state["radius"] * (1 + change))
        inside = torch.minimum(state["radius"] * (1 - change), nearest)
        radius = torch.where(fooled, torch.minimum(inside, nearest * (1 - change)), outside)
        size = cosine(self.step_size, self.step_size / 100, rows.step, self.steps)
        move = NORMS["l2"].steepest(slope) * spread(size, slope)
        points = project(threat, seen.points + move, rows, radius)
        return points, {"radius": radius, "nearest": nearest}
