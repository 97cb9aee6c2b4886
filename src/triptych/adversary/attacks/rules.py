"""How an attack moves: a rule says where to look first, and where to look next.

A rule holds settings only; what it must remember about a job is in its state, one row a slot, so
that the engine can put a new job into a slot without touching the others. Every operation in a
rule works on each row by itself.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from triptych.adversary.attacks.inside import walls
from triptych.adversary.attacks.rows import Rows, State
from triptych.adversary.attacks.threat import Threat
from triptych.errors import BadInput


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the engine saw at the current pictures.

    points: [B, ...]. values: [B], the objective, higher is better. gradient: [B, ...], or None for
    rules that use none. fooled: [B], the goal is reached at these pictures.
    """

    points: Tensor
    values: Tensor
    gradient: Tensor | None
    fooled: Tensor

    @property
    def slope(self) -> Tensor:
        """The gradient. Raises BadInput if the source of directions gave none."""
        if self.gradient is None:
            raise BadInput("This attack needs gradients, but its source of directions gives none.")
        return self.gradient


class Rule(Protocol):
    """An attack's own part. `uses_gradient`: False for black-box attacks: no backward passes."""

    uses_gradient: ClassVar[bool]

    @property
    def steps(self) -> int:
        """Updates of one job, which looks at one picture more than that."""
        ...

    def start(self, rows: Rows, threat: Threat) -> tuple[Tensor, State]:
        """The first pictures of new jobs [B, ...], and their memory."""
        ...

    def next(self, rows: Rows, seen: Seen, state: State, threat: Threat) -> tuple[Tensor, State]:
        """The next pictures, and the memory. `rows.step` counts the updates done before this."""
        ...


def project(threat: Threat, points: Tensor, rows: Rows, epsilon: Tensor | None = None) -> Tensor:
    """The nearest pictures that the threat model allows, in the pictures' own precision.

    epsilon: [B], the threat's own if not given.
    """
    low, high = walls(threat, rows.clean.dtype)
    radius = rows.epsilon if epsilon is None else epsilon
    return threat.geometry.project(points, rows.clean, radius, low, high)


def random_start(threat: Threat, rows: Rows, epsilon: Tensor | None = None) -> Tensor:
    """A picture drawn uniformly from the ball, then brought into the box.

    epsilon: [B], the threat's own if not given.
    """
    radius = rows.epsilon if epsilon is None else epsilon
    shift = threat.geometry.start(rows.clean, radius, rows.keys)
    return project(threat, rows.clean + shift, rows, radius)


def positive(name: str, value: float) -> None:
    """Raises BadInput unless a setting is above zero."""
    if not value > 0:
        raise BadInput(f"{name} is {value}, but must be above 0.")


def cosine(first: float, last: float, step: Tensor, steps: int) -> Tensor:
    """A schedule that falls along half a cosine from `first` to `last`, by step [B]."""
    angle = torch.pi * (step.double() / max(steps, 1)).clamp(0, 1)
    return last + (first - last) * (1 + torch.cos(angle)) / 2
