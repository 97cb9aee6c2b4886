"""The fewest values that have to change: sigma-zero (Cinà et al. 2025).

The count of changed values has no gradient; sum of d^2 / (d^2 + sigma) over the displacement d is
nearly it and has one. Adam descends that and the margin's hinge together, and after each step what
has moved by less than a threshold goes back. The threshold rises while the picture fools the model
and falls while it does not, so the picture walks along the decision boundary.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor

from triptych.adversary.attacks.inside import walls
from triptych.adversary.attacks.norms import NORMS, spread
from triptych.adversary.attacks.rows import Rows, State
from triptych.adversary.attacks.rules import Seen, cosine, positive
from triptych.adversary.attacks.threat import Threat
from triptych.errors import BadInput

_DECAY: Final = (0.9, 0.999)
"""Adam's two decays."""

NUDGE: Final = 1e-3
"""Length (L-infinity) of the random shift with which restarts after the first begin."""


@dataclass(frozen=True, slots=True)
class FewestValues:
    """Algorithm 1 of the paper; the objective must be a margin, positive when fooled.

    steps: updates. step_size: Adam's first, in pixel units; it falls to a tenth along a cosine.
    sigma: softness of the count. threshold: below which a change is undone at first; it moves by
    `rate` times the step size.
    """

    uses_gradient: ClassVar[bool] = True
    steps: int
    step_size: float = 1.0
    sigma: float = 1e-3
    threshold: float = 0.3
    rate: float = 0.01

    def __post_init__(self) -> None:
        for name in ("steps", "step_size", "sigma", "threshold", "rate"):
            positive(name, getattr(self, name))

    def start(self, rows: Rows, threat: Threat) -> tuple[Tensor, State]:
        """The clean picture. Raises BadInput unless the norm is L0."""
        if threat.norm != "l0":
            raise BadInput(f"sigma-zero is for l0, not {threat.norm}; use fmn.")
        low, high = walls(threat, rows.clean.dtype)
        small = torch.full_like(rows.epsilon, NUDGE) * (rows.restart > 0)
        shift = NORMS["linf"].start(rows.clean, small, rows.keys)
        return (rows.clean + shift).clamp(low, high), {
            "mean": torch.zeros_like(rows.clean),
            "square": torch.zeros_like(rows.clean),
            "threshold": torch.full_like(rows.epsilon, self.threshold),
        }

    def next(self, rows: Rows, seen: Seen, state: State, threat: Threat) -> tuple[Tensor, State]:
        """One step of Adam, then undo what is below the threshold."""
        low, high = walls(threat, rows.clean.dtype)
        moved = seen.points - rows.clean
        count = 2 * self.sigma * moved / (moved.square() + self.sigma).square()
        count = count / moved[0].numel()
        slope = count - torch.where(spread(seen.fooled, moved) > 0, 0.0, seen.slope)
        largest = NORMS["linf"].length(slope)
        slope = slope / spread(torch.where(largest > 0, largest, 1), slope)

        number = spread(rows.step + 1, slope)
        mean = _DECAY[0] * state["mean"] + (1 - _DECAY[0]) * slope
        square = _DECAY[1] * state["square"] + (1 - _DECAY[1]) * slope.square()
        size = cosine(self.step_size, self.step_size / 10, rows.step, self.steps)
        step = mean / (1 - _DECAY[0] ** number)
        step = step / ((square / (1 - _DECAY[1] ** number)).sqrt() + 1e-8)
        points = (seen.points - step * spread(size, step)).clamp(low, high)

        change = torch.where(seen.fooled, self.rate, -self.rate) * size
        threshold = (state["threshold"] + change).clamp(0, threat.high - threat.low)
        kept = (points - rows.clean).abs() > spread(threshold, points)
        points = torch.where(kept, points, rows.clean)
        return points, {"mean": mean, "square": square, "threshold": threshold}
