"""Auto-PGD: projected gradient descent that chooses its own step size (Croce and Hein 2020).

The step starts at 2 epsilon and is halved at checkpoints where progress has been poor, going back
to the best point so far; there is nothing left to tune but the number of steps. In L1, which needs
sparse steps, it is `apgd_l1`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final

import torch
from torch import Tensor

from triptych.adversary.attacks.apgd_l1 import SparseStep
from triptych.adversary.attacks.norms import spread
from triptych.adversary.attacks.rows import Rows, State, where_rows
from triptych.adversary.attacks.rules import Seen, positive, project, random_start
from triptych.adversary.attacks.threat import Threat

ENOUGH: Final = 0.75
"""Share of steps between checkpoints that must have raised the objective (rho)."""

INERTIA: Final = 0.75
"""Weight of the new step against the last move (alpha)."""


def checkpoints(steps: int) -> list[int]:
    """The steps at which progress is judged (section 3.1).

    The first period is 22 % of all steps; each next one is 3 % shorter, but at least 6 %.
    """
    found, period = list[int](), max(int(0.22 * steps), 1)
    at = period
    while at <= steps:
        found.append(at)
        period = max(period - max(int(0.03 * steps), 1), max(int(0.06 * steps), 1))
        at += period
    return found


@dataclass(frozen=True)
class AutoStep:
    """Algorithm 1 of the paper, each row at a step of its own."""

    uses_gradient: ClassVar[bool] = True
    steps: int

    def __post_init__(self) -> None:
        positive("steps", self.steps)

    @cached_property
    def _periods(self) -> list[int]:
        """For each step the number of steps since the last checkpoint; 0 if it is none."""
        periods, last = [0] * (self.steps + 1), 0
        for at in checkpoints(self.steps):
            periods[at], last = at - last, at
        return periods

    def start(self, rows: Rows, threat: Threat) -> tuple[Tensor, State]:
        """A random point of the ball."""
        if threat.norm == "l1":
            return SparseStep(self.steps).start(rows, threat)
        points = random_start(threat, rows)
        none = torch.full_like(rows.epsilon, -torch.inf)
        return points, {
            "before": points.clone(),
            "best": points.clone(),
            "best_slope": torch.zeros_like(points),
            "best_value": none,
            "value": none.clone(),
            "size": 2 * rows.epsilon,
            "rises": torch.zeros_like(rows.epsilon),
            "checked_value": none.clone(),
            "halved": torch.ones_like(rows.epsilon),
        }

    def next(self, rows: Rows, seen: Seen, state: State, threat: Threat) -> tuple[Tensor, State]:
        """Judge progress, halve the step where it is poor, and step with inertia."""
        if threat.norm == "l1":
            return SparseStep(self.steps).next(rows, seen, state, threat)
        values = seen.values.double()
        better = values > state["best_value"]
        best_value = torch.where(better, values, state["best_value"])
        best = where_rows(better, seen.points, state["best"])
        best_slope = where_rows(better, seen.slope, state["best_slope"])
        rises = state["rises"] + ((values > state["value"]) & (rows.step > 0))

        period = torch.tensor(self._periods, device=values.device)[rows.step]
        check = period > 0
        poor = rises < ENOUGH * period
        # No step since the last checkpoint was halved, yet the best value has not risen either.
        stuck = (state["halved"] == 0) & (best_value <= state["checked_value"])
        halve = check & (poor | stuck)
        size = torch.where(halve, state["size"] / 2, state["size"])
        points = where_rows(halve, best, seen.points)
        slope = where_rows(halve, best_slope, seen.slope)

        move = threat.geometry.steepest(slope) * spread(size, slope)
        ahead = project(threat, points + move, rows)
        weight = spread(torch.where(rows.step == 0, 1.0, INERTIA), slope)
        drift = points - state["before"]
        onward = points + weight * (ahead - points) + (1 - weight) * drift
        return project(threat, onward, rows), {
            "before": seen.points,
            "best": best,
            "best_slope": best_slope,
            "best_value": best_value,
            "value": values,
            "size": size,
            "rises": torch.where(check, 0.0, rises),
            "checked_value": torch.where(check, best_value, state["checked_value"]),
            "halved": torch.where(check, halve.double(), state["halved"]),
        }
