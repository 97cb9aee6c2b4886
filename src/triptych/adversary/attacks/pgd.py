"""Projected gradient descent and its relatives: FGSM, momentum, and random noise.

Madry et al. 2018 (PGD), Goodfellow et al. 2015 (FGSM), Dong et al. 2018 (momentum).
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from triptych.adversary.attacks.noise import mix
from triptych.adversary.attacks.norms import spread
from triptych.adversary.attacks.rows import Rows, State
from triptych.adversary.attacks.rules import Seen, positive, project, random_start
from triptych.adversary.attacks.threat import Threat
from triptych.errors import BadInput


@dataclass(frozen=True, slots=True)
class Steepest:
    """Step by `step_size` in the steepest direction, and project back.

    steps: updates. step_size: pixel units; None means `relative_step` times epsilon. momentum: 0
    for none; else the direction follows the decayed sum of gradients, each of L1 length 1.
    random: start at a random point of the ball, else at the clean picture (only restart 0 does,
    for further ones from there would repeat it).
    """

    uses_gradient: ClassVar[bool] = True
    steps: int
    step_size: float | None = None
    relative_step: float = 2.5
    momentum: float = 0.0
    random: bool = True

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise BadInput(f"steps is {self.steps}, but must be 0 or more.")
        positive("step_size", self.relative_step if self.step_size is None else self.step_size)
        if self.momentum < 0:
            raise BadInput(f"momentum is {self.momentum}, but must be 0 or more.")

    def start(self, rows: Rows, threat: Threat) -> tuple[Tensor, State]:
        """A random point, or the clean picture; the length of a step, and where it must end."""
        state = {"size": spread(self._size(rows), rows.clean)}
        if self.momentum:
            state["velocity"] = torch.zeros_like(rows.clean)
        if threat.norm == "linf":  # ball and box are one box: clipping is all there is to do
            for name, far in (("low", -torch.inf), ("high", torch.inf)):
                state[name] = project(threat, torch.full_like(rows.clean, far), rows)
        points = random_start(threat, rows)
        if not self.random:
            first = spread(rows.restart == 0, rows.clean) > 0
            points = torch.where(first, rows.clean, points)
        return points, state

    def next(self, rows: Rows, seen: Seen, state: State, threat: Threat) -> tuple[Tensor, State]:
        """One step of every row."""
        direction = seen.slope
        if self.momentum:
            length = direction.flatten(1).abs().sum(1)
            direction = direction / spread(torch.where(length > 0, length, 1), direction)
            direction = self.momentum * state["velocity"] + direction
            state = {**state, "velocity": direction}
        points = seen.points + threat.geometry.steepest(direction) * state["size"]
        if threat.norm == "linf":
            return points.clamp(state["low"], state["high"]), state
        return project(threat, points, rows), state

    def _size(self, rows: Rows) -> Tensor:
        """The length of a step, [B]."""
        if self.step_size is None:
            return self.relative_step / max(self.steps, 1) * rows.epsilon
        return torch.full_like(rows.epsilon, self.step_size)


@dataclass(frozen=True, slots=True)
class Noise:
    """Look at `draws` independent random points of the ball: the least any attack must beat."""

    uses_gradient: ClassVar[bool] = False
    draws: int

    def __post_init__(self) -> None:
        positive("draws", self.draws)

    @property
    def steps(self) -> int:
        """Updates of one job: the first draw is the start."""
        return self.draws - 1

    def start(self, rows: Rows, threat: Threat) -> tuple[Tensor, State]:
        """The first draw."""
        return self._draw(rows, threat, 0), {}

    def next(self, rows: Rows, seen: Seen, state: State, threat: Threat) -> tuple[Tensor, State]:
        """Another draw."""
        del seen
        return self._draw(rows, threat, 1), state

    def _draw(self, rows: Rows, threat: Threat, ahead: int) -> Tensor:
        keys = mix(rows.keys, 300 + ahead + rows.step)
        shift = threat.geometry.start(rows.clean, rows.epsilon, keys)
        return project(threat, rows.clean + shift, rows)
