"""Where an attack's direction comes from.

The engine shows a source the current pictures. It answers with a `Look`: the logits it has seen
(or None, if they are not those of the attacked model), and a function for the slope that costs a
backward pass and is only called if some example still needs it. Sources compose: those in
`remedies` wrap others.

Gradients are taken with respect to the pictures only. Parameters keep their `requires_grad` and
get no `.grad`: a third of the work of a plain `.backward()` is never done.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from triptych.adversary.attacks.found import Forward, searcher
from triptych.adversary.attacks.objectives import Objective, cross_entropy
from triptych.adversary.attacks.rows import Rows
from triptych.errors import BadInput


@dataclass(frozen=True, slots=True, eq=False)
class Slope:
    """Values [B] of the objective, and its gradient [B, ...] or None; what they cost in rows."""

    values: Tensor
    gradient: Tensor | None
    forwards: int = 0
    backwards: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The attacked model's logits [B, K] if this source saw them, and the slope on request."""

    logits: Tensor | None
    slope: Callable[[], Slope]
    forwards: int = 0


class Source(Protocol):
    """Gives directions to an attack."""

    def look(self, points: Tensor, rows: Rows) -> Look:
        """Look at the pictures `points` [B, ...] of the jobs `rows`."""
        ...

    def modules(self) -> Iterator[nn.Module]:
        """The torch modules inside, so that they are put in evaluation mode and left as found."""
        ...


class Values:
    """No gradient at all: the objective of the attacked model's logits, for black-box attacks."""

    def __init__(self, model: Forward, objective: Objective) -> None:
        self.model = model
        self.objective = objective
        self._forward = searcher(model)

    def look(self, points: Tensor, rows: Rows) -> Look:
        """One forward pass."""
        with torch.no_grad():
            logits = self._forward(points)
        return Look(
            logits,
            lambda: Slope(self.objective(logits, rows.labels, rows.aims), None),
            len(points),
        )

    def modules(self) -> Iterator[nn.Module]:
        """The model, if it is a module."""
        return modules_of(self.model)


class Direct:
    """The objective's own gradient through `model`.

    judged: the model is the one under attack, so its logits decide; False for a surrogate, a
    member, or the same weights behind another head (then the engine asks the attacked model).
    """

    def __init__(
        self, model: Forward, objective: Objective = cross_entropy, judged: bool = False
    ) -> None:
        self.model = model
        self.objective = objective
        self.judged = judged
        self._forward = searcher(model)

    def look(self, points: Tensor, rows: Rows) -> Look:
        """One forward pass now, one backward pass when asked for the slope."""
        leaf = points.detach().requires_grad_(True)
        with torch.enable_grad():
            logits = self._forward(leaf)

        def slope() -> Slope:
            with torch.enable_grad():
                values = self.objective(logits, rows.labels, rows.aims)
            gradient = differentiate(values, leaf)
            return Slope(values.detach(), gradient, 0, len(points))

        return Look(logits.detach() if self.judged else None, slope, len(points))

    def modules(self) -> Iterator[nn.Module]:
        """The model, if it is a module."""
        return modules_of(self.model)


def differentiate(values: Tensor, leaf: Tensor) -> Tensor:
    """The gradient of each value [B] with respect to its picture in `leaf` [B, ...].

    Raises BadInput if no gradient arrives: something on the way has none.
    """
    gradient = None
    if values.requires_grad:
        (gradient,) = torch.autograd.grad(values.sum(), leaf, allow_unused=True)
    if gradient is None:
        raise BadInput(
            "The model passes no gradient back to the pictures; use a black-box attack (square), "
            "a surrogate model, or put bpda around the step that has none."
        )
    return gradient.contiguous()


def modules_of(model: object) -> Iterator[nn.Module]:
    """The model if it is a torch module, else nothing."""
    if isinstance(model, nn.Module):
        yield model
